"""Connect four in lock-step without the engine: a few NumPy calls step all tables.

Four calls of the engine per move take as long as a small network. Here a table is two bitboards, and the planes of the
observation are updated in place. The engine rebuilds a position from its moves only when somebody reads more of it
than a match record keeps. The tests hold these tables equal to ``StateTables``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import Any

import numpy as np
import numpy.typing as npt

from games.chance import Chance
from games.contract import BoolArray, Ending, FloatArray, IntArray, Move
from games.errors import GameError
from games.open_spiel.rules import OpenSpielRules
from games.open_spiel.state import OpenSpielState
from games.tables import LockstepTables

EMPTY = 2
"""The plane of empty cells, after one for each seat's discs."""


def connect_four_tables(game: OpenSpielRules, size: int) -> ConnectFourTables | None:
    """Tables of connect four; None if the board is too large for a bitboard, or the view is not the usual planes."""
    parameters = game.engine.get_parameters()
    usual = game.view == "observation" and not parameters["egocentric_obs_tensor"]
    fits = parameters["columns"] * (parameters["rows"] + 1) <= 64
    return ConnectFourTables(game, size) if usual and fits else None


class ConnectFourTables(LockstepTables):
    """Tables of connect four.

    On a bitboard a column is a run of ``rows + 1`` bits, lowest row first; the highest bit is always empty.
    """

    game: OpenSpielRules

    def __init__(self, game: OpenSpielRules, size: int) -> None:
        super().__init__(game, size)
        parameters = game.engine.get_parameters()
        self._rows, self._columns, self._in_row = (parameters[name] for name in ("rows", "columns", "x_in_row"))
        # Up a column, along a row, and the two diagonals.
        self._directions = np.array([1, self._rows + 1, self._rows, self._rows + 2], np.uint64)[:, None]
        self._planes = np.zeros((size, *game.observation_shape), np.float32)
        self._discs = np.zeros((size, 2), np.uint64)
        self._heights = np.zeros((size, self._columns), np.int64)
        self._moves = np.zeros((size, self._rows * self._columns), np.int8)
        self._plies = np.full(size, -1, np.int64)  # -1 if never reset
        self._running = np.zeros(size, np.bool_)
        self._returns = np.zeros((size, 2))
        self._live: IntArray = np.flatnonzero(self._running)  # the running tables

    def reset(self, tables: Sequence[int], seeds: Sequence[int]) -> None:
        self._check_reset(tables, seeds)
        at = np.asarray(tables, np.int64)
        self._planes[at] = 0.0
        self._planes[at, EMPTY] = 1.0
        self._discs[at] = 0
        self._heights[at] = 0
        self._plies[at] = 0
        self._returns[at] = 0.0
        self._running[at] = True
        self._live = np.flatnonzero(self._running)

    def observe(self) -> int:
        live = self._live
        rows = self.rows = len(live)
        np.take(self._planes, live, axis=0, out=self.observations[:rows])
        np.less(self._heights[live], self._rows, out=self.masks[:rows])
        np.bitwise_and(self._plies[live], 1, out=self.seats[:rows])
        self.table[:rows] = live
        self._observed = True
        return rows

    def step(self, actions: IntArray) -> list[int]:
        self._check_step(actions)
        live, seats = self._live, self.seats[: self.rows]
        heights = self._heights[live, actions]
        self._planes[live, seats, heights, actions] = 1.0
        self._planes[live, EMPTY, heights, actions] = 0.0
        self._heights[live, actions] += 1
        self._moves[live, self._plies[live]] = actions
        self._plies[live] += 1
        discs = self._discs[live, seats]
        discs |= np.uint64(1) << (actions * (self._rows + 1) + heights).astype(np.uint64)
        self._discs[live, seats] = discs
        won = self._lines(discs)
        over = won | (self._plies[live] == self._rows * self._columns)
        self.rewards[:] = 0.0
        if not over.any():
            return []
        winners = live[won]
        self.rewards[winners, seats[won]] = 1.0
        self.rewards[winners, 1 - seats[won]] = -1.0
        self._returns[winners] = self.rewards[winners]
        ended = live[over]
        self._running[ended] = False
        self._live = live[~over]
        return list(map(int, ended))

    def _lines(self, discs: npt.NDArray[np.uint64]) -> BoolArray:
        """Which of the bitboards have enough discs in a row, ``(B,)`` bool."""
        runs = np.broadcast_to(discs, (len(self._directions), len(discs)))
        length = 1  # each bit of `runs` starts a run of this many discs
        while length < self._in_row:
            more = min(length, self._in_row - length)
            runs = runs & (runs >> self._directions * np.uint64(more))
            length += more
        return np.asarray(runs.any(axis=0))

    def state(self, table: int) -> OpenSpielState:
        self._check_begun(table)
        moves = self._moves[table, : self._plies[table]].tolist()
        running = bool(self._running[table])
        mask = (self._heights[table] < self._rows) & running
        history = tuple(zip(cycle((0, 1)), moves, strict=False))
        return _Position(self.game, history, running, tuple(self._returns[table].tolist()), self._planes[table], mask)

    def seat_endings(self, table: int) -> tuple[Ending | None, ...]:
        self._check_begun(table)
        return (None if self._running[table] else "terminated",) * self.game.num_seats

    def _check_begun(self, table: int) -> None:
        if self._plies[table] < 0:
            raise GameError(f"table {table} has no state yet; reset it first")


class _Position(OpenSpielState):
    """The position of a table. The engine rebuilds it from its moves when more is read than a match record keeps."""

    __slots__ = ("_built", "_history", "_mask", "_planes", "_returns", "_running")

    def __init__(
        self,
        game: OpenSpielRules,
        history: tuple[Move, ...],
        running: bool,
        returns: tuple[float, ...],
        planes: FloatArray,
        mask: BoolArray,
    ) -> None:
        self.game, self._chance = game, Chance(0)
        self._built: Any = None
        self._history, self._running, self._returns = history, running, returns
        self._planes, self._mask = planes.copy(), mask

    @property
    def engine(self) -> Any:
        if self._built is None:
            self._built = self.game.engine.new_initial_state()
            for _, move in self._history:
                self._built.apply_action(move)
        return self._built

    def acting(self) -> tuple[int, ...]:
        return (len(self._history) % 2,) if self._running else ()

    def observe(self, seat: int, observation: FloatArray, mask: BoolArray) -> None:
        observation[...] = self._planes
        mask[...] = self._mask if seat in self.acting() else False

    def ending(self) -> Ending | None:
        return None if self._running else "terminated"

    def returns(self) -> tuple[float, ...]:
        return self._returns

    def history(self) -> tuple[Move, ...]:
        return self._history

    def apply(self, actions: Sequence[int]) -> tuple[float, ...]:
        raise GameError("the state of a table can only be read; clone it to apply actions")

    # A clone takes actions, so it is a state of the engine.
    def clone(self) -> OpenSpielState:  # type: ignore[override]
        return OpenSpielState(self.game, self.engine.clone(), Chance(0))
