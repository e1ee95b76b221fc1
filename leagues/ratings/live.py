"""The rating of a learner while it learns: a curve over iterations, by whole-history rating.

A learner changes with every iteration, so it has no place on the leaderboard. Its training games against frozen members
say where it stood at each time. Whole-history rating (Coulom 2008, "Whole-History Rating: A Bayesian Rating System for
Players of Time-Varying Strength", Computers and Games) is the most probable curve of a strength that drifts as a Wiener
process: between two iterations it moves by a normal change of variance ``w2``. The ratings of the frozen members stay
those of the leaderboard; the curve changes none of them.

Training games are not evaluation games: the learner explores, and its opponents are chosen by matchmaking. Read the
curve as a course, and the leaderboard as the measure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from leagues.ratings.comparisons import Comparisons
from leagues.ratings.davidson import fit
from leagues.ratings.leaderboard import ELO, rate
from leagues.records import LeagueError, LiveResult, Member
from leagues.results.blocks import BlockScore, BlockScores

W2 = 300.0
"""Variance of the drift in one iteration, in Elo squared: about 17 Elo an iteration."""
_MOST_POINTS = 200
"""Most points of a curve. Longer runs have several iterations in a point."""
_MOST_GAMES = 20_000
"""Most games that the library is given, which takes it about a second."""
_MOST_STEPS = 100
_FINAL_STEP = 1e-4

_LEARNER, _ANCHOR = "learner", "anchor"


@dataclass(frozen=True, slots=True)
class LiveRating:
    """A point of a learner's curve.

    Attributes:
        iteration: training iteration; the last one of the point.
        rating: on the scale of the leaderboard, Elo points above the anchor.
        low, high: 95% interval, given the ratings of the frozen members.
        games: training games against rated members in this point.
    """

    iteration: int
    rating: float
    low: float
    high: float
    games: int


def learner_curve(
    members: Iterable[Member],
    block_scores: Iterable[BlockScore],
    results: Iterable[LiveResult],
    learner: str,
    *,
    graded: bool = False,
) -> list[LiveRating]:
    """:func:`live_ratings` with the ratings of the frozen members that their evaluation results give.

    Args:
        members, block_scores: as in :func:`leagues.ratings.leaderboard.rate`.
        results, learner: as in :func:`live_ratings`.
        graded: whether the game is graded.

    Returns:
        The curve; none in graded games, whose ratings are no odds of winning.
    """
    if graded:
        return []
    scores = BlockScores.of(block_scores)
    rated = rate(members, scores, resamples=0)
    ratings = {
        member.id: float(rating)
        for member, rating, played in zip(rated.members, rated.ratings, rated.results.sum(1), strict=True)
        if played
    }
    games = Comparisons.between({name: k for k, name in enumerate(ratings)}, scores)
    return live_ratings(results, learner, ratings, ties=fit(games)[1])


def live_ratings(
    results: Iterable[LiveResult], learner: str, ratings: Mapping[str, float], *, ties: float = 0.0, w2: float = W2
) -> list[LiveRating]:
    """The curve of a learner.

    The library takes single games. Of more than 20,000 games, one stands for ``f``: then ``w2`` is multiplied by ``f``,
    the prior divided by ``f``, and the variances of the result too, which is the same curve up to rounding.

    Args:
        results: training games of learners against frozen members.
        learner: ID of the learner.
        ratings: Elo rating of each frozen member; games against others are left out.
        ties: the tie parameter of the ratings, see :mod:`leagues.ratings.davidson`.
        w2: variance of the drift in one iteration, in Elo squared, above 0.

    Returns:
        Points by ascending iteration; none without games.

    Raises:
        LeagueError: `w2` is not above 0.
    """
    if not w2 > 0:
        raise LeagueError(f"`w2 > 0` must hold, but got w2={w2}: a learner whose strength cannot change has no curve")
    games = sorted(
        (each for each in results if each.learner == learner and each.opponent in ratings),
        key=lambda each: (each.iteration, each.opponent),
    )
    total = sum(each.wins + each.draws + each.losses for each in games)
    if not total:
        return []
    from whr import WHR

    fold = max(1.0, total / _MOST_GAMES)
    center = float(np.mean([ratings[each.opponent] for each in games]))
    iterations = sorted({each.iteration for each in games})
    in_point = -(-len(iterations) // _MOST_POINTS)
    point = {iteration: iterations[min(len(iterations), (k // in_point + 1) * in_point) - 1]
             for k, iteration in enumerate(iterations)}  # fmt: skip
    model = WHR(
        {
            "w2": w2 * fold,
            "initial_prior_wins": 0.5 / fold,
            "hessian_damping": 0.0,
            "pinned_draw": 2 * ties,
            "pinned_handicap": {each.opponent: ratings[each.opponent] - center for each in games},
        }
    )
    played: defaultdict[int, int] = defaultdict(int)
    owed: defaultdict[tuple[str, str], float] = defaultdict(float)
    for each in games:
        day = point[each.iteration]
        for winner, count in (("W", each.wins), ("D", each.draws if ties else 0), ("B", each.losses)):
            played[day] += count
            owed[each.opponent, winner] += count / fold
            for _ in range(round(owed[each.opponent, winner])):
                # The opponent is the anchor of rating 0 with the opponent's rating as its advantage.
                model.create_game(_ANCHOR, _LEARNER, winner, day, each.opponent)
                owed[each.opponent, winner] -= 1
    if not model.games:
        return []
    curve = model.player_by_name(_LEARNER)
    for _ in range(_MOST_STEPS):  # of the learner alone: the anchor stays where it is
        before = np.array([each.r for each in curve.days])
        curve.run_one_newton_iteration()
        if np.abs(np.array([each.r for each in curve.days]) - before).max() < _FINAL_STEP:
            break
    curve.update_uncertainty()
    reach = NormalDist().inv_cdf(0.975) * ELO
    return [
        LiveRating(
            day.day,
            rating := center + float(day.elo),
            rating - reach * (day.uncertainty / fold) ** 0.5,
            rating + reach * (day.uncertainty / fold) ** 0.5,
            played[day.day],
        )
        for day in curve.days
    ]
