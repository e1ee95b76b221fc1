"""Which suites there are, and running them one after the other."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any

SUITES = {
    "sampling": "making experience: stock RLlib, ours, forward passes alone, stepping alone",
    "training": "PPO end to end: stock RLlib, Tianshou, OpenSpiel, ours; the learner against a bare loop",
    "matches": "matches between frozen members",
    "runners": "several env runners, and learning beside sampling",
    "growth": "a league from 10 to 1,000 snapshots",
    "start": "from a command to its first result",
    "accelerators": "learners and a runner on GPUs, in half precision and compiled, against one CPU process",
    "games": "our stepping against the bare engines",
}
"""Each is a module here with ``run(*, repeats, seconds) -> report``, which starts the Ray it needs."""

REPEATS, QUICK_REPEATS = 5, 1
SECONDS, QUICK_SECONDS = 5.0, 0.5
"""Of one turn."""


def run_suites(names: Iterable[str], *, repeats: int | None = None, quick: bool = False) -> dict[str, Any]:
    """Run suites by name, print as they go, write each report, and return them with the machine's description.

    Args:
        names: of :data:`SUITES`.
        repeats: turns of each side; None for the default.
        quick: take short turns, for a look. Such reports are not written, so that they replace no real ones.
    """
    from arena.training.run import prepare_process

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
