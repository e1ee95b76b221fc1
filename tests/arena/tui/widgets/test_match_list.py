"""The match list: columns that fit, and names from outside."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_league import HOSTILE, new_league, play
from tui_person import HUGE, NARROW, WIDE, watching

from leagues.records import Member


@pytest.mark.parametrize("size", [NARROW, WIDE, (170, 50), HUGE])
async def test_no_column_of_the_match_list_is_cut(league: Path, size: tuple[int, int]) -> None:
    async with watching(league, size=size) as person:
        await person.see(person.shows("Match 13"))
        table = person.screen.matches
        await person.see(lambda: 0 < table.virtual_size.width <= table.scrollable_content_region.width)
        assert all(name in person.text() for name in ("seats", "returns"))


async def test_hostile_names_are_shown_as_text(tmp_path: Path) -> None:
    with new_league(tmp_path / "league") as store:
        store.add_members([Member(HOSTILE, "baseline", "baseline", agent="random")])
        play(store, [(HOSTILE, "first")])
    async with watching(tmp_path / "league", size=HUGE) as person:
        await person.see(person.shows("Match 1"))
        assert "[red]evil[/red]\\x1b]0;" in person.text()
        await person.choose(HOSTILE)
        await person.see(person.shows("Matches of [red]evil[/red]\\x1b]0;owned"))
