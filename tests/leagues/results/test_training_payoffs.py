"""Scores of learners in training: means of results, or in graded games the chance of a positive mean return."""

from __future__ import annotations

import json
import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leagues.records import Tally
from leagues.results.scoring import tallies
from leagues.results.training_payoffs import EVEN, TrainingPayoffs


def tally(margins: list[float], member: str = "main", opponent: str = "random") -> Tally:
    """A zero-sum game of two seats for each margin."""
    games = [((member, opponent), (margin, -margin)) for margin in margins]
    return next(each for each in tallies(games) if each.member == member)


def test_a_score_is_the_mean_result() -> None:
    payoffs = TrainingPayoffs(1.0)
    payoffs.add(Tally("main", "random", 3, 2, 5, 99.0, -99.0, 1e6))
    assert payoffs.get("main", "random") == (0.4, 10)
    assert payoffs.get("random", "main") == (0.6, 10)
    assert payoffs.get("main", "first") == (EVEN, 0)


def test_a_graded_score_is_the_chance_of_a_positive_mean_over_so_many_games() -> None:
    payoffs = TrainingPayoffs(1.0, sides=2, score_games=25)
    payoffs.add(tally([3.0, -1.0, 3.0, -1.0]))  # mean 1, variance 4
    expected = NormalDist().cdf(1 / math.sqrt(4 / 25))
    assert payoffs.get("main", "random") == (pytest.approx(expected), 4)
    assert payoffs.get("random", "main") == (pytest.approx(1 - expected), 4)
    assert payoffs.scores("main", ["random", "first"]) == pytest.approx([expected, EVEN])


def test_who_wins_fewer_games_but_more_chips_has_the_higher_score() -> None:
    payoffs = TrainingPayoffs(1.0, sides=2, score_games=100)
    payoffs.add(tally([-1.0] * 17 + [5.0] * 5))
    assert payoffs.get("main", "random")[0] > 0.8


@pytest.mark.parametrize(("margins", "score"), [([2.0], 1.0), ([-2.0] * 3, 0.0), ([0.0] * 4, 0.5), ([0.1] * 7, 1.0)])
def test_equal_margins_leave_no_doubt(margins: list[float], score: float) -> None:
    payoffs = TrainingPayoffs(0.99, sides=2, score_games=100)
    payoffs.add(tally(margins))
    assert payoffs.get("main", "random")[0] == score


def test_recent_games_count_most() -> None:
    payoffs = TrainingPayoffs(0.9, sides=2, score_games=10)
    payoffs.add(tally([-2.0, -3.0] * 50))
    payoffs.add(tally([2.0, 3.0] * 50))
    score, games = payoffs.get("main", "random")
    assert score > 0.99
    assert games == pytest.approx(10, rel=0.01)


@settings(deadline=None)
@given(st.lists(st.lists(st.floats(-9, 9), min_size=1, max_size=5), min_size=1, max_size=5), st.floats(0.5, 1))
def test_graded_payoffs_come_back_from_json(batches: list[list[float]], decay: float) -> None:
    payoffs = TrainingPayoffs(decay, sides=2, score_games=50)
    for margins in batches:
        payoffs.add(tally(margins))
    state = json.loads(json.dumps(payoffs.state()))
    again = TrainingPayoffs.restore(decay, state, sides=2, score_games=50)
    assert again.get("main", "random") == payoffs.get("main", "random")
    assert again.state() == payoffs.state()
    again.add(tally([1.0]))
    payoffs.add(tally([1.0]))
    assert np.array_equal(again.scores("main", ["random"]), payoffs.scores("main", ["random"]))


def test_graded_games_of_which_only_the_winners_are_known_are_forgotten() -> None:
    old = {"main": {"random": [30.0, 40.0]}}
    assert TrainingPayoffs.restore(0.99, old).get("main", "random") == (0.75, 40)
    assert TrainingPayoffs.restore(0.99, old, sides=2, score_games=9).get("main", "random") == (EVEN, 0)


@pytest.mark.parametrize(
    "values", [[5.0, 1.0, 3.0], [1.0, 0.0, 1.0], [1.0, math.inf, 9.0], [1.0], [1.0, 2.0, 3.0, 4.0]]
)
def test_a_graded_state_that_cannot_be_is_refused(values: list[float]) -> None:
    with pytest.raises((ValueError, TypeError)):
        TrainingPayoffs.restore(0.99, {"main": {"random": values}}, sides=2, score_games=9)
