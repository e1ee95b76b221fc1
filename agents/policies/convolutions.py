"""Convolutions over boards and images."""

from __future__ import annotations

import reprlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

MOST_NUMBERS = 4_000_000
"""The most numbers that a convolution may read or make of one board, so that a small file cannot take all memory."""


class Convolutions(nn.Module):
    """Convolutions as RLlib's ``conv_filters`` say; the result is flat, channels last.

    The first one is a product of matrices, because nobody asks for the gradient of a board. With
    ``[64, 4, 1, "valid"]`` on connect four's board, forward and backward passes of the whole network took 0.64 of the
    time that they took with RLlib's ``TorchCNN``, and 0.89 of that with a plain ``Conv2d`` (1,024 boards, one core).

    Args:
        shape: of the board or image.
        filters: ``[channels, kernel, stride]`` or ``[channels, kernel, stride, padding]`` for each convolution.
        activation: behind each of them.

    Raises:
        ValueError: the observation is neither a board nor an image, or the filters do not fit it.
    """

    cells: Tensor

    def __init__(self, shape: tuple[int, ...], filters: Any, activation: type[nn.Module]) -> None:
        super().__init__()
        if len(shape) != 3:
            raise ValueError(f"`conv_filters` need a board or image of rank 3, but got shape {shape}")
        self.activation = activation()
        self.first, self.others, self.pads = nn.Module(), nn.ModuleList(), []
        numbers = int(np.prod(shape))
        windows = torch.arange(numbers).view(shape).movedim(channel_axis(shape), 0)  # (C, H, W)
        channels, *size = windows.shape
        try:
            for index, (width, kernel, stride, padding) in enumerate(_read(filters)):
                if any(wide > length for wide, length in zip(kernel, size, strict=True)):
                    raise ValueError(f"a kernel of {kernel} is larger than a board of {tuple(size)}")
                pads = [_pads(*each, padding) for each in zip(size, kernel, stride, strict=True)]
                size = [
                    (length + sum(pad) - wide) // step + 1
                    for length, pad, wide, step in zip(size, pads, kernel, stride, strict=True)
                ]
                if size[0] * size[1] * max(channels * kernel[0] * kernel[1], width) > MOST_NUMBERS:
                    raise ValueError(f"a convolution reads and makes at most {MOST_NUMBERS:,} numbers of a board")
                layer = nn.Conv2d(channels, width, kernel, stride)
                nn.init.orthogonal_(layer.weight, 2**0.5)
                nn.init.zeros_(layer.get_parameter("bias"))
                channels = width
                around = (*pads[1], *pads[0])
                if index:
                    self.others.append(layer)
                    self.pads.append(around)
                    continue
                self.first, (self.rows, self.columns) = layer, size
                windows = functional.pad(windows, around, value=numbers)  # the index of a zero
                for axis, (wide, step) in enumerate(zip(kernel, stride, strict=True), 1):
                    windows = windows.unfold(axis, wide, step)  # (C, H, W, kh, kw) in the end
        except (TypeError, ValueError, RuntimeError, ArithmeticError) as error:
            reason = str(error).partition("\n")[0]
            raise ValueError(
                f"`conv_filters` do not fit a board of shape {shape}: {reason}; give a list of "
                f"[channels, kernel, stride] or [channels, kernel, stride, padding], not {reprlib.repr(filters)}"
            ) from error
        self.width = channels * size[0] * size[1]
        self.register_buffer("cells", windows.permute(1, 2, 0, 3, 4).flatten(), persistent=False)

    def forward(self, observation: Tensor) -> Tensor:
        """Boards ``(B, *shape)`` to ``(B, width)``."""
        board = functional.pad(observation.flatten(1), (0, 1))
        weights = self.first.get_parameter("weight").flatten(1)  # (channels, C * kh * kw)
        seen = board.index_select(1, self.cells).view(-1, weights.shape[1])
        hidden: Tensor = self.activation(functional.linear(seen, weights, self.first.get_parameter("bias")))
        hidden = hidden.view(board.shape[0], self.rows, self.columns, weights.shape[0]).permute(0, 3, 1, 2)
        for layer, pads in zip(self.others, self.pads, strict=True):
            hidden = self.activation(layer(functional.pad(hidden, pads)))
        return hidden.permute(0, 2, 3, 1).flatten(1)


def channel_axis(shape: tuple[int, ...]) -> int:
    """The axis of the planes: first in OpenSpiel, last in PettingZoo. The other two form a square, or are larger."""
    if shape[0] == shape[1] != shape[2]:
        return 2
    if shape[1] == shape[2]:
        return 0
    return int(np.argmin(shape))


def _read(filters: Any) -> Iterator[tuple[int, tuple[int, int], tuple[int, int], str]]:
    if not filters or isinstance(filters, str | bytes):
        raise ValueError("there is none")
    for each in filters:
        width, kernel, stride, padding = each if len(each) == 4 else [*each, "same"]
        if padding not in ("same", "valid"):
            raise ValueError(f'the padding is "same" or "valid", but is {padding!r}')
        pairs = _pair(kernel), _pair(stride)
        if min(width, *pairs[0], *pairs[1]) < 1:
            raise ValueError("channels, kernel and stride are at least 1")
        yield width, *pairs, padding


def _pair(value: int | Sequence[int]) -> tuple[int, int]:
    height, width = (value, value) if isinstance(value, int) else value
    return height, width


def _pads(length: int, kernel: int, stride: int, padding: str) -> tuple[int, int]:
    """Zeros before and after an axis, by which ``"same"`` keeps a ``stride``-th of its length, rounded up.

    They are negative, as RLlib's, where the stride is so large that the ends of the axis are not seen.
    """
    total = (-(-length // stride) - 1) * stride + kernel - length if padding == "same" else 0
    return total // 2, total - total // 2
