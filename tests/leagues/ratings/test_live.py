"""The curve of a learner by whole-history rating."""

from __future__ import annotations

import numpy as np
import pytest

from leagues.ratings import live
from leagues.ratings.leaderboard import ELO
from leagues.ratings.live import live_ratings
from leagues.records import LeagueError, LiveResult

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
