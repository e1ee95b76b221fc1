"""The heatmap: a matrix of payoffs of which only the visible cells are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from arena.tui.keys import HEATMAP, bindings
from arena.tui.look import look
from arena.tui.widgets.cells import name_cell
from arena.tui.widgets.heat import LEVELS, READABLE, SIZES, Heat, score_text, tenth
from arena.tui.widgets.scale import short_number
from arena.view.colours import shade
from arena.view.text import LOADING, plain

Cell = tuple[str, str]
"""The members of a cell's row and column."""

_MARK = "◆"


class Heatmap(ScrollView, can_focus=True):
    """The heatmap with a cursor, row names at the left and column heads at the top.

    The cursor stays on its members when rows come and go. Cells are as large as fit; the person may zoom.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(HEATMAP)

    @dataclass
    class Moved(Message):
        """Another cell is under the cursor or the mouse."""

    @dataclass
    class Chosen(Message):
        """The person wants to see more of the cell under the cursor."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._heat: Heat | None = None
        self._missing = Text(LOADING)
        self._marked: frozenset[str] = frozenset()
        self._row = self._column = 0
        self._hovered: tuple[int, int] | None = None
        self._zoom: int | None = None
        self._margin = 0  # columns of the row names, with their numbers and marks
        self._width = self._height = 1  # of a cell
        self._stacked = 1  # lines of the column heads
        self._lines: LRUCache[tuple[int, ...], Strip] = LRUCache(1000)
        self._styles: dict[tuple[int, bool, bool], Style] = {}

    # What it shows

    @property
    def cell(self) -> Cell | None:
        """The cell under the mouse, or else under the cursor; None without any."""
        if self._heat is None or not self._heat.order:
            return None
        row, column = self._hovered or (self._row, self._column)
        return self._heat.name(row), self._heat.name(column)

    @property
    def members(self) -> tuple[str, ...]:
        """The shown members, from the top."""
        if self._heat is None:
            return ()
        names = self._heat.matrix.members
        return tuple(names[place] for place in self._heat.order)

    @property
    def row(self) -> str | None:
        """The member of the cursor's row."""
        return self._heat.name(self._row) if self._heat is not None and self._heat.order else None

    def show(self, heat: Heat | None, missing: Text, marked: Sequence[str]) -> None:
        """Show ``heat``, or without a member in it the sentence ``missing``."""
        before = None if self._heat is None or not self._heat.order else (self.row, self._heat.name(self._column))
        self._heat, self._missing, self._marked = heat, missing, frozenset(marked)
        self._hovered = None
        most = max(0, len(self.members) - 1)
        if before is None:
            self._row, self._column = (0, 0) if heat is None else heat.first_met()
        else:
            place = {name: at for at, name in enumerate(self.members)}
            self._row, self._column = (
                place.get(str(name), min(at, most)) for name, at in zip(before, (self._row, self._column), strict=True)
            )
        self._styles.clear()
        self._arrange()
        if before is None:
            self._reveal()

    def _arrange(self) -> None:
        """Fit the cells to the room."""
        self._lines.clear()
        members, room = self.members, self.size.width
        count = len(members)
        longest = max((cell_len(plain(name)) for name in members), default=0)
        names = min(longest, 12 if room < 70 else 18 if room < 110 else 28)
        self._margin = len(str(count)) + 3 + names
        self._width, self._height = SIZES[self._fitting(count) if self._zoom is None else self._zoom]
        self._stacked = self._lines_of_heads()
        self.virtual_size = Size(
            self._margin + count * self._width, self._stacked + count * self._height if count else 0
        )
        self.refresh()

    def _lines_of_heads(self) -> int:
        """Lines that the numbers of the visible columns need, with their figures on top of each other if need be."""
        last = (int(self.scroll_x) + self.size.width - self._margin) // self._width
        digits = len(str(max(1, min(len(self.members), last))))
        return digits if digits >= self._width else 1

    def _fitting(self, count: int) -> int:
        """The largest zoom that shows all members; of large leagues one that shows digits."""
        room = self.size.width - self._margin, self.size.height - 1
        for zoom in range(len(SIZES) - 1, READABLE, -1):
            width, height = SIZES[zoom]
            if count * width <= room[0] and (height == 1 or count * height <= room[1]):
                return zoom
        return next((zoom for zoom in (READABLE, 1, 0) if count * SIZES[zoom][0] <= room[0]), READABLE)

    # Drawing

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width = self.size.width
        heat = self._heat
        if heat is None or not heat.order:
            return self._sentence(y, width)
        if y < self._stacked:
            return self._heads(y, width)
        row, line = divmod(y - self._stacked + int(self.scroll_y), self._height)
        if row >= len(heat.order):
            return Strip.blank(width, Style(bgcolor=look().background))
        if row in (self._row, self._hovered[0] if self._hovered else -1):
            return self._cells(heat, row, line, width)
        key = (row, line, int(self.scroll_x), width)
        strip = self._lines.get(key)
        if strip is None:
            strip = self._lines[key] = self._cells(heat, row, line, width)
        return strip

    def _sentence(self, y: int, width: int) -> Strip:
        """A line of the sentence that says what is missing, in the middle of the room."""
        base = Style(bgcolor=look().background)
        lines = self._missing.wrap(self.app.console, max(10, width - 4))
        at = y - (self.size.height - len(lines)) // 2
        if not 0 <= at < len(lines):
            return Strip.blank(width, base)
        left = max(0, (width - lines[at].cell_len) // 2)
        segments = [Segment(" " * left, base), Segment(lines[at].plain, base + Style(color=look().faint))]
        return Strip(segments).adjust_cell_length(width, base)

    def _window(self, width: int) -> tuple[int, int, int]:
        """The first visible column, the one after the last, and how much of the first is hidden."""
        assert self._heat is not None
        first, hidden = divmod(int(self.scroll_x), self._width)
        last = first + -(-(width - self._margin + hidden) // self._width)
        return first, min(len(self._heat.order), max(first, last)), hidden

    def _joined(self, left: list[Segment], cells: list[Segment], hidden: int, width: int) -> Strip:
        base = Style(bgcolor=look().background)
        body = Strip(cells)
        if hidden:
            body = body.crop(hidden)
        return Strip([*left, *body]).adjust_cell_length(width, base).simplify()

    def _heads(self, line: int, width: int) -> Strip:
        """A line of the column heads: cut names where cells are wide, otherwise numbers, as figures on top of each
        other where cells are narrow."""
        assert self._heat is not None
        colours, base = look(), Style(bgcolor=look().background)
        first, last, hidden = self._window(width)
        at = self._hovered[1] if self._hovered else self._column
        cells = []
        for column in range(first, last):
            style = base + Style.parse(f"bold {colours.accent}" if column == at else colours.faint)
            if self._width >= SIZES[READABLE + 3][0]:
                name = name_cell(self._heat.name(column), self._width - 1)
                name.align("center", self._width)
                text = name.plain
            elif self._stacked > 1:
                figure = f"{column + 1:>{self._stacked}}"[line]
                text = f"{figure:^{self._width}}"
            else:
                text = f"{column + 1:^{self._width}}"
            cells.append(Segment(text, style))
        corner = "row against column" if self._margin > 20 else "row vs column" if self._margin > 14 else ""
        corner = corner if line == self._stacked - 1 else ""
        left = [Segment(f"{corner:<{self._margin}}", base + Style.parse(f"italic {colours.faint}"))]
        return self._joined(left, cells, hidden, width)

    def _cells(self, heat: Heat, row: int, line: int, width: int) -> Strip:
        """A line of a row."""
        first, last, hidden = self._window(width)
        i, places = heat.order[row], np.array(heat.order[first:last], np.intp)
        middle = line == (self._height - 1) // 2
        below = self._height >= 3 and line == (self._height - 1) // 2 + 1
        score = heat.matrix.score[i, places].tolist()
        level, thin = heat.level[i, places].tolist(), heat.thin[i, places].tolist()
        games = heat.matrix.results[i, places].sum(1).tolist() if below else ()
        lit = [at for at in ((self._row, self._column), self._hovered) if at is not None and at[0] == row]
        cells = []
        size, digits = self._width, self._width >= SIZES[READABLE][0]
        blank = " " * size
        for at, value in enumerate(score):
            met, column = value == value, first + at
            text = blank
            if not met:
                text = f"{'·':^{size}}" if middle and i != places[at] else blank
            elif middle and digits:
                text = score_text(value, size, graded=heat.matrix.graded)
            elif middle and not look().scaled:
                text = f"{tenth(level[at]):>{size}}"
            elif below:
                count = f"{games[at]:,}"
                text = f"{count if len(count) <= size - 2 else short_number(games[at]):^{size}}"
            style = self._style(level[at], thin=thin[at], met=met)
            if lit and (row, column) in lit:
                text, style = self._lit(text, style, line)
            elif below and met:
                style += Style(bold=False)
            cells.append(Segment(text, style))
        return self._joined(self._label(heat, row, middle=middle), cells, hidden, width)

    def _label(self, heat: Heat, row: int, *, middle: bool) -> list[Segment]:
        """Number, mark and name of a row."""
        colours, base = look(), Style(bgcolor=look().background)
        if not middle:
            return [Segment(" " * self._margin, base)]
        here = row == (self._hovered[0] if self._hovered else self._row)
        name, figures = heat.name(row), len(str(len(heat.order)))
        colour = colours.member(heat.learners[heat.order[row]], heat.roles[heat.order[row]])
        text = name_cell(name, self._margin - figures - 3).plain
        padding = " " * (self._margin - figures - 2 - cell_len(text))
        return [
            Segment(f"{row + 1:>{figures}}", base + Style.parse(colours.accent if here else colours.faint)),
            Segment(_MARK if name in self._marked else " ", base + Style.parse(colours.warm)),
            Segment(" ", base),
            Segment(text, base + Style.parse(f"bold {colour}" if here else colour)),
            Segment(padding, base),
        ]

    def _style(self, level: int, *, thin: bool, met: bool) -> Style:
        style = self._styles.get((level, thin, met))
        if style is None:
            colours = look()
            if not met:
                style = Style.parse(f"{shade(colours.background, colours.faint, 0.5)} on {colours.background}")
            else:
                back = colours.scale(level / LEVELS, thin=thin)
                weight = "not bold" if thin else "bold"
                style = Style.parse(f"{weight} {colours.ink(back, thin=thin)} on {back}")
            self._styles[level, thin, met] = style
        return style

    def _lit(self, text: str, style: Style, line: int) -> tuple[str, Style]:
        """A cell under the cursor or the mouse: reversed, or with corners where it has room for them."""
        colours = look()
        if self._height < 3:
            return text, Style.parse(f"bold {colours.background} on {colours.accent}")
        style += Style.parse(f"bold {colours.accent if line in (0, self._height - 1) else colours.foreground}")
        inner = " " * (self._width - 2)
        if line == 0:
            return f"┏{inner}┓", style
        return (f"┗{inner}┛" if line == self._height - 1 else text), style

    # Moving

    def move(self, row: int, column: int) -> None:
        """Move the cursor to a cell, or to the nearest there is."""
        most = len(self.members) - 1
        if most < 0:
            return
        before = (self._row, self._column)
        self._row, self._column = (min(max(0, at), most) for at in (row, column))
        self._hovered = None
        self._reveal()
        if (self._row, self._column) != before:
            self._redraw(before[0], self._row)
            self.post_message(self.Moved())

    def _redraw(self, *rows: int) -> None:
        """Draw the heads and some rows again."""
        self.refresh(Region(0, 0, self.size.width, self._stacked))
        for row in set(rows):
            self.refresh(
                Region(0, self._stacked + row * self._height - int(self.scroll_y), self.size.width, self._height)
            )

    def _reveal(self) -> None:
        """Scroll no more than is needed to see the cursor."""
        across, down = self.size.width - self._margin, self.size.height - self._stacked
        left, top = self._column * self._width, self._row * self._height
        x = min(max(self.scroll_x, left + self._width - across), left)
        y = min(max(self.scroll_y, top + self._height - down), top)
        if (x, y) != (self.scroll_x, self.scroll_y):
            self.scroll_to(x, y, animate=False, immediate=True)

    def action_move(self, down: int, across: int) -> None:
        """Move the cursor by some cells."""
        self.move(self._row + down, self._column + across)

    def action_page(self, pages: int) -> None:
        """Move the cursor by the rows that are visible."""
        self.move(self._row + pages * max(1, (self.size.height - self._stacked) // self._height), self._column)

    def action_edge(self, edge: str) -> None:
        """Move the cursor to the first or last row or column."""
        row, column = {"top": (0, None), "bottom": (10**9, None), "left": (None, 0), "right": (None, 10**9)}[edge]
        self.move(self._row if row is None else row, self._column if column is None else column)

    def action_zoom(self, by: int) -> None:
        """Make the cells larger or smaller."""
        now = self._fitting(len(self.members)) if self._zoom is None else self._zoom
        self._zoom = min(max(0, now + by), len(SIZES) - 1)
        self._arrange()
        self._reveal()

    def action_fit(self) -> None:
        """Let the cells fit the room again."""
        self._zoom = None
        self._arrange()
        self._reveal()

    def action_choose(self) -> None:
        """Show more of the cell under the cursor."""
        if self.cell is not None:
            self.post_message(self.Chosen())

    def _at(self, event: events.MouseEvent) -> tuple[int, int] | None:
        """The cell under the mouse: also beside a row's name and below a column's head, those of the cursor."""
        offset = event.get_content_offset(self)
        if offset is None:
            return None
        down = offset.y - self._stacked
        row = self._row if down < 0 else (down + int(self.scroll_y)) // self._height
        across = offset.x - self._margin
        column = self._column if across < 0 else (across + int(self.scroll_x)) // self._width
        return (row, column) if max(row, column) < len(self.members) else None

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self._hover(self._at(event))

    def on_leave(self) -> None:
        self._hover(None)

    def _hover(self, cell: tuple[int, int] | None) -> None:
        if cell == self._hovered:
            return
        rows = [at[0] for at in (self._hovered, cell, (self._row, self._column)) if at is not None]
        self._hovered = cell
        self._redraw(*rows)
        self.post_message(self.Moved())

    def on_click(self, event: events.Click) -> None:
        cell = self._at(event)
        if cell is not None:
            self.move(*cell)
            if event.chain == 2:
                self.action_choose()

    def on_resize(self) -> None:
        self._arrange()
        self._reveal()

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        """Draw again: names stay where they are."""
        super().watch_scroll_x(old_value, new_value)
        if self._lines_of_heads() != self._stacked:
            self._arrange()
            self.call_after_refresh(self._reveal)
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw again: heads stay where they are."""
        super().watch_scroll_y(old_value, new_value)
        self.refresh()
