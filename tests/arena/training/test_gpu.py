"""Learners and runners on a GPU, where there is one."""

from __future__ import annotations

import pytest
import ray
import torch

from arena import LeaguePPOConfig

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_league_trains_and_rates_with_learner_runner_and_opponents_on_a_gpu(precision: str) -> None:
    config = (
        LeaguePPOConfig()
        .game("go(board_size=9)")
        .league(None, snapshot_min_steps=512, snapshot_max_steps=1024)
        .rl_module(model_config={"conv_channels": 16, "conv_blocks": 1, "precision": precision})
        .env_runners(num_env_runners=1, num_gpus_per_env_runner=0.4, num_envs_per_env_runner=8)
        .learners(num_learners=1, num_gpus_per_learner=0.4)
        .training(train_batch_size_per_learner=512, minibatch_size=128, num_epochs=1)
    )
    ray.init(include_dashboard=False, log_to_driver=False)
    try:
        algorithm = config.build_algo()
        for _ in range(3):
            algorithm.train()
        devices = algorithm.env_runner_group.foreach_env_runner(
            lambda runner: {str(p.device) for p in runner.module["main"].parameters()}, local_env_runner=False
        )
        assert [{device.split(":")[0] for device in found} for found in devices] == [{"cuda"}]
        assert any(member.kind == "snapshot" for member in algorithm.session.members.values())
        algorithm.finish()
        algorithm.stop()
    finally:
        ray.shutdown()
