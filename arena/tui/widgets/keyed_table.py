"""A table that updates only the cells that differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import BindingType
from textual.widgets import DataTable

from arena.tui.keys import TABLE, bindings

Row = tuple[str, tuple[Text, ...]]
"""A row's key and its cells."""


class KeyedTable(DataTable[Text]):
    """A table of rows with keys. When rows come and go, the cursor stays on its row and the view does not jump.

    Textual knows the rows by their place, so a new row at the top rewrites cells instead of the whole table.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(TABLE)

    def __init__(self) -> None:
        super().__init__(cursor_type="row", cell_padding=1)
        self._names: tuple[str, ...] = ()
        self._widths: tuple[int, ...] = ()
        self._keys: list[str] = []
        self._cells: list[tuple[Text, ...]] = []

    @property
    def key(self) -> str | None:
        """Key of the row under the cursor; None when there are no rows."""
        return self._keys[self.cursor_row] if 0 <= self.cursor_row < len(self._keys) else None

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of all rows, from the top."""
        return tuple(self._keys)

    def show(self, labels: Sequence[Text], rows: Sequence[Row]) -> None:
        """Show ``rows`` under the column ``labels``, changing as little as possible."""
        key, place, scrolled = self.key, self.cursor_row, self.scroll_y
        names = tuple(label.plain for label in labels)
        columns = zip(labels, *(cells for _, cells in rows), strict=True)
        widths = tuple(max(cell.cell_len for cell in column) for column in columns)
        if names == self._names:
            widths = tuple(map(max, self._widths, widths))
        rebuilt = (names, widths) != (self._names, self._widths)
        if rebuilt:
            self._rebuild(labels, widths)
        self._keys = [row_key for row_key, _ in rows]
        for at, (_, cells) in enumerate(rows):
            if at >= len(self._cells):
                self.add_row(*cells, key=str(at))
                continue
            for name, before, after in zip(names, self._cells[at], cells, strict=True):
                if before != after:
                    self.update_cell(str(at), name, after)
        for at in range(len(rows), len(self._cells)):
            self.remove_row(str(at))
        self._cells = [cells for _, cells in rows]
        now = self._keys.index(key) if key in self._keys else min(place, max(0, len(rows) - 1))
        if rebuilt or now != place:
            self.scroll_to(y=scrolled + now - place, animate=False)
            self.move_cursor(row=now, animate=False)

    def select(self, key: str) -> None:
        """Move the cursor to the row ``key``."""
        self.move_cursor(row=self._keys.index(key), animate=False)

    def action_first_row(self) -> None:
        """Move the cursor to the first row."""
        self.move_cursor(row=0, animate=False)

    def action_last_row(self) -> None:
        """Move the cursor to the last row."""
        self.move_cursor(row=max(0, self.row_count - 1), animate=False)

    def _rebuild(self, labels: Sequence[Text], widths: tuple[int, ...]) -> None:
        # Set the column widths here: Textual measures them one idle moment too late, and rows drawn before that keep
        # the old widths.
        self.clear(columns=True)
        self._cells = []
        self._names, self._widths = tuple(label.plain for label in labels), widths
        for label, width in zip(labels, widths, strict=True):
            self.add_column(label, width=width, key=label.plain)
