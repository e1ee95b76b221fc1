"""Tables keep their cursor when rows come and go."""

from __future__ import annotations

from pathlib import Path

from small_league import play, played_league, progress
from tui_person import watching

from leagues.store import open_store


async def test_new_matches_come_in_without_moving_the_cursor(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    async with watching(league) as person:
        screen = person.screen
        await person.see(person.shows("Match 13"))
        await person.press("down", "down")
        await person.see(person.shows("Match 11"))
        with open_store(league).writer() as store:
            play(store, [("random", "first"), ("first", "random")], block=8)
            store.record(progress=progress(iteration=4))
        await person.see(person.shows("iteration 4", "15 matches"))
        assert screen.matches.keys[:2] == ("15", "14")
        assert screen.matches.key == "11"
        assert "Match 11" in person.text()
