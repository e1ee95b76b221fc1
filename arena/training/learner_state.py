"""The learners' whole state, weights and optimizers, as the bytes of one safetensors file. Never a pickle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from agents.policies import weights

Arrays = dict[str, npt.NDArray[Any]]


def pack(state: Mapping[str, Any]) -> bytes:
    """The bytes of a nested state of dicts, lists, tuples, arrays, numbers, strings and None."""
    arrays: Arrays = {}
    packed = _pack(state, "", arrays)
    return weights.pack(arrays, {"state": packed})


def parse(data: bytes) -> Any:
    """The state that :func:`pack` made ``data`` of.

    Raises:
        WeightsError: the bytes are no learner state.
    """
    arrays, card = weights.parse(data)
    if "state" not in card:
        raise weights.WeightsError(f"a learner state has a card with a `state`, but this one has {sorted(card)}")
    return _unpack(card["state"], arrays)


def _pack(node: Any, path: str, arrays: Arrays) -> Any:
    match node:
        case np.ndarray() | np.generic():
            # safetensors has no zero-rank arrays of every kind; a shape of its own restores them.
            arrays[path] = np.atleast_1d(np.asarray(node))
            return {"array": path, "shape": list(np.shape(node))}
        case Mapping():
            return {"dict": [[key, _pack(value, f"{path}/{key}", arrays)] for key, value in node.items()]}
        case list() | tuple():
            kind = "list" if isinstance(node, list) else "tuple"
            return {kind: [_pack(value, f"{path}/{index}", arrays) for index, value in enumerate(node)]}
        case None | bool() | int() | float() | str():
            return node
    raise TypeError(f"a learner state must be made of arrays and plain values, but {path!r} is {type(node).__name__}")


def _unpack(node: Any, arrays: Arrays) -> Any:
    match node:
        case {"array": path, "shape": shape}:
            return arrays[path].reshape(shape)
        case {"dict": items}:
            return {key: _unpack(value, arrays) for key, value in items}
        case {"list": items}:
            return [_unpack(value, arrays) for value in items]
        case {"tuple": items}:
            return tuple(_unpack(value, arrays) for value in items)
    return node
