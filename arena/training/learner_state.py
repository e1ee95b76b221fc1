"""A learner's whole state, weights and optimizer, as one content-addressed safetensors file. Never a pickle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from agents.policies import weights

Arrays = dict[str, npt.NDArray[Any]]
KEPT = 2
"""State files left in place: the newest, and the one before it in case the newest's row never was committed."""


def save(folder: Path, state: Mapping[str, Any]) -> str:
    """Store a nested state of dicts, lists, tuples, arrays, numbers, strings and None; returns its SHA-256."""
    arrays: Arrays = {}
    packed = _pack(state, "", arrays)
    return weights.store(folder, arrays, {"state": packed})


def load(folder: Path, digest: str) -> Any:
    """The state stored under ``digest``.

    Raises:
        WeightsError: the file is missing, altered, or no state file.
    """
    arrays, card = weights.parse(weights.read(folder, digest))
    if "state" not in card:
        raise weights.WeightsError(f"a learner-state file must hold a state, but {digest} holds {sorted(card)}")
    return _unpack(card["state"], arrays)


def prune(folder: Path, newest: str) -> None:
    """Remove all but the newest state files."""
    files = sorted(folder.glob(f"*{weights.SUFFIX}"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    keep = {weights.path_of(folder, newest), *files[:KEPT]}
    for path in files:
        if path not in keep:
            path.unlink(missing_ok=True)


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
