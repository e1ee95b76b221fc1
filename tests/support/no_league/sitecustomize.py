"""What every process of a worker node in ``test_cluster.py`` begins with: to it, as on another machine, there is no
league. Nothing under ``NO_LEAGUE`` can be opened, and whoever tries is written down in ``NO_LEAGUE_LOG``."""

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
