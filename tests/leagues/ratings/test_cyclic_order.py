"""The order of members that shows the strongest cycle."""

from __future__ import annotations

import numpy as np
import pytest

from leagues.ratings.cyclic_order import cyclic_order


def _cycle(n: int, names: list[int]) -> np.ndarray:
    """Advantages of a cycle in which each of ``names`` beats those that follow on the nearer half of the circle."""
    advantage = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            ahead = (j - i) % n
            advantage[names[i], names[j]] = 0 if not ahead else 1 if ahead <= n // 2 else -1
    return advantage


@pytest.mark.parametrize("n", [3, 5, 9])
def test_each_member_is_ahead_of_the_next_one_around_the_circle(n: int) -> None:
    names = np.random.default_rng(n).permutation(n).tolist()
    advantage = _cycle(n, names)
    order = cyclic_order(advantage).tolist()
    assert sorted(order) == list(range(n))
    assert all(advantage[here, after] > 0 for here, after in zip(order, [*order[1:], order[0]], strict=True))


def test_a_rating_on_top_of_the_cycle_changes_nothing() -> None:
    names = [4, 2, 0, 3, 1]
    advantage = _cycle(5, names)
    rated = advantage + np.subtract.outer(np.arange(5.0), np.arange(5.0)) * 3
    order = cyclic_order(rated).tolist()
    assert all(advantage[here, after] > 0 for here, after in zip(order, [*order[1:], order[0]], strict=True))


def test_members_outside_of_the_cycle_come_last() -> None:
    advantage = np.full((5, 5), np.nan)
    advantage[1:4, 1:4] = _cycle(3, [0, 2, 1])
    advantage[0, 1] = advantage[4, 1] = -0.3
    advantage[1, 0] = advantage[1, 4] = 0.3
    assert set(cyclic_order(advantage).tolist()[:3]) == {1, 2, 3}


@pytest.mark.parametrize("advantage", [np.zeros((0, 0)), np.zeros((1, 1)), np.full((4, 4), np.nan), np.zeros((4, 4))])
def test_without_a_cycle_the_order_stays(advantage: np.ndarray) -> None:
    assert cyclic_order(advantage).tolist() == list(range(len(advantage)))
