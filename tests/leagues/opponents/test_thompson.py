"""Thompson sampling: the probability of being the smallest, and what it explores."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from league_play import beat, generator, league_of
from leaguekit import MAIN, snapshot

from leagues.opponents import find_sampler
from leagues.opponents.thompson import smallest


def test_of_two_variables_the_probability_is_known() -> None:
    for means, deviations in (([0.4, 0.5], [0.1, 0.05]), ([0.1, 0.9], [0.3, 0.3]), ([0.5, 0.5], [0.01, 0.3])):
        exact = NormalDist().cdf((means[1] - means[0]) / np.hypot(*deviations))
        assert smallest(np.array(means), np.array(deviations)) == pytest.approx([exact, 1 - exact], abs=0.002)


@settings(deadline=None, max_examples=20)
@given(
    variables=st.lists(st.tuples(st.floats(0, 1), st.floats(0.02, 0.3)), min_size=1, max_size=30),
    seed=st.integers(0, 9),
)
def test_it_is_as_frequent_as_in_samples(variables: list[tuple[float, float]], seed: int) -> None:
    means, deviations = np.transpose(variables)
    drawn = generator(seed).normal(means, deviations, size=(20_000, len(means))).argmin(axis=1)
    frequencies = np.bincount(drawn, minlength=len(means)) / len(drawn)
    assert smallest(means, deviations) == pytest.approx(frequencies, abs=0.02)


def test_a_hard_opponent_and_one_that_is_unknown_are_met_but_not_one_that_is_surely_beaten() -> None:
    league = league_of(MAIN, *(snapshot(k) for k in range(1, 5)))
    beat(league, "main", "main@1", 50, 50)
    beat(league, "main", "main@2", 95, 5)
    beat(league, "main", "main@3", 3, 1)
    names = [f"main@{k}" for k in range(1, 5)]
    even, beaten, seldom, unknown = find_sampler("thompson")(league.view("main"), names)
    assert beaten < 0.001
    assert 0.02 < seldom < unknown
    assert even > 0.3
    for name in names:
        beat(league, "main", name, 0, 400)
    beat(league, "main", "main@1", 400)
    found = find_sampler("thompson")(league.view("main"), names)
    assert found[0] < 0.001
    assert found[1:].min() > 0.1
