"""How the states of networks that remember become rows of numbers."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
import tree
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module import RLModule
from torch import Tensor


class StateLayout:
    """How the state of a module becomes a row of S numbers.

    RLlib's words hold: ``get_initial_state()`` gives a state without a batch axis, and a module that has one reads and
    writes batches of sequences, ``(B, T, ...)``, with the states before them ``(B, ...)`` under ``Columns.STATE_IN``
    and those after them under ``Columns.STATE_OUT``.

    Attributes:
        size: S.
    """

    def __init__(self, module: RLModule) -> None:
        self._module = module
        self._like = tree.map_structure(torch.as_tensor, module.get_initial_state())
        self.size = sum(leaf.numel() for leaf in tree.flatten(self._like))

    @classmethod
    def of(cls, module: RLModule) -> Self | None:
        """The layout of a module's state; None for a module that remembers nothing."""
        return cls(module) if is_recurrent(module) else None

    def initial(self) -> npt.NDArray[np.float32]:
        """The state before the first step of a game, ``(S,)``. Modules may learn it."""
        leaves = tree.flatten(self._module.get_initial_state())
        parts = [torch.as_tensor(leaf).detach().cpu().float().reshape(-1) for leaf in leaves]
        result: npt.NDArray[np.float32] = torch.cat(parts).numpy()
        return result

    def unpacked(self, rows: Tensor) -> Any:
        """States ``(B, S)`` as the module has them: a tree of tensors ``(B, ...)``."""
        leaves = tree.flatten(self._like)
        parts = torch.split(rows, [leaf.numel() for leaf in leaves], 1)
        states = [part.reshape(-1, *leaf.shape).to(leaf.dtype) for part, leaf in zip(parts, leaves, strict=True)]
        return tree.unflatten_as(self._like, states)

    def packed(self, states: Any) -> Tensor:
        """The module's states as rows, ``(B, S)`` float32."""
        return torch.cat([leaf.detach().float().flatten(1) for leaf in tree.flatten(states)], 1)

    def one_step(self, batch: dict[str, Any], states: Tensor) -> dict[str, Any]:
        """A module's batch of B rows as B sequences of one step, with the states ``(B, S)`` before them."""
        return {
            Columns.OBS: {name: part.unsqueeze(1) for name, part in batch[Columns.OBS].items()},
            Columns.STATE_IN: self.unpacked(states),
        }


def is_recurrent(module: RLModule) -> bool:
    """Whether the module keeps a state from one step to the next."""
    return bool(module.get_initial_state())
