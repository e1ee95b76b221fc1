"""The help screen."""

from __future__ import annotations

from pathlib import Path

from tui_person import NARROW, watching

from arena.tui.screens.help import HelpScreen


async def test_help_opens_and_closes(league: Path) -> None:
    async with watching(league, size=NARROW) as person:
        await person.press("question_mark")
        await person.see(person.shows("play the match, or pause"))
        await person.press("q")
        await person.see(lambda: not isinstance(person.pilot.app.screen, HelpScreen))
        assert person.pilot.app.is_running
        await person.press("q")
        await person.see(lambda: not person.pilot.app.is_running)
