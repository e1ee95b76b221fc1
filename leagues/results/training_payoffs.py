"""What learners score in training matches, recent games counting most."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from leagues.records import Tally
from leagues.results.scoring import margin

EVEN = 0.5
"""Score of a pair that has not met."""


class TrainingPayoffs:
    """Scores of learners against all members. Each new game of a pair multiplies the weight of its older games by
    ``decay`` (the payoff matrix in the pseudocode of AlphaStar, Vinyals et al. 2019, with 0.99).

    A score is the mean result, a draw being one half. In a graded game it is the probability that the mean margin over
    ``score_games`` games is positive. With ``m`` and ``v`` the mean and the variance of the margins of the games so
    far, weighted as above, the normal approximation gives ``Phi(m sqrt(score_games / v))``.

    Over many games this is nearly 0 or 1 wherever one of the two is better. That suits thresholds, such as "beaten",
    but says nothing about *how much* better. So what decides whom a learner meets is the score over ``sampler_games``
    games, a few, where a fraction of a standard deviation of a game still counts. It is also better known: older games
    fade, so m rests on ``1 / (1 - decay)`` games at most, and the score over as many games is hardly more than a guess.
    In other games both are the mean result.
    """

    def __init__(self, decay: float, *, sides: int = 0, score_games: int = 1, sampler_games: int = 1) -> None:
        """No games yet.

        Args:
            decay: see above.
            sides: number of sides (seats, or teams) of a graded game; 0 in other games.
            score_games, sampler_games: see above.
        """
        self._decay = decay
        self._sides, self._score_games, self._sampler_games = sides, score_games, sampler_games
        # Learner -> opponent -> value. The points of a graded game are the margins, and only there squares are counted.
        self._points: dict[str, dict[str, float]] = {}
        self._squares: dict[str, dict[str, float]] = {}
        self._games: dict[str, dict[str, float]] = {}
        self._scores: dict[str, dict[str, float]] = {}
        self._sampler_scores: dict[str, dict[str, float]] = {} if sides else self._scores

    def add(self, tally: Tally) -> None:
        """Count games of a learner. The games of one tally have no order, so each gets the mean of their weights."""
        if not tally.games:
            return
        old = self._decay**tally.games
        new = float(tally.games) if self._decay == 1 else (1 - old) / (1 - self._decay)
        each, square = tally.score, 0.0
        if self._sides:
            each = margin(tally.returns, tally.opponent_returns, self._sides) / tally.games
            square = tally.squares / tally.games
        kept = (table.get(tally.member, {}).get(tally.opponent, 0.0) for table in self._tables())
        self._set(
            tally.member,
            tally.opponent,
            *(old * before + new * value for before, value in zip(kept, (each, 1.0, square), strict=True)),
        )

    def _tables(self) -> tuple[dict[str, dict[str, float]], ...]:
        return self._points, self._games, self._squares

    def _set(self, learner: str, opponent: str, points: float, games: float, squares: float) -> None:
        for table, value in zip(self._tables(), (points, games, squares), strict=True):
            table.setdefault(learner, {})[opponent] = value
        mean = points / games
        for table, number in ((self._scores, self._score_games), (self._sampler_scores, self._sampler_games)):
            score = _positive(mean, squares / games - mean**2, number) if self._sides else mean
            table.setdefault(learner, {})[opponent] = score

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

    def sampler_scores(self, learner: str, opponents: Sequence[str]) -> npt.NDArray[np.float64]:
        """As :meth:`scores`, but in a graded game over ``sampler_games`` games."""
        row = self._sampler_scores.get(learner, {})
        return np.fromiter(map(row.get, opponents, repeat(EVEN)), np.float64, len(opponents))

    def games(self, learner: str, opponents: Sequence[str]) -> npt.NDArray[np.float64]:
        """``(len(opponents),)`` decayed games of a learner; 0 where they have not met."""
        row = self._games.get(learner, {})
        return np.fromiter(map(row.get, opponents, repeat(0.0)), np.float64, len(opponents))

    def forget(self, learner: str) -> None:
        """Drop all games of a learner, from both sides."""
        for table in (*self._tables(), self._scores, self._sampler_scores):
            table.pop(learner, None)
            for row in table.values():
                row.pop(learner, None)

    def state(self) -> dict[str, Any]:
        """``learner -> opponent -> [points, games]``, as plain JSON; in a graded game ``[margins, games, squares]``."""
        tables = self._tables() if self._sides else self._tables()[:2]
        return {
            learner: {opponent: [table[learner][opponent] for table in tables] for opponent in row}
            for learner, row in self._points.items()
        }

    @classmethod
    def restore(
        cls,
        decay: float,
        state: Mapping[str, Mapping[str, Sequence[float]]],
        *,
        sides: int = 0,
        score_games: int = 1,
        sampler_games: int = 1,
    ) -> Self:
        """The payoffs that gave ``state``. Graded games of leagues from before schema 0005 are left out: only who won
        them is known.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: it is not such a state.
        """
        payoffs = cls(decay, sides=sides, score_games=score_games, sampler_games=sampler_games)
        for learner, row in state.items():
            for opponent, values in row.items():
                if sides and len(values) == 2:
                    continue
                points, games, *squares = values
                (square,) = squares if sides else (0.0, *squares)
                bounded = abs(points) ** 2 <= square * games * (1 + 1e-9) if sides else 0 <= points <= games
                if not bounded or not 0 < games < math.inf or not square < math.inf:
                    raise ValueError(f"{learner!r} has {points} points in {games} games against {opponent!r}")
                payoffs._set(learner, opponent, points, games, square)
        return payoffs


def _positive(mean: float, variance: float, games: int) -> float:
    """The probability that the mean margin of some games is positive."""
    if variance <= 1e-12 * mean**2:  # all margins are the same, but for rounding
        return EVEN if not mean else float(mean > 0)
    return 0.5 * math.erfc(-mean * math.sqrt(games / variance / 2))
