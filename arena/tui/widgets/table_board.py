"""The board of a table, with a cursor to choose cells by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message

from arena.tui.keys import TABLE_BOARD, bindings
from arena.tui.widgets.board import Board


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
