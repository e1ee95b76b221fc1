"""The list of benchmark suites, and how to run them one after the other."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any

SUITES = {
    "sampling": "sampling: stock RLlib, forward passes alone, stepping alone, ours",
    "training": "PPO end to end: stock RLlib, Tianshou, OpenSpiel, ours; and the learner against a bare loop",
    "matches": "matches between frozen members",
    "runners": "several env runners, and sampling while learning",
    "growth": "a league from 10 to 1,000 snapshots",
    "watch": "how quickly the terminal UI answers, and what it costs",
    "watched": "training that somebody watches, against the same training alone, on one core",
    "start": "time from a command to its first result",
    "accelerators": "GPUs, half precision and compiled networks against one CPU process",
    "games": "our stepping against the bare engines",
}
"""Suite -> what it measures. Each suite is a module here whose ``run(*, repeats, seconds)`` returns a report and starts
Ray if it needs it."""

REPEATS, QUICK_REPEATS = 5, 1
SECONDS, QUICK_SECONDS = 5.0, 0.5
"""Length of one turn."""


def run_suites(names: Iterable[str], *, repeats: int | None = None, quick: bool = False) -> dict[str, Any]:
    """Run suites, print and write each report, and return all reports with a description of the machine.

    Args:
        names: suites of :data:`SUITES`.
        repeats: turns of each side; None for the default.
        quick: take short turns. The reports are not written, so that they do not replace real ones.
    """
    from arena.training.process import prepare_process

    prepare_process()
    import ray

    from benchmarks.measure import machine, write

    if repeats is None:
        repeats = QUICK_REPEATS if quick else REPEATS
    modules = {name: importlib.import_module(f"benchmarks.{name}") for name in names}
    reports: dict[str, Any] = {"machine": machine()}
    print(", ".join(f"{key} {value}" for key, value in reports["machine"].items()))
    for name, module in modules.items():
        print(f"\n== {name}: {SUITES[name]}", flush=True)
        try:
            reports[name] = module.run(repeats=repeats, seconds=QUICK_SECONDS if quick else SECONDS)
        finally:
            ray.shutdown()
        if not quick:
            print(f"-> {write(name, reports[name])}", flush=True)
    return reports
