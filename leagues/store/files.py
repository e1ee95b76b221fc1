"""Files that survive a crash, and files from strangers.

When a function that writes has returned, a loss of power takes nothing of it back. The functions that read follow no
link and do not wait for a pipe.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing. Their names are on the disk when this returns."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync(folder.parent)


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all. A file of that name is replaced, and a missing folder is made.

    The bytes are on the disk before the name is. A process that is killed on the way leaves a hidden file that ends in
    ``.part``, for :func:`sweep` to remove.
    """
    make_folder(path.parent)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.unlink(missing_ok=True)
        with part.open("xb") as file:  # a new file, never the target of a link that somebody left here
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        publish(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def publish(part: Path, path: Path) -> None:
    """Give a finished file its name in the same folder. Its bytes must be on the disk already."""
    part.rename(path)
    _sync(path.parent)


def sweep(folder: Path) -> None:
    """Remove what :func:`write` left in ``folder`` when its process was killed. No other process may write there."""
    for part in folder.glob(".*.part"):
        part.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def check_regular(path: Path, *, write: bool = False) -> bool:
    """Whether ``path`` exists. If it does, it must be a regular file: not a link, a pipe or a device.

    Args:
        path: the file.
        write: whether it is to be written to. Then it must have no other name, as a hard link has: what is written
            would change a file elsewhere.

    Raises:
        OSError: it is something else, or cannot be looked at.
    """
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False
    _require_regular(status, write)
    return True


def open_regular(path: Path, flags: int) -> int:
    """Open a regular file and return its descriptor. Links are not followed, and a pipe is not waited for.

    Raises:
        OSError: it is a link, a pipe or a device, is opened for writing and has another name, or cannot be opened.
    """
    try:
        number = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(error.errno, _IRREGULAR) from error
        raise
    try:
        _require_regular(os.fstat(number), bool(flags & (os.O_WRONLY | os.O_RDWR)))
    except BaseException:
        os.close(number)
        raise
    return number


def read(path: Path, limit: int) -> bytes:
    """The content of a regular file of at most ``limit`` bytes; see :func:`open_regular`.

    Raises:
        OSError: it is larger, or cannot be read.
    """
    with open(open_regular(path, os.O_RDONLY), "rb") as file:
        if os.fstat(file.fileno()).st_size > limit:
            raise OSError(errno.EFBIG, f"it has more than {limit:,} bytes")
        return file.read(limit)


_IRREGULAR = "it is a link, a pipe or a device, not a regular file"


def _require_regular(status: os.stat_result, write: bool) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, _IRREGULAR)
    if write and status.st_nlink > 1:
        raise OSError(errno.EMLINK, "it has another name (a hard link), and writing would change that file too")
