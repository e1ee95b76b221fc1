"""What the loop stands on: tables in lock-step, and their rows grouped by player."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from agents.contract import Turn
from games.contract import Ending, Game, IntArray, Move
from games.foreign import FOREIGN_ERRORS

Rows = IntArray | slice
"""Rows of the tables' arrays: an index array, or a slice (views, no copies) when all rows belong to one player."""

UNREADABLE = hashlib.sha256().hexdigest()
"""Stands in for the digest of a position that cannot be read: the SHA-256 of no bytes."""


class Position(NamedTuple):
    """The part of a match's record that comes from its final position. ``ending`` is None if the game is not over."""

    history: tuple[Move, ...]
    returns: tuple[float, ...]
    ending: Ending | None
    digest: str


class Lockstep:
    """The tables of one game, with a player index at each seat.

    Attributes:
        tables: the tables; their arrays are this object's arrays.
        players: ``(size, num_seats)`` int64, the player index at each seat. The caller decides what an index means.
        actions: the caller writes one action per row of the tables' arrays here; see :meth:`Game.empty_actions`.
    """

    def __init__(self, game: Game, size: int) -> None:
        self.tables = game.tables(size)
        self.players = np.full((size, game.num_seats), -1, np.int64)
        self.actions = game.empty_actions(len(self.tables.seats))

    def begin(self, tables: Sequence[int], players: Sequence[Sequence[int]], seeds: Sequence[int]) -> None:
        """Start new games: ``players[i]`` at the seats of ``tables[i]``, seeded by ``seeds[i]``."""
        if tables:
            self.players[np.asarray(tables)] = players
            self.tables.reset(tables, seeds)

    def groups(self) -> Iterator[tuple[int, Rows]]:
        """Observe all tables, then yield each player index with its rows, lowest index first."""
        rows = self.tables.observe()
        if not rows:
            return
        players = self.players[self.tables.table[:rows], self.tables.seats[:rows]]
        present = sorted(set(players.tolist()))  # on few rows much faster than np.unique
        if len(present) == 1:
            yield present[0], slice(0, rows)
            return
        for player in present:
            yield player, np.flatnonzero(players == player)

    def record(self, table: int) -> Position:
        """The position at ``table`` for a match's record.

        If the game broke, the record keeps what can still be read, and the digest is :data:`UNREADABLE`.
        """
        history: tuple[Move, ...] = ()
        returns = (0.0,) * self.tables.game.num_seats
        ending: Ending | None = None
        digest = UNREADABLE
        with suppress(*FOREIGN_ERRORS):
            state = self.tables.state(table)
            history, returns = state.history(), state.returns()
            ending = state.ending()
            digest = state.digest()
        return Position(history, returns, ending, digest)

    def turn(self, rows: Rows) -> Turn:
        """The rows as a turn for an agent."""
        tables = self.tables
        return Turn(
            tables.observations[rows],
            tables.masks[rows],
            tables.seats[rows],
            tables.table[rows],
            tables.state,
            tables.game.action_bounds,
        )
