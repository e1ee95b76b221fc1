"""How much slower training is while somebody watches it.

    python -m benchmarks watched [--repeats 5]
    python -m benchmarks.watched [--pairs 10] [--seconds 20] [--screen leaderboard]

One training of connect four, with a league's default opponents and storage, is watched by ``arena watch`` in a pseudo
terminal of 120x40. In every other window of time the watcher is stopped (SIGSTOP), and goes on afterwards (SIGCONT).
Before each window the training runs a few seconds that do not count, in which the watcher does what it has put off.
A window and the one beside it are a pair; the one that comes first changes from pair to pair, so that a training that
becomes faster or slower favours neither. The figure is the ratio of their steps per second.

Training and watcher share one core, which is the worst case: what the watcher takes, the training loses. What a
terminal does with the output is left to other cores, where there are any.
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.measure import rate
from benchmarks.watch import SCREENS, Terminal, processor_seconds, watching

GAME = "connect_four"
SETTLING = 6.0
"""Seconds of training before each window, which do not count: the watcher does then what it has put off."""


def run(*, repeats: int, seconds: float) -> dict[str, Any]:
    """Measure ``2 * repeats`` pairs of windows of ``4 * seconds``, on the leaderboard."""
    return measured(pairs=2 * repeats, seconds=4 * seconds, screen="leaderboard")


def measured(*, pairs: int, seconds: float, screen: str) -> dict[str, Any]:
    """The figures, printed and returned."""
    import torch

    from arena.training.process import without_ray
    from benchmarks.configs import our_config
    from benchmarks.training import warmed_up

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with tempfile.TemporaryDirectory() as folder, _on_one_core() as others, without_ray():
            league = Path(folder) / "league"
            algorithm = warmed_up(our_config(GAME, None, self_play=False, folder=str(league)))
            gc.collect()
            gc.freeze()  # as `arena train` does

            def work() -> int:
                before = int(algorithm.session.progress.agent_steps)
                algorithm.train()
                return int(algorithm.session.progress.agent_steps) - before

            with watching(league) as terminal:
                terminal.seconds_until(GAME)
                os.write(terminal.output, SCREENS[screen].encode())
                with _emptied(terminal, others):
                    rate(work, seconds)  # until the network plays a little, games become longer
                    found = [_pair(work, terminal, seconds, watched_first=k % 2 == 0) for k in range(pairs)]
            algorithm.stop()
    finally:
        gc.unfreeze()
        torch.set_num_threads(threads)
    print(f"\n{GAME}, one core, {screen}, {pairs} pairs of windows of {seconds:g} s")
    for pair in found:
        print(
            f"  watched {pair['watched']:8,.0f}   alone {pair['alone']:8,.0f} steps/s   ratio {pair['ratio']:.4f}   "
            f"the watcher takes {100 * pair['share']:.2f}% of the core"
        )
    report: dict[str, Any] = {"title": "watched", "game": GAME, "screen": screen, "seconds": seconds, "pairs": found}
    for name in ("ratio", "share"):
        values = sorted(pair[name] for pair in found)
        report[name] = {"median": statistics.median(values), "low": values[0], "high": values[-1]}
        print(f"  {name}: {report[name]['median']:.4f} [{values[0]:.4f} .. {values[-1]:.4f}]", flush=True)
    return report


def _pair(work: Any, terminal: Terminal, seconds: float, *, watched_first: bool) -> dict[str, float]:
    """Two windows beside each other: steps per second in both, their ratio, and the watcher's share of the core."""
    found: dict[str, float] = {}
    for watched in (True, False) if watched_first else (False, True):
        _send(_family(terminal.process_id), signal.SIGCONT if watched else signal.SIGSTOP)
        rate(work, SETTLING)
        family = _family(terminal.process_id)
        spent, began = sum(map(processor_seconds, family)), time.perf_counter()
        found["watched" if watched else "alone"] = rate(work, seconds)
        if watched:
            used = sum(processor_seconds(each) for each in family if Path(f"/proc/{each}").exists()) - spent
            found["share"] = used / (time.perf_counter() - began)
    _send(_family(terminal.process_id), signal.SIGCONT)
    return found | {"ratio": found["watched"] / found["alone"]}


def _family(process_id: int) -> list[int]:
    """A process and those that it has started."""
    children: list[int] = []
    for thread in Path(f"/proc/{process_id}/task").iterdir():
        children += map(int, (thread / "children").read_text().split())
    return [process_id, *(each for child in children for each in _family(child))]


def _send(processes: list[int], number: int) -> None:
    for process in processes:
        os.kill(process, number)


@contextmanager
def _on_one_core() -> Iterator[set[int]]:
    """Keep this process, and all that it starts, on one core; yields the other cores."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield cores - {max(cores)} or cores
    finally:
        os.sched_setaffinity(0, cores)


@contextmanager
def _emptied(terminal: Terminal, cores: set[int]) -> Iterator[None]:
    """Read what the watcher writes, by a process on ``cores``."""
    with subprocess.Popen(["cat"], stdin=terminal.output, stdout=subprocess.DEVNULL) as reader:
        os.sched_setaffinity(reader.pid, cores)
        try:
            yield
        finally:
            reader.kill()


def main() -> None:
    from arena.training.process import prepare_process

    prepare_process()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=20.0, help="length of a window")
    parser.add_argument("--screen", choices=SCREENS, default="leaderboard")
    options = parser.parse_args()
    measured(pairs=options.pairs, seconds=options.seconds, screen=options.screen)


if __name__ == "__main__":
    main()
