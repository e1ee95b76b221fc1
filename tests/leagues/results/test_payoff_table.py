"""Payoffs of pairs: seen from both sides, with intervals where blocks are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from leaguekit import match

from leagues.ratings.intervals import mean_intervals, score_interval
from leagues.records import Tally
from leagues.results.blocks import BlockScores
from leagues.results.payoff_table import Payoff, PayoffTable
from leagues.results.scoring import block_scores, tallies

PLAYED = [
    match(seats, returns, kind="evaluation", block=block)
    for seats, returns, block in [
        (("a", "b"), (1, -1), 1),
        (("b", "a"), (1, -1), 1),
        (("a", "b"), (1, -1), 2),
        (("b", "a"), (0, 0), 2),
        (("c", "b"), (-1, 1), 3),
    ]
]


def test_payoffs_of_blocks_have_intervals_and_mirror_each_other() -> None:
    table = PayoffTable.of_blocks(block_scores(PLAYED))
    low, high = score_interval([1, 1.5], [2, 2])
    assert table.get("a", "b") == Payoff("a", "b", 0.625, 4, 2, 1, 1, pytest.approx(low), pytest.approx(high))
    assert table.get("b", "a") == Payoff("b", "a", 0.375, 4, 1, 1, 2, pytest.approx(1 - high), pytest.approx(1 - low))
    assert table.get("a", "c") is None
    assert [(each.member, each.opponent) for each in table] == [("a", "b"), ("b", "a"), ("b", "c"), ("c", "b")]


def test_sums_of_games_have_no_intervals() -> None:
    table = PayoffTable(tallies(PLAYED))
    assert table.get("a", "b") == Payoff("a", "b", 0.625, 4, 2, 1, 1)
    without = [replace(each, low=None, high=None) for each in PayoffTable.of_blocks(block_scores(PLAYED))]
    assert list(table) == without


def test_one_side_of_a_pair_is_enough_and_both_are_not_counted_twice() -> None:
    one, both = [Tally("b", "a", 1, 0, 2)], [Tally("b", "a", 1, 0, 2), Tally("a", "b", 2, 0, 1)]
    assert list(PayoffTable(one)) == list(PayoffTable(both))
    assert list(PayoffTable([*one, *one])) == list(PayoffTable([*both, *both]))


def test_more_games_add_up_and_take_the_interval_away() -> None:
    table = PayoffTable.of_blocks(block_scores(PLAYED))
    table.add([Tally("b", "a", 6, 0, 0)])
    assert table.get("b", "a") == Payoff("b", "a", 0.75, 10, 7, 1, 2)
    assert table.get("c", "b") == PayoffTable.of_blocks(block_scores(PLAYED)).get("c", "b")


def test_an_empty_table() -> None:
    assert list(PayoffTable.of_blocks([])) == list(PayoffTable()) == []


POKER = [
    match(seats, returns, kind="evaluation", block=block)
    for seats, returns, block in [
        (("a", "b"), (-1, 1), 1),
        (("b", "a"), (1, -1), 1),
        (("a", "b"), (-1, 1), 2),
        (("b", "a"), (-13, 13), 2),
        (("c", "b"), (0.5, 2.5), 3),  # not zero-sum
    ]
]


def test_in_graded_games_scores_are_returns() -> None:
    table = PayoffTable.of_blocks(BlockScores.of(block_scores(POKER), sides=2))
    assert table.graded
    low, high = (ends.item() for ends in mean_intervals(np.zeros(2, int), np.array([-2.0, 12]), np.array([2.0, 2]), 1))
    ours = Payoff("a", "b", 2.5, 4, 1, 0, 3, pytest.approx(low), pytest.approx(high), "returns per game")
    theirs = Payoff("b", "a", -2.5, 4, 3, 0, 1, pytest.approx(-high), pytest.approx(-low), "returns per game")
    assert (table.get("a", "b"), table.get("b", "a")) == (ours, theirs)
    assert table.get("b", "c") == Payoff("b", "c", 2.5, 1, 1, 0, 0, unit="returns per game")  # one block
    assert table.get("c", "b") == Payoff("c", "b", 0.5, 1, 0, 0, 1, unit="returns per game")


def test_graded_sums_add_up_and_leave_out_unknown_returns() -> None:
    table = PayoffTable(tallies(POKER), graded=True)
    blocks = PayoffTable.of_blocks(BlockScores.of(block_scores(POKER), sides=2), intervals=False)
    assert list(table) == list(blocks)
    table.add([Tally("b", "a", 1, 0, 0, 6.0, -6.0, 36.0)])
    found = table.get("a", "b")
    assert found is not None
    assert (found.score, found.games, found.losses) == ((10 - 6) / 5, 5, 4)
    table.add([Tally("c", "a", 9, 0, 0, squares=float("nan"))])
    assert table.get("a", "c") is None


@pytest.mark.parametrize("graded", [False, True])
def test_a_matrix_holds_the_payoffs_of_every_pair(graded: bool) -> None:
    matches = [
        *(match(("a", "b"), (1.0, -1.0), kind="evaluation", block=block) for block in (1, 2)),
        match(("b", "a"), (0.5, -0.5), kind="evaluation", block=3),
        match(("a", "c"), (0.0, 0.0), kind="evaluation", block=4),
    ]
    table = PayoffTable.of_blocks(BlockScores.of(block_scores(matches), sides=2 if graded else 0))
    members = ["c", "a", "alone", "b"]
    matrix = table.matrix(members)
    assert table.members == {"a", "b", "c"}
    for i, member in enumerate(members):
        for j, opponent in enumerate(members):
            payoff = table.get(member, opponent)
            if payoff is None:
                assert np.isnan(matrix.score[i, j])
                assert not matrix.results[i, j].any()
                continue
            assert matrix.results[i, j].tolist() == [payoff.wins, payoff.draws, payoff.losses]
            assert matrix.score[i, j] == pytest.approx(payoff.score)
            for ends, end in ((matrix.low, payoff.low), (matrix.high, payoff.high)):
                assert ends[i, j] == pytest.approx(np.nan if end is None else end, nan_ok=True)
    np.testing.assert_array_equal(matrix.advantage, -matrix.advantage.T)
    assert table.matrix([]).score.shape == (0, 0)
