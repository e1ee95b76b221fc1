"""How this process signs what it writes to a league: who runs it, where, and its number."""

from __future__ import annotations

import getpass
import os
import socket

MOST_CHARACTERS = 200
"""Most characters of a signature."""


def this_process() -> str:
    """This process as ``user@host:pid``, in printable characters without spaces."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user that no list has
        user = str(os.getuid())
    name = "".join(c if c.isprintable() and not c.isspace() else "?" for c in f"{user}@{socket.gethostname()}")
    return f"{name[: MOST_CHARACTERS - 20]}:{os.getpid()}"


def is_gone(signature: str) -> bool:
    """Whether a process that has signed on this machine is not here. Its number may belong to another one by now, and a
    container has a list of processes of its own."""
    place, _, number = signature.rpartition(":")
    if place != this_process().rpartition(":")[0] or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:  # somebody else's
        return False
    return False
