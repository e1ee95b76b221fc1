from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from ray.rllib.core.columns import Columns
from ray.rllib.core.distribution.torch.torch_distribution import TorchDiagGaussian

from agents.policies.distributions import in_bounds, log_probabilities, sample_actions, sample_points
from agents.policies.network import ACTION_MASK, LOGIT_OF_ILLEGAL, OBSERVATION, SEAT, MaskedNetwork

SPACES = gym.spaces.Dict(
    {
        OBSERVATION: gym.spaces.Box(-1, 1, (4,), np.float32),
        ACTION_MASK: gym.spaces.MultiBinary(1),
        SEAT: gym.spaces.Box(0, 1, (2,), np.float32),
    }
)


@given(arrays(np.float32, (7, 6), elements=st.floats(-3, 3, width=32)), st.integers(0, 99))
def test_points_have_the_density_that_the_learner_will_see(inputs, seed):
    points, log_probs = sample_points(inputs, np.random.default_rng(seed))
    learner = TorchDiagGaussian.from_logits(torch.from_numpy(inputs))
    np.testing.assert_allclose(log_probs, learner.logp(torch.from_numpy(points)), rtol=1e-4, atol=1e-3)
    assert points.dtype == log_probs.dtype == np.float32
    again, _ = sample_points(inputs, np.random.default_rng(seed))
    np.testing.assert_array_equal(points, again)


def test_points_are_drawn_with_their_mean_and_deviation():
    inputs = np.tile(np.array([0.5, -2.0, np.log(0.1), np.log(3.0)], np.float32), (20_000, 1))
    points, _ = sample_points(inputs, np.random.default_rng(1))
    np.testing.assert_allclose(points.mean(axis=0), [0.5, -2.0], atol=0.08)
    np.testing.assert_allclose(points.std(axis=0), [0.1, 3.0], rtol=0.02)
    np.testing.assert_array_equal(sample_points(inputs[:3], None)[0], inputs[:3, :2])


floats32 = st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(floats32, floats32, arrays(np.float32, (9, 1), elements=st.floats(-9, 9, width=32)))
def test_actions_lie_within_any_bounds(one, other, points):
    bounds = (np.array([min(one, other)], np.float32), np.array([max(one, other)], np.float32))
    actions = in_bounds(points, bounds)
    assert actions.dtype == np.float32
    assert ((bounds[0] <= actions) & (actions <= bounds[1])).all()


def test_units_span_the_bounds():
    bounds = (np.array([0.0, -3.0], np.float32), np.array([10.0, 1.0], np.float32))
    points = np.array([[-1, -1], [0, 0], [1, 1], [0.5, -0.5], [-7, 7]], np.float32)
    assert in_bounds(points, bounds).tolist() == [[0, -3], [5, -1], [10, 1], [7.5, -2], [0, 1]]


def test_a_network_for_a_box_gives_means_and_deviations_that_learn():
    network = MaskedNetwork(
        observation_space=SPACES, action_space=gym.spaces.Box(-1, 1, (3,), np.float32), model_config={}
    )
    seen = {OBSERVATION: torch.rand(5, 4), ACTION_MASK: torch.ones(5, 1), SEAT: torch.eye(2)[[0, 1, 0, 1, 0]]}
    output = network.forward_train({Columns.OBS: seen})
    assert network.get_train_action_dist_cls() is TorchDiagGaussian
    means, log_stds = output[Columns.ACTION_DIST_INPUTS].chunk(2, dim=-1)
    assert means.shape == log_stds.shape == (5, 3)
    assert means.abs().max() < 0.1  # the middle of the bounds at first
    np.testing.assert_allclose(log_stds.exp().detach(), 0.5, rtol=1e-6)
    TorchDiagGaussian.from_logits(output[Columns.ACTION_DIST_INPUTS]).logp(torch.ones(5, 3)).sum().backward()
    assert network.log_std.grad.abs().min() > 0


def test_a_network_for_numbers_has_the_weights_it_always_had():
    network = MaskedNetwork(observation_space=SPACES, action_space=gym.spaces.Discrete(3), model_config={})
    assert "log_std" not in network.state_dict()


@pytest.mark.parametrize("actions", [9, 100])
def test_log_probabilities_are_those_of_drawing(actions: int) -> None:
    rng = np.random.default_rng(1)
    logits = rng.standard_normal((50, actions), np.float32)
    logits[:, 1::3] = LOGIT_OF_ILLEGAL
    drawn, log_probs = sample_actions(logits, rng)
    np.testing.assert_allclose(log_probabilities(logits, drawn), log_probs, atol=1e-6)
