"""The course of training: what the league has as curves, in few points."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from learned_league import learn
from small_league import NOW, new_league, play

from arena.view.series import Curve, Panel, Training, smoothed, thinned, training
from leagues.records import JournalEntry, Measure
from leagues.results.payoff_table import PayoffTable
from leagues.store import open_store
from leagues.store.contract import Reader


@contextmanager
def trained(folder: Path, iterations: int) -> Iterator[Reader]:
    with new_league(folder) as store:
        learn(store, range(1, iterations + 1))
        play(store, [("main@1", "random"), ("random", "main@1")])
        store.record(
            measures=[Measure("nash_conv", "main", 1, 1000, 0.5), Measure("nash_conv", "main@1", 1, 1000, 0.4)],
            journal=[JournalEntry("snapshot", NOW, 2, 2000, "main@1")],
        )
        yield store


def panels(found: Training | None) -> dict[str, Panel]:
    assert found is not None
    return {panel.title: panel for panel in found.panels}


def points(panel: Panel) -> dict[str, list[tuple[float, float]]]:
    return {curve.name: list(zip(curve.xs, curve.ys, strict=True)) for curve in panel.curves}


def test_a_league_has_a_panel_for_all_that_it_knows(tmp_path: Path) -> None:
    with trained(tmp_path / "league", 3) as reader:
        found = training(reader, payoffs=PayoffTable.of_blocks(reader.block_scores()))
    shown = panels(found)
    assert points(shown["NashConv"]) == {"main": [(1000, 0.5)]}
    assert points(shown["score in training by role"]) == {"main": [(1000 * n, (n + 1) / (n + 3)) for n in (1, 2, 3)]}
    assert points(shown["score in training of main"]) == {
        "main@1": [(1000 * n, 0.5) for n in (1, 2, 3)],
        "random": [(1000 * n, n / (n + 1)) for n in (1, 2, 3)],
    }
    assert points(shown["entropy"])["main"] == [(1000 * n, 2 / n) for n in (1, 2, 3)]
    assert points(shown["plies per game"]) == {"": [(2000, 9.0), (3000, 9.0)]}
    assert points(shown["seconds by stage"]).keys() == {"sampling", "learning"}
    assert points(shown["memory in GiB"]) == {"process": [(1000 * n, 1.0) for n in (1, 2, 3)]}
    assert points(shown["CPU in %"])[""][0] == (1000, 25.0)
    assert points(shown["steps per second"])[""] == [(1000 * n, 450.0) for n in (1, 2, 3)]
    assert "score against anchors" not in shown  # there is no anchor
    assert found is not None
    assert [(each.member, each.step) for each in found.snapshots] == [("main@1", 2000)]
    assert (found.first, found.last, found.every, found.steps) == (1, 3, 1, (0.0, 3000.0))


def test_a_long_run_has_few_points_and_the_newest_is_one_of_them(tmp_path: Path) -> None:
    with trained(tmp_path / "league", 103) as reader:
        found = training(reader, most=10)
        newest = training(reader, part=0.1, most=10)
    assert found is not None
    assert found.every == 11
    steps = [x for x, _ in points(panels(found)["entropy"])["main"]]
    assert steps == [11_000 * k for k in range(1, 10)] + [103_000]
    sums = points(panels(found)["score in training of main"])["random"]
    assert [x for x, _ in sums] == steps
    assert sums[0][1] == pytest.approx(66 / 77)  # of iterations 1 to 11
    assert newest is not None
    assert (newest.first, newest.last, newest.every) == (94, 103, 1)
    assert newest.snapshots == ()
    assert len(points(panels(newest)["entropy"])["main"]) == 10
    assert "NashConv" not in panels(newest)


def test_asked_again_it_gives_the_same_as_a_new_reader(tmp_path: Path) -> None:
    with trained(tmp_path / "league", 103) as store, open_store(tmp_path / "league").reader() as kept:
        for iterations in (range(104, 105), range(105, 110), range(110, 190)):
            for part in (1.0, 0.3, 0.5):
                with open_store(tmp_path / "league").reader() as fresh:
                    assert training(kept, part=part, most=10) == training(fresh, part=part, most=10)
            learn(store, iterations)


def test_before_the_first_iteration_there_is_nothing(tmp_path: Path) -> None:
    with new_league(tmp_path / "league") as store:
        assert training(store) is None


def test_smoothing_keeps_a_constant_and_the_first_value() -> None:
    panel = Panel("loss", (Curve("main", (1, 2, 3), (4.0, 4.0, 4.0)), Curve("b", (1, 2, 3), (1.0, 3.0, 3.0))))
    constant, rising = smoothed(panel, 0.5).curves
    assert constant.ys == pytest.approx((4, 4, 4))
    assert rising.ys[0] == 1
    assert 1 < rising.ys[1] < rising.ys[2] < 3
    assert smoothed(panel, 0.0) is panel


def test_thinning_gives_means_of_neighbours() -> None:
    curve = Curve("main", (1, 2, 3, 4, 5), (1.0, 3.0, 5.0, 7.0, 9.0), (math.nan,) * 5, (math.nan,) * 5)
    thin = thinned(curve, 3)
    assert (thin.xs, thin.ys, thin.lows) == ((1.5, 3.5, 5), (2.0, 6.0, 9.0), ())
    assert thinned(curve, 5) is curve
