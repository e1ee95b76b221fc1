"""Intervals of scores: known values, bounds, and how often they hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leagues.ratings.intervals import ALIKE, mean_intervals, score_interval, score_intervals
from leagues.records import LeagueError

BLOCKS = st.lists(st.integers(1, 4).flatmap(lambda n: st.tuples(st.integers(0, 2 * n), st.just(n))), max_size=50)


def test_independent_games_give_the_textbook_width() -> None:
    low, high = score_interval([1.0, 0.0] * 200, [1] * 400)
    assert high - low == pytest.approx(2 * 1.96 * 0.5 / math.sqrt(400), rel=0.02)
    assert (low + high) / 2 == pytest.approx(0.5)


def test_equal_results_inside_blocks_widen_it_and_opposite_ones_narrow_it() -> None:
    def width(points: list[float]) -> float:
        low, high = score_interval(points, [2] * len(points))
        return high - low

    assert width([2.0, 0.0] * 50) == pytest.approx(1.41 * width([2.0, 1.0, 1.0, 0.0] * 25), rel=0.02)
    assert width([1.0] * 100) < 0.4 * width([2.0, 1.0, 1.0, 0.0] * 25)


def test_a_clean_sweep_is_not_certain() -> None:
    low, high = score_interval([2.0] * 20, [2] * 20)
    assert high == 1
    assert 0.8 < low < 0.95


def test_without_games_all_is_possible() -> None:
    assert score_interval([], []) == (0, 1)


@settings(deadline=None)
@given(BLOCKS)
def test_it_holds_its_score_within_bounds(blocks: list[tuple[int, int]]) -> None:
    points, games = [half / 2 for half, _ in blocks], [n for _, n in blocks]
    low, high = score_interval(points, games)
    assert 0 <= low <= (sum(points) / sum(games) if games else 0.5) <= high <= 1


def test_many_groups_at_once_give_what_each_gives_alone() -> None:
    rng = np.random.default_rng(0)
    group, games = rng.integers(0, 5, 60), rng.integers(1, 4, 60).astype(float)
    points = np.rint(2 * games * rng.random(60)) / 2
    low, high = score_intervals(group, points, games, 6)
    for k in range(6):
        assert score_interval(points[group == k], games[group == k]) == pytest.approx((low[k], high[k]))


@pytest.mark.parametrize("p", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("alike", [0.0, 0.7])
def test_it_holds_the_truth_often_enough(p: float, alike: float) -> None:
    """Blocks of two games; in a share of blocks both have the same result."""
    rng, held = np.random.default_rng(1), []
    for _ in range(1000):
        games = rng.random((30, 2)) < p
        same = rng.random(30) < alike
        games[same, 1] = games[same, 0]
        low, high = score_interval(games.sum(1), [2] * 30)
        held.append(low <= p <= high)
    assert np.mean(held) >= 0.93


def test_a_confidence_out_of_range_is_refused() -> None:
    with pytest.raises(LeagueError, match=r"`0 < confidence < 1` must hold, but got confidence=1\.5"):
        score_interval([1.0], [1], confidence=1.5)


@pytest.mark.parametrize("paid", [0.0, 0.3, -7.0])
def test_few_blocks_of_equal_returns_do_not_say_how_much_returns_vary(paid: float) -> None:
    def interval(blocks: int, last: float) -> tuple[float, float]:
        sums = np.append(np.full(blocks - 1, 3 * paid), last)
        low, high = mean_intervals(np.zeros(blocks, np.int64), sums, np.full(blocks, 3.0), 1)
        return float(low[0]), float(high[0])

    assert interval(ALIKE - 1, 3 * paid) == (-math.inf, math.inf)
    assert interval(ALIKE, 3 * paid) == pytest.approx((paid, paid))
    low, high = interval(2, 3 * paid + 0.6)
    assert low < paid + 0.1 < high
    assert math.isfinite(high - low)
