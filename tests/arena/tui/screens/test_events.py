"""The events: the newest first, and all of the one under the cursor."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from small_league import HOSTILE, NOW, new_league
from tui_person import NARROW, SIZES, SLIM, WIDE, Person, watching

from arena.tui.screens.events import EventsScreen
from arena.tui.widgets.row_list import RowList
from leagues.records import JournalEntry
from leagues.store import open_store


@pytest.fixture
def league(tmp_path: Path) -> Path:
    """A league with a start, a snapshot and a crash."""
    folder = tmp_path / "league"
    with new_league(folder) as store:
        trace = {"message": "out of memory", "traceback": "Traceback:\n  in learn()"}
        entries = [
            JournalEntry("start", NOW, 0, 0),
            JournalEntry("snapshot", NOW + timedelta(hours=1), 1, 8000, "main@1", {"reason": "win_rate"}),
            JournalEntry("crash", NOW + timedelta(hours=2), 2, 9000, None, trace),
        ]
        store.record(journal=entries)
    return folder


async def open_events(person: Person) -> RowList:
    await person.press("5")
    await person.see(lambda: isinstance(person.screen, EventsScreen))
    return person.screen.query_one(RowList)


@pytest.mark.parametrize("size", SIZES)
async def test_the_newest_is_first_and_told_with_its_traceback(size: tuple[int, int], league: Path) -> None:
    async with watching(league, size=size) as person:
        events = await open_events(person)
        await person.see(person.shows("Events (3)", "01-02 05:04:05", "crash", "2026-01-02 05:04:05 UTC"))
        await person.press("end")
        await person.see(person.shows("2026-01-02 03:04:05 UTC"))
        await person.press("g", "tab", "end")
        await person.see(person.shows("in learn()"))
        assert [int(key) for key in events.keys] == sorted(map(int, events.keys), reverse=True)


async def test_a_killed_run_is_said_where_no_event_says_it(tmp_path: Path) -> None:
    with new_league(tmp_path / "league") as store:
        store.record(journal=[JournalEntry("start", NOW - timedelta(hours=1), 0, 0)])
    async with watching(tmp_path / "league", size=WIDE) as person:
        await open_events(person)
        await person.see(person.shows("the newest run was killed; its last sign of life came 2026-01-02 02:04:05 UTC"))


async def test_enter_opens_the_page_of_the_member(league: Path) -> None:
    async with watching(league) as person:
        await open_events(person)
        await person.see(person.shows("Events (3)"))
        await person.press("enter")  # a crash is about nobody
        assert isinstance(person.screen, EventsScreen)
        await person.press("j", "enter")
        await person.see(lambda: person.screen.NAME == "Agent")


async def test_the_cursor_stays_on_its_entry_when_something_happens(league: Path) -> None:
    async with watching(league, size=NARROW) as person:
        events = await open_events(person)
        await person.see(person.shows("Events (3)"))
        await person.press("j")
        key = events.key
        with open_store(league).writer() as store:
            store.record(journal=[JournalEntry("reset", NOW, 3, 9000, "main", {"why": HOSTILE})])
        await person.see(person.shows("Events (4)", r"[red]evil[/red]\x1b]0;"))
        assert events.key == key


async def test_before_anything_has_happened_it_says_so(tmp_path: Path) -> None:
    new_league(tmp_path / "league").close()
    async with watching(tmp_path / "league") as person:
        await open_events(person)
        await person.see(person.shows("nothing has happened yet"))


async def test_a_small_terminal_shows_what_happened_rather_than_the_iteration(league: Path) -> None:
    async with watching(league, size=SLIM) as person:
        await open_events(person)
        await person.see(person.shows("Events (3)", "by its scores"))
        assert "iteration  event" not in person.text()


@pytest.mark.parametrize("size", SIZES)
async def test_the_boxes_are_closed(league: Path, size: tuple[int, int]) -> None:
    async with watching(league, size=size) as person:
        await open_events(person)
        await person.see(person.shows("Events (3)"))
        assert person.text().count("╭") == person.text().count("╯") == 2
