"""Ratings: how strong each frozen member is, with intervals, from evaluation matches alone.

In a graded game, ratings are in returns per game, by least squares: see :mod:`leagues.ratings.returns`. In other games
they are on the Elo scale. There the model is Davidson's extension of Bradley-Terry to draws (Davidson 1970, "On
extending the Bradley-Terry model to accommodate ties", JASA 65): with a rating difference ``d`` in natural units and a
tie parameter ``v``, win, draw and loss have odds ``exp(d / 2) : 2 v : exp(-d / 2)``. A natural unit is ``400 / ln 10``
Elo points. Prior: every member also has one win and one loss of weight one half against a virtual node, so that
unbeaten members and members without games have a finite rating.

Anchor: the member ``random`` has rating 0; without it, the mean of all members that have played is 0. Ratings are
differences to the anchor, so the anchor's own interval has no width.

Intervals come from a Bayesian block bootstrap: each of 300 resamples gives every block, and every virtual result, a
random weight. A member with few or one-sided games therefore has a wide interval. Where refits would cost much and
change little, they are drawn to first order (:func:`leagues.ratings.bootstrap.resample`). The order of games
and of members changes no rating.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from leagues.ratings import returns
from leagues.ratings.bootstrap import resample
from leagues.ratings.comparisons import Comparisons
from leagues.ratings.davidson import fit
from leagues.ratings.intervals import percentiles
from leagues.records import Member
from leagues.results.blocks import BlockScore, BlockScores

Floats = npt.NDArray[np.float64]

Unit = Literal["Elo", "returns per game"]
"""What ratings count."""

ANCHOR = "random"
"""The member whose rating is 0."""

ELO = 400 / math.log(10)
"""Elo points per natural unit of rating."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What a member is worth by a measure from outside its league, see :mod:`leagues.ratings.outside`.

    Attributes:
        name: what was measured.
        value: the number. A score is 0..1, or in a graded game the mean return.
        against: the baseline or anchor of a score; None otherwise.
        games: number of games of a score; 0 otherwise.
        low, high: 95% interval of a score; None otherwise, and where too few blocks were played.
    """

    name: Literal["nash_conv", "self_play_return", "score"]
    value: float
    against: str | None = None
    games: int = 0
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A row of the leaderboard.

    Attributes:
        agent: member ID.
        role: role of its learner; ``baseline`` for baselines.
        generation: 1, 2, ... among the snapshots of its learner; None for baselines.
        rating: rating above the anchor. Without games it comes from the prior alone.
        low, high: interval of the rating; very wide without games.
        games: evaluation games against other frozen members, one for each pair of seats.
        wins, draws, losses: results of these games; they sum to ``games``.
        unit: what `rating`, `low` and `high` count.
        outside: what it is worth by a measure from outside the league; None where
            :func:`leagues.ratings.outside.with_outside` has not added it.
    """

    agent: str
    role: str
    generation: int | None
    rating: float
    low: float
    high: float
    games: int
    wins: int
    draws: int
    losses: int
    unit: Unit = "Elo"
    outside: Outside | None = None


@dataclass(frozen=True, slots=True)
class Ratings:
    """Fitted ratings with their bootstrap resamples, from which every interval is read.

    Attributes:
        members: the rated members.
        ratings: ``(members,)`` ratings above the anchor.
        resamples: ``(resamples, members)`` likewise, one row per resample.
        results: ``(members, 3)`` int64, wins, draws and losses of each member.
        unit: what ratings count.
    """

    members: tuple[Member, ...]
    ratings: Floats
    resamples: Floats
    results: npt.NDArray[np.int64]
    unit: Unit = "Elo"

    def leaderboard(self, confidence: float = 0.95) -> list[Standing]:
        """Members that have played, best first, then the others. Equal ratings are in the order of their IDs."""
        low, high = percentiles(self.resamples, self.ratings, confidence=confidence)
        standings = []
        for i, member in enumerate(self.members):
            wins, draws, losses = map(int, self.results[i])
            rating = float(self.ratings[i]), float(low[i]), float(high[i])
            games = wins + draws + losses
            standings.append(
                Standing(member.id, member.role, member.generation, *rating, games, wins, draws, losses, unit=self.unit)
            )
        return sorted(standings, key=lambda s: (not s.games, -s.rating, s.agent))


def leaderboard(
    members: Iterable[Member],
    block_scores: Iterable[BlockScore],
    *,
    confidence: float = 0.95,
    resamples: int = 300,
    seed: int = 0,
) -> list[Standing]:
    """The frozen members, best first, those without games last.

    Args:
        members, block_scores, resamples, seed: as in :func:`rate`.
        confidence: of the intervals.

    Raises:
        LeagueError: `confidence` is not between 0 and 1.
    """
    return rate(members, block_scores, resamples=resamples, seed=seed).leaderboard(confidence)


def best(standings: Iterable[Standing]) -> str | None:
    """ID of the best snapshot, or of the best guest where no snapshot has played; None without either. This is what
    "best" means everywhere.

    It is the one whose interval has the highest lower end, so that three lucky games make no newcomer the best.
    """
    standings = [each for each in standings if each.games]
    played = [each for each in standings if each.generation is not None] or [
        each for each in standings if each.role == "guest"
    ]
    return max(played, key=lambda each: each.low).agent if played else None


def rate(
    members: Iterable[Member], block_scores: Iterable[BlockScore], *, resamples: int = 300, seed: int = 0
) -> Ratings:
    """Fit the ratings of the frozen members.

    Args:
        members: members of the league; learners are left out.
        block_scores: evaluation results in any order; those of other members are left out. Those of a graded game
            (:attr:`leagues.results.blocks.BlockScores.graded`) give ratings in returns per game.
        resamples: number of bootstrap resamples.
        seed: of the bootstrap. Equal arguments give equal ratings.
    """
    # Sorted by ID, so that the order in which members joined or games were played cannot change any result.
    rated = tuple(sorted((member for member in members if member.frozen), key=lambda member: member.id))
    place = {member.id: i for i, member in enumerate(rated)}
    scores = BlockScores.of(block_scores)
    games = Comparisons.between(place, scores)
    rng = np.random.default_rng(seed)
    if scores.graded:
        strengths = returns.fit(games)
        samples = returns.resample(games, strengths, resamples, rng)
    else:
        strengths, ties = fit(games)
        strengths, samples = ELO * strengths, ELO * resample(games, strengths, ties, resamples, rng)
    results = np.zeros((len(rated), 3), np.int64)
    np.add.at(results, games.i, games.sums)
    np.add.at(results, games.j, games.sums[:, ::-1])
    # Without an anchor, only members that have played count: a newcomer must not move all ratings.
    played = np.flatnonzero(results.sum(1))
    zero = [place[ANCHOR]] if ANCHOR in place else played.tolist()
    unit: Unit = "returns per game" if scores.graded else "Elo"
    return Ratings(rated, _anchored(strengths, zero), _anchored(samples, zero), results, unit)


def _anchored(strengths: Floats, zero: list[int]) -> Floats:
    """Ratings above the mean of the members ``zero``; above the virtual node when there are none."""
    return strengths - strengths[..., zero].mean(-1, keepdims=True) if zero else strengths
