"""How a league plans matches, counts results and takes snapshots, whatever the roles are."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from league_play import EXPLOITER, MODULES, beat, faced, generator, league_of, score
from leaguekit import MAIN, RANDOM, snapshot

from leagues.league import League
from leagues.records import LeagueError, Member, Pairing, Tally
from leagues.results.payoff_table import PayoffTable
from leagues.results.scoring import tallies
from leagues.settings import LeagueSettings


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
    first, second = league_of(*members, seats=seats), league_of(*members, seats=seats)
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


def test_seeds_differ_and_other_seats_draw_opponents_of_their_own() -> None:
    league = league_of(MAIN, RANDOM, *(snapshot(n) for n in range(1, 9)), seats=3)
    pairings = league.ask(300, generator())
    assert len({p.seed for p in pairings}) == 300
    assert any(len(set(p.seats)) == 3 for p in pairings)


def test_one_call_meets_few_opponents_and_many_calls_meet_all() -> None:
    league = league_of(MAIN, RANDOM, *(snapshot(n) for n in range(1, 100)))
    rng = generator()
    calls = [{name for p in league.ask(256, rng) for name in p.seats} - {"main"} for _ in range(200)]
    assert max(map(len, calls)) <= 2 * 4
    assert len(set().union(*calls)) == 100


def test_payoffs_start_even_and_count_a_draw_as_half() -> None:
    league = league_of(MAIN, RANDOM, snapshot(1), payoff_decay=1.0)
    assert score(league, "main", "random") == (0.5, 0)
    beat(league, "main", "random", 2, 1, 1)
    assert score(league, "main", "random") == (0.625, 4)
    assert score(league, "random", "main") == (0.375, 4)
    assert score(league, "main@1", "random") == (0.5, 0)


def test_payoffs_forget_old_games() -> None:
    league = league_of(MAIN, RANDOM, payoff_decay=0.99)
    for _ in range(3):
        beat(league, "main", "random", 1)
    assert score(league, "main", "random")[1] == pytest.approx(1 + 0.99 + 0.99**2)
    beat(league, "main", "random", 0, 10_000)
    recent, games = score(league, "main", "random")
    assert recent < 1e-9
    assert games == pytest.approx(100)


def test_one_tally_of_many_games_weighs_as_many_of_one() -> None:
    at_once, one_by_one = league_of(MAIN, RANDOM), league_of(MAIN, RANDOM)
    beat(at_once, "main", "random", 50)
    for _ in range(50):
        beat(one_by_one, "main", "random", 1)
    assert score(at_once, "main", "random") == pytest.approx(score(one_by_one, "main", "random"))


def test_results_of_strangers_are_refused() -> None:
    league = league_of(MAIN, RANDOM)
    with pytest.raises(LeagueError, match="'nobody' is not"):
        beat(league, "main", "nobody", 1)
    with pytest.raises(LeagueError, match="is not a learner"):
        league.tell([], {"random": 1})


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 200)), min_size=1, max_size=6))
def test_a_restored_league_goes_on_as_the_original(iterations: list[tuple[int, int, int]]) -> None:
    config = LeagueSettings(roles={"main": 1, "main_exploiter": 1}, snapshot_min_steps=100, snapshot_max_steps=300)
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


def test_learners_take_turns_over_calls() -> None:
    league = league_of(MAIN, EXPLOITER, RANDOM)
    rng = generator()
    learners = [p.learner for _ in range(5) for p in league.ask(3, rng)]
    assert all(a != b for a, b in pairwise(learners))


def test_a_snapshot_joins_and_the_counters_start_afresh() -> None:
    league = league_of(MAIN, RANDOM, snapshot_min_steps=100, snapshot_max_steps=400)
    league.tell([], {"main": 400})
    first = league.snapshot("main", "ab" * 32, 400, MODULES)
    assert first == Member("main@1", "snapshot", "main", 1, MODULES, "ab" * 32, None, "main", 400)
    assert list(league.due()) == []
    assert league.snapshot("main", "cd" * 32, 800, MODULES).id == "main@2"
    assert [m.id for m in league.members] == ["main", "random", "main@1", "main@2"]
    assert {"main@1", "main@2"} < faced(league).keys()


def test_a_snapshot_names_the_one_that_its_learner_went_on_from() -> None:
    league = league_of(MAIN, EXPLOITER, RANDOM)

    def parent(learner: str) -> str | None:
        member = league.snapshot(learner, "ab" * 32, 1, MODULES)
        league.after_snapshot(learner, generator())
        return member.parent

    assert [parent("main"), parent("main"), parent("main")] == [None, "main@1", "main@2"]
    assert [parent("main_exploiter"), parent("main_exploiter")] == [None, None]  # it starts over
    league.copied("main_exploiter", "main")
    assert parent("main_exploiter") == "main@3"


def test_a_league_that_stored_no_parents_goes_on_from_the_newest_snapshots() -> None:
    league = league_of(MAIN, EXPLOITER, RANDOM)
    for learner in ("main", "main_exploiter"):
        league.snapshot(learner, "ab" * 32, 1, MODULES)
    state = league.state()
    del state["parents"]
    again = League.restore(LeagueSettings(), league.members, state, num_seats=2, agent_ids=("player_0", "player_1"))
    assert again.state()["parents"] == {"main": "main@1", "main_exploiter": None}


def test_snapshots_that_leave_the_pool_meet_nobody_but_stay_members() -> None:
    league = league_of(MAIN, RANDOM, pool_limit=4)
    for step in range(9):
        made = league.snapshot("main", "ab" * 32, step, MODULES)
    assert made.id == "main@9"
    assert made.parent == "main@8"
    assert len(league.retired) == 6
    assert {"main@1", "main@9"}.isdisjoint(league.retired)
    assert len(list(league.members)) == 11
    assert faced(league).keys().isdisjoint(league.retired)
    assert league.view("main").members.past("main") == [
        member.id for member in league.members if member.kind == "snapshot" and member.id not in league.retired
    ]
    again = League.restore(
        league.settings, league.members, league.state(), num_seats=2, agent_ids=("player_0", "player_1")
    )
    assert again.retired == league.retired
    assert again.ask(50, generator()) == league.ask(50, generator())


def test_a_pool_that_is_too_small_for_what_stays_forever_is_refused() -> None:
    roles = {"main": 2, "main_exploiter": 1}
    with pytest.raises(LeagueError, match=r"pool_limit=6, 1 baselines, 3 learners"):
        LeagueSettings(roles=roles, pool_limit=6)
    assert LeagueSettings(roles=roles, pool_limit=7).pool_limit == 7


def test_after_some_time_a_snapshot_is_due_whatever_the_scores_are() -> None:
    league = league_of(MAIN, EXPLOITER, RANDOM, snapshot_max_seconds=60, snapshot_min_steps=10, snapshot_max_steps=1000)
    assert league.due(59) == {}
    assert league.due(60) == {"main": "time", "main_exploiter": "time"}
    league.snapshot("main", "ab" * 32, 1, MODULES, 60)
    restored = League.restore(
        league.settings, league.members, league.state(), num_seats=2, agent_ids=("player_0", "player_1")
    )
    for each in (league, restored):
        assert each.due(119) == {"main_exploiter": "time"}
        each.tell([], {"main": 1000})
        assert each.due(119) == {"main": "max_steps", "main_exploiter": "time"}


def test_what_cannot_be_frozen_is_refused() -> None:
    league = league_of(MAIN, RANDOM)
    with pytest.raises(LeagueError, match="is not a learner"):
        league.snapshot("random", "ab" * 32, 1, MODULES)
    with pytest.raises(LeagueError, match=r"none for \['player_1'\]"):
        league.snapshot("main", "ab" * 32, 1, {"player_0": "main"})


def test_a_league_needs_a_learner_new_ids_matching_seats_and_known_roles() -> None:
    with pytest.raises(LeagueError, match="needs a learner"):
        league_of(RANDOM)
    with pytest.raises(LeagueError, match="'main' is taken"):
        league_of(MAIN, MAIN)
    with pytest.raises(LeagueError, match="num_seats"):
        League(LeagueSettings(), [MAIN], num_seats=3, agent_ids=("a", "b"))
    with pytest.raises(LeagueError, match="no role 'mian'; did you mean 'main'"):
        league_of(Member("mian", "learner", "mian"))


def test_learners_cannot_be_added_or_removed() -> None:
    shape: dict[str, Any] = {"num_seats": 2, "agent_ids": ("player_0", "player_1")}
    one, two = league_of(MAIN), league_of(MAIN, EXPLOITER)
    message = r"keeps its learners, \['main', 'main_exploiter'\], but got \['main'\]"
    with pytest.raises(LeagueError, match=message):
        League.restore(LeagueSettings(), one.members, two.state(), **shape)
    with pytest.raises(LeagueError, match=r"keeps its learners, \['main'\], but got"):
        League.restore(LeagueSettings(), two.members, one.state(), **shape)


def test_what_old_leagues_stored_is_restored() -> None:
    old = {
        "pairings": 513,
        "rotation": {"main": 7, "main_exploiter": 4},
        "steps": {"main": 300, "main_exploiter": 100},
        "payoffs": {"main": {"random": [15.0, 20.0]}},
    }
    shape: dict[str, Any] = {"num_seats": 2, "agent_ids": ("player_0", "player_1")}
    league = League.restore(LeagueSettings(), [MAIN, EXPLOITER, RANDOM], old, **shape)
    assert league.state() == old | {
        "gate": {"main": 0, "main_exploiter": 0},
        "parents": {"main": None, "main_exploiter": None},
        "frozen_at": {"main": 0.0, "main_exploiter": 0.0},
    }
    assert league.view("main").steps == 300
    assert score(league, "main", "random") == (0.75, 20)
    assert league.ask(1, generator())[0].learner == "main_exploiter"


def test_roles_see_evaluation_results_as_they_come() -> None:
    league = league_of(MAIN, RANDOM, snapshot(1))
    table = league.view("main").evaluation
    assert table.get("main@1", "random") is None
    league.tell_evaluation([Tally("main@1", "random", 3, 0, 1)])
    league.tell_evaluation([Tally("main@1", "random", 0, 2, 0), Tally("random", "main@1", 0, 2, 0)])
    payoff = table.get("random", "main@1")
    assert payoff is not None
    assert (payoff.wins, payoff.draws, payoff.losses, payoff.score) == (1, 2, 3, 2 / 6)
    assert score(league, "main", "random") == (0.5, 0)
    with pytest.raises(LeagueError, match="'nobody' is not in the league"):
        league.tell_evaluation([Tally("nobody", "random", 1, 0, 0)])


def test_stored_evaluation_results_are_read_once_when_a_role_looks() -> None:
    stored, looks = [Tally("main@1", "random", 3, 0, 1)], []

    def read() -> PayoffTable:
        looks.append(len(stored))
        return PayoffTable(stored)

    shape: dict[str, Any] = {"num_seats": 2, "agent_ids": ("player_0", "player_1"), "evaluation": read}
    league = League(LeagueSettings(), [MAIN, RANDOM, snapshot(1)], **shape)

    def play(tally: Tally) -> None:
        stored.append(tally)
        league.tell_evaluation([tally])

    play(Tally("main@1", "random", 0, 0, 5))
    league.ask(5, generator())
    assert looks == []
    for games in (9, 10):
        payoff = league.view("main").evaluation.get("main@1", "random")
        assert payoff is not None
        assert payoff.games == games
        play(Tally("main@1", "random", 1, 0, 0))
    assert looks == [2]


def test_results_of_which_one_is_wrong_are_not_counted_at_all() -> None:
    league = league_of(MAIN, RANDOM)
    before = league.state()
    with pytest.raises(LeagueError, match="'nobody' is not in the league"):
        league.tell([Tally("main", "random", 1, 0, 0), Tally("main", "nobody", 1, 0, 0)], {"main": 5})
    with pytest.raises(LeagueError, match="'nobody' is not a learner"):
        league.tell([Tally("main", "random", 1, 0, 0)], {"main": 5, "nobody": 5})
    assert league.state() == before


@pytest.mark.parametrize(
    "change",
    [
        {"pairings": None},
        {"pairings": "7"},
        {"rotation": {"main": 1.5}},
        {"steps": [1]},
        {"payoffs": {"main": {"random": [1]}}},
        {"payoffs": {"main": {"random": [3, 2]}}},
        {"payoffs": {"main": {"random": [0, 0]}}},
        {"payoffs": {"main": {"random": [float("nan"), 2]}}},
    ],
)
def test_a_state_that_no_league_gave_is_refused(change: dict[str, Any]) -> None:
    state = league_of(MAIN, RANDOM).state() | change
    shape: dict[str, Any] = {"num_seats": 2, "agent_ids": ("player_0", "player_1")}
    with pytest.raises(LeagueError, match="state of the league cannot be read"):
        League.restore(LeagueSettings(), [MAIN, RANDOM], state, **shape)
    with pytest.raises(LeagueError, match="'pairings'"):
        League.restore(LeagueSettings(), [MAIN, RANDOM], {"rotation": {}, "steps": {}}, **shape)


def poker(league: League, margins: list[float], opponent: str = "random") -> None:
    """Tell a league of training games of main with these margins."""
    league.tell(tallies([(("main", opponent), (margin, -margin)) for margin in margins]), {})


def test_in_graded_games_matchmaking_goes_by_returns() -> None:
    settings: dict[str, Any] = {"snapshot_min_steps": 1, "snapshot_win_rate": 0.8, "payoff_decay": 1.0}
    rare_and_big, often_and_small = [-1.0] * 15 + [6.0] * 5, [1.0] * 15 + [-6.0] * 5
    for graded, margins, due in (
        (True, rare_and_big, True),
        (True, often_and_small, False),
        (False, rare_and_big, False),
        (False, [1.0] * 18 + [-6.0] * 2, True),
    ):
        league = league_of(MAIN, RANDOM, graded=graded, **settings)
        league.tell([], {"main": 10})
        poker(league, margins)
        assert bool(league.due()) == due
    met = []
    for margins in (rare_and_big, often_and_small):
        league = league_of(MAIN, RANDOM, snapshot(1), graded=True, opponents={"pfsp": 1.0}, payoff_decay=1.0)
        poker(league, margins)
        poker(league, [1.0, -1.0] * 10, "main@1")
        met.append(faced(league)["random"])
    assert met[0] < met[1]  # the opponent that takes the chips is the harder one


def test_a_baseline_is_beaten_by_chips_in_graded_games() -> None:
    league = league_of(MAIN, RANDOM, graded=True, score_games=100, payoff_decay=1.0)
    poker(league, [-1.0] * 30 + [6.0] * 15)
    assert league.view("main").has_beaten("random")
    league = league_of(MAIN, RANDOM, graded=True, score_games=1, payoff_decay=1.0)
    poker(league, [-1.0] * 30 + [6.0] * 15)
    assert not league.view("main").has_beaten("random")
