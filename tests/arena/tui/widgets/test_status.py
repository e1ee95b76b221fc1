"""The status line: whether the league is live."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from small_league import NOW
from tui_person import watching


async def test_a_league_without_news_for_a_minute_is_not_live(league: Path) -> None:
    async with watching(league, now=NOW + timedelta(seconds=30)) as person:
        await person.see(person.shows("live", "58s left"))
    async with watching(league, now=NOW + timedelta(seconds=90)) as person:
        await person.see(person.shows("1m 32s ago", "iteration 3"))
        assert "left" not in person.text()
        assert "live" not in person.text()
