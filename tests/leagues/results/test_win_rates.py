"""What learners score against opponents over a training, in few points."""

from __future__ import annotations

from leagues.records import LiveResult
from leagues.results.win_rates import win_rates

ROLES = {"main@1": "main", "main@2": "main", "random": "baseline"}


def results(iterations: range, opponent: str, wins: int, losses: int) -> list[LiveResult]:
    return [LiveResult(n, "main", opponent, wins, 1, losses, 2.0, -1.0) for n in iterations]


def test_a_long_training_has_few_points() -> None:
    (curve,) = win_rates(results(range(1, 1001), "random", 2, 1), points=10).values()
    assert [each.iteration for each in curve] == list(range(100, 1001, 100))
    assert {(each.games, each.score, each.returns, each.opponent_returns) for each in curve} == {
        (400, 0.625, 200.0, -100.0)
    }


def test_opponents_of_a_role_are_one_curve() -> None:
    played = [*results(range(1, 5), "main@1", 3, 0), *results(range(3, 5), "main@2", 0, 3)]
    played += results(range(1, 2), "random", 1, 0)
    curves = win_rates(played, points=2, group=ROLES.__getitem__)
    assert {pair: [(each.iteration, each.wins, each.losses) for each in curve] for pair, curve in curves.items()} == {
        ("main", "main"): [(2, 6, 0), (4, 6, 6)],
        ("main", "baseline"): [(1, 1, 0)],
    }


def test_few_iterations_have_a_point_each_wherever_they_begin() -> None:
    (curve,) = win_rates(results(range(901, 904), "random", 1, 0), points=100).values()
    assert [each.iteration for each in curve] == [901, 902, 903]


def test_a_training_without_games_has_no_curve() -> None:
    assert win_rates([], points=5) == {}
