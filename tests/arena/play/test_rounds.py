"""The loop of matches: order, completeness, repeatability, batches, and faults that stay in their match."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from agents.basic import FirstLegalAgent, RandomAgent
from agents.contract import Agent, AgentError, QuitGame, Turn
from arena.play.matches import play_pairings
from arena.verify import match_problem
from games import make_game
from games.contract import IntArray
from leagues.records import Match, Pairing


def pairings(*seats: tuple[str, ...], each: int = 1) -> list[Pairing]:
    return [
        Pairing(line, seed=1000 + number, event=4, block=number, kind="evaluation")
        for number, line in enumerate(line for line in seats for _ in range(each))
    ]


def timeless(matches: list[Match]) -> list[Match]:
    return [replace(match, started_at=datetime(2026, 1, 1, tzinfo=UTC), duration=0.0) for match in matches]


@pytest.mark.parametrize("spec", ["tic_tac_toe", "kuhn_poker(players=3)", "matching_pennies_3p", "leduc_poker"])
def test_every_pairing_is_played_to_its_end_in_order_and_can_be_replayed(spec: str) -> None:
    game = make_game(spec)
    names = [f"agent{seat}" for seat in range(game.num_seats)]
    planned = pairings(tuple(names), tuple(reversed(names)), each=15)
    ended: list[Match] = []
    matches = play_pairings(
        game,
        planned,
        {name: RandomAgent() for name in names},
        tables=4,
        weights={"agent0": "ab" * 32},
        iteration=3,
        on_match=ended.append,
    )
    assert [(match.seats, match.seed, match.event, match.block) for match in matches] == [
        (pairing.seats, pairing.seed, pairing.event, pairing.block) for pairing in planned
    ]
    assert [match_problem(game, match) for match in matches] == [None] * 30
    assert sorted(match.block for match in ended) == list(range(30))
    assert all(match.ending == "terminated" and match.fault is None and match.iteration == 3 for match in matches)
    assert matches[0].weights[0] == "ab" * 32
    assert set(matches[0].weights[1:]) == {None}


def test_the_same_call_gives_the_same_matches_and_another_seed_others() -> None:
    game = make_game("tic_tac_toe")
    planned = pairings(("a", "b"), ("b", "a"), each=20)
    agents = {"a": RandomAgent(), "b": RandomAgent()}
    once, again = (timeless(play_pairings(game, planned, agents, tables=8)) for _ in range(2))
    assert once == again
    other = [pairing._replace(seed=pairing.seed + 500) for pairing in planned]
    moves = [match.history for match in play_pairings(game, other, agents, tables=8)]
    assert moves != [match.history for match in once]
    assert len({match.history for match in once}) > 35


class Counting(RandomAgent):
    """Records the size of each batch and counts the resets of tables."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.resets = 0

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        assert turn.clock is None  # no time is measured
        self.batches.append(len(turn.tables))
        return super().act(turn, rng)

    def reset(self, tables: Sequence[int]) -> None:
        self.resets += len(tables)


def test_an_agent_is_asked_once_per_step_for_all_its_rows_and_reset_once_per_match() -> None:
    game = make_game("connect_four")
    agent = Counting()
    matches = play_pairings(game, pairings(("me", "me"), each=32), {"me": agent}, tables=32)
    assert len(agent.batches) == max(match.plies for match in matches)
    assert agent.batches[0] == 32
    assert sum(agent.batches) == sum(match.plies for match in matches)
    assert agent.resets == 32


def test_no_pairings_no_matches() -> None:
    assert play_pairings(make_game("tic_tac_toe"), [], {}) == []


class Faulty(FirstLegalAgent):
    """Plays at random until a position has ``left`` legal moves, then breaks the rules."""

    def __init__(self, way: str, left: int = 5) -> None:
        self.way, self.left = way, left

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        actions = RandomAgent().act(turn, rng)
        # One table in three, so that others of the same batch must not suffer.
        bad = (turn.masks.sum(axis=1) == self.left) & (turn.tables % 3 == 0)
        if not bad.any():
            return actions
        if self.way == "raises":
            raise ZeroDivisionError("thinking too hard")
        if self.way == "shape":
            return actions[:-1]
        if self.way == "floats":
            return actions.astype(float)  # type: ignore[return-value]
        actions[bad] = {"illegal": (~turn.masks[bad]).argmax(axis=1), "large": 99, "negative": -1}[self.way]
        return actions


@pytest.mark.parametrize("way", ["raises", "shape", "floats", "illegal", "large", "negative"])
def test_a_fault_is_recorded_with_its_seat_and_the_others_play_on(way: str, caplog: pytest.LogCaptureFixture) -> None:
    game = make_game("tic_tac_toe")
    planned = pairings(("bad", "good"), ("good", "bad"), each=20)
    matches = play_pairings(game, planned, {"bad": Faulty(way), "good": RandomAgent()}, tables=9)
    crashed = [match for match in matches if match.fault is not None]
    assert len(matches) == 40
    assert {match.ending for match in crashed} == {"crash" if way == "raises" else "illegal"}
    # Five moves are left when seat 0 moves for the third time, so only as seat 0 it goes wrong.
    assert {match.seats for match in crashed} == {("bad", "good")}
    assert 0 < len(crashed) < 20
    for match in crashed:
        assert match.fault == 0
        assert match.plies == len(match.history) == 4
        assert match.returns == (0.0, 0.0)
    assert [match_problem(game, match) for match in matches] == [None] * 40
    assert len(caplog.records) == len(crashed)
    assert "bad at seat 0" in caplog.text


def test_a_fault_in_a_simultaneous_step_names_the_lowest_seat_at_fault() -> None:
    class Broken(Agent):
        def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
            return np.full(len(turn.seats), -7, np.int64)

    game = make_game("matching_pennies_3p")
    planned = pairings(("good", "bad", "bad"), each=3)
    matches = play_pairings(game, planned, {"good": RandomAgent(), "bad": Broken()}, tables=2)
    assert [(match.ending, match.fault, match.history, match.plies) for match in matches] == [("illegal", 1, (), 0)] * 3
    assert [match_problem(game, match) for match in matches] == [None] * 3


def test_a_person_who_leaves_ends_the_run() -> None:
    class Person(Agent):
        def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
            raise QuitGame("enough")

    with pytest.raises(QuitGame):
        play_pairings(make_game("tic_tac_toe"), pairings(("a", "b")), {"a": RandomAgent(), "b": Person()})


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_that_no_record_can_hold_is_refused(seed: int) -> None:
    pairing = pairings(("a", "b"))[0]._replace(seed=seed)
    with pytest.raises(AgentError, match=r"0 <= seed < 2\*\*63"):
        play_pairings(make_game("tic_tac_toe"), [pairing], dict.fromkeys("ab", RandomAgent()))


@pytest.mark.parametrize(
    ("seats", "tables", "words"),
    [(("a", "c"), 1, "no.*agent|none for c"), (("a",), 1, "2 seats"), (("a", "b"), 0, "tables >= 1")],
)
def test_wrong_calls_are_explained(seats: tuple[str, ...], tables: int, words: str) -> None:
    agents = {"a": RandomAgent(), "b": RandomAgent()}
    with pytest.raises(AgentError, match=words):
        play_pairings(make_game("tic_tac_toe"), pairings(seats), agents, tables=tables)
