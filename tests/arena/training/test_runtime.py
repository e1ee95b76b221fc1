"""What the iterations of a run take, and that the league stores it."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from arena.training import runtime as module
from arena.training.runtime import Runtime
from leagues.store import open_store


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, and the processor time of this process, which a test sets."""
    now = [0.0, 0.0]
    monkeypatch.setattr(module.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(module.time, "process_time", lambda: now[1])
    monkeypatch.setattr(module.os, "cpu_count", lambda: 4)
    return now


def test_every_second_counts_for_one_stage(clock: list[float]) -> None:
    runtime = Runtime()
    with runtime.stage("sampling"):
        clock[0] += 1
        with runtime.stage("evaluating"):
            clock[0] += 2
        with runtime.stage("evaluating"):
            clock[0] += 4
        clock[0] += 8
    with suppress(ValueError), runtime.stage("learning"):
        clock[0] += 1
        raise ValueError("an update that fails takes time, too")
    clock[1] += 8
    taken = runtime.take()
    assert {name: value for name, value in taken.items() if name.endswith("_s")} == {
        "sampling_s": 9,
        "evaluating_s": 6,
        "learning_s": 1,
    }
    assert taken["cpu_share"] == 8 / (16 * 4)


def test_each_iteration_is_measured_by_itself(clock: list[float]) -> None:
    runtime = Runtime()
    with runtime.stage("storing"):
        clock[0] += 3
    runtime.take()
    clock[0] += 1
    assert "storing_s" not in runtime.take()


def test_the_memory_is_that_of_this_process() -> None:
    before = Runtime().take()["rss_bytes"]
    held = np.ones(300_000_000, np.uint8)  # more than earlier tests have left free
    assert Runtime().take()["rss_bytes"] > before + 40_000_000
    del held


class Nvml:
    """A ``pynvml`` of two GPUs, of which this process uses the second."""

    class NVMLError(Exception):
        """What it raises."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.busy: dict[int, int] = {0: 100, 1: 25}
        cuda = module.torch.cuda
        monkeypatch.setattr(cuda, "is_initialized", lambda: True)
        monkeypatch.setattr(cuda, "device_count", lambda: 2)
        monkeypatch.setattr(cuda, "memory_reserved", lambda device: 512 * device)
        monkeypatch.setattr(cuda, "utilization", self.utilization)
        monkeypatch.setitem(sys.modules, "pynvml", self)

    def utilization(self, device: int) -> int:
        if device not in self.busy:
            raise self.NVMLError("Not Supported")
        return self.busy[device]


def test_a_gpu_in_use_says_how_busy_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    Nvml(monkeypatch)
    taken = Runtime().take()
    assert (taken["gpu_bytes"], taken["gpu_share"]) == (512, 0.25)


def test_a_gpu_that_does_not_say_so_has_its_memory_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = Nvml(monkeypatch)
    nvml.busy.clear()
    assert {name for name in Runtime().take() if name.startswith("gpu")} == {"gpu_bytes"}


def test_without_pynvml_and_without_a_gpu_nothing_is_said_of_its_use(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any(name.startswith("gpu") for name in Runtime().take())
    Nvml(monkeypatch)
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert {name for name in Runtime().take() if name.startswith("gpu")} == {"gpu_bytes"}


@pytest.mark.slow
def test_the_league_stores_what_its_iterations_took(tmp_path: Path) -> None:
    from small_training import small

    from arena.settings import Resources
    from arena.training.run import run

    run(small("tic_tac_toe", tmp_path, games_at_end=2, seconds_at_end=0.1), Resources(), steps=3000)
    with open_store(tmp_path).reader() as reader:
        *_, before, last = reader.history()
    stages = {"sampling_s", "evaluating_s", "learning_s", "freezing_s", "broadcast_s", "storing_s"}
    assert last.runtime.keys() == stages | {"rss_bytes", "cpu_share", "plies_per_game"}
    assert 5 <= last.runtime["plies_per_game"] <= 9
    assert 0 < last.runtime["cpu_share"] <= 1
    seconds = sum(value for name, value in last.runtime.items() if name.endswith("_s") and name != "storing_s")
    assert 0 < seconds <= last.seconds - before.seconds
