"""A small game written by hand, so that the agents' tests depend on no adapter."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from games.contract import BoolArray, Ending, FloatArray, Game, IntArray, State, Tables
from games.errors import GameError, IllegalActionError
from games.tables import StateTables


class Nim(Game):
    """Two seats take 1 to 3 stones in turn, and who takes the last one wins.

    Action ``a`` takes ``a + 1`` stones. The seed sets the number of stones.
    """

    dynamics = "turn_based"
    utility = "zero_sum"
    perfect_information = True
    observation_shape = (1,)
    num_actions = 3
    max_plies = 12
    replayable = True
    spec = "nim"
    agent_ids = ("first", "second")

    def new_state(self, seed: int, chance: Sequence[int] = ()) -> NimState:
        return NimState(5 + seed % 8)

    def tables(self, size: int) -> NimTables:
        return NimTables(self, size)


class Undrawn(Nim):
    """Nim as a game that fails when it is drawn, because its method takes no seat."""

    spec = "toygames:Undrawn"

    def tables(self, size: int) -> StateTables:  # type: ignore[override]
        return StateTables(self, size)


class NimState(State):
    def __init__(self, stones: int) -> None:
        self.stones = stones
        self.moves: list[tuple[int, int]] = []

    def acting(self) -> tuple[int, ...]:
        return (len(self.moves) % 2,) if self.stones else ()

    def observe(self, seat: int, observation: FloatArray, mask: BoolArray) -> None:
        observation[:] = self.stones
        mask[:] = np.arange(3) < self.stones if seat in self.acting() else False

    def apply(self, actions: Sequence[int]) -> tuple[float, ...]:
        if not self.stones:
            raise GameError("the game is over")
        (action,) = actions
        if not 0 <= action < min(3, self.stones):
            raise IllegalActionError(f"{action} is illegal")
        self.moves.append((len(self.moves) % 2, action))
        self.stones -= action + 1
        return self.returns()

    def ending(self) -> Ending | None:
        return None if self.stones else "terminated"

    def returns(self) -> tuple[float, ...]:
        if self.stones:
            return (0.0, 0.0)
        return (1.0, -1.0) if len(self.moves) % 2 else (-1.0, 1.0)

    def history(self) -> tuple[tuple[int, int], ...]:
        return tuple(self.moves)

    def draw(self) -> str:
        return "o" * self.stones

    def action_name(self, seat: int, action: int) -> str:
        return f"take {action + 1}"

    def digest(self) -> str:
        return hashlib.sha256(repr((self.stones, self.moves)).encode()).hexdigest()

    def clone(self) -> NimState:
        twin = NimState(self.stones)
        twin.moves = list(self.moves)
        return twin


class NimTables(Tables):
    def __init__(self, game: Nim, size: int) -> None:
        self.game, self.size, self.rows = game, size, 0
        self.observations = np.zeros((size, 1), np.float32)
        self.masks = np.zeros((size, 3), np.bool_)
        self.seats = np.zeros(size, np.int64)
        self.table = np.zeros(size, np.int64)
        self.rewards = np.zeros((size, 2), np.float32)
        self.states: dict[int, NimState] = {}

    def reset(self, tables: Sequence[int], seeds: Sequence[int]) -> None:
        for table, seed in zip(tables, seeds, strict=True):
            self.states[table] = self.game.new_state(seed)

    def observe(self) -> int:
        self.rows = 0
        for table in sorted(self.states):
            for seat in self.states[table].acting():
                self.states[table].observe(seat, self.observations[self.rows], self.masks[self.rows])
                self.seats[self.rows], self.table[self.rows] = seat, table
                self.rows += 1
        return self.rows

    def step(self, actions: IntArray) -> list[int]:
        self.rewards[:] = 0
        live = self.table[: self.rows].tolist()
        for table, action in zip(live, actions.tolist(), strict=True):
            self.rewards[table] = self.states[table].apply([action])
        return [table for table in live if not self.states[table].acting()]

    def state(self, table: int) -> NimState:
        return self.states[table]
