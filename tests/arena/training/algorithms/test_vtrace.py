"""V-trace on flat columns: against its formula, against RLlib's, and what it is on the policy's own steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from ray.rllib.algorithms.impala.torch.vtrace_torch_v2 import vtrace_torch
from torch import Tensor

from arena.training.algorithms.vtrace import vtrace

GAMMA = 0.9
LENGTHS = st.lists(st.integers(1, 7), min_size=1, max_size=6)


def experience(lengths: Sequence[int], seed: int, *, off: float = 1.0) -> dict[str, Tensor]:
    """Random trajectories of a policy ``off`` away from the one that is evaluated."""
    rng = np.random.default_rng(seed)
    total = sum(lengths)
    ends = np.zeros(total, bool)
    ends[np.cumsum(lengths) - 1] = True
    columns = {
        "log_ratios": off * rng.normal(size=total),
        "rewards": rng.normal(size=total),
        "values": rng.normal(size=total),
        "bootstraps": rng.normal(size=total),
        "ends": ends,
    }
    return {name: torch.from_numpy(column) for name, column in columns.items()}


def formula(
    columns: dict[str, Tensor], *, lambda_: float, rho: float, pg_rho: float
) -> tuple[list[float], list[float]]:
    """Equation 1 of Espeholt et al. 2018, term by term, and the advantages of section 4.2."""
    targets, advantages = list[float](), list[float]()
    stops = [*(torch.nonzero(columns["ends"]).flatten() + 1).tolist()]
    for start, stop in zip([0, *stops[:-1]], stops, strict=True):
        ratio, reward, value = (columns[name][start:stop].tolist() for name in ("log_ratios", "rewards", "values"))
        ratio, steps = np.exp(ratio), stop - start
        value = [*value, columns["bootstraps"][stop - 1].item()]
        deltas = [min(rho, ratio[t]) * (reward[t] + GAMMA * value[t + 1] - value[t]) for t in range(steps)]
        found = [
            value[s]
            + sum(
                GAMMA ** (t - s) * np.prod([lambda_ * min(1.0, ratio[i]) for i in range(s, t)]) * deltas[t]
                for t in range(s, steps)
            )
            for s in range(steps)
        ]
        following = [*found[1:], value[-1]]
        targets += found
        advantages += [min(pg_rho, ratio[s]) * (reward[s] + GAMMA * following[s] - value[s]) for s in range(steps)]
    return [targets, advantages]


@given(LENGTHS, st.integers(0, 999), st.floats(0.0, 1.0), st.floats(0.1, 3.0), st.floats(0.1, 3.0))
def test_it_is_the_formula(lengths: list[int], seed: int, lambda_: float, rho: float, pg_rho: float) -> None:
    columns = experience(lengths, seed)
    found = vtrace(**columns, gamma=GAMMA, lambda_=lambda_, clip_rho_threshold=rho, clip_pg_rho_threshold=pg_rho)
    for one, expected in zip(found, formula(columns, lambda_=lambda_, rho=rho, pg_rho=pg_rho), strict=True):
        np.testing.assert_allclose(one.numpy(), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("thresholds", [(1.0, 1.0), (0.5, 2.0)])
def test_it_is_rllibs_for_trajectories_of_one_length(thresholds: tuple[float, float]) -> None:
    steps, count = 6, 4
    columns = experience([steps] * count, seed=1)
    rho, pg_rho = thresholds

    def time_major(column: Tensor) -> Tensor:
        return column.reshape(count, steps).T

    expected = vtrace_torch(
        target_action_log_probs=time_major(columns["log_ratios"]),
        behaviour_action_log_probs=torch.zeros(steps, count, dtype=torch.float64),
        discounts=torch.full((steps, count), GAMMA, dtype=torch.float64),
        rewards=time_major(columns["rewards"]),
        values=time_major(columns["values"]),
        bootstrap_values=columns["bootstraps"][columns["ends"]],
        clip_rho_threshold=rho,
        clip_pg_rho_threshold=pg_rho,
    )
    found = vtrace(**columns, gamma=GAMMA, clip_rho_threshold=rho, clip_pg_rho_threshold=pg_rho)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(time_major(one), other)


@given(LENGTHS, st.integers(0, 999), st.floats(1.0, 9.0))
def test_on_the_policys_own_steps_it_is_the_return(lengths: list[int], seed: int, threshold: float) -> None:
    columns = experience(lengths, seed, off=0.0)
    thresholds = {"clip_rho_threshold": threshold, "clip_pg_rho_threshold": threshold}
    targets, advantages = vtrace(**columns, gamma=GAMMA, **thresholds)
    gained = 0.0
    for row in reversed(range(sum(lengths))):
        if columns["ends"][row]:
            gained = columns["bootstraps"][row].item()
        gained = columns["rewards"][row].item() + GAMMA * gained
        assert targets[row].item() == pytest.approx(gained)
        assert advantages[row].item() == pytest.approx(gained - columns["values"][row].item())


def test_a_trajectory_that_is_cut_goes_on_with_its_bootstrap_value() -> None:
    whole = experience([3, 5], seed=2)
    cut = {name: column[:6] for name, column in whole.items()}
    ended = cut | {"ends": cut["ends"].clone()}
    ended["ends"][5] = True
    for one, other in zip(vtrace(**cut, gamma=GAMMA), vtrace(**ended, gamma=GAMMA), strict=True):
        torch.testing.assert_close(one, other)
    for one, other in zip(vtrace(**cut, gamma=GAMMA), vtrace(**whole, gamma=GAMMA), strict=True):
        torch.testing.assert_close(one[:3], other[:3])  # whole trajectories do not change


def test_nothing_comes_back_with_a_gradient() -> None:
    columns: dict[str, Any] = experience([3], seed=3)
    columns["values"].requires_grad_()
    columns["log_ratios"].requires_grad_()
    assert not any(column.requires_grad for column in vtrace(**columns, gamma=GAMMA))
    assert not columns["ends"][0], "its arguments stay as they are"
