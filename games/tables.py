"""Tables over any state: the reference that faster tables must equal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from games.contract import ActionArray, BrokenGameError, Game, GameError, State, Tables
from games.legality import illegal_action, legal_rows


class LockstepTables(Tables):
    """The arrays and the checks that all tables share."""

    def __init__(self, game: Game, size: int) -> None:
        if size < 1:
            raise GameError(f"tables must be at least one, but got size={size}")
        rows = size if game.dynamics == "turn_based" else size * game.num_seats
        self.game = game
        self.size = size
        self.rows = 0
        self.observations = np.zeros((rows, *game.observation_shape), np.float32)
        self.masks = np.zeros((rows, game.num_actions), np.bool_)
        self.seats = np.zeros(rows, np.int64)
        self.table = np.zeros(rows, np.int64)
        self.rewards = np.zeros((size, game.num_seats), np.float32)
        self.broken: dict[int, BrokenGameError] = {}
        self._row_index = np.arange(rows)
        self._observed = False

    def _check_reset(self, tables: Sequence[int], seeds: Sequence[int]) -> None:
        if len(tables) != len(seeds):
            raise GameError(f"each table needs its seed, but got {len(tables)} tables and {len(seeds)} seeds")
        if len(tables) and not 0 <= min(tables) <= max(tables) < self.size:
            raise GameError(f"tables must lie in 0..{self.size - 1}, but got {sorted(tables)}")
        self._observed = False

    def _check_step(self, actions: ActionArray) -> list[Any]:
        """The actions as Python integers, or tuples of floats, once they are known to be legal for every row."""
        if not self._observed:
            raise GameError("a step must follow its own observe(), but the rows are old; call observe() first")
        bounds = self.game.action_bounds
        shape = (self.rows,) if bounds is None else (self.rows, *bounds[0].shape)
        if actions.shape != shape:
            raise GameError(
                f"a step needs one action per row, {self.rows} now, in an array of {shape}, but got {actions.shape}"
            )
        if bounds is not None and actions.dtype != np.float32:
            raise GameError(f"continuous actions must be float32, but got {actions.dtype}; convert them with astype")
        legal = legal_rows(actions, self.masks[: self.rows], bounds)
        chosen = actions.tolist() if bounds is None else list(map(tuple, actions.tolist()))
        if not legal.all():
            row = int(np.argmin(legal))
            raise illegal_action(self.game, int(self.seats[row]), chosen[row])
        self._observed = False
        return chosen


class StateTables(LockstepTables):
    """Tables that hold one :class:`State` each and ask it row by row."""

    def __init__(self, game: Game, size: int) -> None:
        super().__init__(game, size)
        self._states: list[State | None] = [None] * size
        self._live: list[tuple[int, State, tuple[int, ...]]] = []  # table, state, acting seats
        self._over_at_once: list[int] = []  # games that ended, or broke, before anyone could act

    def reset(self, tables: Sequence[int], seeds: Sequence[int]) -> None:
        self._check_reset(tables, seeds)
        fresh = set(tables)
        live = [entry for entry in self._live if entry[0] not in fresh]
        self._over_at_once = [table for table in self._over_at_once if table not in fresh]
        for table, seed in zip(tables, seeds, strict=True):
            self.broken.pop(table, None)
            try:
                state = self._states[table] = self.game.new_state(seed)
            except BrokenGameError as error:
                self._states[table], self.broken[table] = None, error
                self._over_at_once.append(table)
                continue
            if seats := state.acting():
                live.append((table, state, seats))
            else:
                self._over_at_once.append(table)
        self._live = sorted(live, key=lambda entry: entry[0])

    def observe(self) -> int:
        row = 0
        for table, state, seats in self._live:
            for seat in seats:
                self.table[row] = table
                self.seats[row] = seat
                state.observe(seat, self.observations[row], self.masks[row])
                row += 1
        self.rows = row
        self._observed = True
        return row

    def step(self, actions: ActionArray) -> list[int]:
        chosen = self._check_step(actions)
        self.rewards[:] = 0.0
        ended, self._over_at_once = self._over_at_once, []
        for table in ended:
            if table not in self.broken:
                self.rewards[table] = self.state(table).returns()
        live, row = [], 0
        for table, state, seats in self._live:
            try:
                self.rewards[table] = state.apply(chosen[row : row + len(seats)])
            except BrokenGameError as error:
                self.broken[table] = error
            row += len(seats)
            if table in self.broken:
                ended.append(table)
            elif state.ending() is None:
                live.append((table, state, state.acting()))
            else:
                ended.append(table)
        self._live = live
        return sorted(ended)

    def state(self, table: int) -> State:
        state = self._states[table]
        if state is None and table in self.broken:
            raise self.broken[table]
        if state is None:
            raise GameError(f"a table must be reset before its state is read, but table {table} never was")
        return state
