"""The line in which a filter of matches is written, and what is wrong with it below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Static

from arena.tui.keys import FILTER, bindings
from arena.tui.look import look
from arena.view.text import plain

_HELP = "an agent · won drew lost · training evaluation human · crash timeout ... · plies<20 · event=3"


class FilterLine(Vertical):
    """The filter. It is in sight while it is written and while it has words."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(FILTER)

    @dataclass
    class Left(Message):
        """The person is done with it."""

    def compose(self) -> ComposeResult:
        yield Input(placeholder="main@15 lost evaluation plies<20", compact=True)
        yield Static(_HELP, id="matches-hint", markup=False)

    @property
    def line(self) -> Input:
        """What is written."""
        return self.query_one(Input)

    def put(self, words: str) -> None:
        """Write ``words``."""
        self.line.value = words
        self.set_class(bool(words), "-words")

    def write(self) -> None:
        """Let the person write."""
        self.add_class("-words")
        self.line.focus()

    def accept(self) -> None:
        """There is nothing wrong with it."""
        self._hint(_HELP, look().faint)
        self.remove_class("-wrong")

    def refuse(self, problem: str) -> None:
        """Say what is wrong with it."""
        self._hint(problem, look().bad)
        self.add_class("-words", "-wrong")

    def _hint(self, sentence: str, style: str) -> None:
        self.query_one("#matches-hint", Static).update(Text(plain(sentence), style))

    def action_leave(self) -> None:
        """Go to the list."""
        self.set_class(bool(self.line.value.strip()), "-words")
        self.post_message(self.Left())

    def action_clear(self) -> None:
        """Remove the filter."""
        self.put("")
        self.post_message(self.Left())

    def action_complete(self) -> None:
        """Complete the last word."""
