"""PPO's updates as a plain PyTorch loop: the limit that a learner can approach but not beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
import tree
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module import RLModule
from ray.rllib.evaluation.postprocessing import Postprocessing


def updater(module: RLModule, config: Any) -> Callable[[Mapping[str, Any]], None]:
    """A function that updates ``module`` on a batch of our columns, with our loss and our minibatches.

    Args:
        module: a :class:`agents.policies.network.MaskedNetwork` with discrete actions.
        config: an :class:`arena.LeaguePPOConfig` without value clipping and without a KL term. It sets the learning
            rate, epochs, minibatch size and loss terms.
    """
    optimizer = torch.optim.Adam(module.parameters(), lr=config.lr, fused=True)
    low, high = 1 - config.clip_param, 1 + config.clip_param

    def update(batch: Mapping[str, Any]) -> None:
        columns = tree.map_structure(torch.from_numpy, dict(batch))
        rows = len(columns[Columns.ACTIONS])
        for _ in range(config.num_epochs):
            for part in torch.randperm(rows).tensor_split(max(1, round(rows / config.minibatch_size))):
                minibatch = tree.map_structure(lambda column, part=part: column.index_select(0, part), columns)
                output = module._forward(minibatch)
                log_probs = torch.log_softmax(output[Columns.ACTION_DIST_INPUTS], 1)  # (B, A)
                taken = log_probs.gather(1, minibatch[Columns.ACTIONS][:, None])[:, 0]
                ratio = torch.exp(taken - minibatch[Columns.ACTION_LOGP])
                advantages = minibatch[Postprocessing.ADVANTAGES]
                surrogate = torch.min(ratio * advantages, ratio.clamp(low, high) * advantages)
                errors = output[Columns.VF_PREDS] - minibatch[Postprocessing.VALUE_TARGETS]
                entropy = -(log_probs.exp() * log_probs).sum(1)
                loss = (-surrogate + config.vf_loss_coeff * errors.square() - config.entropy_coeff * entropy).mean()
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(module.parameters(), config.grad_clip)
                optimizer.step()

    return update
