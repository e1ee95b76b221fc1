"""OpenSpiel games in lock-step: the hottest code of the project.

Entering the engine costs a few tenths of a microsecond, so a row enters it four times only: to fill the observation,
read the legal actions, apply the action, and read the next player. ``map`` makes these calls from C. Each row has its
own observer, and one copy each moves all observer buffers and all masks into the arrays.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import chain, repeat
from operator import call
from typing import Any

import numpy as np
import pyspiel

from games.chance import Chance
from games.contract import CHANCE, Ending, IntArray
from games.errors import GameError
from games.open_spiel.rules import OpenSpielRules
from games.open_spiel.state import SIMULTANEOUS, TERMINAL, OpenSpielState, resolve_chance
from games.tables import LockstepTables

_apply = pyspiel.State.apply_action
_current_player = pyspiel.State.current_player
_legal_actions = pyspiel.State.legal_actions
_legal_actions_mask = pyspiel.State.legal_actions_mask
_rewards = pyspiel.State.rewards

_WIDE = 64
"""From this many actions on, a list of the legal actions is cheaper than a mask over all actions."""


class OpenSpielTables(LockstepTables):
    """Tables over bare engine states; equal to ``StateTables`` on the same game, seeds and actions."""

    game: OpenSpielRules

    def __init__(self, game: OpenSpielRules, size: int) -> None:
        super().__init__(game, size)
        rows = len(self.seats)
        observers = [game.observer() for _ in range(rows)]
        self._fill = [fill for fill, _ in observers]
        self._buffers = [buffer.data for _, buffer in observers]
        self._bytes = self.observations.reshape(-1).view(np.uint8).data
        self._row_bytes = self.observations[0].nbytes
        self._engines: list[Any] = [None] * size
        self._chances: list[Chance | None] = [None] * size
        self._players = [TERMINAL] * size  # the engine's player at each table; idle tables look like ended ones
        self._over_at_once: list[int] = []  # tables whose game chance ended before any seat could act
        # The live tables of the last observe() (usually all), with their engines and players.
        self._everyone = list(range(size))
        self._live = self._everyone
        self._live_engines: list[Any] = []
        self._live_players: list[int] = []

    def reset(self, tables: Sequence[int], seeds: Sequence[int]) -> None:
        self._check_reset(tables, seeds)
        if self._over_at_once:
            self._over_at_once = [table for table in self._over_at_once if table not in set(tables)]
        new, engines, players = self.game.engine.new_initial_state, self._engines, self._players
        for table, seed in zip(tables, seeds, strict=True):
            engines[table] = engine = new()
            if self.game.has_chance:
                self._chances[table] = chance = Chance(seed)
                player = resolve_chance(engine, chance)
            else:
                player = engine.current_player()
            players[table] = player
            if player == TERMINAL:
                self._over_at_once.append(table)

    def observe(self) -> int:
        engines, players = self._engines, self._players
        self._live = self._everyone
        if TERMINAL in players:
            self._live = [table for table, player in enumerate(players) if player != TERMINAL]
            engines = [engines[table] for table in self._live]
            players = [players[table] for table in self._live]
        self._live_engines, self._live_players = engines, players
        if self.game.dynamics == "turn_based":
            tables, seats = self._live, players
            self._fill_masks(len(tables), engines)
        else:
            tables, engines, seats = self._spread(engines, players)
        rows = self.rows = len(tables)
        self.table[:rows] = tables
        self.seats[:rows] = seats
        deque(map(call, self._fill, engines, seats), maxlen=0)
        self._bytes[: rows * self._row_bytes] = b"".join(self._buffers[:rows])
        self._observed = True
        return rows

    def _spread(self, engines: list[Any], players: list[int]) -> tuple[list[int], list[Any], list[int]]:
        """Table, engine and seat of every row of a simultaneous game; fills the masks."""
        everyone = range(self.game.num_seats)
        acting = [everyone if player == SIMULTANEOUS else (player,) for player in players]
        counts = list(map(len, acting))
        tables = list(chain.from_iterable(map(repeat, self._live, counts)))
        rows = list(chain.from_iterable(map(repeat, engines, counts)))
        seats = list(chain.from_iterable(acting))
        self._fill_masks(len(seats), rows, seats)
        some = self.masks[: len(seats)].any(axis=1)
        if some.all():
            return tables, rows, seats
        keep = np.flatnonzero(some).tolist()  # seats without a legal action do not act in this step
        self.masks[: len(keep)] = self.masks[keep]
        return [tables[row] for row in keep], [rows[row] for row in keep], [seats[row] for row in keep]

    def _fill_masks(self, rows: int, *of: list[Any]) -> None:
        """Fill the masks of the rows from their engines (and seats)."""
        if self.game.num_actions < _WIDE:
            flat: list[int] = []
            for mask in map(_legal_actions_mask, *of):
                flat += mask
            self.masks[:rows] = np.frombuffer(bytearray(flat), np.bool_).reshape(rows, self.game.num_actions)
        else:
            legal = list(map(_legal_actions, *of))
            counts = list(map(len, legal))
            self.masks[:rows] = False
            actions = np.fromiter(chain.from_iterable(legal), np.int64, sum(counts))
            self.masks[np.repeat(self._row_index[:rows], counts), actions] = True

    def step(self, actions: IntArray) -> list[int]:
        chosen = self._check_step(actions)
        live, engines = self._live, self._live_engines
        if self.game.dynamics == "turn_based":
            deque(map(_apply, engines, chosen), maxlen=0)
        else:
            self._apply_jointly(chosen)
        players = list(map(_current_player, engines))
        if CHANCE in players:
            for at, player in enumerate(players):
                if player == CHANCE:
                    chance = self._chances[live[at]]
                    assert chance is not None
                    players[at] = resolve_chance(engines[at], chance)
        self.rewards[:] = 0.0
        ended = [live[at] for at, player in enumerate(players) if player == TERMINAL] if TERMINAL in players else []
        if self.game.rewards_each_step:
            if live:
                self.rewards[live] = list(map(_rewards, engines))
        else:
            for table in ended:
                self.rewards[table] = self._engines[table].rewards()
        if live is self._everyone:
            self._players = players
        else:
            for table, player in zip(live, players, strict=True):
                self._players[table] = player
        if self._over_at_once:
            for table in self._over_at_once:
                self.rewards[table] = self._engines[table].returns()
            ended, self._over_at_once = sorted(ended + self._over_at_once), []
        return ended

    def _apply_jointly(self, chosen: list[int]) -> None:
        joint = np.zeros((self.size, self.game.num_seats), np.int64)  # the engine wants 0 from seats that do not act
        joint[self.table[: self.rows], self.seats[: self.rows]] = chosen
        for table, engine, player in zip(self._live, self._live_engines, self._live_players, strict=True):
            if player == SIMULTANEOUS:
                engine.apply_actions(joint[table].tolist())
            else:
                engine.apply_action(int(joint[table, player]))

    def state(self, table: int) -> OpenSpielState:
        return OpenSpielState(self.game, self._engine(table), self._chances[table] or Chance(0))

    def _engine(self, table: int) -> Any:
        if self._engines[table] is None:
            raise GameError(f"table {table} has no state yet; reset it first")
        return self._engines[table]

    def seat_endings(self, table: int) -> tuple[Ending | None, ...]:
        self._engine(table)
        return ("terminated" if self._players[table] == TERMINAL else None,) * self.game.num_seats
