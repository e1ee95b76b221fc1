"""Who plays whom, and when a learner is frozen."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leaguekit import MAIN, RANDOM, snapshot

from leagues.league import AT_ONCE, BEATEN, ENOUGH_GAMES, League, LeagueConfig
from leagues.opponents.samplers import pfsp
from leagues.records import LeagueError, Member, Pairing, Tally

EXPLOITER = Member("main_exploiter", "learner", "main_exploiter")
MODULES = {"player_0": "main", "player_1": "main"}


def make(*members: Member, seats: int = 2, **config: Any) -> League:
    ids = tuple(f"player_{k}" for k in range(seats))
    return League(LeagueConfig(**config), members, num_seats=seats, agent_ids=ids)


def beat(league: League, member: str, opponent: str, wins: int, losses: int = 0, draws: int = 0) -> None:
    mirror = Tally(opponent, member, losses, draws, wins)
    league.tell([Tally(member, opponent, wins, draws, losses), mirror], {})


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize(
    ("weighting", "expected"),
    [
        ("hard", [1 / 1.3125, 0.25 / 1.3125, 0.0625 / 1.3125, 0]),
        ("variance", [0, 0.25 / 0.4375, 0.1875 / 0.4375, 0]),
        ("linear", [1 / 1.75, 0.5 / 1.75, 0.25 / 1.75, 0]),
        ("capped", [0.4, 0.4, 0.2, 0]),
    ],
)
def test_pfsp_has_its_known_values(weighting: Any, expected: list[float]) -> None:
    assert pfsp(np.array([0, 0.5, 0.75, 1]), weighting) == pytest.approx(expected)


@pytest.mark.parametrize("weighting", ["hard", "variance", "linear", "capped"])
def test_pfsp_is_uniform_when_every_weight_vanishes(weighting: Any) -> None:
    assert pfsp(np.ones(4), weighting) == pytest.approx([0.25] * 4)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.sampled_from(["hard", "variance", "linear", "capped"]))
def test_pfsp_gives_probabilities(rates: list[float], weighting: Any) -> None:
    probabilities = pfsp(np.array(rates), weighting)
    assert probabilities.sum() == pytest.approx(1)
    assert (probabilities >= 0).all()


def test_an_unknown_weighting_is_refused() -> None:
    with pytest.raises(LeagueError, match="'soft'"):
        pfsp(np.ones(2), "soft")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pfsp": 0.6}, r"`pfsp \+ uniform \+ latest == 1` must hold, but got pfsp=0\.6, uniform=0\.5, latest=0\.25"),
        ({"pfsp": 0.6, "latest": -0.1}, r"`pfsp, uniform, latest >= 0`"),
        ({"pfsp_weighting": "soft"}, "pfsp_weighting='soft'"),
        ({"snapshot_win_rate": 1.5}, r"snapshot_win_rate=1\.5"),
        ({"snapshot_min_steps": 10, "snapshot_max_steps": 5}, "snapshot_max_steps=5"),
        ({"snapshot_min_steps": 0}, "snapshot_min_steps=0"),
        ({"payoff_decay": 0}, "payoff_decay=0"),
        ({"baselines": ("random", "random")}, "without repeats"),
    ],
)
def test_a_config_that_cannot_be_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(LeagueError, match=message):
        LeagueConfig(**settings)


def test_a_league_needs_a_main_learner_and_matching_seats() -> None:
    with pytest.raises(LeagueError, match="needs a main learner"):
        make(EXPLOITER, RANDOM)
    with pytest.raises(LeagueError, match="'main' is taken"):
        make(MAIN, MAIN)
    with pytest.raises(LeagueError, match="num_seats"):
        League(LeagueConfig(), [MAIN], num_seats=3, agent_ids=("a", "b"))


def branch(pairing: Pairing) -> str:
    return "self" if set(pairing.seats) == {pairing.learner} else "frozen"


@settings(max_examples=40, deadline=None)
@given(
    seats=st.integers(1, 5),
    snapshots=st.integers(0, 6),
    exploiter=st.booleans(),
    asked=st.lists(st.integers(0, 50), min_size=1, max_size=4),
    seed=st.integers(0, 2**32),
)
def test_what_always_holds_of_pairings(
    seats: int, snapshots: int, exploiter: bool, asked: list[int], seed: int
) -> None:
    members = [MAIN, *([EXPLOITER] if exploiter else []), RANDOM, *(snapshot(n) for n in range(1, snapshots + 1))]
    first, second = make(*members, seats=seats), make(*members, seats=seats)
    learners = ["main", "main_exploiter"] if exploiter else ["main"]
    rng, same = generator(seed), generator(seed)
    pairings: list[Pairing] = []
    for n in asked:
        pairings += first.ask(n, rng)
        assert second.ask(n, same) == pairings[len(pairings) - n :]
    assert len(pairings) == sum(asked)
    assert [p.learner for p in pairings] == [learners[k % len(learners)] for k in range(len(pairings))]
    places: Counter[tuple[str | None, int]] = Counter()
    for pairing in pairings:
        assert len(pairing.seats) == seats
        assert 0 <= pairing.seed < 2**63
        assert (pairing.kind, pairing.block) == ("training", 0)
        if branch(pairing) == "frozen":
            assert pairing.seats.count(str(pairing.learner)) == 1
            places[pairing.learner, pairing.seats.index(str(pairing.learner))] += 1
        others = {seat for seat in pairing.seats if seat != pairing.learner}
        if pairing.learner == "main":
            assert others <= {member.id for member in members if member.frozen}
        else:
            assert others <= {"main"}
    for learner in learners:
        counts = [places[learner, seat] for seat in range(seats)]
        assert max(counts) - min(counts) <= 1


def test_the_mix_is_respected() -> None:
    league = make(MAIN, RANDOM, snapshot(1), snapshot(2), pfsp=0.6, latest=0.3, uniform=0.1)
    beat(league, "main", "random", 1000)
    beat(league, "main", "main@1", 1000)
    pairings = league.ask(20_000, generator())
    met = Counter(seat for p in pairings for seat in p.seats if branch(p) == "frozen" and seat != "main")
    assert sum(branch(p) == "self" for p in pairings) / 20_000 == pytest.approx(0.3, abs=0.015)
    # All PFSP matches go to the one that is not beaten yet, and half of the uniform ones: of random, nothing is left
    # to learn.
    assert met["main@2"] / 20_000 == pytest.approx(0.6 + 0.1 / 2, abs=0.015)
    assert met["main@1"] / 20_000 == pytest.approx(0.1 / 2, abs=0.01)


def test_even_odds_are_between_baselines_and_snapshots() -> None:
    league = make(MAIN, RANDOM, *(snapshot(n) for n in range(1, 5)), pfsp=0.0, latest=0.0, uniform=1.0)
    met = faced(league, 20_000)
    assert met["random"] / 20_000 == pytest.approx(0.5, abs=0.02)
    for n in range(1, 5):
        assert met[f"main@{n}"] / 20_000 == pytest.approx(0.125, abs=0.015)


def test_seeds_differ_and_other_seats_draw_opponents_of_their_own() -> None:
    league = make(MAIN, RANDOM, *(snapshot(n) for n in range(1, 9)), seats=3)
    pairings = league.ask(300, generator())
    assert len({p.seed for p in pairings}) == 300
    assert any(len(set(p.seats)) == 3 for p in pairings)


def test_without_frozen_members_it_is_all_self_play() -> None:
    assert {p.seats for p in make(MAIN, baselines=()).ask(50, generator())} == {("main", "main")}


def faced(league: League, n: int = 2_000) -> Counter[str]:
    """How often the main learner meets whom in a game of two seats; itself, in self-play."""
    rng = generator()
    pairings = [pairing for _ in range(n // 5) for pairing in league.ask(5, rng)]  # one call meets only a few
    return Counter((set(p.seats) - {"main"} or {"main"}).pop() for p in pairings)


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
    league = make(
        MAIN,
        *members,
        pfsp=pfsp_share / 10,
        latest=latest / 10,
        uniform=(10 - latest - pfsp_share) / 10,
        pfsp_weighting=weighting,
    )
    wins = round(1000 * score)
    for name in names:
        beat(league, "main", name, wins, 1000 - wins)
    met = faced(league)
    assert all(met["main"] > met[name] - 150 for name in names)


@pytest.mark.parametrize("snapshots", [0, 1, 5])
def test_a_beaten_baseline_is_not_met_again(snapshots: int) -> None:
    league = make(MAIN, RANDOM, *(snapshot(n) for n in range(1, snapshots + 1)))
    assert faced(league)["random"]
    beat(league, "main", "random", 10)
    assert faced(league)["random"]  # ten games may have been luck
    beat(league, "main", "random", 890, 100)
    assert 0.88 < league.payoff("main", "random")[0] < BEATEN
    assert faced(league)["random"]
    beat(league, "main", "random", 400)
    assert league.payoff("main", "random")[0] >= BEATEN
    met = faced(league)
    assert met.keys() == {"main", *(f"main@{n}" for n in range(1, snapshots + 1))}
    if snapshots:
        assert met["main"] / 2_000 == pytest.approx(LeagueConfig().latest, abs=0.05)


def test_one_call_meets_few_opponents_and_many_calls_meet_all() -> None:
    league = make(MAIN, RANDOM, *(snapshot(n) for n in range(1, 100)))
    rng = generator()
    calls = [{name for p in league.ask(256, rng) for name in p.seats} - {"main"} for _ in range(200)]
    assert max(map(len, calls)) <= 2 * AT_ONCE
    assert len(set().union(*calls)) == 100


def test_a_beaten_snapshot_is_met_again() -> None:
    league = make(MAIN, RANDOM, snapshot(1))
    for name in ("random", "main@1"):
        beat(league, "main", name, 1000)
    assert faced(league).keys() == {"main", "main@1"}


def test_a_match_in_which_a_learner_meets_itself_is_self_play_at_every_seat() -> None:
    counts = Counter(p.seats.count("main") for p in make(MAIN, RANDOM, seats=4).ask(500, generator()))
    assert counts.keys() == {1, 4}


def test_an_exploiter_meets_the_live_main_until_that_is_hopeless() -> None:
    league = make(MAIN, EXPLOITER, RANDOM, snapshot(1), snapshot(2))

    def met() -> set[str]:
        seats = [set(p.seats) for p in league.ask(80, generator()) if p.learner == "main_exploiter"]
        return set().union(*seats) - {"main_exploiter"}

    assert met() == {"main"}
    beat(league, "main_exploiter", "main", 15, 85)
    assert met() == {"main"}
    beat(league, "main_exploiter", "main", 0, 100)
    assert met() == {"main@1", "main@2"}
    beat(league, "main_exploiter", "main@2", 0, 500)
    assert met() == {"main@1"}


def test_an_exploiter_without_a_past_to_turn_to_stays_with_the_live_main() -> None:
    league = make(MAIN, EXPLOITER, RANDOM)
    beat(league, "main_exploiter", "main", 0, 100)
    assert {seat for p in league.ask(10, generator()) if p.learner == "main_exploiter" for seat in p.seats} == {
        "main",
        "main_exploiter",
    }


def test_payoffs_start_even_and_count_a_draw_as_half() -> None:
    league = make(MAIN, RANDOM, snapshot(1), payoff_decay=1.0)
    assert league.payoff("main", "random") == (0.5, 0)
    beat(league, "main", "random", 2, 1, 1)
    assert league.payoff("main", "random") == (0.625, 4)
    assert league.payoff("random", "main") == (0.375, 4)
    assert league.payoff("main@1", "random") == (0.5, 0)
    with pytest.raises(LeagueError, match="'nobody' is not"):
        league.payoff("main", "nobody")


def test_payoffs_forget_old_games() -> None:
    league = make(MAIN, RANDOM, payoff_decay=0.99)
    for _ in range(3):
        beat(league, "main", "random", 1)
    assert league.payoff("main", "random")[1] == pytest.approx(1 + 0.99 + 0.99**2)
    beat(league, "main", "random", 0, 10_000)
    score, games = league.payoff("main", "random")
    assert score < 1e-9
    assert games == pytest.approx(100)


def test_one_tally_of_many_games_weighs_as_many_of_one() -> None:
    at_once, one_by_one = make(MAIN, RANDOM), make(MAIN, RANDOM)
    beat(at_once, "main", "random", 50)
    for _ in range(50):
        beat(one_by_one, "main", "random", 1)
    assert at_once.payoff("main", "random") == pytest.approx(one_by_one.payoff("main", "random"))


def test_results_of_strangers_are_refused() -> None:
    league = make(MAIN, RANDOM)
    with pytest.raises(LeagueError, match="'nobody' is not"):
        beat(league, "main", "nobody", 1)
    with pytest.raises(LeagueError, match="must be one of"):
        league.tell([], {"random": 1})


class TestSnapshots:
    def test_due_after_the_step_limit_whatever_the_scores(self) -> None:
        league = make(MAIN, RANDOM, snapshot_min_steps=100, snapshot_max_steps=400)
        beat(league, "main", "random", 0, 100)
        league.tell([], {"main": 399})
        assert league.due() == []
        league.tell([], {"main": 1})
        assert league.due() == ["main"]

    def test_due_earlier_when_every_opponent_is_beaten(self) -> None:
        league = make(MAIN, RANDOM, snapshot(1), snapshot_min_steps=100)
        beat(league, "main", "random", 100)
        league.tell([], {"main": 100})
        assert league.due() == []  # not enough games against the newest snapshot
        beat(league, "main", "main@1", 13, 6)
        assert league.due() == []
        beat(league, "main", "main@1", 20)
        assert league.due() == ["main"]
        beat(league, "main", "random", 0, 60)
        assert league.due() == []

    @pytest.mark.parametrize("rate", [0.7, 0.999])
    def test_a_beaten_baseline_lets_the_first_snapshot_come_and_holds_up_none(self, rate: float) -> None:
        league = make(MAIN, RANDOM, snapshot_min_steps=100, snapshot_win_rate=rate)
        league.tell([], {"main": 100})
        assert league.due() == []
        beat(league, "main", "random", 990, 10)  # never met again, so this score stays
        assert BEATEN < league.payoff("main", "random")[0] < 0.999
        assert league.due() == ["main"]
        league.snapshot("main", "ab" * 32, 100, MODULES)
        league.tell([], {"main": 100})
        assert league.due() == []  # not for having beaten random long ago
        beat(league, "main", "main@1", 100)
        assert league.due() == ["main"]

    def test_a_baseline_not_beaten_yet_holds_a_snapshot_up(self) -> None:
        league = make(MAIN, RANDOM, snapshot_min_steps=100)
        league.tell([], {"main": 100})
        beat(league, "main", "random", 60, 40)
        assert league.payoff("main", "random")[1] > ENOUGH_GAMES
        assert league.due() == []
        beat(league, "main", "random", 80, 20)
        assert league.due() == ["main"]

    def test_not_due_before_the_least_steps(self) -> None:
        league = make(MAIN, RANDOM, snapshot_min_steps=100)
        beat(league, "main", "random", 100)
        league.tell([], {"main": 99})
        assert league.due() == []

    def test_an_exploiter_is_due_when_it_beats_the_live_main(self) -> None:
        league = make(MAIN, EXPLOITER, RANDOM, snapshot(1), snapshot_min_steps=100)
        league.tell([], {"main_exploiter": 100})
        assert league.due() == []
        beat(league, "main_exploiter", "main", 80, 20)
        assert league.due() == ["main_exploiter"]

    def test_a_snapshot_joins_and_the_counters_start_afresh(self) -> None:
        league = make(MAIN, RANDOM, snapshot_min_steps=100, snapshot_max_steps=400)
        league.tell([], {"main": 400})
        first = league.snapshot("main", "ab" * 32, 400, MODULES)
        assert first == Member("main@1", "snapshot", "main", 1, MODULES, "ab" * 32, None, "main", 400)
        assert league.due() == []
        assert league.snapshot("main", "cd" * 32, 800, MODULES).id == "main@2"
        assert [m.id for m in league.members] == ["main", "random", "main@1", "main@2"]
        assert {"main@1", "main@2"} < faced(league).keys()

    def test_an_exploiter_starts_over_and_main_does_not(self) -> None:
        league = make(MAIN, EXPLOITER, RANDOM)
        beat(league, "main_exploiter", "main", 90, 10)
        beat(league, "main", "random", 90, 10)
        assert [league.resets_after_snapshot(name) for name in ("main", "main_exploiter")] == [False, True]
        for name in ("main", "main_exploiter"):
            league.snapshot(name, "ab" * 32, 1, MODULES)
        assert league.payoff("main_exploiter", "main") == league.payoff("main", "main_exploiter") == (0.5, 0)
        assert league.payoff("main", "random")[0] == pytest.approx(0.9)

    def test_what_cannot_be_frozen_is_refused(self) -> None:
        league = make(MAIN, RANDOM)
        with pytest.raises(LeagueError, match="must be one of"):
            league.snapshot("random", "ab" * 32, 1, MODULES)
        with pytest.raises(LeagueError, match=r"none for \['player_1'\]"):
            league.snapshot("main", "ab" * 32, 1, {"player_0": "main"})


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 200)), min_size=1, max_size=6))
def test_a_restored_league_goes_on_as_the_original(iterations: list[tuple[int, int, int]]) -> None:
    config = LeagueConfig(main_exploiter=True, snapshot_min_steps=100, snapshot_max_steps=300)
    shape: dict[str, Any] = {"num_seats": 2, "agent_ids": ("player_0", "player_1")}
    league = League(config, [MAIN, EXPLOITER, RANDOM], **shape)
    for step, (wins, losses, steps) in enumerate(iterations):
        copy = League.restore(config, league.members, json.loads(json.dumps(league.state())), **shape)
        for each in (league, copy):
            beat(each, "main", "random", wins, losses)
            beat(each, "main_exploiter", "main", losses, wins)
            each.tell([], {"main": steps, "main_exploiter": 2 * steps})
        assert copy.ask(17, generator(step)) == league.ask(17, generator(step))
        assert copy.due() == league.due()
        for learner in league.due():
            assert copy.snapshot(learner, "ab" * 32, step, MODULES) == league.snapshot(
                learner, "ab" * 32, step, MODULES
            )
        assert copy.state() == league.state()


def test_a_state_of_other_learners_is_refused() -> None:
    state = make(MAIN, EXPLOITER).state()
    with pytest.raises(LeagueError, match=r"its state is of \['main', 'main_exploiter'\]"):
        League.restore(LeagueConfig(), [MAIN], state, num_seats=1, agent_ids=("player_0",))


def test_learners_take_turns_over_calls() -> None:
    league = make(MAIN, EXPLOITER, RANDOM)
    rng = generator()
    learners = [p.learner for _ in range(5) for p in league.ask(3, rng)]
    assert all(a != b for a, b in pairwise(learners))
