"""The events: what happened in training, newest first, and the whole of the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from arena.tui.feed import Query, Source
from arena.tui.keys import CHOOSE, PAGES, TABLE, Group
from arena.tui.look import look
from arena.tui.screens.base import LeagueScreen
from arena.tui.widgets.cells import fitted, joined, name_cell
from arena.tui.widgets.row_list import RowList
from arena.view.journal import detail_text, kind_text, traceback_text
from arena.view.text import moment, plain
from leagues.records import JournalEntry

LISTED = 500
"""Most entries listed."""

_MOST_NAME = 24
"""Most columns of a member's name."""

_LEAST_WHAT = 12
"""Fewest columns of what happened."""


@dataclass(frozen=True)
class Journal(Query):
    """The newest entries of the journal: a tuple of them, newest first."""

    def answer(self, source: Source) -> tuple[JournalEntry, ...]:
        return tuple(source.reader.journal(limit=LISTED))


class EventsScreen(LeagueScreen):
    """The journal as a list, and one entry with all its details."""

    NAME = "Events"
    GROUPS: ClassVar[tuple[Group, ...]] = (CHOOSE, TABLE, PAGES)

    def body(self) -> ComposeResult:
        yield RowList(id="events")
        with VerticalScroll(id="event", classes="pane"):
            yield Static(markup=False)

    def on_mount(self) -> None:
        self.set_focus(self.query_one(RowList))

    def queries(self) -> Sequence[Query]:
        return (Journal(),)

    def command(self) -> Sequence[str]:
        return "journal", str(self.arena.folder)

    def show(self, query: Query, value: tuple[JournalEntry, ...]) -> None:
        events, columns = self.query_one(RowList), _Columns(value)
        entries = {str(entry.id): entry for entry in value}
        events.show_rows(
            list(entries),
            lambda key, width: columns.paint(entries[key], width),
            columns.head if entries else None,
            empty="nothing has happened yet",
        )
        events.border_title = Text(f"Events ({len(value):,}{'+' if len(value) == LISTED else ''})")
        self._show_end()
        self._show_entry()

    def show_status(self) -> None:
        super().show_status()
        if self._alive:
            self._show_end()

    def _show_end(self) -> None:
        """Say how the newest run ended where no event does."""
        events, state = self.query_one(RowList), self.arena.run_state()
        said = "" if state is None else state.unsaid
        if (events.border_subtitle or "") != said:  # it is looked at every second
            events.border_subtitle = said

    @on(RowList.Moved)
    def _cursor_moved(self) -> None:
        self._show_entry()

    @on(RowList.Chosen)
    def _chosen(self) -> None:
        entry = self._entry()
        if entry is not None and entry.subject is not None:
            self.arena.open_agent(entry.subject)

    def _entry(self) -> JournalEntry | None:
        key = self.query_one(RowList).key
        return next((entry for entry in self.answer(Journal()) or () if str(entry.id) == key), None)

    def _show_entry(self) -> None:
        entry = self._entry()
        box = self.query_one("#event", VerticalScroll)
        box.query_one(Static).update("" if entry is None else _whole(entry))
        box.border_title = Text("" if entry is None else kind_text(entry))


class _Columns:
    """The rows of a list of entries. Its last column has what is left of the width."""

    def __init__(self, entries: Sequence[JournalEntry]) -> None:
        kinds = max((len(kind_text(entry)) for entry in entries), default=0)
        names = max((cell_len(plain(entry.subject or "")) for entry in entries), default=0)
        self._widths = 14, 9, max(5, kinds), max(6, min(names, _MOST_NAME))

    def head(self, width: int) -> Text:
        """The labels."""
        faint = look().faint
        cells = [Text(label, faint) for label in ("UTC", "iteration", "event", "member", "what")]
        return self._row(cells, width)

    def paint(self, entry: JournalEntry, width: int) -> Text:
        """The row of an entry."""
        colours = look()
        styles = {
            "crash": colours.bad,
            "restored": colours.bad,
            "snapshot": colours.good,
            "gate_passed": colours.good,
            "gate_failed": colours.warm,
            "reset": colours.warm,
        }
        cells = [
            Text(moment(entry.at, brief=True), colours.faint),
            Text(f"{entry.iteration:,}", colours.faint),
            Text(kind_text(entry), styles.get(entry.kind, colours.secondary)),
            name_cell(entry.subject or "", self._widths[3], "bold"),
            Text(detail_text(entry), colours.faint),
        ]
        return self._row(cells, width)

    def _row(self, cells: Sequence[Text], width: int) -> Text:
        rest = width - sum(self._widths) - 2 * len(self._widths)
        fits = rest >= _LEAST_WHAT  # or else what happened takes the room of the iteration
        widths = (*self._widths, max(0, rest if fits else rest + self._widths[1] + 2))
        shown = [fitted(cell, room, right=at == 1) for at, (cell, room) in enumerate(zip(cells, widths, strict=True))]
        return joined(shown if fits else [shown[0], *shown[2:]])


def _whole(entry: JournalEntry) -> Text:
    """All that is known of an entry."""
    colours, text = look(), Text()
    facts = [
        ("at", moment(entry.at)),
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
