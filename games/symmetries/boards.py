"""The board games whose symmetries are known. Every entry is held against the engine by the tests."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from games.contract import IntArray
from games.symmetries.planes import Board, Change, cells_and


def _grid(planes: int, turns: str) -> tuple[Change, ...]:
    """Changes of a board that leave its planes as they are: letters of transposed, rows, columns for each."""
    same = tuple(range(planes))
    return tuple(Change(same, "t" in turn, "r" in turn, "c" in turn) for turn in turns.split())


_FLAT = "r c rc"
_SQUARE = "t tr tc trc"


def _columns(change: Change, rows: int, columns: int) -> IntArray:
    """Actions that name a column."""
    return np.arange(columns)[::-1].copy() if change.columns else np.arange(columns)


def _steps(change: Change, rows: int, columns: int) -> IntArray:
    """Actions of breakthrough: the cell of a piece, one of six directions, and whether it captures.

    The directions are down-left, down, down-right, up-left, up, up-right.
    """
    cells = change.grid(np.arange(rows * columns).reshape(rows, columns)).ravel()
    directions = np.arange(6).reshape(2, 3)
    if change.rows:
        directions = directions[::-1]
    if change.columns:
        directions = directions[:, ::-1]
    # (cell, direction, capture)
    return (cells[:, None, None] * 12 + directions.ravel()[:, None] * 2 + np.arange(2)).ravel()


def _area(rows: int, columns: int) -> int:
    return rows * columns


BOARDS: Mapping[str, Board] = {
    # Planes: discs of each seat, empty cells.
    "connect_four": Board(3, lambda rows, columns: columns, _columns, _grid(3, "c"), other_seat=Change((1, 0, 2))),
    # Planes: empty cells, noughts (the second seat), crosses.
    "tic_tac_toe": Board(3, _area, cells_and(0), _grid(3, _FLAT), _grid(3, _SQUARE), other_seat=Change((0, 2, 1))),
    "mnk": Board(3, _area, cells_and(0), _grid(3, _FLAT), _grid(3, _SQUARE), other_seat=Change((0, 2, 1))),
    # Planes: empty cells, own discs, the opponent's. The first four discs allow half of a square's symmetries.
    "othello": Board(3, lambda rows, columns: rows * columns + 1, cells_and(1), _grid(3, "rc"), _grid(3, "t trc")),
    # Planes: stones of each seat, empty points, and who is to move, which stays because the komi belongs to a seat.
    "go": Board(
        4,
        lambda rows, columns: rows * columns + 1,
        cells_and(1),
        _grid(4, _FLAT),
        _grid(4, _SQUARE),
        other_seat=Change((1, 0, 2, 3)),
    ),
    # Planes: stones of the second seat that win, join west, join east, or neither; empty cells; stones of the first
    # seat that join neither, south, or north, or that win.
    "hex": Board(
        9,
        _area,
        cells_and(0),
        (Change((0, 2, 1, 3, 4, 5, 7, 6, 8), rows=True, columns=True),),
        other_seat=Change((8, 7, 6, 5, 4, 3, 2, 1, 0), transposed=True),
    ),
    # Planes: pieces of each seat, empty cells.
    "breakthrough": Board(
        3, lambda rows, columns: rows * columns * 12, _steps, _grid(3, "c"), other_seat=Change((1, 0, 2), rows=True)
    ),
    # Planes: empty cells, amazons of each seat, arrows. A move names three cells, one after the other.
    "amazons": Board(4, _area, cells_and(0), _grid(4, "c")),
}
