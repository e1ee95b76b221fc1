"""Where a person chooses a move: on the board, in the list of legal moves, or in the line to type into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Input

from arena.tui.keys import CHOICES, ENTRY, TABLE_BOARD, bindings
from arena.tui.look import look
from arena.tui.widgets.board import Board
from arena.tui.widgets.cells import strip_of
from arena.view.text import plain

_MARGIN = 3


class Choices(ScrollView, can_focus=True, inherit_bindings=False):
    """Legal moves in as many columns as fit."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(CHOICES)

    @dataclass
    class Chosen(Message):
        """An action was chosen."""

        action: int

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._choices: tuple[tuple[int, str], ...] = ()
        self._cursor = 0
        self._room = 1

    def show_choices(self, choices: Sequence[tuple[int, str]], begin: int = 0) -> None:
        """Show ``(action, label)`` pairs; the cursor stays on its action where it can, and otherwise goes to the pair
        ``begin``."""
        held = self._choices[self._cursor][0] if self._choices else None
        self._choices = tuple((action, plain(label)) for action, label in choices)
        actions = [action for action, _ in self._choices]
        self._cursor = actions.index(held) if held in actions else begin
        self._lay_out()

    @property
    def columns(self) -> int:
        """Moves a line."""
        return max(1, self.scrollable_content_region.width // self._room)

    def on_resize(self) -> None:
        self._lay_out()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Choose the move that was clicked."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        column = min(offset.x // self._room, self.columns - 1)
        at = (offset.y + round(self.scroll_y)) * self.columns + column
        if at < len(self._choices):
            self._cursor = at
            self.action_choose()

    def action_cursor(self, lines: int, columns: int) -> None:
        """Move the cursor."""
        self._move(self._cursor + lines * self.columns + columns)

    def action_first(self) -> None:
        """Move the cursor to the first move."""
        self._move(0)

    def action_last(self) -> None:
        """Move the cursor to the last move."""
        self._move(len(self._choices) - 1)

    def action_choose(self) -> None:
        """Choose the move under the cursor."""
        if self._choices:
            self.post_message(self.Chosen(self._choices[self._cursor][0]))

    def render_line(self, y: int) -> Strip:
        """One line of moves."""
        colours, width, columns = look(), self.scrollable_content_region.width, self.columns
        first = (y + round(self.scroll_y)) * columns
        text = Text(end="", no_wrap=True)
        for at in range(first, min(first + columns, len(self._choices))):
            cell = Text(f" {self._choices[at][1]}")
            cell.truncate(max(1, min(self._room, width) - 1), overflow="ellipsis", pad=True)
            if at == self._cursor:
                here = f"bold {colours.background} on {colours.accent}" if self.has_focus else f"on {colours.panel}"
                cell.stylize(here)
            text.append_text(cell).append(" ")
        return strip_of(self, text, width)

    def _move(self, to: int) -> None:
        self._cursor = max(0, min(to, len(self._choices) - 1))
        line, height, top = self._cursor // self.columns, max(1, self.size.height), round(self.scroll_y)
        if not top <= line < top + height:
            self.scroll_to(y=line - height + 1 if line >= top + height else line, animate=False)
        self.refresh()

    def _lay_out(self) -> None:
        self._room = max((cell_len(label) for _, label in self._choices), default=1) + _MARGIN
        self.virtual_size = Size(1, -(-len(self._choices) // self.columns))
        self._move(self._cursor)


class Entry(Input):
    """The line to type a move into."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ENTRY)

    @dataclass
    class Typed(Message):
        """A line was entered."""

        text: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, compact=True, select_on_focus=False)

    def begun_with(self, text: str) -> Entry:
        """The line with a text in it, to go on with."""
        self.value, self.cursor_position = text, len(text)
        return self

    async def action_submit(self) -> None:
        """Tell what was typed."""
        self.post_message(self.Typed(self.value))
        self.value = ""


class TableBoard(Board, can_focus=True, inherit_bindings=False):
    """The board with a cursor."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(TABLE_BOARD)

    @dataclass
    class Pointed(Message):
        """The cell under the cursor was chosen."""

    @dataclass
    class Moved(Message):
        """The cursor is to move."""

        rows: int
        columns: int

    def action_press(self) -> None:
        """Choose the cell under the cursor."""
        self.post_message(self.Pointed())

    def action_cursor(self, rows: int, columns: int) -> None:
        """Move the cursor."""
        self.post_message(self.Moved(rows, columns))
