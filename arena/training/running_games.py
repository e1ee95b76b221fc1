"""What training keeps of each running game."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import index
from typing import Any

import numpy as np

from arena.play.source import Seating
from arena.training.under_way import smallest

MOST_GAMES = 2**48
"""Games of a runner; numbers of trajectories, a few times as many, stay exact."""


class RunningGames:
    """The running games of some tables, as columns with one row per table.

    Attributes:
        numbers: ``(size,)`` int64, number of the game, counted from 0.
        returns: ``(size, num_seats)`` float64, earned so far.
        given: ``(size, num_seats)`` float64, the part of it that was earned in the opening.
        keeps: ``(size, num_seats)`` bool, whose experience is kept.
        kept_steps: ``(size, num_seats)`` int64, kept steps so far.
        started: games that began so far.
        broken_in_a_row: games that broke their own rules since the last one that did not.
    """

    COLUMNS = ("numbers", "returns", "given", "kept_steps")
    """What a state keeps; the rest comes from the seatings."""

    def __init__(self, size: int, num_seats: int) -> None:
        self.numbers = np.full(size, -1, np.int64)
        self.returns = np.zeros((size, num_seats))
        self.given = np.zeros((size, num_seats))
        self.keeps = np.zeros((size, num_seats), np.bool_)
        self.kept_steps = np.zeros((size, num_seats), np.int64)
        self.broken_in_a_row = 0
        self.started = 0

    def begin(self, tables: Sequence[int], seatings: Sequence[Seating]) -> None:
        """New games start at ``tables``."""
        at = list(tables)
        self.keeps[at] = [seating.keeps for seating in seatings]
        self.numbers[at] = np.arange(self.started, self.started + len(at))
        self.returns[at] = 0.0
        self.given[at] = 0.0
        self.kept_steps[at] = 0
        self.started += len(at)

    def state(self, tables: Sequence[int]) -> dict[str, Any]:
        """The counters, and the rows of ``tables``."""
        return {
            "started": self.started,
            "broken_in_a_row": self.broken_in_a_row,
            **{name: smallest(getattr(self, name)[list(tables)]) for name in self.COLUMNS},
        }

    def restore_counters(self, state: Mapping[str, Any]) -> None:
        """Count on from what :meth:`state` gave.

        Raises:
            LookupError, TypeError, ValueError: these are no counters.
        """
        started, broken = index(state["started"]), index(state["broken_in_a_row"])
        if not (0 <= started <= MOST_GAMES and 0 <= broken <= MOST_GAMES):
            raise ValueError(f"games are counted from 0 to {MOST_GAMES:,}, but got {started} and {broken} broken ones")
        self.started, self.broken_in_a_row = started, broken

    def restore(
        self, state: Mapping[str, Any], rows: Sequence[int], tables: Sequence[int], seatings: Sequence[Seating]
    ) -> None:
        """Go on with some games of what :meth:`state` gave.

        Args:
            state: counters and columns.
            rows: the rows of these games in the columns.
            tables, seatings: of these games.

        Raises:
            LookupError, TypeError, ValueError: the columns are not those of such games.
        """
        self.restore_counters(state)
        at, chosen = list(tables), list(rows)
        self.keeps[at] = np.array([seating.keeps for seating in seatings], np.bool_).reshape(-1, self.keeps.shape[1])
        for name in self.COLUMNS:
            own, given = getattr(self, name), np.asarray(state[name])
            own[at] = given[chosen].astype(own.dtype, casting="same_kind").reshape(-1, *own.shape[1:])
        numbers = self.numbers[at].tolist()
        if len(set(numbers)) < len(numbers) or not all(0 <= number < self.started for number in numbers):
            raise ValueError("running games are numbered from 0, no two alike")
