"""The states of networks that remember: one row of numbers for each table and seat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
import tree
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module import RLModule
from torch import Tensor

from games.contract import IntArray

States = npt.NDArray[np.float32]
"""``(B, S)``: states as rows of numbers."""


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

    def one_step(self, batch: dict[str, Any], states: States, device: str | torch.device) -> dict[str, Any]:
        """A module's batch of B rows as B sequences of one step, with the states ``(B, S)`` before them."""
        return {
            Columns.OBS: {name: part.unsqueeze(1) for name, part in batch[Columns.OBS].items()},
            Columns.STATE_IN: self.unpacked(torch.from_numpy(states).to(device)),
        }


def is_recurrent(module: RLModule) -> bool:
    """Whether the module keeps a state from one step to the next."""
    return bool(module.get_initial_state())


class Memory:
    """The states of one player at each table and seat. A seat's state changes with its own steps only.

    So it does not matter which seats act in a step, or whether a seat's game is over before that of the others.

    Args:
        initials: for each seat, gives the state ``(S,)`` before its first step. Seats whose networks remember nothing,
            or less than others, have shorter ones.
    """

    def __init__(self, initials: Sequence[Callable[[], npt.NDArray[np.float32]]]) -> None:
        self._initials = initials
        self._states = np.zeros((0, len(initials), max(len(initial()) for initial in initials)), np.float32)

    @property
    def size(self) -> int:
        """S, numbers of a state."""
        return self._states.shape[2]

    def reset(self, tables: Sequence[int]) -> None:
        """New games begin at ``tables``."""
        self._grow(max(tables, default=-1))
        self._begin(list(tables))

    def _grow(self, table: int) -> None:
        """Have room for a table."""
        if (size := len(self._states)) <= table:
            more = max(table + 1 - size, size)
            self._states = np.concatenate([self._states, np.zeros((more, *self._states.shape[1:]), np.float32)])
            self._begin(list(range(size, size + more)))

    def _begin(self, tables: list[int]) -> None:
        for seat, initial in enumerate(self._initials):
            state = initial()
            self._states[tables, seat, : len(state)] = state

    def of(self, tables: IntArray, seats: IntArray) -> States:
        """The states ``(B, S)`` at places ``(B,)``."""
        self._grow(int(tables.max(initial=-1)))
        return self._states[tables, seats]

    def keep(self, tables: IntArray, seats: IntArray, states: States) -> None:
        """The states ``(B, S')`` at places ``(B,)`` after a step there."""
        self._states[tables, seats, : states.shape[1]] = states

    def at(self, tables: Sequence[int]) -> npt.NDArray[np.float32]:
        """All states at ``tables``, ``(len(tables), seats, S)``, to go on with in another process."""
        return self._states[list(tables)]

    def restore(self, tables: Sequence[int], states: Any) -> None:
        """Go on from what :meth:`at` gave.

        Raises:
            TypeError, ValueError: these are not such states.
        """
        self.reset(tables)
        given = np.asarray(states)
        if given.shape != (len(tables), *self._states.shape[1:]):
            raise ValueError(f"the states of {len(tables)} games have shape {given.shape}")
        self._states[list(tables)] = given.astype(np.float32, casting="same_kind")
