"""Games that run in clients: what a client may do, and what it may not."""

from __future__ import annotations

import json
import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import numpy as np
import pytest
from external_clients import PROGRAMS, Answers, client, connect, free_port

from games import BrokenGameError, Game, GameError, UnknownGameError, make_game
from games.contract import Tables
from games.external import clients
from games.external.clients import MOST_WRITTEN

EXAMPLE = PROGRAMS / "external_game.py"


def small(port: int, **parameters: Any) -> Game:
    """Two seats see three numbers and have two actions."""
    given = {"observation": 3, "actions": 2, "port": port} | parameters
    return make_game(f"external({','.join(f'{key}={value}' for key, value in given.items())})")


def sees(agent: str = "player_0", **more: Any) -> dict[str, Any]:
    return {"observations": {agent: [1, 2.5, -3]}} | more


OVER = {"over": "terminated", "rewards": {"player_0": 1, "player_1": -1}}


def sound(question: dict[str, Any]) -> dict[str, Any]:
    """A game of one step of seat 0."""
    return sees() if question["type"] == "reset" else OVER


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(clients, "PATIENCE", 20.0)
    return free_port()


def played(tables: Tables, games: int, rng: np.random.Generator) -> list[tuple[float, ...]]:
    """The returns of so many games at one table, by random play."""
    found: list[tuple[float, ...]] = []
    for seed in range(games):
        tables.reset([0], [seed])
        while not tables.broken and tables.observe():
            masks = tables.masks[: tables.rows]
            if tables.step(np.array([rng.choice(np.flatnonzero(mask)) for mask in masks])):
                break
        if tables.broken:
            raise tables.broken[0]
        found.append(tables.state(0).returns())
    return found


def test_the_spec_says_all_that_a_league_must_know(port: int) -> None:
    game = make_game("external(seats=3, observation=2x4, actions=5, teams=001)")
    assert (game.num_seats, game.observation_shape, game.num_actions) == (3, (2, 4), 5)
    assert (game.agent_ids, game.teams) == (("player_0", "player_1", "player_2"), (0, 0, 1))
    assert game.graded
    assert not game.replayable
    assert make_game(game.spec) == game == pickle.loads(pickle.dumps(game))
    bounds = make_game("external(observation=4,continuous=2,seats=1)").action_bounds
    assert bounds is not None
    assert [bound.tolist() for bound in bounds] == [[-1, -1], [1, 1]]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ("actions=2", "needs parameters .observation."),
        ("observation=3", "actions=N or continuous=N"),
        ("observation=3,actions=2,continuous=1", "give one"),
        ("observation=3x,actions=2", "a shape such as 18"),
        ("observation=0,actions=2", "a shape such as 18"),
        ("observation=999999,actions=2", "at most 32,768 numbers"),
        ("observation=3,actions=-1", "from 0 to"),
        ("observation=3,actions=2,port=70000", "port must be a whole number from 1 to 65,535"),
        ("observation=3,actions=2,seats=0", "from 1 to 256"),
        ("observation=3,actions=2,graded=maybe", "True or False"),
        ("observation=3,actions=2,acts=maybe", "acts must be True or False"),
        ("observation=3,continuous=2,acts=True", "numbered actions only; give actions=N, or leave out acts=True"),
        ("observation=3,actions=2,host=0.0.0.0", "unknown parameter 'host'"),
    ],
)
def test_a_spec_that_says_nonsense_is_refused(parameters: str, message: str) -> None:
    with pytest.raises((GameError, UnknownGameError), match=message):
        make_game(f"external({parameters})")


def test_the_example_plays_tic_tac_toe_by_its_rules(port: int) -> None:
    game = make_game(f"external(observation=18,actions=9,graded=False,port={port})")
    tables, rng = game.tables(1), np.random.default_rng(0)
    with example(port):
        returns = played(tables, 60, rng)
    state = tables.state(0)
    assert {sum(scores) for scores in returns} == {0}
    assert {scores[0] for scores in returns} == {-1, 0, 1}
    assert state.ending() == "terminated"
    assert 5 <= len(state.history()) <= 9
    assert [seat for seat, _ in state.history()] == [turn % 2 for turn in range(len(state.history()))]
    cells = [cell for _, cell in state.history()]
    assert len(set(cells)) == len(cells)  # legal actions only


@contextmanager
def example(port: int) -> Iterator[None]:
    """The example, which tries until the port is open."""
    with subprocess.Popen([sys.executable, str(EXAMPLE), str(port)], stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.kill()


def test_a_client_that_is_killed_loses_its_game_and_another_one_goes_on(port: int) -> None:
    game, rng = small(port), np.random.default_rng(0)
    tables = game.tables(1)
    with (
        client(port, lambda question: sees() if question["type"] == "reset" else None),
        pytest.raises(BrokenGameError, match="the client has gone"),
    ):
        played(tables, 1, rng)
    with client(port, sound):
        assert played(tables, 3, rng) == [(1, -1)] * 3


def test_a_client_that_went_between_two_games_is_passed_over(port: int) -> None:
    tables, rng, leave = small(port).tables(1), np.random.default_rng(0), threading.Event()

    def one_game(question: dict[str, Any]) -> dict[str, Any] | None:
        return sees() if question["type"] == "reset" and not leave.is_set() else None if leave.is_set() else OVER

    with client(port, one_game):
        played(tables, 1, rng)
        leave.set()
    with client(port, sound), client(port, sound):
        assert played(tables, 4, rng) == [(1, -1)] * 4


def test_two_clients_play_at_two_tables(port: int) -> None:
    tables = small(port).tables(2)
    seen: list[set[int]] = [set(), set()]

    def counting(at: int) -> Answers:
        def answers(question: dict[str, Any]) -> dict[str, Any]:
            if question["type"] == "reset":
                seen[at].add(question["seed"])
            return sound(question)

        return answers

    played_seeds = set()
    with client(port, counting(0)), client(port, counting(1)):
        for seed in count():
            tables.reset([0, 1], [seed, 100 + seed])
            assert tables.observe() == 2
            assert tables.step(np.zeros(2, np.int64)) == [0, 1]
            played_seeds |= {seed, 100 + seed}
            if all(seen):  # the second client may come later
                break
    assert not tables.broken
    assert seen[0] | seen[1] == played_seeds


def test_one_client_plays_many_games_and_is_told_which_are_dropped(port: int) -> None:
    tables, questions = small(port).tables(3), []

    def answers(question: dict[str, Any]) -> dict[str, Any]:
        questions.append(question)
        return sound(question)

    with client(port, answers):
        tables.reset([0, 1, 2], [7, 8, 9])
        assert tables.observe() == 3
        tables.reset([1], [10])
        assert tables.observe() == 3
        assert tables.step(np.zeros(3, np.int64)) == [0, 1, 2]
        tables.reset([0], [11])
    resets = [(each["game"], each["seed"]) for each in questions if each["type"] == "reset"]
    assert resets == [(1, 7), (2, 8), (3, 9), (4, 10), (5, 11)]
    assert {each["game"] for each in questions if each["type"] == "step"} == {1, 3, 4}
    assert [each["dropped"] for each in questions if "dropped" in each] == [[2]]  # those that are over are not named


def test_seats_may_act_together_leave_early_and_be_truncated(port: int) -> None:
    both = {"player_0": [0, 0, 1], "player_1": [0, 0, 2]}
    script = iter(
        [
            {"observations": both},
            {"observations": {"player_1": [0, 0, 3]}, "ended": {"player_0": "truncated"}, "rewards": {"player_0": 2.5}},
            {"over": "terminated", "rewards": {"player_1": -1}},
        ]
    )
    with client(port, lambda question: next(script)):
        state = small(port).new_state(7)
        assert state.acting() == (0, 1)
        assert state.apply([1, 0]) == (2.5, 0)
        assert state.acting() == (1,)
        assert state.apply([1]) == (0, -1)
    assert state.seat_endings() == ("truncated", "terminated")
    assert state.returns() == (2.5, -1)
    assert state.history() == ((0, 1), (1, 0), (1, 1))
    with pytest.raises(GameError, match="cannot be copied, because a client plays it"):
        state.clone()


def test_continuous_actions_come_as_lists(port: int) -> None:
    asked: list[Any] = []

    def answers(question: dict[str, Any]) -> dict[str, Any]:
        asked.append(question.get("actions"))
        return sound(question)

    with client(port, answers):
        state = make_game(f"external(observation=3,continuous=2,port={port})").new_state(0)
        state.apply([(0.5, -1.0)])
    assert asked == [None, {"player_0": [0.5, -1.0]}]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"nonsense\n", "lines of JSON objects, but wrote 'nonsense'"),
        (b"[" * 10_000 + b"\n", "lines of JSON objects"),
        (b"x" * (MOST_WRITTEN + 10), "at most 1,048,576 bytes"),
        (b'{"id": 7}\n', "the id of the question, 2"),
        ({"error": "out of memory"}, "cannot go on: 'out of memory'"),
        ({"obs": {}}, "but this one has 'obs'"),
        ({"observations": [1]}, "observations is an object with the names of agents"),
        ({"observations": {"player_0": [1, 2]}}, r"numbers of shape \(3,\)"),
        ({"observations": {"player_0": [1, [2], 3]}}, "rows of different lengths"),
        ({"observations": {"player_0": ["a", "b", "c"]}}, "must be numbers"),
        ({"observations": {"player_0": [1, 2, float("nan")]}}, "must be finite"),
        ({"observations": {"player_0": [1, 2, 1e300]}}, "must be finite"),
        ({"observations": {"white": [1, 2, 3]}}, "'white' is not"),
        (sees(legal={"player_0": []}), "must have a legal action"),
        (sees(legal={"player_0": [2]}), "from 0 to 1, but 2 is not"),
        (sees(legal={"player_0": [True]}), "from 0 to 1, but True is not"),
        (sees(legal={"player_1": [0]}), "'player_1' has legal actions, but no observation"),
        (sees(rewards={"player_0": float("inf")}), "finite numbers"),
        (sees(rewards={"player_0": "1"}), "a reward is a number"),
        (sees(rewards={"nobody": 1}), "'nobody' is not"),
        (sees(ended={"player_0": "lost"}), "'terminated' or 'truncated'"),
        ({"over": True}, "'terminated' or 'truncated'"),
        ({"rewards": {}}, "some agent must get an observation"),
    ],
)
def test_a_client_that_breaks_a_rule_loses_its_game_and_its_connection(port: int, answer: Any, message: str) -> None:
    tables, rng = small(port).tables(1), np.random.default_rng(0)
    with (
        client(port, lambda question: sees() if question["type"] == "reset" else answer),
        pytest.raises(BrokenGameError, match=message) as caught,
    ):
        played(tables, 1, rng)
    assert len(str(caught.value)) < 500  # a client cannot fill the logs
    with client(port, sound):  # the first one would answer wrongly again, if it were still there
        assert played(tables, 2, rng) == [(1, -1)] * 2


def test_a_client_that_writes_without_being_asked_is_hung_up(port: int) -> None:
    tables, rng = small(port).tables(1), np.random.default_rng(0)
    twice = json.dumps(OVER | {"id": 2}).encode() + b'\n{"id": 3}\n'
    with client(port, lambda question: sees() if question["type"] == "reset" else twice):
        played(tables, 1, rng)
        with pytest.raises(BrokenGameError, match="answers questions only"):
            played(tables, 1, rng)


def test_clients_without_a_proper_hello_get_no_game(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "_HELLO", 0.2)
    tables, rng = small(port).tables(1), np.random.default_rng(0)
    silent: list[socket.socket] = []

    def crowd() -> None:
        for _ in range(100):  # more than may be there without a hello
            connection = connect(port)
            silent.append(connection)

    crowding = threading.Thread(target=crowd, daemon=True)
    crowding.start()
    with (
        client(port, sound, hello={"type": "hello", "protocol": 99}),
        client(port, sound, hello=b"GET / HTTP/1.1\r\n"),
        client(port, sound),
    ):
        assert played(tables, 3, rng) == [(1, -1)] * 3
    crowding.join()
    for connection in silent:
        connection.close()


def test_a_client_that_is_silent_or_does_not_come_breaks_the_game_after_a_while(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "PATIENCE", 0.3)
    game, rng, over = small(port), np.random.default_rng(0), threading.Event()
    with pytest.raises(BrokenGameError, match=f"no client has been at port {port} for 0.3 s; start one"):
        played(game.tables(1), 1, rng)

    monkeypatch.setattr(clients, "_LEAST_WAIT", 20.0)

    def silent(question: dict[str, Any]) -> None:
        over.wait()

    with (
        client(port, silent),
        pytest.raises(BrokenGameError, match=r"within 0.3 s, but this one did not"),
    ):
        played(game.tables(1), 1, rng)
    over.set()


def test_processes_that_want_the_same_port_get_the_next_free_one(port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        found = clients.clients_of(port, {"test": port})
        assert port < found.port < port + clients.PORTS
        assert clients.clients_of(port, {"test": port}) is found
