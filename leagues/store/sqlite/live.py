"""The running game that a process shows: ``live.json`` beside the database.

The file is no record, so it is written without the lock. It is fresh as long as the process touches it, and anybody may
have written it.
"""

from __future__ import annotations

import json
import math
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from games.contract import CHANCE, Move
from leagues.records import MATCH_KINDS
from leagues.store import files
from leagues.store.contract import FORGOTTEN, RunningGame, StoreError
from leagues.store.owner import this_process

FILE = "live.json"

MOST_BYTES = 2**18
"""Largest file. A longer game is not shown."""

_MOST_NAME = 1000
"""Most characters of a member's name."""


def show(folder: Path, game: RunningGame | None) -> None:
    """Write the file, or remove it. That of another process stays while it is fresh.

    Raises:
        StoreError: it cannot be written.
    """
    path = folder / FILE
    found = _fresh(path)
    if found is not None and found.get("process") != this_process():
        return
    data = b"" if game is None else json.dumps(_plain(game)).encode()
    try:
        if 0 < len(data) <= MOST_BYTES:
            files.write(path, data)
        elif found is not None:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{str(path)!r} cannot be written: {error.strerror}; check the disk and its rights") from error


def shown(folder: Path, seats: int) -> RunningGame | None:
    """The game in the file; None if the file is not fresh, or holds no game of so many seats."""
    found = _fresh(folder / FILE)
    try:
        return None if found is None else _game(found, seats)
    except (LookupError, TypeError, ValueError, OverflowError):
        return None


def _fresh(path: Path) -> dict[str, Any] | None:
    """What a file holds that was written a moment ago, and is a JSON object."""
    try:
        if abs(time.time() - path.lstat().st_mtime) > FORGOTTEN:
            return None
        found = json.loads(files.read(path, MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _plain(game: RunningGame) -> dict[str, Any]:
    return {
        "process": this_process(),
        "seats": game.seats,
        "seed": game.seed,
        "kind": game.kind,
        "plies": game.plies,
        "started_at": game.started_at.astimezone(UTC).isoformat(),
        "moves": game.history,
    }


def _game(found: dict[str, Any], seats: int) -> RunningGame:
    """What a file holds as a game.

    Raises:
        LookupError, TypeError, ValueError, OverflowError: it is none.
    """
    names, kind = found["seats"], found["kind"]
    if len(names) != seats or kind not in MATCH_KINDS:
        raise ValueError("no game of this league")
    if not all(isinstance(name, str) and len(name) <= _MOST_NAME for name in names):
        raise ValueError("no names")
    return RunningGame(
        seats=tuple(names),
        seed=_number(found["seed"], 0, 2**63),
        kind=kind,
        history=tuple(_move(move, seats) for move in found["moves"]),
        plies=_number(found["plies"], 0, len(found["moves"]) + 1),
        started_at=datetime.fromisoformat(found["started_at"]).astimezone(UTC),
    )


def _move(move: Any, seats: int) -> Move:
    player, action = move
    player = _number(player, CHANCE, seats)
    if not isinstance(action, list):
        return player, _number(action, 0, 2**63)
    if not all(isinstance(part, float) and math.isfinite(part) for part in action):
        raise ValueError("no continuous action")
    return player, tuple(action)


def _number(value: Any, least: int, end: int) -> int:
    if type(value) is not int or not least <= value < end:
        raise ValueError(f"no number from {least} to below {end}")
    return value
