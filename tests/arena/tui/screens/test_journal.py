"""The journal screen."""

from __future__ import annotations

from pathlib import Path

from small_league import NOW, new_league
from tui_person import NARROW, watching

from arena.tui.screens.journal import JournalScreen
from leagues.records import JournalEntry
from leagues.store import open_store


async def test_the_journal_opens_follows_the_league_and_closes(tmp_path: Path) -> None:
    folder = tmp_path / "league"
    new_league(folder).close()
    async with watching(folder, size=NARROW) as person:
        await person.press("j")
        await person.see(person.shows("Journal", "Nothing is written yet."))
        entry = JournalEntry("snapshot", NOW, 3, 10, "main@1", {"reason": "[red]\x1b]0;owned\x07"}, "anna@box:1")
        with open_store(folder).writer() as writer:
            writer.record(journal=[JournalEntry("start", NOW, 0, 0), entry])
        await person.see(person.shows("start", "snapshot", "main@1", r"[red]\x1b]0;owned\x07"))
        lines = person.text().splitlines()
        newest, oldest = (next(k for k, line in enumerate(lines) if word in line) for word in ("snapshot", " start"))
        assert newest < oldest
        await person.press("j")
        await person.see(lambda: not isinstance(person.pilot.app.screen, JournalScreen))
        assert person.pilot.app.is_running
