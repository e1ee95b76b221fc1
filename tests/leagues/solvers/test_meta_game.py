"""The game between members, from evaluation games."""

from __future__ import annotations

import numpy as np
import pytest

from leagues.records import Tally
from leagues.results.payoff_table import PayoffTable
from leagues.solvers.meta_game import margins_of


def test_margins_are_antisymmetric_and_few_games_count_less() -> None:
    table = PayoffTable([Tally("a", "b", 6, 1, 1), Tally("b", "c", 1, 0, 1)])
    margins = margins_of(table, ["a", "b", "c"])
    np.testing.assert_array_equal(margins, -margins.T)
    assert margins[0, 1] == pytest.approx((6 - 1) / 10)  # 5 of 8 games more, and two games without a margin
    assert margins[1, 2] == 0
    assert margins[0, 2] == 0  # they have not met


def test_in_graded_games_they_are_returns_also_where_these_sum_to_more_than_zero() -> None:
    table = PayoffTable([Tally("a", "b", 8, 0, 0, returns=24.0, opponent_returns=8.0)], graded=True)
    assert margins_of(table, ["b", "a"])[1, 0] == pytest.approx((3 - 1) * 8 / 10)


def test_no_games_and_one_member() -> None:
    assert margins_of(PayoffTable(), ["a", "b"]).tolist() == [[0, 0], [0, 0]]
    assert margins_of(PayoffTable(), ["a"]).tolist() == [[0]]
