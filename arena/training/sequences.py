"""Trajectories as sequences for networks that remember: cut to a length, with the states before them, and padded.

A sequence of a game's first steps begins with the network's initial state. The states before later ones are those that
the network comes to when it sees the game again, with the weights of its last step. So they are newer than those that
it acted with, and nothing has to be kept of running games but their newest states.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np
import torch
import tree
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module import RLModule
from torch import Tensor

from agents.policies.agent import module_batch
from agents.policies.recurrent import MEMORY_DEFAULTS
from agents.policies.states import StateLayout
from arena.training.columns import Trajectories
from games.contract import IntArray

STATES, BEGINS, STEPS = "states_before", "begins_game", "mean_steps"
"""Columns of sequences: the states before them as rows ``(B, S)``; which of them begin with the initial one, ``(B,)``
bool; and how many steps a sequence has on average, ``(B,)`` float32, the same number for all. The learner turns the
first two into ``Columns.STATE_IN``. By the third, learners that share the sequences agree on a number of
minibatches."""


@dataclass(frozen=True, slots=True)
class Cut:
    """How trajectories are cut.

    Attributes:
        length: most steps of a sequence that are learned from.
        burn_in: steps before them, through which the network only finds its state.

    Raises:
        ValueError: they are no such numbers.
    """

    length: int
    burn_in: int

    def __post_init__(self) -> None:
        if not (isinstance(self.length, int) and isinstance(self.burn_in, int) and 0 <= self.burn_in < self.length):
            raise ValueError(
                f"`0 <= burn_in_len < max_seq_len` must hold, but got burn_in_len={self.burn_in!r}, "
                f"max_seq_len={self.length!r}"
            )

    @classmethod
    def of(cls, model_config: Any) -> Self:
        """As a network's ``model_config`` says, a dict or an object."""
        settings = model_config if isinstance(model_config, Mapping) else vars(model_config)
        length, burn_in = (settings.get(name, MEMORY_DEFAULTS[name]) for name in ("max_seq_len", "burn_in_len"))
        return cls(length, burn_in)


class _Pieces(NamedTuple):
    """The sequences of some trajectories, in order: rows at which they begin, from which they are learned, and at which
    they stop; and the number of each in its trajectory, from 0."""

    begins: IntArray
    learned: IntArray
    stops: IntArray
    numbers: IntArray


def _pieces(offsets: IntArray, cut: Cut) -> _Pieces:
    counts = -(-np.diff(offsets) // cut.length)
    which = np.arange(len(counts)).repeat(counts)
    numbers = np.arange(len(which)) - (np.cumsum(counts) - counts)[which]
    learned = offsets[which] + numbers * cut.length
    begins = learned - np.where(numbers > 0, cut.burn_in, 0)
    return _Pieces(begins, learned, np.minimum(learned + cut.length, offsets[which + 1]), numbers)


def with_states(
    trajectories: Trajectories,
    layout: StateLayout,
    cut: Cut,
    after: Callable[[IntArray, Tensor], Tensor],
) -> Trajectories:
    """Trajectories with the states before their sequences.

    Args:
        trajectories: of a network that remembers.
        layout: of its states.
        cut: how they are cut.
        after: ``after(rows (B, T), states (B, S)) -> (B, S)``: the states after the steps at these rows.
    """
    pieces = _pieces(trajectories.offsets, cut)
    found = np.zeros((len(pieces.numbers), layout.size), np.float32)
    first = np.flatnonzero(pieces.numbers == 0)
    found[first] = layout.initial()
    for number in range(1, int(pieces.numbers.max(initial=0)) + 1):
        at = np.flatnonzero(pieces.numbers == number)
        steps = cut.length - cut.burn_in if number == 1 else cut.length
        rows = pieces.begins[at - 1][:, None] + np.arange(steps)
        found[at] = after(rows, torch.from_numpy(found[at - 1])).cpu().numpy()
    return replace(trajectories, states=found[pieces.numbers > 0])


def with_states_of(
    module: RLModule, layout: StateLayout, trajectories: Trajectories, num_seats: int, device: str | torch.device
) -> Trajectories:
    """:func:`with_states` as a module on a device comes to them."""

    def after(rows: IntArray, states: Tensor) -> Tensor:
        flat = rows.ravel()
        columns = trajectories.observations[flat], trajectories.masks[flat], trajectories.seats[flat]
        seen = module_batch(*columns, num_seats, device)[Columns.OBS]
        batch = {
            Columns.OBS: {name: part.unflatten(0, rows.shape) for name, part in seen.items()},
            Columns.STATE_IN: layout.unpacked(states.to(device)),
        }
        with torch.no_grad():
            return layout.packed(module._forward_inference(batch)[Columns.STATE_OUT])

    return with_states(trajectories, layout, Cut.of(module.model_config), after)


def sequences(columns: Mapping[str, Any], trajectories: Trajectories, cut: Cut) -> dict[str, Any]:
    """The flat columns ``(T, ...)`` of trajectories as those of padded sequences ``(B, T', ...)``.

    ``Columns.LOSS_MASK``, ``(B, T')``, tells the steps to learn from: each row is one of them exactly once.
    """
    pieces = _pieces(trajectories.offsets, cut)
    longest = int((pieces.stops - pieces.begins).max(initial=1))
    rows = pieces.begins[:, None] + np.arange(longest)
    there = rows < pieces.stops[:, None]
    learned = there & (rows >= pieces.learned[:, None])
    rows = np.where(there, rows, pieces.begins[:, None])
    states = np.zeros((len(pieces.numbers), trajectories.states.shape[1]), np.float32)
    states[pieces.numbers > 0] = trajectories.states
    padded: dict[str, Any] = tree.map_structure(lambda column: column[rows], dict(columns))
    steps = np.full(len(rows), learned.sum() / max(1, len(rows)), np.float32)
    return {**padded, Columns.LOSS_MASK: learned, STATES: states, BEGINS: pieces.numbers == 0, STEPS: steps}


def steps_of(columns: Mapping[str, Any]) -> float:
    """Steps to learn from in flat columns or in sequences, for these as a mean; 0 if there are none."""
    rows = len(tree.flatten(dict(columns))[0])
    return rows * float(columns[STEPS][0]) if rows and STEPS in columns else rows


def with_state_in(columns: Mapping[str, Any], layout: StateLayout) -> dict[str, Any]:
    """Sequences with ``Columns.STATE_IN`` in place of the columns that only sequences have."""
    kept = {name: column for name, column in columns.items() if name not in (STATES, BEGINS, STEPS)}
    begins: Tensor = columns[BEGINS]
    initial = torch.from_numpy(layout.initial()).to(begins.device)
    states = torch.where(begins.unsqueeze(1), initial, columns[STATES])
    return {**kept, Columns.STATE_IN: layout.unpacked(states)}


def in_steps(columns: Mapping[str, Any], values: Any) -> Any:
    """The steps to learn from of tensors that belong to columns: of sequences ``(B, T, ...)`` as one axis ``(N, ...)``,
    in order. Those that belong to flat columns are returned as they are."""
    if Columns.LOSS_MASK not in columns:
        return values
    mask = columns[Columns.LOSS_MASK].bool()
    return tree.map_structure(lambda value: value[mask], values)


def as_columns(columns: Mapping[str, Any], values: Tensor) -> Tensor:
    """The reverse of :func:`in_steps` for one tensor, with zeros at the other steps."""
    if Columns.LOSS_MASK not in columns:
        return values
    mask = columns[Columns.LOSS_MASK].bool()
    result = values.new_zeros((*mask.shape, *values.shape[1:]))
    result[mask] = values
    return result
