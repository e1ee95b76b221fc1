"""Boards that grow with the room: a grid drawn with the largest cells that fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from games.drawing.grids import Cell, Grid
from games.drawing.spans import Part, piece_part, spans

SIZES = ((19, 9), (15, 7), (11, 5), (7, 3), (5, 3), (4, 2), (3, 1), (2, 1))
"""Columns and rows of the screen that one cell may take, the largest first."""

_DISC = (" ▄▄▄ ", "▐███▌", " ▀▀▀ ")
_CROSS = ("▀▄ ▄▀", "  █  ", "▄▀ ▀▄")
_RING = (" ▄▄▄ ", "▐   ▌", " ▀▀▀ ")
"""Pieces in cells of three rows; any other figure stands in a ring."""

_HALVES = " ▀▄█"
"""Characters by which of their halves are filled: none, the upper one, the lower one, both."""


class BoardSpan(NamedTuple):
    """A part of a board: the columns ``start`` to ``end`` (not included) of line ``row``."""

    row: int
    start: int
    end: int
    part: Part


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the cells stand on the screen. All numbers are columns and rows of the screen.

    Attributes:
        rows, columns: of cells.
        width, height: of one cell.
        left, top: what stands before the first cell.
        shift: how much further right each row begins than the one above.
        box: as of :class:`Grid`.
    """

    rows: int
    columns: int
    width: int
    height: int
    left: int
    top: int
    shift: int
    box: int

    def x(self, row: int, column: int) -> int:
        return self.left + column * self.width + row * self.shift + (column // self.box if self.box else 0)

    def y(self, row: int) -> int:
        return self.top + row * self.height + (row // self.box if self.box else 0)

    @property
    def room(self) -> tuple[int, int]:
        """Columns and rows of the board, without what stands below."""
        return self.x(self.rows - 1, self.columns - 1) + self.width, self.y(self.rows - 1) + self.height

    def at(self, x: int, y: int) -> Cell | None:
        for row in range(self.rows):
            if 0 <= y - self.y(row) < self.height:
                for column in range(self.columns):
                    if 0 <= x - self.x(row, column) < self.width:
                        return Cell(row, column)
        return None


@dataclass(frozen=True, slots=True)
class Board:
    """A grid as it stands on the screen, from its top left corner.

    Attributes:
        grid: what it shows.
        lines: the text, one string a row; trailing blanks are left out.
        spans: what to colour. Marks come last and lie over the pieces.
        flipped: whether it is seen from the other side.
    """

    grid: Grid
    lines: tuple[str, ...]
    spans: tuple[BoardSpan, ...]
    flipped: bool
    _layout: _Layout

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows of the text."""
        return max(map(len, self.lines)), len(self.lines)

    @property
    def cell_size(self) -> tuple[int, int]:
        """Columns and rows of one cell."""
        return self._layout.width, self._layout.height

    def cell_at(self, x: int, y: int) -> Cell | None:
        """The cell at a column and a row of the text; None beside the cells."""
        place = self._layout.at(x, y)
        return place and self._turned(place)

    def place(self, cell: Cell) -> tuple[int, int]:
        """Column and row of the text where a cell begins."""
        at = self._turned(cell)
        return self._layout.x(at.row, at.column), self._layout.y(at.row)

    def _turned(self, cell: Cell) -> Cell:
        return _turned(self._layout, cell) if self.flipped else cell


def draw_grid(
    grid: Grid, width: int, height: int, *, marks: Iterable[tuple[Cell, Part]] = (), flipped: bool = False
) -> Board:
    """A grid with the largest cells of :data:`SIZES` that fit.

    Args:
        grid: the board.
        width, height: the room, in columns and rows of the screen. A board that fits in no size takes the smallest.
            The footer needs its rows, but may be wider than the room.
        marks: cells to mark, such as the last move, the cursor or a winning line; later marks lie over earlier ones.
            ``legal`` marks the middle of a cell, other marks all of it.
        flipped: whether to show it from the other side, where :attr:`Grid.turns`.
    """
    return _draw(grid, width, height, tuple(marks), flipped and grid.turns)


def _fitting(grid: Grid, width: int, height: int) -> _Layout:
    """The layout with the largest cells that fit, or else with the smallest ones."""
    left = max(map(len, grid.ranks), default=0) + 1
    widest = max(map(len, grid.files), default=1)
    below = len(grid.footer) + (bool(grid.files) and not grid.files_above)
    layouts = [
        _Layout(
            len(grid.cells),
            len(grid.cells[0]),
            *size,
            left,
            int(grid.files_above),
            size[0] // 2 * grid.slanted,
            grid.box,
        )
        for size in SIZES
        if size[0] > widest
    ]
    fits = (each for each in layouts if each.room[0] <= width and each.room[1] + below <= height)
    return next(fits, layouts[-1])


@lru_cache(maxsize=256)
def _draw(grid: Grid, width: int, height: int, marks: tuple[tuple[Cell, Part], ...], flipped: bool) -> Board:
    layout = _fitting(grid, width, height)
    wide, high = layout.room
    canvas = [[" "] * wide for _ in range(high + (bool(grid.files) and not grid.files_above))]
    found: list[BoardSpan] = []
    middle, centre = (layout.height - 1) // 2, (layout.width - 1) // 2

    def write(x: int, y: int, text: str, part: Part | None = None) -> None:
        canvas[y][x : x + len(text)] = text
        if part is not None:
            found.append(BoardSpan(y, x, x + len(text), part))

    _rule(layout, write)
    order = slice(None, None, -1 if flipped else 1)
    for row, (cells, rank) in enumerate(zip(grid.cells[order], grid.ranks[order] or ("",) * layout.rows, strict=True)):
        write(layout.x(row, 0) - len(rank) - 1, layout.y(row) + middle, rank)
        for column, figure in enumerate(cells[order]):
            x, y = layout.x(row, column), layout.y(row)
            part = piece_part(figure) or "faint"
            body = _body(figure, layout.height) if layout.height > 2 else None
            if body is None:
                write(x + centre, y + middle, figure, part)
            else:
                for line, text in enumerate(body):
                    write(x + centre - len(text) // 2, y + line, text, part)
    for column, file in enumerate(grid.files[order]):
        line, row = (0, 0) if grid.files_above else (high, layout.rows - 1)
        write(layout.x(row, column) + centre, line, file)
    for cell, part in marks:
        place = _turned(layout, cell) if flipped else cell
        x, y = layout.x(place.row, place.column), layout.y(place.row)
        if part == "legal" or layout.height == 1:
            found.append(BoardSpan(y + middle, x + centre, x + centre + 1, part))
        else:
            found += [BoardSpan(y + line, x, x + layout.width, part) for line in range(layout.height)]
    footer_spans = (
        BoardSpan(len(canvas) + line, start, end, part)
        for line, text in enumerate(grid.footer)
        for start, end, part in spans(text)
    )
    lines = ("".join(line).rstrip() for line in canvas)
    return Board(grid, (*lines, *grid.footer), (*footer_spans, *found), flipped, layout)


def _rule(layout: _Layout, write: Callable[[int, int, str, Part | None], None]) -> None:
    """Draw the lines between boxes."""
    if not layout.box:
        return
    edges = [layout.x(0, column) - 1 for column in range(layout.box, layout.columns, layout.box)]
    wide, high = layout.room
    for y in range(layout.top, high):
        for x in edges:
            write(x, y, "│", "faint")
    across = "".join("┼" if x in edges else "─" for x in range(layout.left, wide))
    for row in range(layout.box, layout.rows, layout.box):
        write(layout.left, layout.y(row) - 1, across, "faint")


@lru_cache(maxsize=64)
def _body(figure: str, height: int) -> tuple[str, ...] | None:
    """A piece in cells of this many rows, 3 at least; None for an empty cell."""
    if figure == "●":
        return _DISC if height == 3 else _shape(height, lambda x, y: x * x + y * y <= 1)
    if figure == "✕":
        return _CROSS if height == 3 else _shape(height, lambda x, y: abs(abs(x) - abs(y)) <= 0.25)
    if piece_part(figure) is None:
        return None
    ring = _RING if height == 3 else _shape(height, lambda x, y: 0.5 <= x * x + y * y <= 1)
    middle, centre = height // 2, len(ring[0]) // 2
    line = ring[middle][:centre] + (" " if figure == "○" else figure) + ring[middle][centre + 1 :]
    return *ring[:middle], line, *ring[middle + 1 :]


def _shape(height: int, inside: Callable[[float, float], bool]) -> tuple[str, ...]:
    """A shape in half blocks, nearly as wide as it is high on the screen, with half a row free above and below.
    ``inside`` tells it in -1..1."""
    width, high = 2 * height - 1, 2 * height - 2
    rows = [[inside((2 * x + 1) / width - 1, (2 * y + 1) / high - 1) for x in range(width)] for y in range(high)]
    empty = [False] * width
    pairs = zip([empty, *rows[1::2]], [*rows[::2], empty], strict=True)
    return tuple("".join(_HALVES[up + 2 * low] for up, low in zip(*pair, strict=True)) for pair in pairs)


def _turned(layout: _Layout, cell: Cell) -> Cell:
    return Cell(layout.rows - 1 - cell.row, layout.columns - 1 - cell.column)
