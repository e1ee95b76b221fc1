"""A list of rows with keys that paints only the rows in sight, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from arena.tui.keys import CHOOSE, PAGES, TABLE, bindings
from arena.tui.look import look
from arena.tui.widgets.cells import strip_of
from arena.view.text import LOADING

Painter = Callable[[str, int], Text]
"""From a row's key and the width to its text. It is asked only for rows in sight, and again after every change."""


class RowList(ScrollView, can_focus=True, inherit_bindings=False):
    """Rows below a head line that stays. When rows come and go, the cursor stays on its key and the view does not
    jump."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(CHOOSE), *bindings(TABLE), *bindings(PAGES)]

    @dataclass
    class Moved(Message):
        """The cursor is on another row now."""

        list: RowList
        key: str

        @property
        def control(self) -> RowList:
            return self.list

    @dataclass
    class Chosen(Message):
        """The person has chosen a row: by enter, or by a click on the row under the cursor."""

        list: RowList
        key: str

        @property
        def control(self) -> RowList:
            return self.list

    @dataclass
    class HeadClicked(Message):
        """The head line was clicked, ``x`` columns from its left."""

        list: RowList
        x: int

        @property
        def control(self) -> RowList:
            return self.list

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._keys: tuple[str, ...] = ()
        self._cursor = 0
        self._head: Callable[[int], Text] | None = None
        self._paint: Painter = lambda key, width: Text(key)
        self._empty = LOADING

    @property
    def key(self) -> str | None:
        """Key of the row under the cursor; None without rows."""
        return self._keys[self._cursor] if self._keys else None

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of all rows, from the top."""
        return self._keys

    def show_rows(
        self, keys: Sequence[str], paint: Painter, head: Callable[[int], Text] | None = None, *, empty: str = ""
    ) -> None:
        """Show these rows.

        Args:
            keys: of the rows, from the top; each once.
            paint: gives the text of a row.
            head: gives the head line for a width; None for no head.
            empty: what is said where there is no row.
        """
        before, line = self.key, self._cursor - round(self.scroll_y)
        self._keys, self._paint, self._head, self._empty = tuple(keys), paint, head, empty
        at = self._keys.index(before) if before in self._keys else min(self._cursor, max(0, len(self._keys) - 1))
        moved = at != self._cursor
        self._cursor = at
        self.virtual_size = Size(self.virtual_size.width, len(self._keys) + self._above)
        if moved:
            self.scroll_to(y=max(0, at - line), animate=False, force=True)
        self.refresh()
        if self.key is not None and self.key != before:
            self.post_message(self.Moved(self, self.key))

    # Keys and mouse

    def action_cursor_down(self) -> None:
        """Go to the next row."""
        self._go(self._cursor + 1)

    def action_cursor_up(self) -> None:
        """Go to the row before."""
        self._go(self._cursor - 1)

    def action_first_row(self) -> None:
        """Go to the first row."""
        self._go(0)

    def action_last_row(self) -> None:
        """Go to the last row."""
        self._go(len(self._keys) - 1)

    def action_page_down(self) -> None:
        """Go down by a screenful."""
        self._go(self._cursor + self._room)

    def action_page_up(self) -> None:
        """Go up by a screenful."""
        self._go(self._cursor - self._room)

    def action_choose(self) -> None:
        """Choose the row under the cursor."""
        if self.key is not None:
            self.post_message(self.Chosen(self, self.key))

    def on_click(self, event: events.Click) -> None:
        """Go to the row that was clicked, or choose it if the cursor is there already; tell of a click on the head."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if offset.y < self._above:
            self.post_message(self.HeadClicked(self, offset.x))
            return
        at = offset.y - self._above + round(self.scroll_y)
        if at >= len(self._keys):
            return
        if at == self._cursor:
            self.action_choose()
        else:
            self._go(at)

    def _go(self, at: int) -> None:
        at = max(0, min(at, len(self._keys) - 1))
        if not self._keys or at == self._cursor:
            return
        before, self._cursor = self._cursor, at
        top, room = round(self.scroll_y), self._room
        if not top <= at < top + room:
            self.scroll_to(y=at if at < top else at - room + 1, animate=False, force=True)
            self.refresh()
        else:  # only two lines differ
            self.refresh(*(Region(0, self._above + row - top, self.size.width, 1) for row in (before, at)))
        self.post_message(self.Moved(self, self._keys[at]))

    @property
    def _above(self) -> int:
        """Lines of the head."""
        return 0 if self._head is None else 1

    @property
    def _room(self) -> int:
        """Number of rows that fit."""
        return max(1, self.scrollable_content_region.height - self._above)

    # Drawing

    def render_line(self, y: int) -> Strip:
        """The head, or the row in this line of the screen."""
        width = self.scrollable_content_region.width
        at = y - self._above + round(self.scroll_y)
        if y < self._above and self._head is not None:
            return strip_of(self, self._head(width), width)
        if 0 <= at < len(self._keys):
            return strip_of(self, self._paint(self._keys[at], width), width, here=at == self._cursor)
        if not self._keys and 0 <= at < len(lines := Text(self._empty).wrap(self.app.console, max(1, width))):
            lines[at].stylize(look().faint)
            return strip_of(self, lines[at], width)
        return Strip.blank(width, self.rich_style)
