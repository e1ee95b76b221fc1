"""When a league asks for a sequential test before it freezes a learner."""

from __future__ import annotations

import json
from typing import Any

import pytest
from league_play import EXPLOITER, MODULES, beat, league_of
from leaguekit import MAIN, RANDOM, snapshot

from leagues.league import League
from leagues.records import LeagueError, Member
from leagues.settings import LeagueSettings

STEPS = {"snapshot_min_steps": 100, "snapshot_max_steps": 400}


def gated(*members: Member, **settings: Any) -> League:
    return league_of(*members, gate="sprt", **STEPS | settings)


def train(league: League, steps: int, learner: str = "main") -> list[str]:
    """Train for some steps; returns who is due then."""
    league.tell([], {learner: steps})
    return list(league.due())


def test_with_the_gate_a_learner_is_due_by_steps_and_has_to_beat_its_newest_snapshot() -> None:
    league = gated(MAIN, RANDOM, snapshot(1), snapshot(2))
    assert train(league, 99) == []
    assert train(league, 1) == ["main"], "no score in training is needed"
    assert league.gated_by("main") == "main@2"


def test_a_learner_that_fails_is_due_again_after_half_of_the_least_steps() -> None:
    league = gated(MAIN, RANDOM, snapshot(1))
    train(league, 120)
    league.gate_failed("main")
    assert train(league, 49) == []
    assert train(league, 1) == ["main"]
    league.snapshot("main", "ab" * 32, 170, MODULES)
    assert train(league, 100) == ["main"], "a snapshot lets it begin anew"
    assert league.gated_by("main") == "main@2"


def test_after_the_most_steps_it_is_frozen_without_a_test() -> None:
    league = gated(MAIN, RANDOM, snapshot(1))
    train(league, 399)
    league.gate_failed("main")
    assert train(league, 1) == ["main"]
    assert league.gated_by("main") is None


def test_without_a_snapshot_to_beat_the_score_decides() -> None:
    league = gated(MAIN, RANDOM)
    assert train(league, 200) == []
    beat(league, "main", "random", 100)
    assert list(league.due()) == ["main"]
    assert league.gated_by("main") is None


def test_learners_that_start_over_go_by_their_score() -> None:
    league = gated(MAIN, EXPLOITER, RANDOM, snapshot(1), snapshot(1, "main_exploiter"))
    assert train(league, 200, "main_exploiter") == []
    beat(league, "main_exploiter", "main", 100)
    assert list(league.due()) == ["main_exploiter"]
    assert league.gated_by("main_exploiter") is None


def test_without_the_gate_nothing_is_tested() -> None:
    league = league_of(MAIN, RANDOM, snapshot(1), **STEPS)
    assert train(league, 200) == []
    beat(league, "main", "random", 100)
    beat(league, "main", "main@1", 100)
    assert list(league.due()) == ["main"]
    assert league.gated_by("main") is None


def test_a_restored_league_waits_as_long() -> None:
    league = gated(MAIN, RANDOM, snapshot(1))
    train(league, 120)
    league.gate_failed("main")
    state = json.loads(json.dumps(league.state()))
    shape: dict[str, Any] = {"num_seats": 2, "agent_ids": ("player_0", "player_1")}
    restored = League.restore(league.settings, league.members, state, **shape)
    assert train(restored, 49) == []
    assert train(restored, 1) == ["main"]
    with pytest.raises(LeagueError):
        League.restore(league.settings, league.members, state | {"gate": {"stranger": 1}}, **shape)


@pytest.mark.parametrize("change", [{"gate": "elo"}, {"gate_elo": 0}, {"gate_games": 0}])
def test_wrong_settings_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(LeagueError, match="must hold"):
        LeagueSettings(**change)
