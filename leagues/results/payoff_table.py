"""What members score against each other, as values: one payoff for each ordered pair that has met."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from leagues.ratings.intervals import score_intervals
from leagues.records import Tally
from leagues.results.blocks import BlockScore, BlockScores


@dataclass(frozen=True, slots=True)
class Payoff:
    """The score of a member against an opponent.

    Attributes:
        member, opponent: member IDs.
        score: mean score of `member`, 0..1, a draw being one half.
        games: number of games, at least 1.
        wins, draws, losses: results of `member`; they sum to `games`.
        low, high: 95% interval of the score; None where only sums of games are known, not their blocks.
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


class PayoffTable:
    """Payoffs of all pairs that have met. Every game is seen from both sides: ``get(a, b)`` mirrors ``get(b, a)``."""

    def __init__(self, tallies: Iterable[Tally] = ()) -> None:
        """Payoffs without intervals; arguments as of :meth:`add`."""
        # Both are seen from the smaller ID: wins, draws and losses; low and high where known.
        self._results: dict[tuple[str, str], tuple[int, int, int]] = {}
        self._intervals: dict[tuple[str, str], tuple[float, float]] = {}
        self.add(tallies)

    @classmethod
    def of_blocks(cls, block_scores: Iterable[BlockScore], *, intervals: bool = True) -> Self:
        """Payoffs from evaluation matches, with their intervals unless these are not wanted."""
        scores = BlockScores.of(block_scores)
        tallies, group = _by_pair(scores)
        if not intervals:
            return cls(tallies)
        wins, draws, losses = scores.rows[:, -3:].astype(np.float64).T
        low, high = score_intervals(group, wins + draws / 2, wins + draws + losses, len(tallies))
        table = cls(tallies)
        table._intervals = dict(zip(table._results, zip(low.tolist(), high.tolist(), strict=True), strict=True))
        return table

    def add(self, tallies: Iterable[Tally]) -> None:
        """Count more games; the pairs concerned lose their intervals.

        Args:
            tallies: sums of games. Each pair may be there in one order, or in both, which then hold the same games.
        """
        tallies = list(tallies)
        pairs = {(tally.member, tally.opponent) for tally in tallies}
        for tally in tallies:
            member, opponent, wins, losses = tally.member, tally.opponent, tally.wins, tally.losses
            if member > opponent:
                if (opponent, member) in pairs:
                    continue
                member, opponent, wins, losses = opponent, member, losses, wins
            old = self._results.get((member, opponent), (0, 0, 0))
            self._results[member, opponent] = (old[0] + wins, old[1] + tally.draws, old[2] + losses)
            self._intervals.pop((member, opponent), None)

    def get(self, member: str, opponent: str) -> Payoff | None:
        """The payoff of `member` against `opponent`; None when they have not met."""
        turned = member > opponent
        pair = (opponent, member) if turned else (member, opponent)
        wins, draws, losses = self._results.get(pair, (0, 0, 0))
        games = wins + draws + losses
        if not games:
            return None
        low, high = self._intervals.get(pair, (None, None))
        if turned:
            wins, losses = losses, wins
            if low is not None and high is not None:
                low, high = 1 - high, 1 - low
        return Payoff(member, opponent, (wins + draws / 2) / games, games, wins, draws, losses, low, high)

    def __iter__(self) -> Iterator[Payoff]:
        """Every payoff, sorted by member and opponent."""
        for member, opponent in sorted([*self._results, *((b, a) for a, b in self._results)]):
            if payoff := self.get(member, opponent):
                yield payoff


def _by_pair(scores: BlockScores) -> tuple[list[Tally], npt.NDArray[np.int64]]:
    """The sums of each pair, and for each block score ``(M,)`` the place of its pair among them."""
    names, rows = scores.names, scores.rows
    pairs, group = np.unique(rows[:, -5] * len(names) + rows[:, -4], return_inverse=True)
    sums = np.stack([np.bincount(group, column, len(pairs)) for column in rows[:, -3:].T], 1).astype(np.int64)
    return [
        Tally(names[pair // len(names)], names[pair % len(names)], *results)
        for pair, results in zip(pairs.tolist(), sums.tolist(), strict=True)
    ], group
