"""The events: what happened in training, newest first, and the whole of the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import DataTable, Static

from arena.tui.feed import Query, Source
from arena.tui.keys import EVENTS, TABLE, Group, bindings
from arena.tui.look import look
from arena.tui.screens.base import LeagueScreen
from arena.tui.widgets.cells import right
from arena.tui.widgets.keyed_table import KeyedTable, Row
from arena.view.journal import detail_text, kind_text, traceback_text
from arena.view.text import plain
from leagues.records import JournalEntry

LISTED = 500
"""Most entries listed."""


@dataclass(frozen=True)
class Journal(Query):
    """The newest entries of the journal: a tuple of them, newest first."""

    def answer(self, source: Source) -> tuple[JournalEntry, ...]:
        return tuple(source.reader.journal(limit=LISTED))


class EventsScreen(LeagueScreen):
    """The journal as a list, and one entry with all its details."""

    NAME = "Events"
    GROUPS: ClassVar[tuple[Group, ...]] = (EVENTS, TABLE)

    def body(self) -> ComposeResult:
        yield EventList()
        with VerticalScroll(id="event", classes="pane"):
            yield Static(markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(EventList).focus()

    def queries(self) -> Sequence[Query]:
        return (Journal(),)

    def command(self) -> str:
        return f"journal {self.arena.folder}"

    def show(self, query: Query, value: tuple[JournalEntry, ...]) -> None:
        events = self.query_one(EventList)
        events.show_entries(value)
        events.border_title = Text(f"Events ({len(value):,}{'+' if len(value) == LISTED else ''})")
        self._show_entry()

    @on(DataTable.RowHighlighted, "EventList")
    def _cursor_moved(self) -> None:
        self._show_entry()

    @on(DataTable.RowSelected, "EventList")
    def _chosen(self) -> None:
        entry = self._entry()
        if entry is not None and entry.subject is not None:
            self.arena.open_agent(entry.subject)

    def _entry(self) -> JournalEntry | None:
        key = self.query_one(EventList).key
        return next((entry for entry in self.answer(Journal()) or () if str(entry.id) == key), None)

    def _show_entry(self) -> None:
        entry = self._entry()
        box = self.query_one("#event", VerticalScroll)
        box.query_one(Static).update(Text("nothing has happened yet", look().faint) if entry is None else _whole(entry))
        box.border_title = Text("" if entry is None else kind_text(entry))


class EventList(KeyedTable):
    """The entries; the keys are their IDs."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(EVENTS)

    def show_entries(self, entries: Sequence[JournalEntry]) -> None:
        """Show the entries, newest first."""
        labels = [Text("time"), right("iteration"), Text("event"), Text("member"), Text("what")]
        self.show(labels, [_row(entry) for entry in entries])


def _row(entry: JournalEntry) -> Row:
    colours = look()
    styles = {
        "crash": colours.bad,
        "restored": colours.bad,
        "snapshot": colours.good,
        "gate_passed": colours.good,
        "gate_failed": colours.warm,
        "reset": colours.warm,
    }
    return str(entry.id), (
        Text(f"{entry.at:%m-%d %H:%M:%S}", colours.faint),
        right(f"{entry.iteration:,}", colours.faint),
        Text(kind_text(entry), styles.get(entry.kind, colours.secondary)),
        Text(plain(entry.subject or ""), "bold"),
        Text(detail_text(entry), colours.faint),
    )


def _whole(entry: JournalEntry) -> Text:
    """All that is known of an entry."""
    colours, text = look(), Text()
    facts = [
        ("at", f"{entry.at:%Y-%m-%d %H:%M:%S} UTC"),
        ("after", f"iteration {entry.iteration:,}, {entry.agent_steps:,} agent steps"),
        ("member", plain(entry.subject or "")),
        ("by", plain(entry.writer)),
        *(
            (plain(name).replace("_", " "), plain(str(value)))
            for name, value in entry.detail.items()
            if name != "traceback"
        ),
    ]
    for name, value in facts:
        if value:
            text.append(f"{name:<10} ", colours.faint).append(f"{value}\n")
    trace = traceback_text(entry.detail)
    return text.append(f"\n{trace}", colours.bad) if trace else text
