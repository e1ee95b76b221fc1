"""Changes of a board of planes, and the symmetries that they make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from games.contract import IntArray, Symmetry


@dataclass(frozen=True, slots=True)
class Change:
    """How a board is seen differently: transposed first, then its rows and its columns reversed.

    Attributes:
        planes: seen this way, plane ``p`` is the game's plane ``planes[p]``.
        transposed, rows, columns: as above.
    """

    planes: tuple[int, ...]
    transposed: bool = False
    rows: bool = False
    columns: bool = False

    def grid(self, cells: IntArray) -> IntArray:
        """``(..., rows, columns)`` as it is seen."""
        if self.transposed:
            cells = cells.swapaxes(-1, -2)
        if self.rows:
            cells = cells[..., ::-1, :]
        return cells[..., ::-1] if self.columns else cells


Actions = Callable[[Change, int, int], IntArray]
"""``(change, rows, columns) -> (A,)``: the game's action for each action that is seen."""


@dataclass(frozen=True, slots=True)
class Board:
    """A board game whose observations are planes.

    Attributes:
        planes: number of planes.
        num_actions: of a board with these rows and columns.
        actions: how actions change with the board.
        mirrors: changes besides the usual view, for boards that are not square.
        square: further changes of square boards.
        other_seat: how the second seat sees the board as if it were the first; None if the game shows it so already.
    """

    planes: int
    num_actions: Callable[[int, int], int]
    actions: Actions
    mirrors: tuple[Change, ...]
    square: tuple[Change, ...] = ()
    other_seat: Change | None = None

    def usual(self) -> Change:
        """The board as it is."""
        return Change(tuple(range(self.planes)))

    def changes(self, shape: tuple[int, ...]) -> tuple[Change, ...]:
        """All changes of a board with observations of this shape."""
        return self.mirrors + (self.square if shape[1] == shape[2] else ())


def seen(board: Board, shape: tuple[int, ...], num_actions: int, change: Change) -> Symmetry:
    """A change as a symmetry of flat observations and actions."""
    cells = np.arange(shape[0] * shape[1] * shape[2]).reshape(shape)
    symmetry = Symmetry(
        change.grid(cells[list(change.planes)]).ravel().copy(), board.actions(change, shape[1], shape[2])
    )
    symmetry.cells.flags.writeable = symmetry.actions.flags.writeable = False  # they are shared
    return symmetry


def cells_and(passes: int) -> Actions:
    """Actions that name a cell, row by row, followed by ``passes`` actions that name none."""

    def actions(change: Change, rows: int, columns: int) -> IntArray:
        cells = change.grid(np.arange(rows * columns).reshape(rows, columns)).ravel()
        return np.append(cells, rows * columns + np.arange(passes))

    return actions
