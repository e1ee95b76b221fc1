"""How every benchmark measures: the sides take turns, and one run reports medians, spreads and ratios.

Each side is warmed up. Then the sides take turns (A-B-C-A-B-C), so that a busy moment of the machine hits all of them.
Read the ratios: absolute figures differ between machines by more than any change worth making.
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
"""Does the work of one turn and returns its figure: a rate, seconds or bytes."""

Side = AbstractContextManager[Measure]
"""Sets up and warms up one side, yields its measure, and cleans up."""


class CannotRun(Exception):
    """A side cannot run on this machine. Raised while the side is set up; the report shows the one-line reason."""


def rate(work: Callable[[], int], seconds: float) -> float:
    """Work done per second: call ``work`` for ``seconds`` and add up what it returns."""
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
    """Let the sides take turns; print and return the figures of each side and its ratio to ours, taken turn by turn.

    Args:
        title: what is measured.
        sides: name -> side, in the order of their turns; the last is ours.
        repeats: turns of each side.
        base: the side to compare with instead of ours; the ratios are then "this over base", not "ours over this".
        unit: unit of the figures.

    A side that raises :class:`CannotRun` is reported as such, and the others are compared without it.
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
        # The sides share this process. Without this, each full collection would walk the objects of all sides.
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
    """The processor's name if the system reports it, otherwise its architecture."""
    info = Path("/proc/cpuinfo")
    names = (
        [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        if info.exists()
        else []
    )
    return names[0] if names else platform.machine()


def _revision() -> str | None:
    """The measured commit, or None outside a git checkout."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=RESULTS.parent, capture_output=True, text=True, check=False
    )
    return described.stdout.strip() or None


def _short(value: float) -> str:
    """``value`` as text: whole numbers from 1,000 on, four significant digits below."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def machine() -> dict[str, Any]:
    """A description of this machine, which is part of every report."""
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
    """Write a report and a description of the machine to ``results/<name>.json`` beside this file."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({"machine": machine(), **report}, indent=2) + "\n")
    return path
