"""The course of training: what the league has as curves, in few points."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from learned_league import learn
from small_league import HOSTILE, NOW, new_league, play, progress

from arena.view.course.curves import Chart, smoothed
from arena.view.course.training import Training, training
from leagues.records import JournalEntry, LiveResult, Measure, Member
from leagues.results.payoff_table import PayoffTable
from leagues.store import open_store
from leagues.store.contract import Writer


@contextmanager
def trained(folder: Path, iterations: int) -> Iterator[Writer]:
    with new_league(folder) as store:
        learn(store, range(1, iterations + 1))
        play(store, [("main@1", "random"), ("random", "main@1")])
        store.record(
            measures=[Measure("nash_conv", "main", 1, 1000, 0.5), Measure("nash_conv", "main@1", 1, 1000, 0.4)],
            journal=[JournalEntry("snapshot", NOW, 2, 2000, "main@1")],
        )
        yield store


def charts(found: Training | None) -> dict[str, Chart]:
    assert found is not None
    return {chart.title: chart for chart in found.charts}


def points(chart: Chart) -> dict[str, list[tuple[int, float]]]:
    return {curve.name: [(point.step, point.value) for point in curve.points] for curve in chart.curves}


def test_a_league_has_a_chart_for_all_that_it_knows(tmp_path: Path) -> None:
    with trained(tmp_path / "league", 3) as reader:
        found = training(reader, payoffs=PayoffTable.of_blocks(reader.block_scores()))
    shown = charts(found)
    assert points(shown["NashConv of learners"]) == {"main": [(1000, 0.5)]}
    assert points(shown["Training games against frozen members"]) == {
        "main": [(1000 * n, (n + 1) / (n + 3)) for n in (1, 2, 3)]
    }
    assert points(shown["Training games of main"]) == {
        "main@1": [(1000 * n, 0.5) for n in (1, 2, 3)],
        "random": [(1000 * n, n / (n + 1)) for n in (1, 2, 3)],
    }
    assert points(shown["Entropy"])["main"] == [(1000 * n, 2 / n) for n in (1, 2, 3)]
    assert points(shown["Plies per game"]) == {"": [(2000, 9.0), (3000, 9.0)]}
    assert points(shown["Seconds by stage"]).keys() == {"sampling", "learning"}
    assert points(shown["Memory"]) == {"process": [(1000 * n, 1.0) for n in (1, 2, 3)]}
    assert points(shown["CPU"])[""][0] == (1000, 25.0)
    assert "GPU" not in shown
    assert points(shown["Speed"])["game steps"] == [(1000 * n, 450.0) for n in (1, 2, 3)]
    assert "Main learners against anchors" not in shown  # there is no anchor
    assert found is not None
    assert [(each.member, each.step) for each in found.snapshots] == [("main@1", 2000)]
    assert (found.first, found.last, found.every, found.steps) == (1, 3, 1, (0, 3000))


def test_a_run_on_a_gpu_has_its_memory_and_how_busy_it_is(tmp_path: Path) -> None:
    with trained(tmp_path / "league", 1) as writer:
        runtime = {"gpu_bytes": 2.0**31, "gpu_share": 0.75}
        writer.record(progress=replace(progress(2), agent_steps=2000, runtime=runtime))
        shown = charts(training(writer))
    assert points(shown["Memory"])["GPU"] == [(2000, 2.0)]
    assert points(shown["GPU"]) == {"": [(2000, 75.0)]}


def test_a_long_run_has_few_points_and_the_newest_is_one_of_them(tmp_path: Path) -> None:
    with trained(tmp_path / "league", 103) as reader:
        found = training(reader, most=10)
        newest = training(reader, part=0.1, most=10)
    assert found is not None
    assert found.every == 11
    steps = [x for x, _ in points(charts(found)["Entropy"])["main"]]
    assert steps == [11_000 * k for k in range(1, 10)] + [103_000]
    sums = points(charts(found)["Training games of main"])["random"]
    assert [x for x, _ in sums] == steps
    assert sums[0][1] == pytest.approx(66 / 77)  # of iterations 1 to 11
    assert newest is not None
    assert (newest.first, newest.last, newest.every) == (94, 103, 1)
    assert newest.snapshots == ()
    assert len(points(charts(newest)["Entropy"])["main"]) == 10
    assert "NashConv of learners" not in charts(newest)


def test_asked_again_it_gives_the_same_as_a_new_reader(tmp_path: Path) -> None:
    with trained(tmp_path / "league", 103) as store, open_store(tmp_path / "league").reader() as kept:
        for iterations in (range(104, 105), range(105, 110), range(110, 190)):
            for part in (1.0, 0.3, 0.5):
                with open_store(tmp_path / "league").reader() as fresh:
                    assert training(kept, part=part, most=10) == training(fresh, part=part, most=10)
            learn(store, iterations)


def test_numbers_that_no_axis_shows_are_left_out(tmp_path: Path) -> None:
    losses = (1.0, math.nan, math.inf, 2.0, -math.inf, 1e300, -1e300, 3.0)
    with new_league(tmp_path / "league") as store:
        for iteration, loss in enumerate(losses, 1):
            metrics = {"main": {"policy_loss": loss}, "other": {"policy_loss": math.nan}}
            store.record(progress=replace(progress(iteration), agent_steps=iteration, metrics=metrics))
        chart = charts(training(store))["Policy loss"]
    assert points(chart) == {"main": [(1, 1.0), (4, 2.0), (8, 3.0)]}
    assert all(map(math.isfinite, (point.value for point in smoothed(chart, 0.9).curves[0].points)))


def test_before_the_first_iteration_there_is_nothing(tmp_path: Path) -> None:
    with new_league(tmp_path / "league") as store:
        assert training(store) is None


def test_learners_that_share_a_role_are_also_added_up(tmp_path: Path) -> None:
    with new_league(tmp_path / "league") as store:
        modules = {"player_0": "m", "player_1": "m"}
        store.record(members=[Member("second", "learner", "main", modules=modules)])
        live = [LiveResult(1, "main", "random", 3, 0, 1), LiveResult(1, "second", "random", 0, 2, 2)]
        store.record(progress=replace(progress(1), agent_steps=500), live=live)
        shown = charts(training(store))
    assert points(shown["Training games against frozen members"]) == {"main": [(500, 0.75)], "second": [(500, 0.25)]}
    assert points(shown["Training games by role"]) == {"main": [(500, 0.5)]}


def test_scores_against_anchors_stand_where_the_snapshots_were_made(tmp_path: Path) -> None:
    with trained(tmp_path / "league", 3) as store:
        store.record(members=[Member(HOSTILE, "baseline", "anchor", agent="random")])
        play(store, [("main@1", HOSTILE), (HOSTILE, "main@1")] * 5, block=9)
        found = training(store, payoffs=PayoffTable.of_blocks(store.block_scores()))
    (curve,) = charts(found)["Main learners against anchors"].curves
    assert curve.name == f"against {HOSTILE}"
    assert [(point.step, point.name) for point in curve.points] == [(2000, "main@1")]
