"""Per-table state of running games."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

import numpy as np

from arena.play.lockstep import Position
from arena.training.samples import Seating
from leagues.records import Match


class RunningGames:
    """The running games of some tables, as columns with one row per table.

    Attributes:
        seatings: who plays; None at a table without a game.
        numbers: ``(size,)`` int64, number of the game, counted from 0.
        plies: ``(size,)`` int64, steps so far.
        returns: ``(size, num_seats)`` float64, earned so far.
        keeps: ``(size, num_seats)`` bool, whose experience is kept.
        kept_steps: ``(size, num_seats)`` int64, kept steps so far.
        live: number of running games.
    """

    def __init__(self, size: int, num_seats: int) -> None:
        self.seatings: list[Seating | None] = [None] * size
        self.numbers = np.full(size, -1, np.int64)
        self.plies = np.zeros(size, np.int64)
        self.returns = np.zeros((size, num_seats))
        self.keeps = np.zeros((size, num_seats), np.bool_)
        self.kept_steps = np.zeros((size, num_seats), np.int64)
        self.live = 0
        self._started = 0
        self._started_at = np.zeros(size)

    def seated(self) -> set[str]:
        """Keys of all players."""
        return {key for seating in self.seatings if seating is not None for key in seating.players}

    def idle(self) -> list[int]:
        """Tables without a game."""
        return [table for table, seating in enumerate(self.seatings) if seating is None]

    def of_players(self, keys: Collection[str]) -> list[int]:
        """Tables at which one of these players sits."""
        return [
            table
            for table, seating in enumerate(self.seatings)
            if seating is not None and not set(keys).isdisjoint(seating.players)
        ]

    def begin(self, tables: Sequence[int], seatings: Sequence[Seating]) -> None:
        """New games start at ``tables``."""
        for table, seating in zip(tables, seatings, strict=True):
            self.seatings[table] = seating
        at = list(tables)
        self.keeps[at] = [seating.keeps for seating in seatings]
        self.numbers[at] = np.arange(self._started, self._started + len(at))
        self.plies[at] = 0
        self.returns[at] = 0.0
        self.kept_steps[at] = 0
        self.live += len(at)
        self._started += len(at)
        self._started_at[at] = time.time()

    def end(self, tables: Sequence[int]) -> None:
        """The games at ``tables`` are over."""
        for table in tables:
            self.seatings[table] = None
        self.live -= len(tables)

    def record(self, table: int, position: Position, iteration: int, *, crash: bool = False) -> Match:
        """The record of a game that has ended, or that has broken its own rules.

        Args:
            table: where it is.
            position: its last position.
            iteration: training iteration.
            crash: whether the game broke.
        """
        seating = self.seatings[table]
        assert seating is not None
        return Match(
            seats=seating.pairing.seats,
            weights=seating.weights,
            seed=seating.pairing.seed,
            event=seating.pairing.event,
            block=seating.pairing.block,
            kind="training",
            history=position.history,
            returns=position.returns,
            ending="crash" if crash else position.ending or "terminated",
            plies=int(self.plies[table]),
            digest=position.digest,
            started_at=datetime.fromtimestamp(self._started_at[table], UTC),
            duration=time.time() - self._started_at[table],
            iteration=iteration,
        )
