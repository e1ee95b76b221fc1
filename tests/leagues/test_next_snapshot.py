"""How far learners are on their way to the next snapshot, from the stored state of a league."""

from __future__ import annotations

from typing import Any

import pytest
from league_play import EXPLOITER, beat, league_of
from leaguekit import MAIN, RANDOM, snapshot

from leagues.league import League
from leagues.next_snapshot import NextSnapshot, next_snapshots
from leagues.records import LeagueError, Member

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
    assert (main.steps, main.hardest, oracle.hardest) == (0, None, None)
    assert oracle.max_steps > 0
    assert response.max_steps == 0  # only the end of the run makes a snapshot


def test_a_role_that_is_not_known_here_is_left_out() -> None:
    members = [Member("x", "learner", "of_my_own"), MAIN, RANDOM]
    assert [way.learner for way in next_snapshots(league_of(MAIN, RANDOM).settings, members, {})] == ["main"]


def test_a_damaged_state_is_an_error() -> None:
    with pytest.raises(LeagueError, match="cannot be read"):
        next_snapshots(league_of(MAIN, RANDOM).settings, [MAIN, RANDOM], {"payoffs": {"main": {"random": [7, 1]}}})
