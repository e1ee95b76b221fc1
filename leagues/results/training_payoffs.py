"""What learners score in training matches, recent games counting most."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from leagues.records import Tally

EVEN = 0.5
"""Score of a pair that has not met."""


class TrainingPayoffs:
    """Scores of learners against all members. Each new game of a pair multiplies the weight of its older games by
    ``decay`` (the payoff matrix in the pseudocode of AlphaStar, Vinyals et al. 2019, with 0.99)."""

    def __init__(self, decay: float) -> None:
        """No games yet."""
        self._decay = decay
        # Learner -> opponent -> value.
        self._points: dict[str, dict[str, float]] = {}
        self._games: dict[str, dict[str, float]] = {}
        self._scores: dict[str, dict[str, float]] = {}

    def add(self, tally: Tally) -> None:
        """Count games of a learner. The games of one tally have no order, so each gets the mean of their weights."""
        if not tally.games:
            return
        old = self._decay**tally.games
        new = float(tally.games) if self._decay == 1 else (1 - old) / (1 - self._decay)
        points = self._points.setdefault(tally.member, {})
        games = self._games.setdefault(tally.member, {})
        points[tally.opponent] = old * points.get(tally.opponent, 0.0) + new * tally.score
        games[tally.opponent] = old * games.get(tally.opponent, 0.0) + new
        score = points[tally.opponent] / games[tally.opponent]
        self._scores.setdefault(tally.member, {})[tally.opponent] = score

    def get(self, a: str, b: str) -> tuple[float, float]:
        """``(score, games)`` of `a` against `b`, both decayed, where one of them is a learner; :data:`EVEN` and 0 where
        they have not met."""
        if b in self._scores.get(a, {}):
            return self._scores[a][b], self._games[a][b]
        if a in self._scores.get(b, {}):
            return 1 - self._scores[b][a], self._games[b][a]
        return EVEN, 0.0

    def scores(self, learner: str, opponents: Sequence[str]) -> npt.NDArray[np.float64]:
        """``(len(opponents),)`` scores of a learner; :data:`EVEN` where they have not met."""
        row = self._scores.get(learner, {})
        return np.fromiter(map(row.get, opponents, repeat(EVEN)), np.float64, len(opponents))

    def forget(self, learner: str) -> None:
        """Drop all games of a learner, from both sides."""
        for table in (self._points, self._games, self._scores):
            table.pop(learner, None)
            for row in table.values():
                row.pop(learner, None)

    def state(self) -> dict[str, Any]:
        """``learner -> opponent -> [points, games]``, as plain JSON."""
        return {
            learner: {opponent: [row[opponent], self._games[learner][opponent]] for opponent in row}
            for learner, row in self._points.items()
        }

    @classmethod
    def restore(cls, decay: float, state: Mapping[str, Mapping[str, tuple[float, float]]]) -> Self:
        """The payoffs that gave ``state``.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: it is not such a state.
        """
        payoffs = cls(decay)
        for learner, row in state.items():
            for opponent, (points, games) in row.items():
                if not 0 <= points <= games < math.inf or not games:
                    raise ValueError(f"{learner!r} has {points} points in {games} games against {opponent!r}")
            payoffs._points[learner] = {opponent: points for opponent, (points, _) in row.items()}
            payoffs._games[learner] = {opponent: games for opponent, (_, games) in row.items()}
            payoffs._scores[learner] = {opponent: points / games for opponent, (points, games) in row.items()}
        return payoffs
