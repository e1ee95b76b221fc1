"""Comparing sides: they take turns, and a side that cannot run is reported."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks.measure import CannotRun, Measure, compare


def test_sides_take_turns_and_one_that_cannot_run_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    turns = []

    @contextmanager
    def side(name: str, figure: float) -> Iterator[Measure]:
        def measure() -> float:
            turns.append(name)
            return figure

        yield measure

    @contextmanager
    def absent() -> Iterator[Measure]:
        raise CannotRun("not installed: pip install it")
        yield

    report = compare("speed", {"theirs": side("theirs", 2), "absent": absent(), "ours": side("ours", 5)}, repeats=2)
    assert turns == ["theirs", "ours", "theirs", "ours"]
    assert report["sides"]["theirs"]["ours_over_this"] == 2.5
    assert report["sides"]["absent"] == {"cannot_run": "not installed: pip install it"}
    assert "pip install it" in capsys.readouterr().out
    report = compare("gain", {"plain": side("plain", 2), "quick": side("quick", 5)}, repeats=2, base="plain")
    assert report["sides"]["quick"]["this_over_base"] == 2.5
    assert "2.5 times plain" in capsys.readouterr().out
