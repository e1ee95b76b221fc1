"""Networks that remember, in a league: what they learn from is what they did, and they learn what others cannot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module import RLModuleSpec
from rllib_lstm import UsersLstm
from small_training import small

from arena.training.algorithms import algorithm_config
from arena.training.algorithms.ppo import LeaguePPOTorchLearner
from arena.training.measures import self_play_return

pytestmark = pytest.mark.slow

GAME = "recall_game:Recall(delay=5)"


class Watching(LeaguePPOTorchLearner):
    """Keeps what its losses read."""

    def build(self) -> None:
        super().build()
        self.read: list[tuple[dict[str, Any], dict[str, Any]]] = []

    def compute_loss_for_module(
        self, *, module_id: str, config: Any, batch: Mapping[str, Any], fwd_out: Mapping[str, Any]
    ) -> Any:
        self.read.append((dict(batch), dict(fwd_out)))
        return super().compute_loss_for_module(module_id=module_id, config=config, batch=batch, fwd_out=fwd_out)


@pytest.mark.parametrize(
    "model_config",
    [
        {"network": "lstm", "vf_share_layers": False},
        {"network": "gru", "max_seq_len": 2},
        {"network": "attention", "attention_window": 4, "max_seq_len": 3, "burn_in_len": 2},
        {"use_lstm": True, "fcnet_hiddens": [8], "lstm_cell_size": 8, "max_seq_len": 3},
        {"own": True, "max_seq_len": 2},
    ],
    ids=str,
)
def test_the_learner_sees_the_decisions_that_were_made(build: Any, model_config: dict[str, Any]) -> None:
    """With equal weights, a learner finds each step's distribution as it was, however trajectories are cut."""
    own = UsersLstm if model_config.pop("own", False) else None
    config = small(GAME).rl_module(rl_module_spec=RLModuleSpec(module_class=own, model_config=model_config))
    config.training(learner_class=Watching, num_epochs=1, minibatch_size=None)
    algorithm = build(config)
    algorithm.train()
    ((batch, output),) = algorithm.learner_group._learner.read
    steps = algorithm.session.progress.agent_steps
    assert len(batch[Columns.ACTIONS]) == steps, "each step once, and no padding"
    assert output[Columns.VF_PREDS].shape == (steps,)
    acted, found = batch[Columns.ACTION_DIST_INPUTS], output[Columns.ACTION_DIST_INPUTS].detach()
    torch.testing.assert_close(found, acted, atol=1e-5, rtol=1e-5)
    shown = batch[Columns.OBS]["observation"]
    waiting = shown.sum(1) == 0
    assert found[waiting].std(0).max() > 1e-4, "what was seen before makes a difference"


def accuracy(build: Any, **model_config: Any) -> float:
    """How often each seat names its cue after a short training."""
    config = small("recall_game:Recall", snapshot_min_steps=10**8, snapshot_max_steps=10**8)
    config.rl_module(model_config={"fcnet_hiddens": [32], **model_config})
    config.env_runners(num_envs_per_env_runner=64)
    config.training(lr=3e-3, train_batch_size_per_learner=1024, minibatch_size=256, num_epochs=4, entropy_coeff=0.003)
    algorithm = build(config)
    for _ in range(20):
        algorithm.train()
    agent = algorithm.snapshots.agent("main")
    return (1 + self_play_return(algorithm.game, agent, np.random.default_rng(0))) / 2


@pytest.mark.parametrize(("algorithm", "iterations"), [("appo", 45), ("impala", 65)])
def test_it_does_so_by_asynchronous_algorithms(build: Any, algorithm: str, iterations: int) -> None:
    config = algorithm_config(algorithm)().game("recall_game:Recall").league(None, anchors=()).debugging(seed=1)
    config.rl_module(model_config={"fcnet_hiddens": [32], "network": "lstm", "lstm_cell_size": 32})
    config.env_runners(num_envs_per_env_runner=64)
    config.training(lr=3e-3, entropy_coeff=0.003, train_batch_size_per_learner=512)
    made = build(config)
    for _ in range(iterations):
        made.train()
    played = self_play_return(made.game, made.snapshots.agent("main"), np.random.default_rng(0))
    assert (1 + played) / 2 > 0.9


@pytest.mark.parametrize("network", ["lstm", "gru", "attention"])
def test_a_network_that_remembers_recalls_a_cue(build: Any, network: str) -> None:
    assert accuracy(build, network=network, **({} if network == "attention" else {"lstm_cell_size": 32})) > 0.9


def test_a_network_that_does_not_remember_guesses(build: Any) -> None:
    assert 0.35 < accuracy(build) < 0.65
