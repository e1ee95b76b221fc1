"""Weights as content-addressed safetensors files: ``<sha256>.safetensors``. Never a pickle, never rewritten."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from agents import files

Tensors = Mapping[str, npt.NDArray[Any]]
SUFFIX = ".safetensors"


class WeightsError(Exception):
    """A weights file is missing, altered, or does not fit the network; the message says which and how to mend it."""


def path_of(folder: Path, digest: str) -> Path:
    """Where the file of ``digest`` lives, whether it exists or not.

    Raises:
        WeightsError: ``digest`` is no hex SHA-256 (so no name from outside can leave the folder).
    """
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise WeightsError(f"a weights file is named by a hex SHA-256, but got {digest!r}")
    return folder / f"{digest}{SUFFIX}"


def store(folder: Path, tensors: Tensors, card: Mapping[str, Any]) -> str:
    """Write tensors and their card, and return the SHA-256 of the file's bytes.

    The bytes reach the disk before the name does: a crash leaves either the whole file or none. Storing the same
    tensors and card again changes nothing, except that a damaged file is made whole.

    Args:
        folder: created when missing.
        tensors: name -> array.
        card: what is needed to rebuild the networks (network settings, game), as plain JSON.
    """
    data = pack(tensors, card)
    digest = hashlib.sha256(data).hexdigest()
    try:
        read(folder, digest)
    except WeightsError:
        files.write(path_of(folder, digest), data)
    return digest


def check(folder: Path, digest: str) -> Path:
    """The file of ``digest``, its bytes verified.

    Raises:
        WeightsError: the file is missing, or its bytes are not those of ``digest``.
    """
    read(folder, digest)
    return path_of(folder, digest)


def read(folder: Path, digest: str) -> bytes:
    """The verified bytes of a weights file; raises as :func:`check`."""
    path = path_of(folder, digest)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError(
            f"weights file {path} must be there, but: {error.strerror}; restore it from a copy"
        ) from error
    actual = hashlib.sha256(data).hexdigest()
    if actual != digest:
        raise WeightsError(
            f"weights file {path} must hash to its name, but it was altered (SHA-256 {actual}); restore it"
        )
    return data


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
    """Tensors and card of a weights file's bytes.

    Raises:
        WeightsError: the bytes are no safetensors file of ours.
    """
    try:
        tensors = load(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        return tensors, dict(json.loads(header["__metadata__"]["card"]))
    except (SafetensorError, KeyError, ValueError) as error:
        raise WeightsError(f"a weights file must be safetensors with a card, but got: {error}") from error
