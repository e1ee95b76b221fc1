"""Files that survive a crash: after any of these functions returns, a loss of power takes nothing of it back."""

from __future__ import annotations

import os
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, as far as they are missing; their names reach the disk."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync(folder.parent)


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, replacing one of that name. Its folder is made when missing.

    The bytes reach the disk before the name does. A process that is killed on the way leaves a hidden file ending in
    ``.part``: see :func:`sweep`.
    """
    make_folder(path.parent)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        publish(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def publish(part: Path, path: Path) -> None:
    """Give a finished file, whose bytes are on the disk, its name in the same folder."""
    part.rename(path)
    _sync(path.parent)


def sweep(folder: Path) -> None:
    """Remove what :func:`write` left in ``folder`` when its process was killed. Nobody may be writing there now."""
    for part in folder.glob(".*.part"):
        part.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
