"""What members score against each other, as values: one payoff for each ordered pair that has met, or a matrix."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from leagues.ratings.intervals import mean_intervals, score_intervals
from leagues.records import Tally
from leagues.results.blocks import BlockScore, BlockScores

ScoreUnit = Literal["points per game", "returns per game"]
"""What scores count."""


def score_unit(graded: bool) -> ScoreUnit:
    """What scores count: a win is 1 point and a draw 1/2, or in a graded game the returns themselves."""
    return "returns per game" if graded else "points per game"


@dataclass(frozen=True, slots=True)
class Payoff:
    """The score of a member against an opponent.

    Attributes:
        member, opponent: member IDs.
        score: mean score of `member`: 0..1, a draw being one half; in a graded game its mean return.
        games: number of games, at least 1.
        wins, draws, losses: results of `member`; they sum to `games`.
        low, high: 95% interval of the score; None where only sums of games are known, not their blocks, and where a
            graded game has too few blocks (:func:`leagues.ratings.intervals.mean_intervals`).
        unit: what `score`, `low` and `high` count.
    """

    member: str
    opponent: str
    score: float
    games: int
    wins: int
    draws: int
    losses: int
    low: float | None = None
    high: float | None = None
    unit: ScoreUnit = "points per game"


@dataclass(frozen=True, eq=False, slots=True)
class PayoffMatrix:
    """Payoffs as arrays, rows against columns. The arrays are read-only.

    Attributes:
        members: member IDs of the rows and of the columns, ``n`` of them.
        results: ``(n, n, 3)`` int32: wins, draws and losses of the row's member.
        score: ``(n, n)`` float32 as :attr:`Payoff.score`; NaN where two have not met.
        low, high: ``(n, n)`` float32 95% interval of the score; NaN where it is not known.
        graded: whether scores are returns.
    """

    members: tuple[str, ...]
    results: npt.NDArray[np.int32]
    score: npt.NDArray[np.float32]
    low: npt.NDArray[np.float32]
    high: npt.NDArray[np.float32]
    graded: bool

    @property
    def advantage(self) -> npt.NDArray[np.float64]:
        """``(n, n)`` how far the row's member is ahead, antisymmetric: half the difference of both scores. NaN where
        two have not met."""
        score = self.score.astype(np.float64)
        difference: npt.NDArray[np.float64] = (score - score.T) / 2
        return difference


_Results = tuple[int, int, int, float, float]
"""Wins, draws and losses, and the sums of the returns of both."""
_Interval = tuple[float | None, float | None]


class PayoffTable:
    """Payoffs of all pairs that have met. Every game is seen from both sides: ``get(a, b)`` mirrors ``get(b, a)``.

    Attributes:
        graded: whether scores are returns, see :attr:`games.contract.Game.graded`.
    """

    def __init__(self, tallies: Iterable[Tally] = (), *, graded: bool = False) -> None:
        """Payoffs without intervals; `tallies` as of :meth:`add`."""
        self.graded = graded
        # All is seen from the smaller ID; the intervals, where known, are those of both sides.
        self._results: dict[tuple[str, str], _Results] = {}
        self._intervals: dict[tuple[str, str], tuple[_Interval, _Interval]] = {}
        self.add(tallies)

    @classmethod
    def of_blocks(cls, block_scores: Iterable[BlockScore], *, intervals: bool = True) -> Self:
        """Payoffs from block scores, graded if these are; `intervals` says whether to compute intervals."""
        scores = BlockScores.of(block_scores)
        tallies, group = _by_pair(scores)
        table = cls(tallies, graded=scores.graded)
        if not intervals:
            return table
        wins, draws, losses = scores.rows[:, -3:].astype(np.float64).T
        games, pairs = wins + draws + losses, len(tallies)
        if scores.graded:
            ours, theirs = (mean_intervals(group, returns, games, pairs) for returns in scores.returns.T)
        else:
            low, high = score_intervals(group, wins + draws / 2, games, pairs)
            ours, theirs = (low, high), (1 - high, 1 - low)
        both = zip(_known(*ours), _known(*theirs), strict=True)
        table._intervals = dict(zip(table._results, both, strict=True))
        return table

    def add(self, tallies: Iterable[Tally]) -> None:
        """Count more games; the pairs concerned lose their intervals.

        Args:
            tallies: sums of games. Each pair may be there in one order, or in both, which then hold the same games. In
                a graded game, those with unknown returns are left out.
        """
        tallies = list(tallies)
        pairs = {(tally.member, tally.opponent) for tally in tallies}
        for tally in tallies:
            if self.graded and math.isnan(tally.squares):
                continue
            pair = tally.member, tally.opponent
            new: _Results = (tally.wins, tally.draws, tally.losses, tally.returns, tally.opponent_returns)
            if tally.member > tally.opponent:
                pair, new = pair[::-1], _turned(new)
                if pair in pairs:
                    continue
            old = self._results.get(pair)
            if old is not None:
                new = (new[0] + old[0], new[1] + old[1], new[2] + old[2], new[3] + old[3], new[4] + old[4])
            self._results[pair] = new
            self._intervals.pop(pair, None)

    def get(self, member: str, opponent: str) -> Payoff | None:
        """The payoff of `member` against `opponent`; None when they have not met."""
        turned = member > opponent
        pair = (opponent, member) if turned else (member, opponent)
        results = self._results.get(pair)
        if results is None or not sum(results[:3]):
            return None
        wins, draws, losses, returns, _ = _turned(results) if turned else results
        low, high = self._intervals.get(pair, ((None, None), (None, None)))[turned]
        games = wins + draws + losses
        score = returns / games if self.graded else (wins + draws / 2) / games
        return Payoff(member, opponent, score, games, wins, draws, losses, low, high, score_unit(self.graded))

    @property
    def members(self) -> set[str]:
        """IDs of the members that have met somebody."""
        return {member for pair in self._results for member in pair}

    def matrix(self, members: Sequence[str]) -> PayoffMatrix:
        """The payoffs between ``members`` as arrays: 100,000 pairs take about 0.2 s."""
        place, n = {member: k for k, member in enumerate(members)}, len(members)
        pairs = [(a, b) for a, b in self._results if a in place and b in place]
        i, j = np.array([(place[a], place[b]) for a, b in pairs], np.intp).reshape(-1, 2).T
        values = np.array([self._results[pair] for pair in pairs], np.float64).reshape(-1, 5)
        ends = np.array(
            [self._intervals.get(pair, ((None, None), (None, None))) for pair in pairs], np.float64
        ).reshape(-1, 2, 2)  # (P, side, end); None becomes NaN
        results = np.zeros((n, n, 3), np.int32)
        score, low, high = (np.full((n, n), np.nan, np.float32) for _ in range(3))
        games = values[:, :3].sum(1)
        met = games > 0
        for rows, columns, won, lost, returned, side in ((i, j, 0, 2, 3, 0), (j, i, 2, 0, 4, 1)):
            points = values[:, returned] if self.graded else values[:, won] + values[:, 1] / 2
            results[rows, columns] = values[:, [won, 1, lost]]
            score[rows, columns] = np.divide(points, games, out=np.full(len(pairs), np.nan), where=met)
            low[rows, columns], high[rows, columns] = ends[:, side].T
        for array in (results, score, low, high):
            array.setflags(write=False)
        return PayoffMatrix(tuple(members), results, score, low, high, self.graded)

    def __iter__(self) -> Iterator[Payoff]:
        """Every payoff, sorted by member and opponent."""
        for member, opponent in sorted([*self._results, *((b, a) for a, b in self._results)]):
            if payoff := self.get(member, opponent):
                yield payoff


def _turned(results: _Results) -> _Results:
    wins, draws, losses, ours, theirs = results
    return losses, draws, wins, theirs, ours


def _known(low: npt.NDArray[np.float64], high: npt.NDArray[np.float64]) -> list[_Interval]:
    """The intervals of all pairs; those that are infinite are unknown."""
    ends = zip(low.tolist(), high.tolist(), np.isfinite(low).tolist(), strict=True)
    return [(bottom, top) if finite else (None, None) for bottom, top, finite in ends]


def _by_pair(scores: BlockScores) -> tuple[list[Tally], npt.NDArray[np.int64]]:
    """The sums of each pair, and for each block score ``(M,)`` the place of its pair among them."""
    names, rows = scores.names, scores.rows
    pairs, group = np.unique(rows[:, -5] * len(names) + rows[:, -4], return_inverse=True)
    sums = np.stack([np.bincount(group, column, len(pairs)) for column in rows[:, -3:].T], 1).astype(np.int64)
    returns = np.stack([np.bincount(group, column, len(pairs)) for column in scores.returns.T], 1)
    return [
        Tally(names[pair // len(names)], names[pair % len(names)], *results, *both)
        for pair, results, both in zip(pairs.tolist(), sums.tolist(), returns.tolist(), strict=True)
    ], group
