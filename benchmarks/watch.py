"""How quickly the terminal UI answers, and what it costs the training that it watches.

    python -m benchmarks watch [--repeats 5]
    python -m benchmarks.watch DIR [--snapshots 1000]      on a league in DIR, which is made there if it does not exist

A league of connect four with 1,000 snapshots and a million evaluation matches (:mod:`benchmarks.growing`; making it
takes about ten minutes) is opened with ``arena watch`` in a pseudo terminal of 120x40, while another process writes
iterations as a training does (:mod:`benchmarks.writing`). Measured, as a person sees it:

- *first paint*: seconds from the start of the process to the frame of the first screen, and to the league in it;
- *a key*: milliseconds from a key to the first output of its screen, for every numbered screen, when all that the key
  before has changed is drawn;
- *processor*: seconds of processor time that the UI takes in a second of watching, its rating process apart. It counts
  from some seconds after the last key on, so that it is what following the league costs.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.growing import Growing
from leagues.store import open_store

SNAPSHOTS, QUICK_SNAPSHOTS = 1000, 10
SIZE = (40, 120)
SCREENS = {"payoffs": "2", "matches": "3", "training": "4", "events": "5", "agent": "6", "leaderboard": "1"}
"""Screen -> its key. The leaderboard comes last: it is there from the start, so its key would change nothing."""
LISTS = ("leaderboard", "payoffs", "matches", "agent")
"""Screens of which this league has enough rows for the cursor to move."""
KEYS = 20
"""Presses of a key for one figure."""
QUIET = 0.3
"""Seconds without output after which a screen counts as finished."""
ITERATION = 0.5
"""Seconds between two iterations of the process that writes."""
STEADY = 8.0
"""Seconds after which the answers to a key do not count any more."""


class Terminal:
    """``arena watch`` in a pseudo terminal."""

    def __init__(self, league: Path) -> None:
        self.began = time.perf_counter()
        self._mine, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "arena", "watch", str(league)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        )
        os.close(theirs)

    def seconds_until(self, text: str, *, limit: float = 120.0) -> float:
        """Seconds from the start until ``text`` has been written."""
        seen = b""
        while text.encode() not in seen:
            if time.perf_counter() - self.began > limit:
                raise RuntimeError(f"{text!r} was not written in {limit:.0f} s")
            seen += self._read(limit)
        return time.perf_counter() - self.began

    def settle(self, limit: float = 60.0) -> None:
        """Wait until nothing is written for :data:`QUIET`, at most ``limit`` seconds."""
        end = time.perf_counter() + limit
        while time.perf_counter() < end and select.select([self._mine], [], [], QUIET)[0]:
            os.read(self._mine, 2**16)

    def read(self, seconds: float) -> None:
        """Take what is written, as a terminal does, for so many seconds."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            self.settle(0.5)

    def press(self, key: str) -> float:
        """Press a key once nothing is written any more; return the milliseconds until something is written."""
        self.settle()
        began = time.perf_counter()
        os.write(self._mine, key.encode())
        self._read(10.0)
        return 1000 * (time.perf_counter() - began)

    @property
    def process_id(self) -> int:
        """The ID of the process."""
        return self._process.pid

    @property
    def output(self) -> int:
        """Where its output can be read."""
        return self._mine

    def processor_seconds(self) -> float:
        """Processor time of the process so far."""
        return processor_seconds(self._process.pid)

    def close(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._mine)

    def _read(self, limit: float) -> bytes:
        if not select.select([self._mine], [], [], limit)[0]:
            raise RuntimeError(f"nothing was written for {limit:.0f} s")
        return os.read(self._mine, 2**16)


def processor_seconds(process_id: int) -> float:
    """Processor time that the threads of a process have taken so far."""
    threads = Path(f"/proc/{process_id}/task").iterdir()
    return sum(int((each / "schedstat").read_text().split()[0]) for each in threads) / 1e9


def run(*, repeats: int, seconds: float) -> dict[str, Any]:
    """Measure on a new league. Short turns take a league of :data:`QUICK_SNAPSHOTS`."""
    with tempfile.TemporaryDirectory() as folder:
        snapshots = SNAPSHOTS if seconds >= 1 else QUICK_SNAPSHOTS
        make_league(Path(folder) / "league", snapshots)
        return measured(Path(folder) / "league", repeats=repeats, seconds=seconds)


def make_league(folder: Path, snapshots: int) -> None:
    """Make the league that is watched."""
    from benchmarks.growth import config

    growing = Growing(folder, config(None).settings().to_dict())
    for size in sorted({*range(100, snapshots, 100), snapshots}):
        growing.grow(size)


def measured(league: Path, *, repeats: int, seconds: float) -> dict[str, Any]:
    """The figures of a league, printed and returned."""
    with open_store(league).reader() as reader:
        game, matches, members = reader.info().game, reader.count_matches(), len(reader.members())
    print(f"{members:,} members, {matches:,} matches, {SIZE[1]}x{SIZE[0]}, while another process writes")
    figures: dict[str, list[float]] = {}
    with _writing(league):
        for _ in range(repeats):
            for name, text in (("first paint, s", "Leaderboard"), ("league on the screen, s", game)):
                with watching(league) as terminal:
                    figures.setdefault(name, []).append(terminal.seconds_until(text))
        with watching(league) as terminal:
            terminal.seconds_until("Elo")  # the league has been rated
            terminal.settle(20)
            for name, key in SCREENS.items():
                figures[f"to {name}, ms"] = [terminal.press(key)]
                terminal.settle(10)
                if name in LISTS:
                    moves = figures.setdefault(f"a key in {name}, ms", [])
                    for key in "jjjkkjjkkk" * (KEYS // 10):
                        moves.append(terminal.press(key))
                terminal.read(min(STEADY, 2 * seconds))
                spent, began = terminal.processor_seconds(), time.perf_counter()
                terminal.read(max(2.0, 8 * seconds))
                used = terminal.processor_seconds() - spent
                figures[f"processor while showing {name}, s/s"] = [used / (time.perf_counter() - began)]
    report = {}
    for name, values in figures.items():
        report[name] = {"median": statistics.median(values), "low": min(values), "high": max(values)}
        print(f"  {name:<44} {statistics.median(values):8.3g}  [{min(values):.3g} .. {max(values):.3g}]", flush=True)
    return {"title": "watch", "members": members, "matches": matches, "figures": report}


@contextmanager
def watching(league: Path) -> Iterator[Terminal]:
    terminal = Terminal(league)
    try:
        yield terminal
    finally:
        terminal.close()


@contextmanager
def _writing(league: Path) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.writing", str(league), str(ITERATION)])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("league", type=Path)
    parser.add_argument("--snapshots", type=int, default=SNAPSHOTS)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    if not open_store(options.league).exists():
        make_league(options.league, options.snapshots)
    measured(options.league, repeats=options.repeats, seconds=5.0)


if __name__ == "__main__":
    main()
