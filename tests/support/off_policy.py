"""Learners with a replay, and rows of one, without a league around them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.training_data import TrainingData
from ray.rllib.core.rl_module import MultiRLModuleSpec, RLModuleSpec
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch
from ray.rllib.utils import metrics as names

from agents.policies.network import ACTION_MASK, OBSERVATION, SEAT, module_observation_space
from arena.training.algorithms import algorithm_config
from arena.training.algorithms.off_policy import DISCOUNTS, OffPolicyTorchLearner
from arena.training.learner import SHARE
from arena.training.modules import network_of
from arena.training.replay import ROWS, WEIGHTS
from games.contract import Game

COUNT = 64


def make_learner(algorithm: str, game: Game, **settings: Any) -> OffPolicyTorchLearner:
    """A learner of one small module, ``main``."""
    config = algorithm_config(algorithm)().game(game).training(**settings)
    if config.settings_class.offline:
        config.offline_data(input_="nothing")  # a learner reads none
    config.validate()
    network, model_config = network_of(config)
    spec = RLModuleSpec(
        module_class=network,
        observation_space=module_observation_space(game, 0),
        action_space=game.action_space(0),
        model_config={**model_config, "fcnet_hiddens": [16]},
    )
    config.multi_agent(policies={"main"}, policies_to_train=["main"])
    torch.manual_seed(0)
    made = config.learner_class(config=config, module_spec=MultiRLModuleSpec(rl_module_specs={"main": spec}))
    made.build()
    with torch.no_grad():
        for parameter in made.networks["main"].parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    assert isinstance(made, OffPolicyTorchLearner)
    return made


def rows(game: Game, seed: int = 0) -> dict[str, Any]:
    """Random rows of a replay; a third of them are the last of their games."""
    rng = np.random.default_rng(seed)

    def seen() -> dict[str, torch.Tensor]:
        masks = rng.random((COUNT, game.num_actions)) < 0.6
        masks[:, 0] = True
        return {
            OBSERVATION: torch.from_numpy(rng.random((COUNT, *game.observation_shape)).astype(np.float32)),
            ACTION_MASK: torch.from_numpy(masks),
            SEAT: torch.eye(game.num_seats)[torch.from_numpy(rng.integers(game.num_seats, size=COUNT))],
        }

    before, after = seen(), seen()
    legal = before[ACTION_MASK].numpy()
    actions = (
        (legal * rng.random(legal.shape)).argmax(1)
        if game.action_bounds is None
        else rng.normal(size=(COUNT, len(game.action_bounds[0]))).astype(np.float32)
    )
    return {
        Columns.OBS: before,
        Columns.NEXT_OBS: after,
        Columns.ACTIONS: torch.from_numpy(actions),
        Columns.REWARDS: torch.from_numpy(rng.uniform(-1, 1, COUNT).astype(np.float32)),
        DISCOUNTS: torch.from_numpy(np.where(rng.random(COUNT) < 0.33, 0.0, 0.9).astype(np.float32)),
        WEIGHTS: torch.from_numpy(rng.uniform(0.2, 1, COUNT).astype(np.float32)),
        ROWS: torch.from_numpy(rng.permutation(1000)[:COUNT]),
    }


def loss(learner: OffPolicyTorchLearner, batch: dict[str, Any]) -> torch.Tensor:
    """The loss of the module on rows."""
    output = learner.module["main"].forward_train(batch)
    config = learner.config.get_config_for_module("main")
    return learner.compute_loss_for_module(module_id="main", config=config, batch=batch, fwd_out=output)


def update(learner: OffPolicyTorchLearner, batch: dict[str, Any], *, env_steps: int = 0, share: float = 0.0) -> None:
    """One update on rows, in minibatches of the config."""
    learner.update(
        training_data=TrainingData(batch=MultiAgentBatch({"main": SampleBatch(batch)}, COUNT)),
        timesteps={names.NUM_ENV_STEPS_SAMPLED_LIFETIME: env_steps, SHARE: share},
        num_epochs=1,
        minibatch_size=learner.config.minibatch_size,
    )
