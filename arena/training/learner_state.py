"""The whole state of the learners, weights and optimizers, as the bytes of one safetensors file. Never a pickle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from agents.policies import weights

Arrays = dict[str, npt.NDArray[Any]]


def pack(state: Mapping[str, Any]) -> bytes:
    """The bytes of a state: dicts, lists and tuples of arrays, numbers, strings and None.

    Raises:
        TypeError: something else is in it.
    """
    arrays: Arrays = {}
    packed = _pack(state, "", arrays, {})
    return weights.pack(arrays, {"state": packed})


def parse(data: bytes) -> Any:
    """The state that was packed into ``data``.

    Raises:
        WeightsError: the bytes are not a learner state.
    """
    arrays, card = weights.parse(data)
    if "state" not in card:
        raise weights.WeightsError(f"these bytes are not a learner state: their card has {sorted(card)}, not `state`")
    try:
        return _unpack(card["state"], arrays)
    except (LookupError, TypeError, ValueError) as error:
        raise weights.WeightsError(
            f"the learner state is incomplete ({type(error).__name__}: {error}); restore it from a copy"
        ) from error


def _pack(node: Any, path: str, arrays: Arrays, places: dict[int, str]) -> Any:
    """Args:
    node, path: a part of the state, and where it stands.
    arrays: gets the arrays, by path.
    places: id of an array -> its path; one that stands in several places, such as a shared encoder, is packed once.
    """
    match node:
        case np.ndarray() | np.generic():
            place = places.setdefault(id(node), path)
            # safetensors does not take zero-rank arrays of every dtype, so the shape is kept beside them.
            arrays[place] = np.atleast_1d(np.asarray(node))
            return {"array": place, "shape": list(np.shape(node))}
        case Mapping():
            return {"dict": [[key, _pack(value, f"{path}/{key}", arrays, places)] for key, value in node.items()]}
        case list() | tuple():
            kind = "list" if isinstance(node, list) else "tuple"
            return {kind: [_pack(value, f"{path}/{index}", arrays, places) for index, value in enumerate(node)]}
        case None | bool() | int() | float() | str():
            return node
    raise TypeError(f"{path!r} is a {type(node).__name__}, but a learner state has only arrays and plain values")


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
