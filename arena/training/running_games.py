"""What training keeps of each running game."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from arena.play.source import Seating


class RunningGames:
    """The running games of some tables, as columns with one row per table.

    Attributes:
        numbers: ``(size,)`` int64, number of the game, counted from 0.
        returns: ``(size, num_seats)`` float64, earned so far.
        given: ``(size, num_seats)`` float64, the part of it that was earned in the opening.
        keeps: ``(size, num_seats)`` bool, whose experience is kept.
        kept_steps: ``(size, num_seats)`` int64, kept steps so far.
        broken_in_a_row: games that broke their own rules since the last one that did not.
    """

    def __init__(self, size: int, num_seats: int) -> None:
        self.numbers = np.full(size, -1, np.int64)
        self.returns = np.zeros((size, num_seats))
        self.given = np.zeros((size, num_seats))
        self.keeps = np.zeros((size, num_seats), np.bool_)
        self.kept_steps = np.zeros((size, num_seats), np.int64)
        self.broken_in_a_row = 0
        self._started = 0

    def begin(self, tables: Sequence[int], seatings: Sequence[Seating]) -> None:
        """New games start at ``tables``."""
        at = list(tables)
        self.keeps[at] = [seating.keeps for seating in seatings]
        self.numbers[at] = np.arange(self._started, self._started + len(at))
        self.returns[at] = 0.0
        self.given[at] = 0.0
        self.kept_steps[at] = 0
        self._started += len(at)
