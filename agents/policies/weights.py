"""The bytes of a weights file: safetensors with a card that says how to rebuild the networks. Never a pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

Tensors = Mapping[str, npt.NDArray[Any]]


class WeightsError(Exception):
    """Bytes are not a weights file, or its tensors do not fit its networks."""


def pack(tensors: Tensors, card: Mapping[str, Any]) -> bytes:
    """The bytes of a weights file. Equal tensors and cards give equal bytes.

    Args:
        tensors: name -> array.
        card: what rebuilding the networks takes (network, settings, game), as plain JSON.
    """
    return save(
        {name: np.ascontiguousarray(array) for name, array in sorted(tensors.items())},
        {"card": json.dumps(card, sort_keys=True, separators=(",", ":"))},
    )


def parse(data: bytes) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Tensors and card of a weights file.

    Raises:
        WeightsError: the bytes are not a weights file.
    """
    try:
        tensors = load(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        return tensors, dict(json.loads(header["__metadata__"]["card"]))
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise WeightsError(
            f"not a weights file, safetensors with a card ({type(error).__name__}: {error}); restore it from a copy"
        ) from error
