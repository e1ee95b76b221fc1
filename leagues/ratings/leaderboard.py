"""Ratings: how strong each frozen member is on the Elo scale, with intervals, from evaluation matches alone.

The model is Davidson's extension of Bradley-Terry to draws (Davidson 1970, "On extending the Bradley-Terry model to
accommodate ties", JASA 65): with a rating difference ``d`` in natural units and a tie parameter ``v`` the chances of
win, draw and loss are as ``exp(d / 2) : 2 v : exp(-d / 2)``. Elo is ``400 / ln 10`` times natural units.

Weak prior: every member also has one win and one loss of weight one half against a virtual node, so that unbeaten
members and members without games have a finite rating. Anchor: the member ``random`` is at 0 where there is one, else
the mean is. Ratings are therefore differences to the anchor, and the anchor's own interval has no width.

Intervals come from the Bayesian block bootstrap: 300 times every block gets a random weight, and so do the virtual
results (win share ~ Beta(1/2, 1/2), mean one half), which gives a member with few or one-sided games the wide interval
it deserves. Where every rating is sure to 35 Elo, and in leagues of some hundred thousand matches for each rating that
is, what the refits would give is drawn to first order (:meth:`leagues.ratings.davidson.Comparisons.resample`). Neither
the order of games nor that of members changes any rating.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from leagues.ratings.davidson import Comparisons
from leagues.ratings.pairing import choose_rating_pairs, rating_pairings
from leagues.records import LeagueError, Member, Role
from leagues.store.contract import BlockScore

__all__ = [
    "ANCHOR",
    "ELO",
    "Ratings",
    "Standing",
    "choose_rating_pairs",
    "connected_components",
    "difference",
    "disconnection",
    "expected_score",
    "leaderboard",
    "rate",
    "rating_pairings",
    "score_interval",
    "scores_of",
]

Floats = npt.NDArray[np.float64]

ANCHOR = "random"
"""The member whose rating is 0."""

ELO = 400 / math.log(10)
"""Elo points per natural unit of rating."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A row of the leaderboard.

    Attributes:
        agent: member ID.
        role: what its learner was for, or baseline.
        generation: 1, 2, ... among the snapshots of its learner; None for baselines.
        rating: Elo points above the anchor. A member without games has what the prior alone says.
        low, high: interval of the rating; never narrower than the evidence, so hundreds of points without games.
        games: evaluation games against other frozen members, one for each pair of seats.
        wins, draws, losses: their results; they sum to ``games``.
    """

    agent: str
    role: Role
    generation: int | None
    rating: float
    low: float
    high: float
    games: int
    wins: int
    draws: int
    losses: int


@dataclass(frozen=True)
class Ratings:
    """Fitted ratings with their bootstrap resamples, from which every interval is read.

    Attributes:
        members: the rated members.
        ratings: ``(members,)`` Elo points above the anchor.
        resamples: ``(resamples, members)`` likewise, one row per resample.
        results: ``(members, 3)`` int64, wins, draws and losses of each member.
    """

    members: tuple[Member, ...]
    ratings: Floats
    resamples: Floats
    results: npt.NDArray[np.int64]

    @cached_property
    def _place(self) -> dict[str, int]:
        return {member.id: i for i, member in enumerate(self.members)}

    def leaderboard(self, confidence: float = 0.95) -> list[Standing]:
        """All members that have played, best first, and then the others: of those the prior alone speaks. Equal
        ratings in the order of their IDs."""
        low, high = _percentiles(self.resamples, self.ratings, confidence)
        standings = [
            Standing(
                member.id,
                member.role,
                member.generation,
                float(self.ratings[i]),
                float(low[i]),
                float(high[i]),
                int(self.results[i].sum()),
                *map(int, self.results[i]),
            )
            for i, member in enumerate(self.members)
        ]
        return sorted(standings, key=lambda s: (not s.games, -s.rating, s.agent))

    def difference(self, a: str, b: str, confidence: float = 0.95) -> tuple[float, float, float]:
        """``(delta, low, high)``: how many Elo points ``a`` is above ``b``.

        Narrower than the two intervals suggest: what both owe to the anchor cancels.

        Raises:
            LeagueError: one of them is not rated.
        """
        for name in (a, b):
            if name not in self._place:
                raise LeagueError(f"only frozen members of the league are rated, but {name!r} is none; choose another")
        i, j = self._place[a], self._place[b]
        delta = self.ratings[[i]] - self.ratings[[j]]
        low, high = _percentiles(self.resamples[:, [i]] - self.resamples[:, [j]], delta, confidence)
        return float(delta[0]), float(low[0]), float(high[0])


def leaderboard(
    members: Iterable[Member],
    block_scores: Iterable[BlockScore],
    *,
    confidence: float = 0.95,
    resamples: int = 300,
    seed: int = 0,
) -> list[Standing]:
    """The frozen members, best first, those without games last. Arguments as of :func:`rate`; ``confidence`` is that
    of the intervals."""
    return rate(members, block_scores, resamples=resamples, seed=seed).leaderboard(confidence)


def difference(
    a: str,
    b: str,
    members: Iterable[Member],
    block_scores: Iterable[BlockScore],
    *,
    confidence: float = 0.95,
    resamples: int = 300,
    seed: int = 0,
) -> tuple[float, float, float]:
    """``(delta, low, high)`` of one pair, see :meth:`Ratings.difference`; for several pairs call :func:`rate` once."""
    return rate(members, block_scores, resamples=resamples, seed=seed).difference(a, b, confidence)


def rate(
    members: Iterable[Member], block_scores: Iterable[BlockScore], *, resamples: int = 300, seed: int = 0
) -> Ratings:
    """Fit the ratings of the frozen members.

    Args:
        members: members of the league; learners are left out.
        block_scores: evaluation results in any order; those of members not rated are left out.
        resamples: bootstrap resamples.
        seed: of the bootstrap. Equal arguments give equal ratings.
    """
    # By ID, so that nothing below can depend on the order in which members joined or games were played.
    rated = tuple(sorted((member for member in members if member.frozen), key=lambda member: member.id))
    place = {member.id: i for i, member in enumerate(rated)}
    games = Comparisons.between(place, block_scores)
    strengths, ties = games.fit()
    samples = games.resample(strengths, ties, resamples, np.random.default_rng(seed))
    results = np.zeros((len(rated), 3), np.int64)
    np.add.at(results, games.i, games.sums)
    np.add.at(results, games.j, games.sums[:, ::-1])
    # The mean of those that have played: a newcomer must not move everybody.
    played = np.flatnonzero(results.sum(1))
    zero = [place[ANCHOR]] if ANCHOR in place else played.tolist()
    return Ratings(rated, _anchored(strengths, zero), _anchored(samples, zero), results)


def _anchored(strengths: Floats, zero: list[int]) -> Floats:
    """Elo points above the mean of the members ``zero``; above the virtual node when there are none."""
    return ELO * (strengths - strengths[..., zero].mean(-1, keepdims=True)) if zero else ELO * strengths


def _percentiles(resamples: Floats, estimate: Floats, confidence: float) -> tuple[Floats, Floats]:
    _check(confidence)
    if not len(resamples):
        return estimate, estimate
    tail = (1 - confidence) / 2
    low, high = np.quantile(resamples, [tail, 1 - tail], axis=0)
    return np.minimum(low, estimate), np.maximum(high, estimate)


def _check(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise LeagueError(f"`0 < confidence < 1` must hold, but got confidence={confidence}")


def expected_score(delta_elo: float) -> float:
    """Score expected of a player ``delta_elo`` points above its opponent, where draws do not occur."""
    return 1 / (1 + 10 ** (-delta_elo / 400))


def scores_of(agent: str, block_scores: Iterable[BlockScore]) -> list[float]:
    """Mean score of ``agent`` in each block in which it played, over all its opponents; by ascending block."""
    sums: defaultdict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for score in block_scores:
        if agent in (score.member, score.opponent):
            won = score.wins if agent == score.member else score.losses
            sums[score.block][0] += won + score.draws / 2
            sums[score.block][1] += score.wins + score.draws + score.losses
    return [sums[block][0] / sums[block][1] for block in sorted(sums)]


def score_interval(scores: Sequence[float], *, confidence: float = 0.95) -> tuple[float, float, float]:
    """``(score, low, high)`` from the mean score of each block.

    A t-interval over the blocks with one block of score 1 and one of score 0 added (in the spirit of Agresti and
    Coull 1998), so that it has a width when all blocks agree; cut to 0..1. The score itself is the plain mean.

    Args:
        scores: one number in 0..1 per complete block, e.g. of :func:`scores_of`.
        confidence: of the interval.

    Raises:
        LeagueError: there is no block, or ``confidence`` is not in 0..1.
    """
    if not len(scores):
        raise LeagueError("a score needs at least one complete block, but got none; play more games")
    _check(confidence)
    mean = float(np.mean(scores))
    padded = np.array([*scores, 0.0, 1.0])
    reach = _student(confidence, len(padded) - 1) * padded.std(ddof=1) / math.sqrt(len(padded))
    low, high = max(0.0, padded.mean() - reach), min(1.0, padded.mean() + reach)
    return mean, float(min(low, mean)), float(max(high, mean))


def _student(confidence: float, freedom: float) -> float:
    """Two-sided quantile of Student's t by the Cornish-Fisher expansion (Abramowitz and Stegun 26.7.5)."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return sum(term * freedom**-power for power, term in enumerate(terms))


def connected_components(members: Iterable[Member], block_scores: Iterable[BlockScore]) -> list[list[str]]:
    """The frozen members in groups that have met, directly or through others; the largest group first.

    Ratings of members of different groups are held together by the prior alone. A member without games is a group.
    """
    group = {member.id: {member.id} for member in members if member.frozen}
    for a, b in {(score.member, score.opponent) for score in block_scores}:
        if a in group and b in group and group[a] is not group[b]:
            group[a] |= group[b]
            for name in group[b]:
                group[name] = group[a]
    groups = {id(names): sorted(names) for names in group.values()}
    return sorted(groups.values(), key=lambda names: (-len(names), names))


def disconnection(members: Iterable[Member], block_scores: Iterable[BlockScore]) -> str | None:
    """A warning for people when members with games fall into groups that never met; None when all is well."""
    groups = [names for names in connected_components(members, block_scores) if len(names) > 1]
    if len(groups) < 2:
        return None
    return (
        f"ratings compare only members that met, but {groups[0][0]} and {groups[1][0]} did not, not even through "
        "others; play rating matches between their groups"
    )
