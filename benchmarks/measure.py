"""How every benchmark measures: the sides take turns, and medians, spreads and ratios of one run are reported.

A turn of each side follows a turn of every other (A-B-C-A-B-C), after each has been warmed up, so that a busy moment
of the machine hits all of them. Read the ratios: absolute figures differ between machines by more than any change that
is worth making.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
LIBRARIES = ("ray", "torch", "numpy", "open_spiel", "pettingzoo")

Measure = Callable[[], float]
"""Does one turn's work and returns its figure: a rate, seconds, bytes."""

Side = AbstractContextManager[Measure]
"""Sets one side up, warms it up, gives its measure, and cleans up."""


class CannotRun(Exception):
    """A side cannot do the work here: raised while it is set up, and reported in its place. One line says why."""


def rate(work: Callable[[], int], seconds: float) -> float:
    """How much work is done per second: ``work`` is called for ``seconds`` and returns how much each call did."""
    done, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        done += work()
    return done / passed


def compare(
    title: str,
    sides: Mapping[str, Side],
    *,
    repeats: int,
    base: str | None = None,
    unit: str = "/s",
) -> dict[str, Any]:
    """Let the sides take turns; print and return each side's figures and how many times as much ``ours`` is, by turns.

    Args:
        title: what is measured.
        sides: name -> side, in the order of their turns; the last is ours.
        repeats: turns of each.
        base: the side that the others better, for how many times as much as it each of them is, in place of ours.
        unit: what the figures are in.

    A side that cannot run (:class:`CannotRun`) is reported as such and the others are compared without it.
    """
    with ExitStack() as stack:
        measures: dict[str, Measure] = {}
        rows: dict[str, dict[str, Any]] = {}
        for name, side in sides.items():
            try:
                measures[name] = stack.enter_context(side)
            except CannotRun as reason:
                rows[name] = {"cannot_run": str(reason)}
        figures: dict[str, list[float]] = {name: [] for name in measures}
        # The sides share this process, and with it full collections that walk what all of them have made.
        gc.collect()
        gc.freeze()
        try:
            for _ in range(repeats):
                for name, measure in measures.items():
                    figures[name].append(measure())
        finally:
            gc.unfreeze()
    reference, key = base or list(sides)[-1], "this_over_base" if base else "ours_over_this"
    if reference not in figures:
        raise RuntimeError(f"our own side must run, but {reference!r} cannot: {rows[reference]['cannot_run']}")
    print(f"\n{title}")
    for name, row in rows.items():
        print(f"  {name:<60}cannot run: {row['cannot_run']}")
    for name, values in figures.items():
        pairs = zip(values, figures[reference], strict=True)
        ratios = sorted(this / other if base else other / this for this, other in pairs)
        median, ratio = statistics.median(values), statistics.median(ratios)
        rows[name] = {
            "median": median,
            "low": min(values),
            "high": max(values),
            key: ratio,
            f"{key}_low": ratios[0],
            f"{key}_high": ratios[-1],
        }
        times = f"{ratio:.4g} times {base or 'this'} [{ratios[0]:.4g} .. {ratios[-1]:.4g}]"
        against = "" if name == reference else f"   {'' if base else 'ours is '}{times}"
        spread = f"[{_short(min(values))} .. {_short(max(values))}]"
        print(f"  {name:<60}{_short(median):>12}{unit:<3} {spread:<24}{against}", flush=True)
    return {"title": title, "unit": unit, "base" if base else "ours": reference, "repeats": repeats, "sides": rows}


def _cpu() -> str:
    """The processor's name where the system tells it, else its kind."""
    told = Path("/proc/cpuinfo")
    names = (
        [line.partition(":")[2].strip() for line in told.read_text().splitlines() if "model name" in line]
        if told.exists()
        else []
    )
    return names[0] if names else platform.machine()


def _revision() -> str | None:
    """The commit that is measured, where this is a checkout."""
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=RESULTS.parent, capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or None


def _short(value: float) -> str:
    """Whole numbers from a thousand on, four digits below."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def machine() -> dict[str, Any]:
    """What the figures were made on: part of every report."""
    import torch

    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "gpus": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())],
        "python": platform.python_version(),
        "torch_threads": torch.get_num_threads(),
        "revision": _revision(),
        **{name: version(name) for name in LIBRARIES},
    }


def write(name: str, report: Mapping[str, Any]) -> Path:
    """Write a report beside the benchmarks, with the machine it was made on: ``results/<name>.json``."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({"machine": machine(), **report}, indent=2) + "\n")
    return path
