"""Sources that decide from results, openings, limits and clocks of matches."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.basic import FirstLegalAgent, RandomAgent
from agents.contract import Agent, SlowAgent, Turn
from arena.play.matches import play_pairings
from arena.play.play import play
from arena.play.source import Limits
from arena.verify import match_problem
from games import GameError, make_game
from games.contract import IntArray, Move
from leagues.records import FAULTS, Match, Pairing
from leagues.results.scoring import forfeited


def pairing(number: int, *seats: str, opening: tuple[Move, ...] = ()) -> Pairing:
    return Pairing(seats or ("a", "b"), seed=number, event=0, block=number, kind="evaluation", opening=opening)


@dataclass
class UntilWins:
    """Gives one pairing after the other until ``a`` has won ``wins`` times, with at most ``ahead`` running."""

    wins: int
    ahead: int
    running: int = 0
    told: list[Match] = field(default_factory=list)

    def next(self) -> Pairing | None:
        if self.wins <= 0 or self.running == self.ahead:
            return None
        self.running += 1
        return pairing(len(self.told) + self.running)

    def tell(self, match: Match) -> None:
        self.running -= 1
        self.told.append(match)
        self.wins -= match.returns[0] > 0


@pytest.mark.parametrize("ahead", [1, 5, 64])
def test_a_source_decides_from_the_results_how_long_to_play(ahead: int) -> None:
    source, heard = UntilWins(10, ahead), list[Match]()
    play(make_game("tic_tac_toe"), source, dict.fromkeys("ab", RandomAgent()), tables=16, on_match=heard.append)
    assert source.running == 0
    assert heard == source.told
    won = [match.returns[0] > 0 for match in source.told]
    running_at_the_tenth = len(won) - [place for place, win in enumerate(won) if win][9] - 1
    assert running_at_the_tenth < min(ahead, 16)
    assert len({match.block for match in heard}) == len(heard)


class Lazy(dict[str, Agent]):
    """Makes an agent when it is asked for."""

    def __missing__(self, name: str) -> Agent:
        self[name] = RandomAgent()
        return self[name]


def test_agents_are_loaded_when_they_are_seated() -> None:
    agents = Lazy()
    matches = play_pairings(make_game("tic_tac_toe"), [pairing(1), pairing(2, "c", "a")], agents, tables=1)
    assert list(agents) == ["a", "b", "c"]
    assert len(matches) == 2


class Watching(FirstLegalAgent):
    """Notes the history it sees at its first turn at each table."""

    def __init__(self) -> None:
        self.seen: dict[int, tuple[Move, ...]] = {}

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        for table in turn.tables.tolist():
            self.seen.setdefault(table, turn.state(table).history())
        return super().act(turn, rng)


@pytest.mark.parametrize(
    ("spec", "opening"),
    [
        ("tic_tac_toe", ((0, 4), (1, 0), (0, 8))),
        ("matrix_rps", ((0, 2), (1, 1))),
        ("goofspiel(num_cards=4,points_order=descending)", ((0, 3), (1, 2))),
        ("kuhn_poker", ((0, 1),)),
    ],
)
def test_an_opening_is_played_before_any_agent_is_asked(spec: str, opening: tuple[Move, ...]) -> None:
    game, agent = make_game(spec), Watching()
    plans = [pairing(1), pairing(2, opening=opening), pairing(3, opening=opening)]
    plain, *opened = play_pairings(game, plans, dict.fromkeys("ab", agent))
    steps = len(opening) if game.dynamics == "turn_based" else len(opening) // game.num_seats
    assert (plain.opening, [match.opening for match in opened]) == (0, [steps, steps])
    assert agent.seen[0] == () or all(player < 0 for player, _ in agent.seen[0])
    for table, match in enumerate(opened, 1):
        assert tuple(move for move in match.history if move[0] >= 0)[: len(opening)] == opening
        if match.plies > steps:
            assert tuple(move for move in agent.seen[table] if move[0] >= 0) == opening
        assert match_problem(game, match) is None


@pytest.mark.parametrize("opening", [((0, 4), (0, 5)), ((0, 4), (1, 4)), ((1, 0),), ((0, 99),)])
def test_an_opening_that_does_not_fit_is_an_error(opening: tuple[Move, ...]) -> None:
    with pytest.raises(GameError, match=r"opening .* does not fit 'tic_tac_toe'"):
        play_pairings(make_game("tic_tac_toe"), [pairing(1, opening=opening)], dict.fromkeys("ab", RandomAgent()))


@pytest.mark.parametrize("spec", ["connect_four", "leduc_poker", "goofspiel(num_cards=4,points_order=descending)"])
def test_a_match_is_adjudicated_at_its_limit(spec: str) -> None:
    game, limit = make_game(spec), 2
    plans = [pairing(number) for number in range(9)]
    agents = dict.fromkeys("ab", RandomAgent())
    free = play_pairings(game, plans, agents, tables=9)
    cut = play_pairings(game, plans, agents, tables=9, limits=Limits(max_plies=limit))
    assert {match.plies for match in free} != {limit}
    over = [match.plies <= limit for match in free]  # by the rules, at the limit or before it
    assert [match.ending for match in cut] == ["terminated" if each else "adjudicated" for each in over]
    assert max(match.plies for match in cut) == limit
    assert [match_problem(game, match) for match in cut] == [None] * 9
    assert all(sum(match.returns) == 0 for match in cut)


class Sleepy(RandomAgent):
    """Sleeps too long at some tables, and keeps what its clock said."""

    def __init__(self, sleeps: float, tables: Sequence[int]) -> None:
        self.sleeps, self.tables = sleeps, set(tables)
        self.clocks: dict[int, list[float]] = {}

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        assert turn.clock is not None
        assert turn.clock.shape == turn.seats.shape == (1,)
        self.clocks.setdefault(int(turn.tables[0]), []).append(float(turn.clock[0]))
        if self.tables & set(turn.tables.tolist()):
            time.sleep(self.sleeps)
        return super().act(turn, rng)


def test_a_slow_agent_loses_on_time_at_its_own_table_only() -> None:
    game, slow = make_game("tic_tac_toe"), Sleepy(0.06, [1])
    plans = [pairing(number) for number in range(3)]
    matches = play_pairings(game, plans, {"a": slow, "b": RandomAgent()}, limits=Limits(move_time=0.05))
    assert [(match.ending, match.fault) for match in matches] == [
        ("terminated", None),
        ("timeout", 0),
        ("terminated", None),
    ]
    assert matches[1].plies == 0
    assert {clock for clocks in slow.clocks.values() for clock in clocks} == {0.05}


def test_the_time_of_a_game_is_used_up_move_by_move() -> None:
    game, slow = make_game("connect_four"), Sleepy(0.03, [0])
    limits = Limits(move_time=5.0, game_time=0.1)
    (match,) = play_pairings(game, [pairing(4)], {"a": RandomAgent(), "b": slow}, limits=limits)
    assert (match.ending, match.fault) == ("timeout", 1)
    clocks = slow.clocks[0]
    assert clocks[0] == pytest.approx(0.1)
    assert 2 <= len(clocks) <= 4
    assert all(before - after >= 0.03 for before, after in pairwise(clocks))
    assert match.plies == 2 * len(clocks) - 1
    assert match_problem(game, match) is None


class Late(RandomAgent):
    """Knows itself that it missed its time, at one table."""

    def __init__(self, stalled: bool) -> None:
        self.stalled = stalled

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        if 2 in turn.tables:
            raise SlowAgent(self.stalled)
        return super().act(turn, rng)


@pytest.mark.parametrize("limits", [Limits(), Limits(move_time=60.0)])
@pytest.mark.parametrize(("stalled", "ending"), [(True, "stall"), (False, "timeout")])
def test_an_agent_that_reports_its_own_delay_loses_its_match(stalled: bool, ending: str, limits: Limits) -> None:
    game = make_game("leduc_poker")
    matches = play_pairings(
        game, [pairing(n) for n in range(4)], {"a": Late(stalled), "b": RandomAgent()}, limits=limits
    )
    assert [match.ending for match in matches] == ["terminated", "terminated", ending, "terminated"]
    late = matches[2]
    assert late.fault == 0
    assert late.returns == forfeited(game, (0.0, 0.0), 0)
    assert [match_problem(game, match) for match in matches] == [None] * 4


def test_an_agent_that_fails_in_its_reset_loses_those_matches_only() -> None:
    class Broken(RandomAgent):
        def reset(self, tables: Sequence[int]) -> None:
            if 1 in tables:
                raise OSError("no room")

    game = make_game("tic_tac_toe")
    plans = [pairing(number, "b", "a") for number in range(8)]
    matches = play_pairings(game, plans, {"a": Broken(), "b": RandomAgent()}, tables=3)
    crashed = [match for match in matches if match.ending == "crash"]
    assert 0 < len(crashed) < 8
    assert {(match.fault, match.plies) for match in crashed} == {(1, 0)}
    assert all(match.ending == "terminated" for match in matches if match not in crashed)


def test_many_faults_leave_the_other_matches_whole() -> None:
    class Erratic(RandomAgent):
        """Raises, answers wrongly or too late, each at its own tables."""

        def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
            actions = super().act(turn, rng)
            if 0 in turn.tables:
                raise ValueError("no idea")
            if 1 in turn.tables:
                raise SlowAgent(stalled=True)
            if 2 in turn.tables:
                return actions[:0]
            actions[turn.tables == 3] = -5
            return actions

    game = make_game("matching_pennies_3p")
    plans = [pairing(number, "good", "bad", "good") for number in range(6)]
    matches = play_pairings(game, plans, {"bad": Erratic(), "good": RandomAgent()}, tables=6)
    assert [match.ending for match in matches] == [
        "crash",
        "stall",
        "illegal",
        "illegal",
        "terminated",
        "terminated",
    ]
    assert [match.fault for match in matches] == [1, 1, 1, 1, None, None]
    assert [match_problem(game, match) for match in matches] == [None] * 6


class Unsteady(RandomAgent):
    """Plays at random, and at some positions does one of the things that an agent must not do."""

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        actions = super().act(turn, rng)
        for row, table in enumerate(turn.tables.tolist()):
            way = int(turn.state(table).digest()[:2], 16) % 24  # the same for one row alone
            if way == 0:
                raise RuntimeError("lost the thread")
            if way in (1, 2):
                raise SlowAgent(stalled=way == 1)
            if way == 3:
                return np.zeros((1, 1), np.int64)
            if way == 4:
                actions[row] = np.flatnonzero(~turn.masks[row])[0] if not turn.masks[row].all() else -1
        return actions


@settings(max_examples=40, deadline=None)
@given(
    spec=st.sampled_from(
        ["tic_tac_toe", "kuhn_poker(players=3)", "leduc_poker", "goofspiel(num_cards=4,points_order=descending)"]
    ),
    tables=st.integers(1, 9),
    games=st.integers(1, 20),
    max_plies=st.none() | st.integers(1, 6),
    seed=st.integers(0, 2**32),
    data=st.data(),
)
def test_every_match_is_played_once_and_only_the_seat_at_fault_pays(
    spec: str, tables: int, games: int, max_plies: int | None, seed: int, data: st.DataObject
) -> None:
    game = make_game(spec)
    names = st.tuples(*[st.sampled_from(["steady", "calm", "unsteady"])] * game.num_seats)
    plans = [pairing(seed + number, *data.draw(names)) for number in range(games)]
    agents = {"steady": RandomAgent(), "calm": FirstLegalAgent(), "unsteady": Unsteady()}
    told: list[Match] = []
    matches = play_pairings(
        game, plans, agents, tables=tables, limits=Limits(max_plies=max_plies), on_match=told.append
    )
    assert [(match.seats, match.block) for match in matches] == [(plan.seats, plan.block) for plan in plans]
    assert sorted(match.block for match in told) == sorted(plan.block for plan in plans)
    for match in matches:
        assert match_problem(game, match) is None
        assert (match.ending in FAULTS) == (match.fault is not None)
        assert match.fault is None or match.seats[match.fault] == "unsteady"
        assert max_plies is None or match.plies <= max_plies
        assert match.ending != "adjudicated" or match.plies == max_plies


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), plies=st.integers(0, 12), data=st.data())
def test_any_beginning_of_a_game_is_an_opening_of_it(seed: int, plies: int, data: st.DataObject) -> None:
    game = make_game(data.draw(st.sampled_from(["connect_four", "leduc_poker", "matching_pennies_3p", "backgammon"])))
    names = ("a", "b", "c")[: game.num_seats]
    (first,) = play_pairings(game, [pairing(seed, *names)], dict.fromkeys(names, RandomAgent()))
    moves = [move for move in first.history if move[0] >= 0]
    plies = min(plies, first.plies)
    opening = tuple(moves[: plies * game.num_seats if game.dynamics == "simultaneous" else plies])
    (again,) = play_pairings(game, [pairing(seed, *names, opening=opening)], dict.fromkeys(names, RandomAgent()))
    assert again.opening == plies
    assert [move for move in again.history if move[0] >= 0][: len(opening)] == list(opening)
    assert match_problem(game, again) is None


def test_crashes_recorded_before_they_were_forfeits_are_still_right() -> None:
    game = make_game("leduc_poker")
    (late,) = play_pairings(game, [pairing(0)], {"a": Sulking(), "b": RandomAgent()})
    assert (late.ending, late.returns) == ("crash", (-13.0, 13.0))
    assert match_problem(game, late) is None
    assert match_problem(game, replace(late, returns=(0.0, 0.0))) is None
    assert "returns" in str(match_problem(game, replace(late, returns=(1.0, -1.0))))
    assert "returns" in str(match_problem(game, replace(late, ending="illegal", returns=(0.0, 0.0))))


class Sulking(Agent):
    """Never plays."""

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        raise ValueError("no")
