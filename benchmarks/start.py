"""Time from a command to its first result: ``arena --help``, and ``arena train`` to its first finished iteration.

    python -m benchmarks start [--repeats 5] [--quick]

Each turn starts a process and measures until a person sees the result: the help, or the first iteration in the league's
folder. Another process, run once, times the parts of ``arena.training.run.train``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.measure import Measure, compare
from leagues.store import StoreError, open_store

GAME = "connect_four"
POLL_SECONDS = 0.05

PARTS = """
import json, sys, time
from pathlib import Path
began, parts = time.perf_counter(), {}

def mark(name):
    parts.setdefault(name, time.perf_counter() - began)

from arena.training import run
from arena.training.process import prepare_process
prepare_process()
mark("Ray's Python loaded")
import arena.training.config
mark("RLlib and torch loaded")
run.train(sys.argv[1], league=Path(sys.argv[2]), steps=1, on_start=lambda: mark("runner and learner built"),
          on_progress=lambda progress, standings: mark("first iteration done"), should_stop=lambda: True)
print(json.dumps(parts))
"""


def run(*, repeats: int, seconds: float) -> dict[str, Any]:
    """Measure both commands. A turn is one start, whatever ``seconds`` is."""
    compared = {
        name: compare(f"arena {name}", {f"arena {name}": each(command)}, repeats=repeats, unit=" s")
        for name, command in {
            "--help": help_shown,
            f"train {GAME}, to its first finished iteration": first_iteration,
        }.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", PARTS, GAME, f"{folder}/league"]
        parts = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    print("\nseconds since the process started: " + ", ".join(f"{name} {value:.1f}" for name, value in parts.items()))
    return compared | {"parts": parts}


@contextmanager
def each(command: Callable[[], float]) -> Iterator[Measure]:
    """Run a command once per turn, after one run that brings its files into the system's cache."""
    command()
    yield command


def help_shown() -> float:
    """Seconds of ``arena --help``."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "arena", "--help"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def first_iteration() -> float:
    """Seconds from the start of ``arena train`` until its folder has an iteration."""
    with tempfile.TemporaryDirectory() as folder:
        league = Path(folder) / "league"
        began = time.perf_counter()
        command = [sys.executable, "-m", "arena", "train", GAME, "--league", str(league), "--steps", "1"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            while not has_iterated(league):
                if process.poll() is not None:
                    raise RuntimeError(
                        f"`arena train` ended before its first iteration, with exit code {process.returncode}"
                    )
                time.sleep(POLL_SECONDS)
            taken = time.perf_counter() - began
            process.terminate()
        return taken


def has_iterated(league: Path) -> bool:
    """Whether the league in a folder has finished an iteration."""
    try:
        with open_store(league).reader() as reader:
            return reader.progress() is not None
    except StoreError:  # there is no league yet
        return False
