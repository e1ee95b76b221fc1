"""``arena watch`` in a real terminal, beside a training that goes on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from terminal import terminal, tmux

from leagues.store import open_store

pytestmark = pytest.mark.slow

TERMINALS: list[Any] = [terminal, *([tmux] if shutil.which("tmux") else [])]

PATIENCE = 300.0
"""Seconds for what takes a few on an idle machine."""

GONE_ON = 3
"""Iterations after which a training goes on for everybody to see."""


def arena(*words: object) -> str:
    """The code that runs ``arena``."""
    return f"import sys; from arena.cli.app import run; sys.exit(run({[str(word) for word in words]!r}))"


@pytest.fixture
def training(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A training into the folder ``league``."""
    command = arena("train", "tic_tac_toe", "--league", tmp_path / "league", "--steps", 10**9, "--env-runners", 0)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-c", command], env=environment, stdout=log, stderr=log)
    yield process
    process.kill()
    process.wait()


def iteration(folder: Path) -> int:
    """The newest iteration of the league."""
    with open_store(folder).reader() as reader:
        newest = reader.progress()
    return 0 if newest is None else newest.iteration


@pytest.mark.parametrize("open_terminal", TERMINALS, ids=lambda made: made.__name__)
def test_a_person_watches_a_training_from_before_its_start_to_its_end(
    open_terminal: Any, training: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "league"
    with open_terminal(arena("watch", folder), columns=120, rows=40) as screen:
        screen.see(lambda text: "tic_tac_toe" in text and "training" in text and "iteration" in text, PATIENCE)
        seen = iteration(folder)
        screen.see(lambda text: any(f"iteration {seen + more}" in text for more in range(GONE_ON, 200)), PATIENCE)
        for key, shown in (
            ("2", " order "),
            ("4", " window "),
            ("5", " start"),
            ("6", " generation "),
            ("3", " seed "),  # a match is read
        ):
            screen.type(key)
            screen.see(lambda text, shown=shown: shown in text, PATIENCE)
        screen.type("f")
        screen.see(lambda text: "following" in text, PATIENCE)
        screen.type("\r")
        screen.see(lambda text: "the start" in text, PATIENCE)
        screen.type("lll")
        screen.see(lambda text: " 3/" in text, PATIENCE)
        screen.type("1")
        training.send_signal(signal.SIGINT)
        screen.see(lambda text: "stopped" in text.splitlines()[0], PATIENCE)
        assert training.wait(PATIENCE) == 0
        assert "1049" in screen.modes
        screen.type("q")
        screen.end(PATIENCE)
        assert "1049" not in screen.modes
