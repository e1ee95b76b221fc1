"""The qualities of past selves: known values, what a league keeps of them, and what they lead to."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from league_play import EXPLOITER, MODULES, beat, faced, generator, league_of
from leaguekit import MAIN, RANDOM, snapshot

from leagues.league import League
from leagues.opponents import find_sampler
from leagues.opponents.openai_five import SPREAD, updated
from leagues.records import LeagueError, Tally
from leagues.settings import LeagueSettings

SHAPE: dict[str, Any] = {"num_seats": 2, "agent_ids": ("player_0", "player_1")}
MIX = {"latest": 0.8, "openai_five": 0.2}


def test_a_quality_falls_with_each_win_by_less_the_more_likely_the_opponent_is() -> None:
    # p = (0.8, 0.2) and N = 2: one win costs rate / 1.6 or rate / 0.4.
    before = {"a": 0.0, "b": float(-np.log(4))}
    assert updated(before, ["a", "b"], {"a": 1}, 0.01)["b"] - updated(before, ["a", "b"], {"a": 1}, 0.01)[
        "a"
    ] == pytest.approx(-np.log(4) + 0.01 / 1.6)
    after = updated(before, ["a", "b"], {"b": 2}, 0.01)
    assert after == pytest.approx({"a": 0, "b": -np.log(4) - 2 * 0.01 / 0.4})


def test_a_newcomer_gets_the_highest_quality() -> None:
    after = updated({"a": -1.0, "b": 0.0}, ["a", "b", "c"], {}, 0.01)
    assert after == {"a": -1.0, "b": 0.0, "c": 0.0}
    assert updated({}, ["a"], {"a": 10**9}, 0.01) == {"a": 0.0}


@settings(deadline=None)
@given(
    wins=st.lists(st.dictionaries(st.sampled_from("abcdz"), st.floats(0, 1e9)), max_size=10), rate=st.floats(1e-6, 1)
)
def test_no_opponent_is_ever_more_than_100_times_as_likely_as_another(
    wins: list[dict[str, float]], rate: float
) -> None:
    qualities: dict[str, float] = {}
    for each in wins:
        qualities = updated(qualities, list("abcd"), each, rate)
        assert qualities.keys() == set("abcd")
        assert max(qualities.values()) == 0
        assert min(qualities.values()) >= -SPREAD


def test_opponents_that_lose_equally_often_stay_equally_likely_however_often_they_are_met() -> None:
    before = {"a": 0.0, "b": -1.0, "c": -2.0}
    p = np.exp([0.0, -1.0, -2.0])
    p /= p.sum()
    after = updated(before, list("abc"), dict(zip("abc", 1000 * 0.7 * p, strict=True)), 0.0001)
    assert after == pytest.approx(before)


def test_a_league_meets_those_most_that_its_learner_does_not_beat() -> None:
    league = league_of(MAIN, RANDOM, *(snapshot(k) for k in range(1, 4)), opponents=MIX, quality_rate=0.01)
    for _ in range(20):
        for name, wins in (("random", 9), ("main@1", 8), ("main@2", 5), ("main@3", 1)):
            beat(league, "main", name, wins, 10 - wins)
    found = find_sampler("openai_five")(league.view("main"), ["random", "main@1", "main@2", "main@3"])
    assert list(found) == sorted(found)
    met = faced(league, n=10_000)
    assert met["main"] / met.total() == pytest.approx(0.8, abs=0.03)
    assert met["main@3"] > met["main@2"] > met["random"]
    league.snapshot("main", "ab" * 32, 1, MODULES)
    four = find_sampler("openai_five")(league.view("main"), ["main@3", "main@4"])
    assert four == pytest.approx([0.5, 0.5], abs=0.01)


def test_qualities_are_part_of_the_state_where_the_sampler_is_in_the_mix() -> None:
    assert "qualities" not in league_of(MAIN, RANDOM).state()
    league = league_of(MAIN, EXPLOITER, RANDOM, snapshot(1), opponents=MIX, quality_rate=0.01)
    beat(league, "main", "random", 30, 10)
    state = json.loads(json.dumps(league.state()))
    again = League.restore(league.settings, league.members, state, **SHAPE)
    assert again.state() == league.state()
    assert again.state()["qualities"]["main"]["random"] < 0
    assert again.ask(50, generator()) == league.ask(50, generator())
    del state["qualities"]  # as leagues of earlier versions
    assert League.restore(league.settings, league.members, state, **SHAPE).view("main").qualities == {}


def test_a_learner_with_the_weights_of_another_loses_its_qualities() -> None:
    league = league_of(MAIN, EXPLOITER, RANDOM, snapshot(1), opponents=MIX, quality_rate=0.01)
    beat(league, "main", "random", 30, 10)
    assert league.view("main").qualities["random"] < 0
    league.copied("main", "main_exploiter")
    assert league.view("main").qualities == {}


@pytest.mark.parametrize("wrong", [[], {"main": [1]}, {"main": {"random": 5.0}}, {"main": {"random": float("nan")}}])
def test_qualities_that_no_league_gave_are_refused(wrong: Any) -> None:
    league = league_of(MAIN, RANDOM, opponents=MIX)
    with pytest.raises(LeagueError, match="state of the league cannot be read"):
        League.restore(league.settings, league.members, league.state() | {"qualities": wrong}, **SHAPE)


def test_in_graded_games_a_quality_goes_by_returns() -> None:
    league = league_of(MAIN, RANDOM, snapshot(1), graded=True, opponents=MIX, quality_rate=0.01)
    # It wins most games against main@1 and loses more than it wins by them.
    league.tell([Tally("main", "main@1", 90, 0, 10, -110.0, 110.0, 4090.0)], {})
    league.tell([Tally("main", "random", 50, 0, 50, 20.0, -20.0, 1000.0)], {})
    qualities = league.view("main").qualities
    assert qualities["main@1"] > qualities["random"]


def test_the_rate_is_a_setting() -> None:
    with pytest.raises(LeagueError, match="0 < quality_rate <= 1"):
        LeagueSettings(quality_rate=0)
