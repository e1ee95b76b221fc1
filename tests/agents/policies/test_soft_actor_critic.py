"""A policy with critics: masks, bounds of continuous actions, entropies, and what each part's parameters are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from network_specs import positions
from ray.rllib.core.columns import Columns
from torch import Tensor

from agents.policies.network import ACTION_MASK, OBSERVATION, SEAT, build_network
from agents.policies.soft_actor_critic import (
    LEAST_LOG_STD,
    LOG_ALPHA,
    MOST_LOG_STD,
    QF_PREDS,
    SoftActorCritic,
    drawn,
    entropy,
)
from games import make_game

GAME = make_game("tic_tac_toe")


def network(game: Any = GAME, **config: Any) -> SoftActorCritic:
    torch.manual_seed(0)
    module = build_network(SoftActorCritic, game, {"fcnet_hiddens": [16], **config})
    assert isinstance(module, SoftActorCritic)
    return module


def seen(rows: int = 50) -> dict[str, Any]:
    """What seats of the continuous game may see."""
    generator = torch.Generator().manual_seed(1)
    return {
        Columns.OBS: {
            OBSERVATION: 100 * torch.randn(rows, 3, generator=generator),
            ACTION_MASK: torch.ones(rows, 1, dtype=torch.bool),
            SEAT: torch.eye(2)[torch.arange(rows) % 2],
        },
        Columns.ACTIONS: 3 * torch.randn(rows, 2, generator=generator),
    }


def test_illegal_actions_have_no_probability_and_no_part_in_the_value() -> None:
    module, batch = network(), positions(GAME)
    mask = batch[Columns.OBS][ACTION_MASK]
    odds = module.forward_exploration(batch)[Columns.ACTION_DIST_INPUTS].softmax(1)
    assert (odds[~mask] == 0).all()
    lower = module.q_values(batch).amin(0)
    torch.testing.assert_close(module.compute_values(batch), (odds * lower).sum(1))
    assert module.forward_train(batch)[QF_PREDS].shape == (2, 40, 9)
    assert network(twin_q=False).forward_train(batch)[QF_PREDS].shape == (1, 40, 9)


def test_means_stay_in_the_box_and_deviations_in_their_bounds() -> None:
    module, batch = network(make_game("meeting_game:Meeting")), seen()
    torch.nn.init.normal_(module.policy.weight, std=10.0)
    means, log_stds = module.forward_exploration(batch)[Columns.ACTION_DIST_INPUTS].chunk(2, 1)
    assert (means.abs() <= 1).all()
    assert ((log_stds >= LEAST_LOG_STD) & (log_stds <= MOST_LOG_STD + 1e-6)).all()
    assert means.abs().max() > 0.9
    assert log_stds.max() - log_stds.min() > 1, "they depend on the position"


def test_critics_see_the_action_that_the_game_gets() -> None:
    module, batch = network(make_game("meeting_game:Meeting")), seen()
    outside = torch.full((50, 2), 5.0)
    torch.testing.assert_close(module.q_values(batch, outside), module.q_values(batch, outside.clamp(-1, 1)))
    assert not torch.equal(module.q_values(batch, outside), module.q_values(batch, -outside))


def test_entropies_are_those_of_torch() -> None:
    batch = positions(GAME)
    logits = network().forward_exploration(batch)[Columns.ACTION_DIST_INPUTS]
    legal = [row[mask] for row, mask in zip(logits, batch[Columns.OBS][ACTION_MASK], strict=True)]
    expected = torch.stack([torch.distributions.Categorical(logits=row).entropy() for row in legal])
    torch.testing.assert_close(entropy(logits, continuous=False), expected)
    inputs = network(make_game("meeting_game:Meeting")).act(seen())
    means, log_stds = inputs.chunk(2, 1)
    gaussian = torch.distributions.Normal(means, log_stds.exp())
    torch.testing.assert_close(entropy(inputs, continuous=True), gaussian.entropy().sum(1))
    points = torch.stack([drawn(inputs) for _ in range(4000)])
    torch.testing.assert_close(points.mean(0), means, atol=0.05, rtol=0)
    torch.testing.assert_close(points.std(0), log_stds.exp(), atol=0.05, rtol=0.05)


@pytest.mark.parametrize("game", ["tic_tac_toe", "meeting_game:Meeting"])
def test_each_parameter_belongs_to_one_part_and_learning_reaches_all(game: str) -> None:
    module = network(make_game(game), vf_share_layers=False)
    parts: list[list[Tensor]] = [
        list(module.actor_parameters()),
        list(module.critic_parameters()),
        [module.log_alpha],
    ]
    assert sorted(id(each) for part in parts for each in part) == sorted(map(id, module.parameters()))
    batch = positions(GAME) if game == "tic_tac_toe" else seen()
    output = module.forward_train(batch)
    sum(output[name].sum() for name in (Columns.ACTION_DIST_INPUTS, QF_PREDS, LOG_ALPHA)).backward()
    assert all(each.grad is not None for each in module.parameters()), "learners in step wait for every gradient"
    assert np.isclose(network(initial_alpha=0.25).log_alpha.exp().item(), 0.25)
