"""Schedules: by env steps or by the share of the run, exact at their points and between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.training.schedules import Clock, Schedule, by_share, value_at

RUN = [[0, 0.5], [0.5, 0.1], [1, 0.0]]
STEPS = [[0, 1e-3], [1_000_000, 1e-4]]


def test_a_schedule_whose_last_point_is_at_most_one_goes_by_the_share() -> None:
    assert by_share(RUN)
    assert by_share([[0, 1.0], [0.3, 0.5]])
    assert not by_share(STEPS)


@pytest.mark.parametrize(("share", "value"), [(0, 0.5), (0.25, 0.3), (0.5, 0.1), (0.75, 0.05), (1, 0.0)])
def test_values_are_exact_at_given_shares(share: float, value: float) -> None:
    assert Schedule(RUN, Clock(env_steps=10**9, share=share)).get_current_value() == pytest.approx(value, abs=1e-15)


@pytest.mark.parametrize(("steps", "value"), [(0, 1e-3), (500_000, 5.5e-4), (1_000_000, 1e-4), (10**9, 1e-4)])
def test_values_are_exact_at_given_steps(steps: int, value: float) -> None:
    assert Schedule(STEPS, Clock(env_steps=steps, share=0.9)).get_current_value() == pytest.approx(value)


def test_a_number_stays_what_it_is_and_a_schedule_follows_its_clock() -> None:
    clock = Clock()
    constant, falling = Schedule(0.3, clock), Schedule(RUN, clock)
    assert (constant.update(), falling.update()) == (0.3, 0.5)
    clock.share = 0.5
    assert (constant.update(timestep=10**6), falling.update(timestep=10**6)) == (0.3, 0.1)


@given(st.lists(st.floats(0, 10), min_size=2, max_size=6), st.floats(0, 2))
def test_a_value_lies_between_the_lowest_and_the_highest(values: list[float], point: float) -> None:
    schedule = [[index / (len(values) - 1), value] for index, value in enumerate(values)]
    assert min(values) - 1e-9 <= value_at(schedule, point) <= max(values) + 1e-9
