"""Which suites there are, and running them one after the other."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any

from arena.training.run import prepare_process

SUITES = {
    "sampling": "making experience: stock RLlib, ours, forward passes alone, stepping alone",
    "training": "PPO end to end: stock RLlib, Tianshou, OpenSpiel, ours; the learner against a bare loop",
    "matches": "matches between frozen members",
    "runners": "several env runners, and learning beside sampling",
    "growth": "a league from 10 to 1,000 snapshots",
    "start": "from the command to its first result",
    "games": "our stepping against the bare engines",
}
REPEATS = 5
SECONDS, QUICK_SECONDS = 5.0, 0.5
"""Of one turn."""


def run_suites(names: Iterable[str], *, repeats: int = REPEATS, quick: bool = False) -> dict[str, dict[str, Any]]:
    """Run suites by name, print as they go, write each report, and return them with the machine's description."""
    prepare_process()
    import ray

    from benchmarks.measure import machine, write

    reports: dict[str, dict[str, Any]] = {}
    for name in names:
        suite = importlib.import_module(f"benchmarks.{name}")
        print(f"\n== {name}: {SUITES[name]}", flush=True)
        print(", ".join(f"{key} {value}" for key, value in machine().items()))
        try:
            reports[name] = suite.run(repeats=repeats, seconds=QUICK_SECONDS if quick else SECONDS)
        finally:
            ray.shutdown()  # each suite starts the Ray it needs
        print(f"-> {write(name, reports[name])}", flush=True)
    return reports
