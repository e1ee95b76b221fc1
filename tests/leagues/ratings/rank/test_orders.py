"""Plackett-Luce and OpenSkill: strengths from finishing orders."""

from __future__ import annotations

import numpy as np
import pytest

from leagues.ratings.comparisons import Comparisons
from leagues.ratings.davidson import fit
from leagues.ratings.rank.orders import Order, Orders, order_of, plackett_luce, plackett_luce_resamples
from leagues.ratings.rank.skills import openskill_ratings


def test_orders_go_by_falling_return_and_keep_ties() -> None:
    assert order_of([0.5, 2.0, 0.5, -1.0], [7, 8, 9, 7]) == ((8,), (7, 9), (7,))


def test_two_sides_are_the_model_of_bradley_and_terry() -> None:
    games: list[tuple[object, Order]] = [(k, ((0,), (1,)) if k < 7 else ((1,), (0,))) for k in range(10)]
    rows = np.array([[1, k + 1, 0, 1, int(k < 7), 0, int(k >= 7)] for k in range(10)])
    assert plackett_luce(Orders.of(2, games)) == pytest.approx(fit(Comparisons.of(2, rows))[0], abs=1e-5)


@pytest.mark.slow
def test_strengths_of_drawn_orders_are_found_and_intervals_hold_them() -> None:
    true = np.array([-1.0, -0.4, 0.0, 0.5, 0.9])
    rng = np.random.default_rng(1)
    covered = []
    for _ in range(40):
        games = []
        for block in range(60):
            table = rng.permutation(5)[:4]
            games += [(block, order_of(true[table] + rng.gumbel(size=4), table.tolist())) for _ in range(2)]
        orders = Orders.of(5, games)
        strengths = plackett_luce(orders)
        refits = plackett_luce_resamples(orders, strengths, 100, rng)
        gaps = refits - refits[:, :1]
        low, high = np.quantile(gaps, [0.025, 0.975], axis=0)
        covered.append(((low <= true - true[0]) & (true - true[0] <= high))[1:])
        assert np.abs((strengths - strengths.mean()) - (true - true.mean())).max() < 0.7
    assert 0.88 <= np.mean(covered) <= 0.99


def test_ties_are_half_a_win_each_and_a_member_against_itself_tells_nothing() -> None:
    tied = Orders.of(2, [(k, ((0, 1),)) for k in range(20)])
    assert np.allclose(plackett_luce(tied), 0, atol=1e-6)
    alone: list[tuple[object, Order]] = [(0, ((0,), (1,))), (1, ((0,), (0,)))]
    assert plackett_luce(Orders.of(2, alone)) == pytest.approx(plackett_luce(Orders.of(2, alone[:1])), abs=1e-6)
    assert np.allclose(plackett_luce(Orders.of(3, [])), 0)


def test_openskill_depends_on_the_order_of_the_games() -> None:
    won, lost = (((0,), (1,)), (1.0, 0.0)), (((0,), (1,)), (0.0, 1.0))
    late, _ = openskill_ratings(2, [lost] * 25 + [won] * 25)
    early, _ = openskill_ratings(2, [won] * 25 + [lost] * 25)
    assert late[0] > late[1]
    assert early[0] < early[1]


def test_openskill_takes_teams_and_members_with_several_seats() -> None:
    games = [(((0, 1), (2, 2)), (1.0, -1.0))] * 30
    mean, deviation = openskill_ratings(4, games)
    assert mean[0] == pytest.approx(mean[1])
    assert mean[0] > 25 > mean[2]
    assert mean[3] == 25
    assert (deviation[:3] < deviation[3]).all()
