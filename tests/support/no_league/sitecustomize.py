"""Hides the league from the worker nodes of ``test_cluster.py``, as if they were other machines.

Every process of such a node imports this first. Nothing under ``NO_LEAGUE`` can be opened, and every attempt is written
to ``NO_LEAGUE_LOG``.
"""

import os
import sys

FORBIDDEN, LOG = os.environ["NO_LEAGUE"], os.environ["NO_LEAGUE_LOG"]


def _log(line: str) -> None:
    with open(LOG, "a") as log:
        log.write(f"{line}\n")


def _refuse(event: str, arguments: tuple) -> None:
    for argument in arguments:
        if isinstance(argument, str | bytes | os.PathLike) and os.fsdecode(argument).startswith(FORBIDDEN):
            _log(f"touched {event} {arguments}")
            raise PermissionError(f"there is no {FORBIDDEN} on this machine")


_log(f"guarded {os.getpid()}")
sys.addaudithook(_refuse)
