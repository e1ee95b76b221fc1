"""The rating of a learner while it learns: a curve over iterations.

A learner changes with every iteration, so it has no place on the leaderboard. Its training games against frozen members
say where it stood at each time. Whole-history rating (Coulom 2008, "Whole-History Rating: A Bayesian Rating System for
Players of Time-Varying Strength", Computers and Games) is the most probable curve of a strength that drifts as a Wiener
process: between two iterations it moves by a normal change of variance ``w2``. The ratings of the frozen members stay
those of the leaderboard; the curve changes none of them.

In graded games, the same strength is observed by mean margins, which are normal. The most probable curve is then that
of the Kalman smoother for the local level model (Durbin and Koopman 2012, "Time Series Analysis by State Space
Methods", section 2.4).

Training games are not evaluation games: the learner explores, and its opponents are chosen by matchmaking. Read the
curve as a course, and the leaderboard as the measure.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from leagues.ratings.comparisons import Comparisons
from leagues.ratings.davidson import fit
from leagues.ratings.leaderboard import ELO, Unit, rate
from leagues.records import LeagueError, LiveResult, Member, Tally
from leagues.results.blocks import BlockScore, BlockScores
from leagues.results.scoring import margin

W2 = 300.0
"""Variance of the drift in one iteration, in Elo squared: about 17 Elo an iteration."""
DRIFT = 0.05
"""Standard deviation of the drift in one iteration of a graded game, as a part of that of one game. :data:`W2` says the
same: an even game without draws tells about the rating with a standard deviation of 347 Elo."""
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
        rating: on the scale of the leaderboard, above its anchor.
        low, high: 95% interval, given the ratings of the frozen members.
        games: training games against rated members in this point.
        unit: what `rating`, `low` and `high` count.
    """

    iteration: int
    rating: float
    low: float
    high: float
    games: int
    unit: Unit = "Elo"


def learner_curve(
    members: Iterable[Member],
    block_scores: Iterable[BlockScore],
    results: Iterable[LiveResult],
    learner: str,
    *,
    tallies: Iterable[Tally] = (),
) -> list[LiveRating]:
    """The curve of a learner, on the ratings of the frozen members that their evaluation results give:
    :func:`live_ratings`, or in a graded game :func:`live_returns`.

    Args:
        members, block_scores: as in :func:`leagues.ratings.leaderboard.rate`.
        results, learner: as in :func:`live_ratings`.
        tallies: all training games. In a graded game they say how much single games vary.
    """
    scores = BlockScores.of(block_scores)
    rated = rate(members, scores, resamples=0)
    ratings = {
        member.id: float(rating)
        for member, rating, played in zip(rated.members, rated.ratings, rated.results.sum(1), strict=True)
        if played
    }
    if scores.graded:
        own = [each for each in tallies if each.member == learner and each.opponent in ratings]
        variance = _variance_of_a_game(own, scores.sides)
        return [] if variance is None else live_returns(results, learner, ratings, scores.sides, variance=variance)
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
    games = _against(results, learner, ratings)
    total = sum(each.games for each in games)
    if not total:
        return []
    from whr import WHR

    fold = max(1.0, total / _MOST_GAMES)
    center = float(np.mean([ratings[each.opponent] for each in games]))
    point = _points(games)
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
        played[day] += each.games
        drawn, half = (each.draws, 0.0) if ties else (0, each.draws / 2)  # without ties, a draw is half a win
        for winner, count in (("W", each.wins + half), ("D", drawn), ("B", each.losses + half)):
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


def live_returns(
    results: Iterable[LiveResult],
    learner: str,
    ratings: Mapping[str, float],
    sides: int,
    *,
    variance: float,
    drift: float = DRIFT,
) -> list[LiveRating]:
    """The curve of a learner in a graded game.

    With ``r`` the strength at each point, ``m`` the mean of the ``n`` margins there, each plus its opponent's rating,
    ``s^2`` the variance of a game and ``k`` the iterations between two points, the curve minimises

        ``sum n (r - m)^2 / s^2  +  sum (change of r)^2 / (k (drift s)^2)``.

    The inverse of the matrix of this sum is the covariance of the curve, so the solution of one linear system is that
    of the Kalman smoother.

    Args:
        results: training games of learners against frozen members.
        learner: ID of the learner.
        ratings: rating of each frozen member in returns per game; games against others are left out.
        sides: number of sides of the game.
        variance: of the margin of one game, around what is expected of the pair.
        drift: as :data:`DRIFT`, above 0.

    Returns:
        Points by ascending iteration; none without games.

    Raises:
        LeagueError: `drift` is not above 0.
    """
    if not drift > 0:
        raise LeagueError(
            f"`drift > 0` must hold, but got {drift=}: a learner whose strength cannot change has no curve"
        )
    games = [each for each in _against(results, learner, ratings) if each.games]
    point = _points(games)
    days = sorted(set(point.values()))
    if not days:
        return []
    place = {day: k for k, day in enumerate(days)}
    played, gained = np.zeros(len(days)), np.zeros(len(days))
    for each in games:
        here, count = place[point[each.iteration]], each.games
        played[here] += count
        gained[here] += margin(each.returns, each.opponent_returns, sides) + count * ratings[each.opponent]
    stiff = 1 / (drift**2 * np.diff(days))  # everything in units of s^2
    matrix = np.diag(played) - np.diag(stiff, 1) - np.diag(stiff, -1)
    matrix += np.diag(np.append(stiff, 0) + np.append(0, stiff))
    covariance = np.linalg.inv(matrix)
    reach = NormalDist().inv_cdf(0.975) * np.sqrt(variance * np.diag(covariance))
    rating = covariance @ gained
    ends = zip(days, rating.tolist(), (rating - reach).tolist(), (rating + reach).tolist(), played, strict=True)
    return [LiveRating(day, middle, low, high, int(n), "returns per game") for day, middle, low, high, n in ends]


def _variance_of_a_game(tallies: Iterable[Tally], sides: int) -> float | None:
    """The variance of a margin around the mean of its pair, pooled over pairs; None while it is not known."""
    squares, freedom = 0.0, 0
    for each in tallies:
        if each.games > 1 and not math.isnan(each.squares):  # unknown in leagues from before schema 0005
            squares += max(0.0, each.squares - margin(each.returns, each.opponent_returns, sides) ** 2 / each.games)
            freedom += each.games - 1
    return squares / freedom if freedom else None


def _against(results: Iterable[LiveResult], learner: str, ratings: Mapping[str, float]) -> list[LiveResult]:
    """The games of a learner against rated members, by iteration."""
    chosen = (each for each in results if each.learner == learner and each.opponent in ratings)
    return sorted(chosen, key=lambda each: (each.iteration, each.opponent))


def _points(games: Iterable[LiveResult]) -> dict[int, int]:
    """The point of the curve for each iteration, which is the last iteration of the point."""
    iterations = sorted({each.iteration for each in games})
    in_point = -(-len(iterations) // _MOST_POINTS)
    return {
        iteration: iterations[min(len(iterations), (k // in_point + 1) * in_point) - 1]
        for k, iteration in enumerate(iterations)
    }
