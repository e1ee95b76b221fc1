"""RLlib's own IMPALA and APPO train on the arena's network with our runner and with their own."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from network_specs import masked_spec
from ray.rllib.algorithms.appo import APPOConfig
from ray.rllib.algorithms.impala import IMPALAConfig
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.utils import update_target_network
from ray.rllib.core.rl_module import RLModuleSpec
from ray.rllib.core.rl_module.apis.target_network_api import TARGET_NETWORK_ACTION_DIST_INPUTS
from ray.rllib.env.multi_agent_env_runner import MultiAgentEnvRunner

import arena
from agents.policies.agent import module_batch
from agents.policies.network import MaskedNetwork
from games import make_game

pytestmark = pytest.mark.slow

GAME = make_game("tic_tac_toe")


def test_a_target_network_is_a_copy_that_moves_only_when_told() -> None:
    import torch

    network = masked_spec(GAME, fcnet_hiddens=[8]).build()
    keys = set(network.get_state())
    network.make_target_networks()
    seen = np.random.default_rng(0).random((4, *GAME.observation_shape)).astype(np.float32)
    batch = module_batch(seen, np.ones((4, 9), bool), np.zeros(4, np.int64), 2, torch.device("cpu"))
    before = network.forward_target(batch)[TARGET_NETWORK_ACTION_DIST_INPUTS]
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if not name.startswith("target."):
                parameter.add_(0.1)
    assert torch.equal(network.forward_target(batch)[TARGET_NETWORK_ACTION_DIST_INPUTS], before)
    [(main, target)] = network.get_target_network_pairs()
    update_target_network(main_net=main, target_net=target, tau=1.0)
    after = network.forward_target(batch)[TARGET_NETWORK_ACTION_DIST_INPUTS]
    torch.testing.assert_close(after, network.forward_train(batch)[Columns.ACTION_DIST_INPUTS])
    assert not any(parameter.requires_grad for parameter in target.parameters())
    assert set(network.get_state()) == keys | {f"target.{key}" for key in keys}
    plain = masked_spec(GAME, fcnet_hiddens=[8]).build()
    plain.set_state(network.get_state())  # as a runner's network gets it


@pytest.mark.parametrize(
    ("kind", "runner"),
    [(APPOConfig, arena.LeagueEnvRunner), (IMPALAConfig, arena.LeagueEnvRunner), (APPOConfig, MultiAgentEnvRunner)],
)
def test_it_learns_and_its_runners_get_the_weights(local_ray: Any, kind: Any, runner: Any) -> None:
    config = (
        kind()
        .environment(arena.GameEnv, env_config={"game": GAME.spec})
        .multi_agent(policies={"shared"}, policy_mapping_fn=lambda agent_id, *args, **kwargs: "shared")
        .rl_module(rl_module_spec=RLModuleSpec(module_class=MaskedNetwork))
        .training(train_batch_size_per_learner=100)
        .learners(num_learners=0)
        .env_runners(num_env_runners=1, env_runner_cls=runner, rollout_fragment_length=50)
        .reporting(min_time_s_per_iteration=0)
        .debugging(log_level="ERROR")
    )
    algorithm = config.build_algo()

    def theirs() -> Mapping[str, Any]:
        [found] = algorithm.env_runner_group.foreach_env_runner(
            lambda runner: runner.module["shared"].get_state(), local_env_runner=False
        )
        return found

    try:
        first, losses, deadline = theirs()["policy.weight"], [], time.monotonic() + 300
        while np.array_equal(theirs()["policy.weight"], first):
            assert time.monotonic() < deadline
            result = algorithm.train()
            losses += [result["learners"]["shared"]["total_loss"]] if "learners" in result else []
        assert len(losses) > 0
    finally:
        algorithm.stop()
