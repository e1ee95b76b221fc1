"""Target networks: copies of a learner's networks that follow them, slowly or from time to time."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from ray.rllib.core.rl_module.torch import TorchRLModule


class Targets:
    """The target networks of a learner's modules. Each is made of its module's weights when it is first asked for."""

    def __init__(self) -> None:
        self._networks: dict[str, TorchRLModule] = {}
        self._restored: dict[str, Mapping[str, Any]] = {}

    def of(self, module_id: str, network: TorchRLModule) -> TorchRLModule:
        """The target of a module.

        Args:
            module_id: its ID.
            network: its network.
        """
        target = self._networks.get(module_id)
        if target is None:
            target = self._networks[module_id] = copy.deepcopy(network).requires_grad_(False)
            if module_id in self._restored:
                target.set_state(self._restored.pop(module_id))
        return target

    @torch.no_grad()
    def move(self, module_id: str, network: TorchRLModule, rate: float) -> None:
        """Move a target by a share of the way to the weights of its module."""
        target = self.of(module_id, network)
        for old, new in zip(target.parameters(), network.parameters(), strict=True):
            old.lerp_(new, rate)

    def forget(self, module_id: str) -> None:
        """Drop a module's target, because the module starts over."""
        self._networks.pop(module_id, None)
        self._restored.pop(module_id, None)

    def state(self) -> dict[str, Any]:
        """Module ID -> parameter name -> array."""
        return {**self._restored, **{name: network.get_state() for name, network in self._networks.items()}}

    def restore(self, state: Mapping[str, Mapping[str, Any]], networks: Mapping[str, TorchRLModule]) -> None:
        """Go on from what :meth:`state` gave.

        Args:
            state: the weights.
            networks: the modules' networks, by ID.

        Raises:
            LookupError, ValueError: the weights are of other networks.
        """
        for module_id, weights in state.items():
            if _shapes(weights) != _shapes(networks[module_id].get_state()):
                raise ValueError(f"the target weights of {module_id!r} are of another network")
        self._networks, self._restored = {}, dict(state)


def _shapes(weights: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: np.shape(value) for name, value in weights.items()}
