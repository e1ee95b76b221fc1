"""The curve of a learner by whole-history rating."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leagues.ratings import live
from leagues.ratings.leaderboard import ELO
from leagues.ratings.live import learner_curve, live_ratings, live_returns
from leagues.records import LeagueError, LiveResult, Member, Tally
from leagues.results.blocks import BlockScore, BlockScores

RATINGS = {"random": 0.0, "main@1": 400.0, "main@2": 700.0}


def results(course: np.ndarray, games: int = 30, seed: int = 0, ties: float = 0.0) -> list[LiveResult]:
    """Games against every frozen member in every iteration, of a learner with this course of ratings."""
    rng = np.random.default_rng(seed)
    found = []
    for iteration, rating in enumerate(course, 1):
        for opponent, theirs in RATINGS.items():
            gap = (rating - theirs) / ELO
            odds = np.array([np.exp(gap / 2), 2 * ties, np.exp(-gap / 2)])
            wins, draws, losses = rng.multinomial(games, odds / odds.sum()).tolist()
            found.append(LiveResult(iteration, "main", opponent, wins, draws, losses))
    return found


@pytest.mark.parametrize("ties", [0.0, 0.4])
def test_the_curve_follows_a_learner_that_gets_better(ties: float) -> None:
    course = np.linspace(100, 900, 60)
    covered = []
    for seed in range(4):
        curve = live_ratings(results(course, seed=seed, ties=ties), "main", RATINGS, ties=ties)
        assert [point.iteration for point in curve] == list(range(1, 61))
        assert np.abs([point.rating - true for point, true in zip(curve, course, strict=True)]).mean() < 40
        covered += [point.low <= true <= point.high for point, true in zip(curve, course, strict=True)]
        assert curve[0].games == 90
    assert np.mean(covered) > 0.85


def test_many_games_are_folded_into_the_same_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    games = results(np.linspace(200, 600, 12), games=400)
    whole = live_ratings(games, "main", RATINGS)
    monkeypatch.setattr(live, "_MOST_GAMES", 3_600)
    folded = live_ratings(games, "main", RATINGS)
    assert [point.games for point in folded] == [point.games for point in whole]
    for ours, theirs in zip(folded, whole, strict=True):
        assert ours.rating == pytest.approx(theirs.rating, abs=3)
        assert ours.high - ours.low == pytest.approx(theirs.high - theirs.low, rel=0.05)


def test_long_runs_have_several_iterations_in_a_point(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_MOST_POINTS", 10)
    curve = live_ratings(results(np.full(35, 300.0), games=10), "main", RATINGS)
    assert [point.iteration for point in curve] == [4, 8, 12, 16, 20, 24, 28, 32, 35]
    assert sum(point.games for point in curve) == 35 * 30


def test_a_smaller_drift_makes_a_smoother_curve() -> None:
    games = results(np.full(40, 300.0), games=5)
    rough, smooth = (live_ratings(games, "main", RATINGS, w2=w2) for w2 in (10_000.0, 10.0))
    assert np.std([p.rating for p in smooth]) < np.std([p.rating for p in rough]) / 2


def test_games_of_other_learners_and_with_unrated_members_do_not_count() -> None:
    games = [LiveResult(1, "main_exploiter", "random", 5, 0, 5), LiveResult(1, "main", "newcomer", 5, 0, 5)]
    assert live_ratings(games, "main", RATINGS) == []
    with pytest.raises(LeagueError, match="w2 > 0"):
        live_ratings(games, "main", RATINGS, w2=0)


def test_without_ties_on_the_leaderboard_a_draw_is_half_a_win() -> None:
    drawn = [LiveResult(1, "main", "main@1", 0, 400, 0)]
    split = [LiveResult(1, "main", "main@1", 200, 0, 200)]
    ((ours,), (theirs,)) = (live_ratings(games, "main", RATINGS) for games in (drawn, split))
    assert ours == theirs
    assert ours.rating == pytest.approx(400, abs=1)
    assert ours.games == 400


RETURNS = {"random": 0.0, "main@1": 1.0, "main@2": 1.5}


def graded(course: np.ndarray, deviation: float = 3.0, games: int = 25, seed: int = 0) -> list[LiveResult]:
    """Games of two sides by returns against every frozen member in every iteration."""
    rng = np.random.default_rng(seed)
    return [
        LiveResult(
            iteration, "main", opponent, games, 0, 0, gain := rng.normal(games * (rating - theirs), spread), -gain
        )
        for spread in [deviation * games**0.5]
        for iteration, rating in enumerate(course.tolist(), 1)
        for opponent, theirs in RETURNS.items()
    ]


def test_the_curve_of_returns_holds_the_course_that_it_assumes() -> None:
    covered, errors, rng = [], [], np.random.default_rng(1)
    for seed in range(40):
        course = np.cumsum(rng.normal(0, 0.05 * 3, 50))
        curve = live_returns(graded(course, seed=seed), "main", RETURNS, 2, variance=9.0)
        covered += [point.low <= true <= point.high for point, true in zip(curve, course, strict=True)]
        errors += [(point.rating - true) ** 2 for point, true in zip(curve, course, strict=True)]
    assert 0.93 < np.mean(covered) < 0.97
    assert np.mean(errors) < 0.6 * 9 / 75  # less than that of the mean of each iteration
    assert curve[0].unit == "returns per game"
    assert curve[0].games == 75


def test_the_curve_of_returns_is_that_of_a_kalman_smoother() -> None:
    games = [each for each in graded(np.linspace(-1, 2, 30)) if each.iteration not in (4, 5, 20)]
    curve = live_returns(games, "main", RETURNS, 2, variance=9.0, drift=0.1)
    days = sorted({each.iteration for each in games})
    level, spread, forward = 0.0, 1e9, []
    for before, day in zip([days[0], *days], days, strict=False):
        guess = spread + 9.0 * 0.01 * (day - before)
        seen = np.mean([each.returns / 25 + RETURNS[each.opponent] for each in games if each.iteration == day])
        gain = guess / (guess + 9.0 / 75)
        level, spread = level + gain * (seen - level), (1 - gain) * guess
        forward.append((level, spread, guess))
    smooth = [forward[-1][:2]]
    for (here, spread, _), (_, _, guess) in zip(forward[-2::-1], forward[:0:-1], strict=True):
        part = spread / guess
        smooth.append((here + part * (smooth[-1][0] - here), spread + part**2 * (smooth[-1][1] - guess)))
    assert [point.iteration for point in curve] == days
    for point, (rating, variance) in zip(curve, reversed(smooth), strict=True):
        assert point.rating == pytest.approx(rating, abs=1e-5)
        assert (point.high - point.low) / 2 == pytest.approx(1.959964 * variance**0.5, rel=1e-5)


def test_the_curve_of_a_graded_league_learns_from_its_tallies_how_much_games_vary() -> None:
    members = [Member(name, "baseline", "baseline", agent=name) for name in ("first", "random")]
    rng = np.random.default_rng(0)
    gains = rng.normal(8, 2, 500).tolist()  # four games of `first` against `random` in each block, at 2 a game
    scores = BlockScores.of([BlockScore(1, k, "first", "random", 4, 0, 0, g, -g) for k, g in enumerate(gains)], sides=2)
    results = [LiveResult(k, "main", "first", 10, 0, 0, 5.0, -5.0) for k in (1, 2)]
    known = Tally("main", "first", 20, 0, 0, 10.0, -10.0, 5.0 + 19 * 4.0)
    curve = learner_curve(members, scores, results, "main", tallies=[known])
    assert [point.rating for point in curve] == pytest.approx([2.5, 2.5], abs=0.1)
    same = live_returns(results, "main", {"first": curve[0].rating - 0.5}, 2, variance=4.0)
    assert [(point.low, point.high) for point in curve] == [pytest.approx((each.low, each.high)) for each in same]
    assert learner_curve(members, scores, results, "main", tallies=[replace(known, squares=float("nan"))]) == []
    assert learner_curve(members, scores, [], "main", tallies=[known]) == []
    with pytest.raises(LeagueError, match="drift > 0"):
        live_returns(results, "main", RETURNS, 2, variance=4.0, drift=0.0)
