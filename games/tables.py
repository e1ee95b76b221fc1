"""Tables over any states: the reference that faster tables must equal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from games.contract import ActionArray, Game, State, Tables
from games.errors import BrokenGameError, GameError
from games.foreign import FOREIGN_ERRORS, BrokenRule, check_rewards, describe_failure
from games.legality import illegal_action, legal_rows


class LockstepTables(Tables):
    """The arrays and the checks that all tables share."""

    def __init__(self, game: Game, size: int) -> None:
        if size < 1:
            raise GameError(f"there must be at least one table, but got size={size}")
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
            raise GameError(f"each table needs a seed, but got {len(tables)} tables and {len(seeds)} seeds")
        if len(tables) and not 0 <= min(tables) <= max(tables) < self.size:
            raise GameError(f"tables must lie in 0..{self.size - 1}, but got {sorted(tables)}")
        self._observed = False

    def _check_step(self, actions: ActionArray) -> list[Any]:
        """The actions as Python integers, or as tuples of floats, once every row's action is known to be legal."""
        if not self._observed:
            raise GameError("the rows are stale, because the tables were reset or stepped; call observe() first")
        bounds = self.game.action_bounds
        shape = (self.rows,) if bounds is None else (self.rows, *bounds[0].shape)
        if actions.shape != shape:
            raise GameError(
                f"a step needs one action per row ({self.rows} now) in an array of shape {shape}, but got shape "
                f"{actions.shape}"
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
    """Tables that hold one :class:`State` each and read it row by row.

    The states may be foreign code. An error that they raise, or a value that breaks the contract, ends only its own
    table and is entered in :attr:`broken`. A table that breaks between two steps has no rows and ends with the next.
    """

    def __init__(self, game: Game, size: int) -> None:
        super().__init__(game, size)
        self._states: list[State | None] = [None] * size
        self._live: list[tuple[int, State, tuple[int, ...]]] = []  # table, state, acting seats
        self._over_before: list[int] = []  # tables that ended, or broke, before the step that reports it
        self._owed: dict[int, tuple[float, ...]] = {}  # rewards of resets, paid with the first step

    def reset(self, tables: Sequence[int], seeds: Sequence[int]) -> None:
        self._check_reset(tables, seeds)
        fresh = set(tables)
        live = [entry for entry in self._live if entry[0] not in fresh]
        self._over_before = [table for table in self._over_before if table not in fresh]
        for table, seed in zip(tables, seeds, strict=True):
            self.broken.pop(table, None)
            self._states[table] = None
            self._owed.pop(table, None)
            try:
                state = self._new_state(table, seed)
                self._owed[table] = self._rewards(state.returns())
                self._states[table] = state
                seats = self._acting(state)
            except FOREIGN_ERRORS as error:
                self._break_before(table, error, "in its reset")
                continue
            if seats:
                live.append((table, state, seats))
            else:
                self._over_before.append(table)
        self._live = sorted(live, key=lambda entry: entry[0])

    def _new_state(self, table: int, seed: int) -> State:
        return self.game.new_state(seed)

    def observe(self) -> int:
        row, live = 0, []
        for table, state, seats in self._live:
            try:
                for at, seat in enumerate(seats, row):
                    self.table[at] = table
                    self.seats[at] = seat
                    self._look(state, seat, at)
            except FOREIGN_ERRORS as error:
                self._break_before(table, error, "when observed")
                continue
            row += len(seats)
            live.append((table, state, seats))
        self._live = live
        self.rows = row
        self._observed = True
        return row

    def step(self, actions: ActionArray) -> list[int]:
        chosen = self._check_step(actions)
        self.rewards[:] = 0.0
        for table, owed in self._owed.items():
            self.rewards[table] = owed
        self._owed.clear()
        ended, self._over_before = self._over_before, []
        live, row = [], 0
        for table, state, seats in self._live:
            try:
                self.rewards[table] += self._rewards(state.apply(chosen[row : row + len(seats)]))
            except FOREIGN_ERRORS as error:
                self._break(table, error, "in a step")
                ended.append(table)
                continue
            finally:
                row += len(seats)
            try:
                seats = self._acting(state)
            except FOREIGN_ERRORS as error:
                self._break_before(table, error, "after a step")
                continue
            if seats:
                live.append((table, state, seats))
            else:
                ended.append(table)
        self._live = live
        return sorted(ended)

    def _acting(self, state: State) -> tuple[int, ...]:
        """The acting seats, checked; empty once the game is over."""
        seats = state.acting()
        if list(seats) != sorted(set(seats)) or not set(seats) <= set(range(self.game.num_seats)):
            raise BrokenRule(f"acting seats must be seats of the game, ascending, but are {seats}")
        if len(seats) > 1 and self.game.dynamics == "turn_based":
            raise BrokenRule(f"one seat acts at a time in a turn-based game, but {seats} act")
        if (state.ending() is None) != bool(seats):
            raise BrokenRule(
                f"a game is over exactly when no seat acts, but ending() is {state.ending()} and acting() {seats}"
            )
        return seats

    def _look(self, state: State, seat: int, row: int) -> None:
        observation, mask = self.observations[row], self.masks[row]
        state.observe(seat, observation, mask)
        if not np.isfinite(observation).all():
            raise BrokenRule(
                f"an observation must be finite, but seat {seat} sees {observation[~np.isfinite(observation)][0]}"
            )
        if not mask.any():
            raise BrokenRule(f"an acting seat must have a legal action, but seat {seat} has none")

    def _rewards(self, rewards: tuple[float, ...]) -> tuple[float, ...]:
        check_rewards(rewards, self.game.agent_ids)
        return rewards

    def _break(self, table: int, error: BaseException, where: str) -> None:
        if not isinstance(error, BrokenGameError):
            broken = BrokenGameError(f"{self.game.spec!r} breaks the contract {where}: {describe_failure(error)}")
            broken.__cause__ = error
            error = broken
        self.broken[table] = error

    def _break_before(self, table: int, error: BaseException, where: str) -> None:
        self._break(table, error, where)
        self._over_before.append(table)

    def state(self, table: int) -> State:
        state = self._states[table]
        if state is None and table in self.broken:
            raise self.broken[table]
        if state is None:
            raise GameError(f"table {table} has no state yet; reset it first")
        return state
