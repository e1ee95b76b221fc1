"""A magnet: a slowly moving average of a policy, towards which a loss draws the policy.

Without one, policies that learn from each other circle around an equilibrium. A Kullback-Leibler divergence to a fixed
policy makes them converge, though to a point near the equilibrium; as the magnet follows the policy, that point moves
into the equilibrium (Sokota et al. 2023, arXiv 2206.05825, "Moving Magnets"; Perolat et al. 2021, arXiv 2002.08456). An
entropy bonus is the divergence to the uniform policy, up to a constant.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.torch import TorchRLModule
from torch import Tensor

from agents.policies.network import SEAT

ROWS = 8192
"""Rows of one forward pass, so that large batches of large networks fit into memory."""


def log_softmax(logits: Tensor) -> Tensor:
    """Finite log-probabilities ``(B, A)``: a network may mask with minus infinity, and 0 times infinity is NaN."""
    log_probs = torch.log_softmax(logits, 1)
    return log_probs.clamp(min=torch.finfo(log_probs.dtype).min)


class Magnets:
    """The magnets of a learner's modules.

    Args:
        rate: share of the way to the newest weights that a magnet moves at each :meth:`move`.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._networks: dict[str, TorchRLModule] = {}
        self._restored: dict[str, Mapping[str, Any]] = {}

    def move(self, module_id: str, network: TorchRLModule) -> None:
        """Move a module's magnet towards its weights; the first time, make the magnet of them."""
        magnet = self._networks.get(module_id)
        if magnet is None:
            magnet = self._networks[module_id] = copy.deepcopy(network).requires_grad_(False)
            if module_id in self._restored:
                magnet.set_state(self._restored.pop(module_id))
        for old, new in zip(magnet.parameters(), network.parameters(), strict=True):
            old.lerp_(new.detach(), self._rate)

    @torch.no_grad()
    def log_probs(self, module_id: str, observations: Mapping[str, Tensor]) -> Tensor:
        """The log-probabilities ``(B, A)`` of a module's magnet for discrete actions."""
        network = self._networks[module_id]
        logits = [
            network.forward_train({Columns.OBS: {name: each[at : at + ROWS] for name, each in observations.items()}})
            for at in range(0, len(observations[SEAT]), ROWS)
        ]
        return log_softmax(torch.cat([each[Columns.ACTION_DIST_INPUTS] for each in logits]))

    def forget(self, module_id: str) -> None:
        """Drop a module's magnet, because the module starts over."""
        self._networks.pop(module_id, None)
        self._restored.pop(module_id, None)

    def state(self) -> dict[str, Any]:
        """Module ID -> parameter name -> array."""
        return {**self._restored, **{name: network.get_state() for name, network in self._networks.items()}}

    def restore(self, state: Mapping[str, Mapping[str, Any]]) -> None:
        """Go on from what :meth:`state` gave."""
        self._networks, self._restored = {}, dict(state)
