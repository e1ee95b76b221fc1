"""The main learner: whom it meets and when it is frozen."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from league_play import MODULES, beat, faced, generator, league_of, score
from leaguekit import MAIN, RANDOM, snapshot

from leagues.records import Member


def test_the_mix_is_respected() -> None:
    league = league_of(MAIN, RANDOM, snapshot(1), snapshot(2), opponents={"pfsp": 0.6, "latest": 0.3, "uniform": 0.1})
    beat(league, "main", "random", 1000)
    beat(league, "main", "main@1", 1000)
    rng = generator()  # many plans, as one plan meets few opponents
    pairings = [pairing for _ in range(1000) for pairing in league.ask(20, rng)]
    met = Counter(seat for p in pairings for seat in p.seats if p.seats != ("main", "main") and seat != "main")
    assert sum(p.seats == ("main", "main") for p in pairings) / 20_000 == pytest.approx(0.3, abs=0.015)
    # All PFSP matches go to the one that is not beaten yet, and half of the uniform ones: of random, nothing is left
    # to learn.
    assert met["main@2"] / 20_000 == pytest.approx(0.6 + 0.1 / 2, abs=0.015)
    assert met["main@1"] / 20_000 == pytest.approx(0.1 / 2, abs=0.01)


def test_even_odds_are_between_baselines_and_snapshots() -> None:
    league = league_of(MAIN, RANDOM, *(snapshot(n) for n in range(1, 5)), opponents={"uniform": 1.0})
    met = faced(league, n=20_000)
    assert met["random"] / 20_000 == pytest.approx(0.5, abs=0.02)
    for n in range(1, 5):
        assert met[f"main@{n}"] / 20_000 == pytest.approx(0.125, abs=0.015)


def test_without_frozen_members_it_is_all_self_play() -> None:
    assert {p.seats for p in league_of(MAIN, baselines=()).ask(50, generator())} == {("main", "main")}


@settings(max_examples=30, deadline=None)
@given(
    shares=st.integers(0, 10).flatmap(lambda latest: st.tuples(st.just(latest), st.integers(0, 10 - latest))),
    weighting=st.sampled_from(["hard", "variance", "linear", "capped"]),
    score=st.floats(0.5, 1),
    baselines=st.integers(1, 3),
)
def test_before_its_first_snapshot_a_learner_meets_itself_at_least_as_often_as_any_baseline_it_does_not_lose_to(
    shares: tuple[int, int], weighting: Any, score: float, baselines: int
) -> None:
    latest, pfsp_share = shares
    names = ["random", "first", "last"][:baselines]
    members = [Member(name, "baseline", "baseline", agent=name) for name in names]
    league = league_of(
        MAIN,
        *members,
        opponents={"pfsp": pfsp_share / 10, "latest": latest / 10, "uniform": (10 - latest - pfsp_share) / 10},
        pfsp_weighting=weighting,
    )
    wins = round(1000 * score)
    for name in names:
        beat(league, "main", name, wins, 1000 - wins)
    met = faced(league)
    assert all(met["main"] > met[name] - 150 for name in names)


@pytest.mark.parametrize("snapshots", [0, 1, 5])
def test_a_beaten_baseline_is_not_met_again(snapshots: int) -> None:
    league = league_of(MAIN, RANDOM, *(snapshot(n) for n in range(1, snapshots + 1)))
    assert faced(league)["random"]
    beat(league, "main", "random", 10)
    assert faced(league)["random"]  # ten games may have been luck
    beat(league, "main", "random", 890, 100)
    assert 0.88 < score(league, "main", "random")[0] < 0.98
    assert faced(league)["random"]
    beat(league, "main", "random", 400)
    assert score(league, "main", "random")[0] >= 0.98
    met = faced(league)
    assert met.keys() == {"main", *(f"main@{n}" for n in range(1, snapshots + 1))}
    if snapshots:
        assert met["main"] / 2_000 == pytest.approx(0.25, abs=0.05)


def test_a_beaten_snapshot_is_met_again() -> None:
    league = league_of(MAIN, RANDOM, snapshot(1))
    for name in ("random", "main@1"):
        beat(league, "main", name, 1000)
    assert faced(league).keys() == {"main", "main@1"}


def test_a_match_in_which_a_learner_meets_itself_is_self_play_at_every_seat() -> None:
    league, rng = league_of(MAIN, RANDOM, seats=4), generator()
    counts = Counter(p.seats.count("main") for _ in range(20) for p in league.ask(25, rng))
    assert counts.keys() == {1, 4}


def test_due_after_the_step_limit_whatever_the_scores() -> None:
    league = league_of(MAIN, RANDOM, snapshot_min_steps=100, snapshot_max_steps=400)
    beat(league, "main", "random", 0, 100)
    league.tell([], {"main": 399})
    assert list(league.due()) == []
    league.tell([], {"main": 1})
    assert list(league.due()) == ["main"]


def test_due_earlier_when_every_opponent_is_beaten() -> None:
    league = league_of(MAIN, RANDOM, snapshot(1), snapshot_min_steps=100)
    beat(league, "main", "random", 100)
    league.tell([], {"main": 100})
    assert list(league.due()) == []  # not enough games against the newest snapshot
    beat(league, "main", "main@1", 13, 6)
    assert list(league.due()) == []
    beat(league, "main", "main@1", 20)
    assert list(league.due()) == ["main"]
    beat(league, "main", "random", 0, 60)
    assert list(league.due()) == []


@pytest.mark.parametrize("rate", [0.7, 0.999])
def test_a_beaten_baseline_lets_the_first_snapshot_come_and_holds_up_none(rate: float) -> None:
    league = league_of(MAIN, RANDOM, snapshot_min_steps=100, snapshot_win_rate=rate)
    league.tell([], {"main": 100})
    assert list(league.due()) == []
    beat(league, "main", "random", 990, 10)  # never met again, so this score stays
    assert 0.98 < score(league, "main", "random")[0] < 0.999
    assert list(league.due()) == ["main"]
    league.snapshot("main", "ab" * 32, 100, MODULES)
    league.tell([], {"main": 100})
    assert list(league.due()) == []  # not for having beaten random long ago
    beat(league, "main", "main@1", 100)
    assert list(league.due()) == ["main"]


def test_a_baseline_not_beaten_yet_holds_a_snapshot_up() -> None:
    league = league_of(MAIN, RANDOM, snapshot_min_steps=100)
    league.tell([], {"main": 100})
    beat(league, "main", "random", 60, 40)
    assert score(league, "main", "random")[1] > 20
    assert list(league.due()) == []
    beat(league, "main", "random", 80, 20)
    assert list(league.due()) == ["main"]


def test_not_due_before_the_least_steps() -> None:
    league = league_of(MAIN, RANDOM, snapshot_min_steps=100)
    beat(league, "main", "random", 100)
    league.tell([], {"main": 99})
    assert list(league.due()) == []


def test_of_several_main_learners_each_has_its_own_past_and_meets_all_snapshots() -> None:
    second = Member("main-2", "learner", "main")
    league = league_of(MAIN, second, RANDOM, snapshot(1), snapshot(1, "main-2"))
    assert faced(league).keys() == {"main", "random", "main@1", "main-2@1"}
    assert faced(league, "main-2").keys() == {"main-2", "random", "main@1", "main-2@1"}
    assert league.snapshot("main-2", "ab" * 32, 1, MODULES).id == "main-2@2"
    beat(league, "main", "random", 1000)
    assert "random" not in faced(league)
    assert "random" in faced(league, "main-2")
