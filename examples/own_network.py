"""Train a league with your own network: an RLModule that embeds the seat.

    python examples/own_network.py

A module reads ``batch["obs"]``, which has ``observation``, ``action_mask`` and ``seat`` (one-hot). It masks its logits
and computes values. It must not modify its input.
"""

from typing import Any

import numpy as np
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module import RLModuleSpec
from ray.rllib.core.rl_module.apis.value_function_api import ValueFunctionAPI
from ray.rllib.core.rl_module.torch import TorchRLModule
from torch import nn

import arena
from agents.policies.network import mask_logits


class SeatEmbedding(TorchRLModule, ValueFunctionAPI):
    """One hidden layer. An embedding of the seat scales its units."""

    def setup(self) -> None:
        width = self.model_config.get("width", 64)
        self.hidden = nn.Linear(int(np.prod(self.observation_space["observation"].shape)), width)
        self.scale = nn.Linear(self.observation_space["seat"].shape[0], width)
        self.policy = nn.Linear(width, int(self.action_space.n))
        self.value = nn.Linear(width, 1)

    def _trunk(self, seen: dict[str, torch.Tensor]) -> torch.Tensor:
        return torch.tanh(self.hidden(seen["observation"].flatten(1)) * self.scale(seen["seat"]))  # (B, width)

    def _forward(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, torch.Tensor]:
        trunk = self._trunk(batch[Columns.OBS])
        logits = mask_logits(self.policy(trunk), batch[Columns.OBS]["action_mask"])  # (B, A)
        return {Columns.ACTION_DIST_INPUTS: logits, Columns.EMBEDDINGS: trunk}

    def compute_values(self, batch: dict[str, Any], embeddings: torch.Tensor | None = None) -> torch.Tensor:
        trunk = self._trunk(batch[Columns.OBS]) if embeddings is None else embeddings
        return self.value(trunk).squeeze(-1)  # (B,)


def main() -> None:
    config = (
        arena.LeaguePPOConfig()
        .game("leduc_poker")
        .rl_module(rl_module_spec=RLModuleSpec(module_class=SeatEmbedding, model_config={"width": 32}))
        .env_runners(num_envs_per_env_runner=64)
        .training(train_batch_size_per_learner=2048, minibatch_size=512)
        .debugging(seed=3)
    )
    algorithm = config.build_algo()
    for _ in range(5):
        result = algorithm.train()
        print(f"iteration {result['training_iteration']}: {result['league']['env_steps']:,.0f} steps")
    algorithm.stop()


if __name__ == "__main__":
    main()
