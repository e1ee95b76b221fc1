"""The journal screen: what happened in training, newest first."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from arena.tui.feed import LeagueChanged, LeagueView
from arena.view.journal import detail_text, kind_text
from arena.view.text import plain
from arena.view.theme import BAD, FAINT
from leagues.records import JournalEntry


class JournalScreen(ModalScreen[None]):
    """The newest entries of the journal, in a box over the screen below."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,j", "dismiss", "close")]

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="journal") as box:
            yield Static("Nothing is written yet.", markup=False)
        box.border_title = "Journal"

    @on(LeagueChanged)
    def _league_changed(self, message: LeagueChanged) -> None:
        if message.view.journal:
            self.query_one("#journal Static", Static).update(_lines(message.view))


def _lines(view: LeagueView) -> Text:
    """One line for each entry."""
    return Text("\n").join(map(_line, view.journal))


def _line(entry: JournalEntry) -> Text:
    line = Text.assemble(
        (f"{entry.at.astimezone():%m-%d %H:%M:%S}  {entry.iteration:>7,}  ", FAINT),
        (f"{kind_text(entry):<12}", BAD if entry.kind == "crash" else ""),
        plain(entry.subject or ""),
    )
    detail = detail_text(entry)
    return line.append(f"{'  ' if entry.subject and detail else ''}{detail}", FAINT)
