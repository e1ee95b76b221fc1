"""Choosing a move on a board: which moves a cell means, and why a move is refused."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from arena.view.text import plain
from games.drawing.grids import Cell, Grid, cell_label, named_cells

_LISTED = 60
"""Characters of the legal moves that a refusal names."""

Cells = Mapping[int, tuple[Cell, ...]]
"""Legal action -> its cells, as of :func:`games.drawing.grids.named_cells`. Actions without cells are left out."""


@dataclass(frozen=True, slots=True)
class Picked:
    """What a cell means.

    Attributes:
        actions: the moves that it may mean; one is the move, several are to be chosen from.
        source: where the piece to move stands, once it is chosen; its moves are ``actions``.
    """

    actions: tuple[int, ...] = ()
    source: Cell | None = None


def cells_of(grid: Grid, routes: Mapping[int, str]) -> Cells:
    """The cells of each legal action, from its name or its route, see :meth:`games.State.action_route`."""
    found = {action: named_cells(grid, route) for action, route in routes.items()}
    return {action: cells for action, cells in found.items() if cells}


def pick(cells: Cells, cell: Cell, source: Cell | None = None) -> Picked:
    """What a person means who points at ``cell``, after ``source`` if a piece is chosen already."""
    if source is not None:
        there = tuple(action for action, way in cells.items() if _moves(way) and (way[0], way[-1]) == (source, cell))
        if there:
            return Picked(there)
    begin = tuple(action for action, way in cells.items() if _moves(way) and way[0] == cell)
    if begin:
        return Picked(begin, cell)
    return Picked(tuple(action for action, way in cells.items() if not _moves(way) and cell in way))


def targets(cells: Cells, source: Cell | None = None) -> tuple[Cell, ...]:
    """The cells to point at next: where pieces go, or where the pieces stand that may move."""
    if source is not None:
        found: Iterable[Cell] = (way[-1] for way in cells.values() if _moves(way) and way[0] == source)
    else:
        found = (way[0] if _moves(way) else way[-1] for way in cells.values())
    return tuple(dict.fromkeys(found))


def moves_pieces(cells: Cells) -> bool:
    """Whether some of the moves go from one cell to another."""
    return any(map(_moves, cells.values()))


def _moves(way: tuple[Cell, ...]) -> bool:
    """Whether a piece moves from the first cell to the last."""
    return len(way) == 2


def refusal(entry: str, legal: Mapping[int, str], grid: Grid | None) -> str:
    """Why ``entry`` is no legal move, as a sentence.

    Args:
        entry: what the person wants, in words.
        legal: action -> its name.
        grid: the board; None without one, and where pieces move, whose cells are not simply free or taken.
    """
    kind = next((name.split()[0] for name in legal.values() if re.fullmatch(r"(column|square) \d+", name)), "")
    found = re.fullmatch(rf"(?:{kind} ?)?#?(\d{{1,9}})", entry.strip(), re.IGNORECASE) if kind else None
    if grid is not None and found is not None:
        number, width = int(found[1]), len(grid.cells[0])
        count = width if kind == "column" else width * len(grid.cells)
        if number >= count:
            return f"there is no {kind} {number}; {kind}s go from 0 to {count - 1}"
        return f"{kind} {number} is {'full' if kind == 'column' else 'taken'}"
    if grid is not None:
        way = named_cells(grid, entry.strip())
        single = all(len(named_cells(grid, name)) < 2 for name in legal.values())
        if len(way) == 1 and single and grid.piece(way[0]):
            return f"{plain(entry.strip())} is taken; legal: {listed(legal.values())}"
    return f"{plain(entry.strip()) or 'this'} is not legal here; legal: {listed(legal.values())}"


def listed(names: Collection[str]) -> str:
    """The names of moves, as many as a sentence has room for."""
    text = ""
    for name in map(plain, names):
        if text and len(text) + len(name) > _LISTED:
            return f"{text}, ... ({len(names)} in all)"
        text += f", {name}" if text else name
    return text


def cell_name(grid: Grid, cell: Cell) -> str:
    """What a cell is called, such as ``c3``, ``column 2`` or ``square 4``; safe to show."""
    if grid.files and grid.ranks:
        return cell_label(grid, cell)
    if grid.files:
        return f"column {grid.files[cell.column]}"
    return f"square {cell.row * len(grid.cells[0]) + cell.column}"
