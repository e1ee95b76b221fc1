"""Slowly moving copies of networks: targets, and the magnets of a loss."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
from ray.rllib.core.rl_module.torch import TorchRLModule


class Copies:
    """Copies of a learner's networks, which move towards them.

    Args:
        rate: share of the way to the newest weights that a copy moves at each :meth:`move`.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._networks: dict[str, TorchRLModule] = {}
        self._restored: dict[str, Mapping[str, Any]] = {}

    def __getitem__(self, module_id: str) -> TorchRLModule:
        return self._networks[module_id]

    def make(self, module_id: str, network: TorchRLModule) -> None:
        """Make the copy of a module of its weights, or of restored ones, unless there is a copy."""
        if module_id in self._networks:
            return
        made = self._networks[module_id] = copy.deepcopy(network).requires_grad_(False)
        if module_id in self._restored:
            made.set_state(self._restored.pop(module_id))

    def move(self, module_id: str, network: TorchRLModule) -> None:
        """Move the copy of a module towards its weights; the first time, make it of them."""
        self.make(module_id, network)
        for old, new in zip(self._networks[module_id].parameters(), network.parameters(), strict=True):
            old.lerp_(new.detach(), self._rate)

    def forget(self, module_id: str) -> None:
        """Drop the copy of a module, because the module starts over."""
        self._networks.pop(module_id, None)
        self._restored.pop(module_id, None)

    def state(self) -> dict[str, Any]:
        """Module ID -> parameter name -> array."""
        return {**self._restored, **{name: network.get_state() for name, network in self._networks.items()}}

    def restore(self, state: Mapping[str, Mapping[str, Any]], modules: Mapping[str, Any]) -> None:
        """Go on from what :meth:`state` gave.

        Args:
            state: module ID -> parameter name -> array.
            modules: the learner's modules, whose copies they are.

        Raises:
            KeyError: there is no such module.
            ValueError: a copy is of another network.
        """
        for module_id, weights in state.items():
            if _shapes(weights) != _shapes(modules[module_id].unwrapped().get_state()):
                raise ValueError(f"the copy of {module_id!r} is of another network")
        self._networks, self._restored = {}, dict(state)


def _shapes(weights: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: np.shape(value) for name, value in weights.items()}
