"""Sampling and matches of this tree against those of another tree, such as a clone of an older commit.

    python -m benchmarks.against OTHER [--turns 40] [--only matches]

Each tree has a process of its own, and they take turns with equal work: A B B A. The unit is agent steps, or moves of
matches, per second of *processor time* on one thread, because on a shared machine the wall-clock says little.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

CASES = (
    ("connect_four", 512),
    ("leduc_poker", 512),
    ("goofspiel", 512),
    ("backgammon", 256),
    ("pettingzoo:rps_v2", 256),
)
"""Games to sample, with their tables. A turn is one call that asks for :data:`STEPS` steps per table."""

STEPS = 16

MATCHES = ((64, 400), (512, 1200))
"""Tables of matches, and games of a turn."""


def compare(other: Path, turns: int, only: str) -> None:
    """Print the median of each tree, the median ratio of neighbouring turns, and its quartiles."""
    processes = {name: _start(tree) for name, tree in (("other", other), ("this", Path(__file__).parents[1]))}
    sides = [_answer(process) for process in processes.values()].pop()
    for side in (side for side in sides if only in side):
        speeds: dict[str, list[float]] = {name: [] for name in processes}
        for turn in range(turns):
            for name in list(processes)[:: -1 if turn % 2 else 1]:
                print(side, file=processes[name].stdin, flush=True)
                speeds[name].append(_answer(processes[name]))
        ratios = [this / before for this, before in zip(speeds["this"], speeds["other"], strict=True)]
        low, _, high = quantiles(ratios, n=4)
        print(
            f"{side:28} other {median(speeds['other']):9,.0f}  this {median(speeds['this']):9,.0f}  "
            f"this over other {median(ratios):.3f} ({low:.3f} .. {high:.3f})",
            flush=True,
        )
    for process in processes.values():
        process.communicate()


def _start(tree: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", __file__, "--serve"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree.resolve()), "OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _answer(process: subprocess.Popen[str]) -> Any:
    """The next line of JSON; libraries may print other lines."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("JSON "):
            return json.loads(line[5:])
    raise RuntimeError("a tree's process has ended")


def serve() -> None:
    """Measure the side that each line of the input names, in the tree that is on the path."""
    time.perf_counter = time.process_time  # what the benchmarks measure with
    import ray

    from arena.training.process import prepare_process

    prepare_process()
    ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False, num_cpus=1)
    with ExitStack() as stack:
        sides = _sides(stack)
        gc.collect()
        gc.freeze()
        print("JSON", json.dumps(list(sides)), flush=True)
        for line in sys.stdin:
            print("JSON", sides[line.strip()](), flush=True)


def _sides(stack: ExitStack) -> Mapping[str, Callable[[], float]]:
    from arena.play.matches import play_pairings, rotated_pairings
    from benchmarks.matches import policy
    from benchmarks.sampling import Case, ours
    from games import make_game

    sides = {
        f"sampling {spec}": stack.enter_context(ours(Case(spec, n, STEPS * n), seconds=1e-3))  # one call
        for spec, n in CASES
    }
    game, agents = make_game("connect_four"), {"first": policy(1), "second": policy(2)}

    def play(tables: int, games: int) -> float:
        pairings, began = rotated_pairings(list(agents), games=games, seed=0), time.perf_counter()
        moves = sum(match.plies for match in play_pairings(game, pairings, agents, tables=tables))
        return moves / (time.perf_counter() - began)

    for tables, games in MATCHES:
        play(tables, games)
        sides[f"matches, {tables} tables"] = partial(play, tables, games)
    return sides


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("other", nargs="?", type=Path, help="the other tree")
    parser.add_argument("--turns", type=int, default=40)
    parser.add_argument("--only", default="", metavar="WORD", help="only the sides with this word in their name")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve()
    elif given.other is None:
        parser.error("name the other tree")
    else:
        compare(given.other, given.turns, given.only)
