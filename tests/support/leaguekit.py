"""Small members, matches and progress rows for the tests of the leagues."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from leagues.records import Match, Member
from leagues.store import LeagueInfo, Progress, Store

NOW = datetime(2026, 11, 21, 12, 30, 15, 123456, UTC)
INFO = LeagueInfo("connect_four", ("player_0", "player_1"), 7, {"lr": 0.1, "on": [1]}, {"numpy": "2"}, NOW)
MAIN = Member("main", "learner", "main", modules={"player_0": "main", "player_1": "main"})
RANDOM = Member("random", "baseline", "baseline", agent="random")


def _bytes_of(number: int) -> bytes:
    return f"weights {number}".encode()


def weights_of(number: int) -> str:
    return hashlib.sha256(_bytes_of(number)).hexdigest()


def snapshot(generation: int, learner: str = "main") -> Member:
    role = "main" if learner == "main" else "main_exploiter"
    modules = {"player_0": "main", "player_1": "main"}
    return Member(
        f"{learner}@{generation}",
        "snapshot",
        role,
        generation,
        modules,
        weights_of(generation),
        None,
        learner,
        1000 * generation,
    )


def frozen(*names: str) -> list[Member]:
    return [Member(name, "snapshot", "main", 1, weights=weights_of(1), learner="main") for name in names]


def put_weights(store: Store, *members: Member) -> None:
    """Store the weights of snapshots, so that they can join."""
    for member in members:
        assert member.generation is not None
        assert store.weights.put(_bytes_of(member.generation)) == member.weights


def match(seats: Sequence[str] = ("main", "random"), returns: Sequence[float] = (1.0, -1.0), **changes: Any) -> Match:
    fields: dict[str, Any] = {
        "weights": (None,) * len(seats),
        "seed": 2**63 - 1,
        "event": 2,
        "block": 3,
        "kind": "training",
        "history": ((0, 3), (1, 2), (0, 3)),
        "ending": "terminated",
        "plies": 3,
        "digest": "0123456789abcdef" * 4,
        "started_at": NOW.replace(microsecond=123000),
        "duration": 0.25,
        "iteration": 4,
    }
    return Match(seats=tuple(seats), returns=tuple(returns), **fields | changes)


def progress(iteration: int, **changes: Any) -> Progress:
    fields: dict[str, Any] = {
        "agent_steps": 10 * iteration,
        "env_steps": 12 * iteration,
        "games": iteration,
        "seconds": 0.5 * iteration,
        "rate": 24.5,
        "at": NOW,
        "remaining": 60.0,
        "metrics": {"main": {"loss": 0.5}},
    }
    return Progress(iteration, **fields | changes)


def files(folder: Path) -> dict[str, bytes]:
    """The content of every file."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@contextmanager
def raw(folder: Path) -> Iterator[sqlite3.Connection]:
    """The database of a league without any check."""
    with closing(sqlite3.connect(folder / "league.db", isolation_level=None)) as connection:
        yield connection


@contextmanager
def unguarded(folder: Path) -> Iterator[sqlite3.Connection]:
    """The database of a league without the triggers that keep its records as they are; they come back at the end."""
    with raw(folder) as connection:
        triggers = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall())
        for name in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        for statement in triggers.values():
            connection.execute(statement)
