"""A table that is told what to show and changes no more than what differs."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.widgets import DataTable

Row = tuple[str, tuple[Text, ...]]
"""A row's key and its cells."""


class KeyedTable(DataTable[Text]):
    """Rows with keys: the cursor stays on its row, and the rows stay where they are on the screen, when others come.

    Row widgets are told apart by their place, so that new rows at the top rewrite cells instead of the table.
    """

    def __init__(self) -> None:
        super().__init__(cursor_type="row", cell_padding=1)
        self._labels: tuple[str, ...] = ()
        self._keys: list[str] = []
        self._cells: list[tuple[Text, ...]] = []

    @property
    def key(self) -> str | None:
        """Key of the row under the cursor; None when there are no rows."""
        return self._keys[self.cursor_row] if self.cursor_row < len(self._keys) else None

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of all rows, from the top."""
        return tuple(self._keys)

    def show(self, labels: Sequence[Text], rows: Sequence[Row]) -> None:
        """Make the table hold ``rows`` under the column ``labels``, changing as little as possible."""
        key, top = self.key, self.cursor_row
        names = tuple(label.plain for label in labels)
        if names != self._labels:
            self.clear(columns=True)
            self._cells = []
            self._labels = names
            for label in labels:
                self.add_column(label, key=label.plain)
        self._keys = [row_key for row_key, _ in rows]
        for place, (_, cells) in enumerate(rows):
            if place >= len(self._cells):
                self.add_row(*cells, key=str(place))
                continue
            for name, before, after in zip(names, self._cells[place], cells, strict=True):
                if before != after:
                    self.update_cell(str(place), name, after, update_width=True)
        for place in range(len(rows), len(self._cells)):
            self.remove_row(str(place))
        self._cells = [cells for _, cells in rows]
        if key in self._keys and (place := self._keys.index(key)) != top:
            self.select(key, place - top)

    def select(self, key: str, scrolled: int = 0) -> None:
        """Move the cursor to the row ``key``, after scrolling by ``scrolled`` rows."""
        if scrolled:
            self.scroll_relative(y=scrolled, animate=False)
        self.move_cursor(row=self._keys.index(key), animate=False)
