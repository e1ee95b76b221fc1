"""A league of a game that runs in clients learns, whatever becomes of the clients."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from external_clients import PROGRAMS, free_port
from small_training import small

from arena.play.matches import play_match
from games import BrokenGameError
from games.external import clients

pytestmark = pytest.mark.slow

EXAMPLE = PROGRAMS / "external_game.py"


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Clients, which end with the test."""
    running: list[subprocess.Popen[bytes]] = []
    yield running
    for process in running:
        process.kill()
        process.wait()


def start(port: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, str(EXAMPLE), str(port)], stderr=subprocess.DEVNULL)


def test_it_learns_and_clients_may_die_and_come(build: Any, started: list[subprocess.Popen[bytes]]) -> None:
    port = free_port()
    game = f"external(observation=18,actions=9,graded=False,port={port})"
    started += [start(port), start(port)]
    algorithm = build(small(game, exploitability_every=0, opponents={"latest": 1.0}).training(lr=2e-3))
    broken = 0
    for iteration in range(25):
        broken = algorithm.train()["league"]["broken_games"]
        if iteration == 3:
            os.kill(started[0].pid, signal.SIGKILL)
            started.append(start(port))
    assert 0 < broken <= 16, "the games of the client that was killed"
    games = algorithm.session.writer.block_scores().games()
    assert games.get("main@1"), "evaluation matches are played by clients, too"
    result = play_match(game, [algorithm.snapshots.agent("main"), "random"], games=200, seed=1)
    assert result.score > 0.65, "0.5 for random play"


def test_a_league_without_clients_ends_with_an_error_soon(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "PATIENCE", 1.0)
    monkeypatch.setattr(clients, "_LEAST_WAIT", 0.01)
    port = free_port()
    with pytest.raises(BrokenGameError, match=f"no client has been at port {port} for 1 s; start one"):
        build(small(f"external(observation=18,actions=9,port={port})", exploitability_every=0)).train()
