"""What losses read of a network: its outputs for a whole batch, and its values in a minibatch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import tree
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.torch import TorchRLModule
from torch import Tensor

from agents.policies.network import SEAT

ROWS = 8192
"""Rows of one forward pass, so that large batches of large networks fit into memory."""


def values_of(network: Any, batch: Mapping[str, Any], output: Mapping[str, Tensor]) -> Tensor:
    """The values ``(B,)`` of a batch: those of its forward pass, if it has any."""
    if Columns.VF_PREDS in output:
        return output[Columns.VF_PREDS]
    values: Tensor = network.compute_values(batch, embeddings=output.get(Columns.EMBEDDINGS))
    return values


@torch.no_grad()
def policy_outputs(network: TorchRLModule, columns: Mapping[str, Any]) -> Tensor:
    """The inputs of a network's action distributions for any number of rows or sequences, ``(T, ...)``."""
    return torch.cat([network.forward_train(part)[Columns.ACTION_DIST_INPUTS] for part in _parts(columns)])


@torch.no_grad()
def policy_and_values(network: TorchRLModule, columns: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
    """As :func:`policy_outputs`, and the values ``(T,)``."""
    inputs, values = [], []
    for part in _parts(columns):
        output = network.forward_train(part)
        inputs.append(output[Columns.ACTION_DIST_INPUTS])
        values.append(values_of(network, part, output))
    return torch.cat(inputs), torch.cat(values)


def _parts(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a network reads of columns, in batches of some :data:`ROWS` steps."""
    read = {name: columns[name] for name in (Columns.OBS, Columns.STATE_IN) if name in columns}
    rows, steps = len(columns[Columns.OBS][SEAT]), columns[Columns.OBS][SEAT].shape[:-1].numel()
    size = max(1, ROWS * rows // max(1, steps))
    return [tree.map_structure(lambda column, at=at: column[at : at + size], read) for at in range(0, rows, size)]
