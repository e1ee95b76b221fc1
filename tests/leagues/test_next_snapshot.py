"""How far learners are on their way to the next snapshot, from the stored state of a league."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from league_play import EXPLOITER, MODULES, beat, league_of
from leaguekit import MAIN, RANDOM, snapshot

from leagues.league import League
from leagues.next_snapshot import NextSnapshot, next_snapshots
from leagues.records import LeagueError, Member

FIRST = Member("first", "baseline", "baseline", agent="first")
STEPS = {"snapshot_min_steps": 100, "snapshot_max_steps": 1000}


def ways(league: League) -> list[NextSnapshot]:
    return next_snapshots(league.settings, league.members, league.state())


def trained(*members: Member, **settings: Any) -> League:
    league: League = league_of(*members, **{**STEPS, **settings})
    league.tell([], {"main": 150})
    return league


def test_the_opponent_that_keeps_a_learner_most_is_the_one_it_scores_least_against() -> None:
    league = trained(MAIN, RANDOM, snapshot(1), snapshot(2))
    beat(league, "main", "random", 60, 20)
    beat(league, "main", "main@1", 30, 30)
    beat(league, "main", "main@2", 35, 30)
    (way,) = ways(league)
    assert (way.learner, way.generation, way.steps, way.min_steps, way.max_steps) == ("main", 3, 150, 100, 1000)
    assert (way.hardest, way.needed_score) == ("main@1", 0.7)
    assert way.score == pytest.approx(0.5)
    assert (way.beaten, way.counted) == (1, 3)
    assert not league.due()


def test_nothing_keeps_it_more_than_the_newest_snapshot_that_it_has_to_meet() -> None:
    league = trained(MAIN, RANDOM, snapshot(1), snapshot(2))
    beat(league, "main", "main@1", 5, 95)
    beat(league, "main", "main@2", 9, 1)
    (way,) = ways(league)
    assert (way.hardest, way.needed_games) == ("main@2", 20)
    assert way.games == pytest.approx(10, abs=0.6)


def test_who_beats_all_of_them_is_due() -> None:
    league = trained(MAIN, RANDOM, snapshot(1))
    beat(league, "main", "random", 90, 10)
    beat(league, "main", "main@1", 90, 20)
    (way,) = ways(league)
    assert way.beaten == way.counted == 2
    assert way.hardest == "main@1"
    assert league.due()


def test_a_gate_names_the_snapshot_to_be_beaten_in_its_test() -> None:
    (way,) = ways(trained(MAIN, RANDOM, snapshot(1), gate="sprt"))
    assert (way.gate, way.hardest) == ("main@1", None)
    (first,) = ways(trained(MAIN, RANDOM, gate="sprt"))
    assert first.gate is None


def test_an_exploiter_has_to_beat_the_live_main_and_has_steps_of_its_own() -> None:
    league = trained(MAIN, EXPLOITER, RANDOM, role_max_steps={"main_exploiter": 500})
    beat(league, "main_exploiter", "main", 40, 40)
    _, way = ways(league)
    assert (way.learner, way.hardest, way.max_steps) == ("main_exploiter", "main", 500)
    assert way.score == pytest.approx(0.5)


def test_before_training_and_for_roles_without_hurdles_only_steps_count() -> None:
    members = [MAIN, RANDOM, Member("oracle", "learner", "oracle"), Member("br", "learner", "best_response")]
    main, oracle, response = next_snapshots(league_of(MAIN, RANDOM).settings, members, {})
    assert (main.steps, main.hardest, main.games, oracle.hardest) == (0, "random", 0, None)
    assert oracle.min_steps == oracle.max_steps > 0
    assert response.max_steps == 0  # only the end of the run makes a snapshot


def test_before_any_opponent_counts_it_is_the_one_it_has_met_most() -> None:
    league = trained(MAIN, RANDOM, FIRST)
    beat(league, "main", "first", 5, 5)
    (way,) = ways(league)
    assert (way.hardest, way.needed_games, way.min_steps) == ("first", 20, 100)
    assert not league.due()


@pytest.mark.parametrize("members", [(MAIN, RANDOM), (MAIN, RANDOM, snapshot(1), snapshot(2))])
def test_in_pure_self_play_only_steps_count(members: Sequence[Member]) -> None:
    league = trained(*members, opponents={"latest": 1.0})
    (way,) = ways(league)
    assert (way.hardest, way.counted, way.min_steps, way.max_steps) == (None, 0, 1000, 1000)
    league.tell([], {"main": 849})
    assert not league.due()
    league.tell([], {"main": 1})
    assert league.due() == {"main": "max_steps"}


def test_a_newest_snapshot_that_is_never_met_leaves_only_steps_whoever_else_is_met() -> None:
    league = trained(MAIN, RANDOM, snapshot(1), opponents={"latest": 1.0})
    beat(league, "main", "random", 60, 0)
    (way,) = ways(league)
    assert (way.hardest, way.min_steps) == (None, 1000)


def test_a_sampler_that_is_not_known_here_may_meet_anybody() -> None:
    league = trained(MAIN, RANDOM, snapshot(1))
    settings = replace(league.settings, opponents={"of_my_own": 1.0})
    (way,) = next_snapshots(settings, league.members, league.state())
    assert (way.hardest, way.needed_games) == ("main@1", 20)


def test_a_limit_of_time_counts_from_the_newest_snapshot() -> None:
    league = trained(MAIN, RANDOM, snapshot_max_seconds=60.0)
    league.snapshot("main", "0" * 64, 150, MODULES, now=40.0)
    (way,) = next_snapshots(league.settings, league.members, league.state(), seconds=75.0)
    assert way.seconds_left == 25
    assert not league.due(99.0)
    assert league.due(100.0) == {"main": "time"}
    assert ways(trained(MAIN, RANDOM))[0].seconds_left is None


def test_a_role_that_is_not_known_here_is_left_out() -> None:
    members = [Member("x", "learner", "of_my_own"), MAIN, RANDOM]
    assert [way.learner for way in next_snapshots(league_of(MAIN, RANDOM).settings, members, {})] == ["main"]


def test_a_damaged_state_is_an_error() -> None:
    with pytest.raises(LeagueError, match="cannot be read"):
        next_snapshots(league_of(MAIN, RANDOM).settings, [MAIN, RANDOM], {"payoffs": {"main": {"random": [7, 1]}}})
