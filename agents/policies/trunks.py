"""The trunks of networks: an MLP, maybe with convolutions before it, and a residual tower."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from agents.policies.convolutions import Convolutions, channel_axis

ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "silu": nn.SiLU, "gelu": nn.GELU}
SMALLEST_BOARD_FOR_CONVOLUTION = 9


class Mlp(nn.Module):
    """Convolutions, if any, then flattened observation and seat through fully connected layers."""

    def __init__(
        self,
        shape: tuple[int, ...],
        seats: int,
        filters: Any,
        hiddens: Sequence[int],
        activation: str,
    ) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            raise ValueError(f"`fcnet_activation` must be one of {sorted(ACTIVATIONS)}, but got {activation!r}")
        self.convolutions = Convolutions(shape, filters, ACTIVATIONS[activation]) if filters else None
        inputs = int(np.prod(shape)) if self.convolutions is None else self.convolutions.width
        inputs += seats
        layers: list[nn.Module] = []
        for width in hiddens:
            layer = nn.Linear(inputs, width)
            nn.init.orthogonal_(layer.weight, 2**0.5)
            nn.init.zeros_(layer.bias)
            layers += [layer, ACTIVATIONS[activation]()]
            inputs = width
        self.layers = nn.Sequential(*layers)
        self.width = inputs

    def forward(self, observation: Tensor, seat: Tensor) -> Tensor:
        if self.convolutions is not None:
            observation = self.convolutions(observation)
        hidden: Tensor = self.layers(torch.cat([observation.flatten(1), seat], 1))
        return hidden


class Residual(nn.Module):
    """A pre-activation residual tower (He et al. 2016) over a board or image, the seat as extra planes."""

    def __init__(self, shape: tuple[int, ...], seats: int, channels: int, blocks: int) -> None:
        super().__init__()
        if len(shape) != 3:
            raise ValueError(f"a residual network needs a board or image of rank 3, but got shape {shape}")
        self.channel_axis = channel_axis(shape)
        height, width = (size for axis, size in enumerate(shape) if axis != self.channel_axis)
        self.stem = nn.Conv2d(shape[self.channel_axis] + seats, channels, 3, padding=1)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.ReLU(),
                nn.Conv2d(channels, channels, 3, padding=1),
                nn.ReLU(),
                nn.Conv2d(channels, channels, 3, padding=1),
            )
            for _ in range(blocks)
        )
        squeezed = 8
        self.squeeze = nn.Sequential(nn.ReLU(), nn.Conv2d(channels, squeezed, 1), nn.ReLU(), nn.Flatten())
        self.width = 256
        self.head = nn.Sequential(nn.Linear(squeezed * height * width, self.width), nn.ReLU())

    def forward(self, observation: Tensor, seat: Tensor) -> Tensor:
        planes = observation.movedim(self.channel_axis + 1, 1)  # (B, C, H, W)
        seats = seat[:, :, None, None].expand(-1, -1, *planes.shape[2:])
        # Convolutions are fastest with channels last. The weights keep their order, because the optimizer's state is
        # restored from disk in that order.
        hidden = self.stem(torch.cat([planes, seats], 1).contiguous(memory_format=torch.channels_last))
        for block in self.blocks:
            hidden = hidden + block(hidden)
        outputs: Tensor = self.head(self.squeeze(hidden))
        return outputs


def is_large_board(shape: tuple[int, ...]) -> bool:
    """Whether observations of a shape are boards or images that convolutions are worth their time for."""
    if len(shape) != 3:
        return False
    axis = channel_axis(shape)
    return min(size for i, size in enumerate(shape) if i != axis) >= SMALLEST_BOARD_FOR_CONVOLUTION
