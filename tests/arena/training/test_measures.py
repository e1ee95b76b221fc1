"""The exploitability of the learners is measured while they train."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_training import small

import arena
from arena.training.measures import fitting_interval
from games import make_game
from leagues.errors import LeagueError
from leagues.records import Measure

Build = Callable[[Any], Any]


def test_learners_are_measured_every_so_often_and_at_the_end_and_snapshots_when_they_are_made(
    build: Build, tmp_path: Path
) -> None:
    algorithm = build(small("kuhn_poker", tmp_path / "league", exploitability_every=3, games_at_end=2))
    for _ in range(5):
        algorithm.train()
    algorithm.finish()
    with arena.open_league(tmp_path / "league") as league:
        measures = league.reader.measures("nash_conv")
        snapshots = {member.id: member for member in league.members() if member.kind == "snapshot"}
    made = {measure.iteration for measure in measures if measure.member in snapshots}
    of_main = [measure for measure in measures if measure.member == "main"]
    assert {measure.iteration for measure in of_main} == {1, 4, 5} | made
    assert snapshots.keys() == {measure.member for measure in measures} - {"main"}
    for measure in measures:
        if measure.member in snapshots:
            snapshot = arena.exploitability("kuhn_poker", f"{tmp_path / 'league'}:{measure.member}")
            assert measure.value == pytest.approx(snapshot.nash_conv)
            assert measure.agent_steps == snapshots[measure.member].step
    assert 0 < of_main[0].value < 1.2  # new networks play almost uniformly, whose NashConv is 11/12
    assert of_main[-1].value != of_main[0].value


def test_small_games_are_measured_by_default_and_large_ones_are_not() -> None:
    assert fitting_interval(make_game("leduc_poker")) == 10
    assert fitting_interval(make_game("connect_four")) == 0
    config = small("kuhn_poker")
    config.validate()
    assert config.settings().evaluation.exploitability_every == 10


def test_a_game_that_is_too_large_is_refused_before_anything_is_written(build: Build, tmp_path: Path) -> None:
    with pytest.raises(LeagueError, match=r"exploitability_every=5 .*'connect_four'"):
        build(small("connect_four", tmp_path / "league", exploitability_every=5))
    assert not (tmp_path / "league").exists()


@pytest.mark.usefixtures("local_ray")
def test_a_run_reports_what_was_measured_last(tmp_path: Path) -> None:
    seen: list[list[Measure]] = []
    arena.train(
        "kuhn_poker",
        league=tmp_path / "league",
        steps=1,
        seed=1,
        changes={
            "evaluation.exploitability_every": 1,
            "evaluation.games_at_end": 0,
            "optimization.train_batch_size_per_learner": 128,
            "optimization.minibatch_size": 128,
        },
        on_measures=lambda measures: seen.append(list(measures)),
    )
    assert [(measure.name, measure.member, measure.iteration) for measure in seen[-1]] == [("nash_conv", "main", 1)]
