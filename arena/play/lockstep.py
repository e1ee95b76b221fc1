"""The loop that training and matches share: tables in lock-step, rows grouped by who has to act."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from agents.contract import Turn
from games.contract import Ending, Game, IntArray, Move
from games.environments.recipes import FOREIGN_ERRORS

Rows = IntArray | slice
"""Rows of the tables' arrays: an index array, or a slice when all rows belong to one player (then views, no copies)."""

UNSEEN = hashlib.sha256().hexdigest()
"""The digest of nothing, for positions that cannot be seen."""


class Position(NamedTuple):
    """What a match's record keeps of a position: history, returns, how the game ended if it did, and digest."""

    history: tuple[Move, ...]
    returns: tuple[float, ...]
    ending: Ending | None
    digest: str


class Lockstep:
    """Tables of one game with a player index at each seat.

    Attributes:
        tables: the tables; their arrays are this object's arrays.
        players: ``(size, num_seats)`` int64, the player index at each seat; the caller gives indices their meaning.
        actions: one action per row of the tables' arrays, for the caller to fill; see :meth:`Game.empty_actions`.
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
        """Observe all tables, then give each player index with its rows, lowest index first."""
        rows = self.tables.observe()
        if not rows:
            return
        players = self.players[self.tables.table[:rows], self.tables.seats[:rows]]
        present = np.unique(players)
        if len(present) == 1:
            yield int(present[0]), slice(0, rows)
            return
        for player in present.tolist():
            yield player, np.flatnonzero(players == player)

    def record(self, table: int) -> Position:
        """What a match's record keeps of the position at ``table``.

        Where the game broke so that there is no position, or not all of it can be seen, the digest is :data:`UNSEEN`.
        """
        seen = Position((), (0.0,) * self.tables.game.num_seats, None, UNSEEN)
        try:
            state = self.tables.state(table)
            seen = Position(state.history(), state.returns(), None, UNSEEN)
            return Position(seen.history, seen.returns, state.ending(), state.digest())
        except FOREIGN_ERRORS:
            return seen

    def turn(self, rows: Rows) -> Turn:
        """The rows as an agent sees them."""
        tables = self.tables
        return Turn(
            tables.observations[rows],
            tables.masks[rows],
            tables.seats[rows],
            tables.table[rows],
            tables.state,
            tables.game.action_bounds,
        )
