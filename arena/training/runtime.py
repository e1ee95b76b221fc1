"""What an iteration takes: seconds by stage, memory, processor and GPU. The league stores it with the progress.

| name | what |
|---|---|
| ``sampling_s`` | seconds in which training games were played, or waited for, if runners play them |
| ``evaluating_s`` | seconds in which evaluation matches and those of a gate were played or waited for |
| ``learning_s`` | seconds of the update |
| ``freezing_s`` | seconds of averaging weights, making and measuring snapshots, and starting learners over |
| ``broadcast_s`` | seconds of sending the weights to the runners |
| ``storing_s`` | seconds of storing since the iteration before, that is, of storing that one |
| ``plies_per_game`` | mean plies of the training games that ended |
| ``rss_bytes`` | memory of this process, without those of runners and remote learners; only on Linux |
| ``cpu_share`` | processor time of this process as a share of that of all cores, 0 to 1 |
| ``gpu_bytes`` | GPU memory that torch holds in this process; only if it uses a GPU |
| ``gpu_share`` | share of the newest second in which its GPUs were busy, 0 to 1; only if ``pynvml`` is installed |

A stage that was not entered is not named.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean
from typing import Literal

import torch

Stage = Literal["sampling", "evaluating", "learning", "freezing", "broadcast", "storing"]

_MEMORY = Path("/proc/self/statm")


class Runtime:
    """Measures the iterations of a run, in some microseconds each; GPUs take longer to answer."""

    def __init__(self) -> None:
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._inner = 0.0
        self._taken = time.perf_counter(), time.process_time()

    @contextmanager
    def stage(self, name: Stage) -> Iterator[None]:
        """Count the time of this block for a stage. The time of a stage inside of it counts for that one alone."""
        outer, self._inner = self._inner, 0.0
        began = time.perf_counter()
        try:
            yield
        finally:
            took = time.perf_counter() - began
            self._seconds[f"{name}_s"] += took - self._inner
            self._inner = outer + took

    def take(self) -> dict[str, float]:
        """What was measured since the last call, by the names above."""
        measured, self._seconds = dict(self._seconds), defaultdict(float)
        wall, processor = time.perf_counter(), time.process_time()
        before, self._taken = self._taken, (wall, processor)
        measured["cpu_share"] = (processor - before[1]) / ((wall - before[0]) * (os.cpu_count() or 1))
        if _MEMORY.exists():
            pages = int(_MEMORY.read_text().split()[1])
            measured["rss_bytes"] = float(pages * os.sysconf("SC_PAGE_SIZE"))
        if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
            reserved = [torch.cuda.memory_reserved(device) for device in range(torch.cuda.device_count())]
            measured["gpu_bytes"] = float(sum(reserved))
            measured |= _gpu_share([device for device, size in enumerate(reserved) if size])
        return measured


def _gpu_share(devices: Sequence[int]) -> dict[str, float]:
    """``gpu_share`` of these devices; nothing where nobody can say it."""
    try:
        from pynvml import NVMLError
    except ModuleNotFoundError:
        return {}
    try:
        shares = [torch.cuda.utilization(device) / 100 for device in devices]
    except (NVMLError, RuntimeError):  # such as of a part of a GPU (MIG), of which the driver tells none
        return {}
    return {"gpu_share": fmean(shares)} if shares else {}
