"""Boards as cells, read back from their drawings, and the cells that the names of actions mean.

:func:`read_grid` reads what :mod:`games.drawing.boards` draws, so the boards of every library are read alike.
:func:`games.drawing.large.draw_grid` draws a grid as large as the room allows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from games.drawing.boards import KINGS
from games.drawing.spans import piece_part

_PIECE = "[●◆✕♚♛♜♝♞♟○◇♔♕♖♗♘♙·•?]"
_RANKED = re.compile(rf" *(\d+) +({_PIECE}(?: +{_PIECE})*) *")
_FILES = re.compile(r" +[A-Za-z](?: +[A-Za-z])+")
_RULE = re.compile(r"[ ┼]*─[ ─┼]*")
_WORDS = re.compile(r"(column|square|board) (\d{1,9})")
_DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))


class Cell(NamedTuple):
    """A cell by its place in the drawing: the top left one is ``(0, 0)``."""

    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Grid:
    """A board as cells.

    Attributes:
        cells: for each row, top first, one character a cell. Empty cells are ``·``, ``•`` at a star point of go, or a
            digit where an action has its number; ``?`` is hidden.
        files: a label for each column; empty if columns have none.
        ranks: a label for each row; empty if rows have none.
        files_above: whether the files stand above the board.
        slanted: whether each row begins half a cell to the right of the one above.
        box: cells between two lines that divide the board; 0 without lines.
        footer: lines of text below the board.
    """

    cells: tuple[str, ...]
    files: tuple[str, ...] = ()
    ranks: tuple[str, ...] = ()
    files_above: bool = False
    slanted: bool = False
    box: int = 0
    footer: tuple[str, ...] = ()

    @property
    def turns(self) -> bool:
        """Whether the board may be shown from the other side: its cells have names, and nothing falls down in it."""
        return bool(self.files and self.ranks)

    def piece(self, cell: Cell) -> str:
        """The character of a cell; empty if nothing stands there."""
        character = self.cells[cell.row][cell.column]
        return "" if character in "·•" or character.isdigit() else character


def read_grid(drawing: str) -> Grid | None:
    """The grid of a drawing by :mod:`games.drawing.boards`; None for a drawing without one.

    Only known pieces count as cells, so a drawing from anybody's game may be read.
    """
    lines = drawing.split("\n")
    at = next((at for at, line in enumerate(lines) if _FILES.fullmatch(line)), None)
    if at is not None:
        return _ranked(lines, at)
    files = tuple(lines[0].split())
    if len(files) > 1 and files == tuple(map(str, range(len(files)))):
        cells = _plain_rows(lines[1:], _PIECE)
        return Grid(cells, files, files_above=True) if {*map(len, cells)} == {len(files)} else None
    cells = _plain_rows(lines[::2], rf"(?:{_PIECE}|\d)")
    return Grid(cells, box=1) if [*map(len, cells)] == [3, 3, 3] and all(map(_RULE.fullmatch, lines[1::2])) else None


def _plain_rows(lines: Sequence[str], cell: str) -> tuple[str, ...]:
    """The cells of rows without ranks; nothing if one of the lines is no row."""
    found = [re.fullmatch(rf" *({cell}(?: +{cell})*) *", line.replace("│", " ")) for line in lines]
    return tuple(row[1].replace(" ", "") for row in found if row) if all(found) else ()


def _ranked(lines: Sequence[str], at: int) -> Grid | None:
    """The grid of rows after their ranks; the files stand at line ``at``."""
    files = tuple(lines[at].split())
    rows: list[tuple[str, str]] = []
    starts: list[int] = []
    footer: list[str] = []
    box, above = 0, True
    for number, line in enumerate(lines):
        row = _RANKED.fullmatch(line.replace("│", " "))
        if row and len(cells := row[2].replace(" ", "")) == len(files):
            rows.append((cells, row[1]))
            starts.append(row.start(2))
            above = above and number > at
            if "│" in line:
                box = len(line.partition("│")[0].split()) - 1
        elif number != at and not _RULE.fullmatch(line):
            footer.append(line)
    if not rows:
        return None
    cells_of, ranks = (tuple(each) for each in zip(*rows, strict=True))
    slanted = len(starts) > 1 and starts[1] > starts[0]
    return Grid(cells_of, files, ranks, above, slanted, box, tuple(footer))


def named_cells(grid: Grid, name: str) -> tuple[Cell, ...]:
    """The cells that the name of an action means, in the order of the name: ``c3``, ``e2e4``, ``square 5``.

    A column (``column 3``) means all its cells, and the one where a piece falls to comes last. So the last cell is
    always where the piece goes to, and the first of two where it comes from.

    Args:
        grid: the position in which the action is chosen.
        name: as :meth:`games.State.action_name` gives it.

    Returns:
        Nothing for actions without a cell, such as a pass.
    """
    words = _WORDS.fullmatch(name)
    if words is None:
        found = (_square(grid, *square) for square in re.findall(r"([A-Za-z])(\d+)", name))
        return tuple(cell for cell in found if cell is not None)
    kind, number = words[1], int(words[2])
    rows, columns = len(grid.cells), len(grid.cells[0])
    if kind == "square" and number < rows * columns:
        return (Cell(*divmod(number, columns)),)
    if kind == "column" and number < columns:
        cells = [Cell(row, number) for row in range(rows)]
        free = [cell for cell in cells if not grid.piece(cell)]
        return (*(cell for cell in cells if cell not in free[-1:]), *free[-1:])
    if kind == "board" and grid.box and number < grid.box**2:
        row, column = (grid.box * part for part in divmod(number, grid.box))
        return tuple(Cell(row + place // grid.box, column + place % grid.box) for place in range(grid.box**2))
    return ()


def _square(grid: Grid, file: str, rank: str) -> Cell | None:
    if file not in grid.files or rank not in grid.ranks:
        return None
    return Cell(grid.ranks.index(rank), grid.files.index(file))


def cell_label(grid: Grid, cell: Cell) -> str:
    """What a cell of a board with files and ranks is called, such as ``c3``."""
    return f"{grid.files[cell.column]}{grid.ranks[cell.row]}"


def changed_cells(before: Grid, now: Grid) -> tuple[Cell, ...]:
    """The cells in which two positions of one board differ."""
    return tuple(
        Cell(row, column)
        for row, (old, new) in enumerate(zip(before.cells, now.cells, strict=True))
        for column, (was, stands) in enumerate(zip(old, new, strict=True))
        if was != stands
    )


def piece_moved(before: Grid, now: Grid) -> tuple[Cell, Cell] | None:
    """From which cell to which a piece has moved between two positions of one board, the king where it castles; None
    if no piece has moved, such as where one was only put on the board."""
    changed = changed_cells(before, now)
    ways = [
        (start, end)
        for end in changed
        for start in changed
        if start != end and (side := piece_part(now.piece(end))) and piece_part(before.piece(start)) == side
    ]
    kings = [way for way in ways if now.piece(way[1]) in KINGS and before.piece(way[0]) == now.piece(way[1])]
    return next(iter(kings or ways), None)


def lines_of(grid: Grid, length: int) -> tuple[Cell, ...]:
    """The cells of every straight line of at least ``length`` equal pieces, ascending."""
    rows, columns = len(grid.cells), len(grid.cells[0])
    found: set[Cell] = set()
    if length > max(rows, columns):
        return ()
    for row in range(rows):
        for column in range(columns):
            piece = grid.piece(Cell(row, column))
            for down, across in _DIRECTIONS if piece else ():
                line = [Cell(row + step * down, column + step * across) for step in range(length)]
                if (
                    line[-1].row < rows
                    and 0 <= line[-1].column < columns
                    and all(map(piece.__eq__, map(grid.piece, line)))
                ):
                    found.update(line)
    return tuple(sorted(found))
