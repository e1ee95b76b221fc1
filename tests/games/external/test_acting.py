"""Whole games of clients: what an episode may say, and what it may not."""

from __future__ import annotations

import pickle
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from external_clients import Answers, client, free_port

from agents.contract import AgentError
from games import BrokenGameError, GameError, make_game
from games.external import clients
from games.external.acting import ActedGame, EpisodeState, Policies, Policy
from games.external.clients import MOST_EPISODE, MOST_MODELS, Client

NETWORK = Policy(1, "bW9kZWw=")
OVER = {"over": "terminated", "rewards": {"player_0": 1, "player_1": -1}}


def step(seat: int, action: Any = 1, log_prob: Any = -0.5, **more: Any) -> dict[str, Any]:
    agent = f"player_{seat}"
    return {
        "observations": {agent: [1, 2.5, -3]},
        "legal": {agent: [1]},
        "actions": {agent: action},
        "log_probs": {agent: log_prob},
    } | more


def episode(*steps: Any) -> dict[str, Any]:
    return {"steps": list(steps)}


SOUND = episode(step(0), step(1, rewards={"player_0": 0.5}), OVER)


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(clients, "PATIENCE", 20.0)
    return free_port()


def acted(port: int, policies: Callable[[int], Policies] | None = None, **parameters: Any) -> ActedGame:
    """Two seats see three numbers and have two actions; by default a network plays seat 0, and chance seat 1."""
    given = {"observation": 3, "actions": 2, "acts": True, "port": port} | parameters
    game = make_game(f"external({','.join(f'{key}={value}' for key, value in given.items())})")
    return ActedGame(game, policies or (lambda table: {"player_0": NETWORK, "player_1": None}))


def replayed(game: ActedGame, seeds: list[int]) -> list[EpisodeState]:
    """The final states of games that are played at the same time, as the clients say."""
    tables = game.tables(len(seeds))
    tables.reset(range(len(seeds)), seeds)
    over: set[int] = set()
    while len(over) < len(seeds):
        tables.observe()
        rows = zip(tables.table[: tables.rows].tolist(), tables.seats[: tables.rows].tolist(), strict=True)
        over |= {*tables.step(np.array([tables.state(table).recorded[seat].action for table, seat in rows], np.int64))}
        if tables.broken:
            raise next(iter(tables.broken.values()))
    return [tables.state(table) for table in range(len(seeds))]


def test_an_episode_is_stepped_as_the_client_played_it(port: int) -> None:
    questions: list[Any] = []

    def answers(question: dict[str, Any]) -> dict[str, Any]:
        questions.append(question)
        return SOUND

    with client(port, answers):
        first, second = replayed(acted(port), [7, 8])
    assert first.history() == second.history() == ((0, 1), (1, 1))
    assert (first.returns(), first.ending()) == ((1.5, -1), "terminated")
    assert [(each["type"], each["seed"], each["game"]) for each in questions] == [("play", 7, 1), ("play", 8, 2)]
    assert {str(each["policies"]) for each in questions} == {"{'player_0': 1, 'player_1': None}"}
    assert [each.get("models") for each in questions] == [{"1": NETWORK.model}, None]  # sent once


def test_a_step_says_what_its_agents_do_next(port: int) -> None:
    both = step(0, 1, -0.25)
    both = {name: value | step(1, 0, -2, legal={"player_1": [0]})[name] for name, value in both.items()}
    with client(port, lambda question: episode(both, OVER)):
        tables = acted(port).tables(1)
        tables.reset([0], [3])
    state = tables.state(0)
    assert state.acting() == (0, 1)
    assert state.recorded == {0: (1, -0.25), 1: (0, -2.0)}


def test_a_game_that_is_cut_short_shows_its_last_position(port: int) -> None:
    last = {"over": "truncated", "observations": {"player_0": [0, 0, 9]}}
    with client(port, lambda question: episode(step(0), last)):
        (state,) = replayed(acted(port), [7])
    observation, mask = np.empty(3, np.float32), np.empty(2, np.bool_)
    state.observe(0, observation, mask)
    assert observation.tolist() == [0, 0, 9]
    assert state.seat_endings() == ("truncated", "truncated")


def test_a_client_is_told_which_models_it_need_not_keep(port: int) -> None:
    kept: set[int] = set()
    most = 0

    def answers(question: dict[str, Any]) -> dict[str, Any]:
        nonlocal most
        for number in question.get("forget", []):
            kept.remove(number)
        kept.update(map(int, question.get("models", {})))
        assert set(question["policies"].values()) <= kept
        most = max(most, len(kept))
        return SOUND

    with client(port, answers):
        game = acted(port, lambda table: {"player_0": Policy(table, "A"), "player_1": Policy(0, "A")})
        assert len(replayed(game, list(range(MOST_MODELS + 5)))) == MOST_MODELS + 5
    assert most == MOST_MODELS


def test_a_client_keeps_all_models_of_its_game(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "MOST_MODELS", 1)
    questions: list[Any] = []

    def answers(question: dict[str, Any]) -> dict[str, Any]:
        questions.append(question)
        return SOUND

    with client(port, answers):
        game = acted(port, lambda table: {"player_0": Policy(table, "A"), "player_1": Policy(table + 1, "A")})
        assert len(replayed(game, [1, 2])) == 2
    assert [list(each["models"]) for each in questions] == [["0", "1"], ["2"]]
    assert [each.get("forget") for each in questions] == [None, [0]]


def test_clients_play_at_the_same_time(port: int) -> None:
    together = threading.Barrier(2, timeout=20)

    def answers(question: dict[str, Any]) -> dict[str, Any]:
        together.wait()
        return SOUND

    with client(port, answers), client(port, answers):
        tables = acted(port).tables(2)
        while tables._clients.here() < 2:
            threading.Event().wait(0.01)
        assert len(replayed(acted(port), [1, 2, 3, 4])) == 4


def test_a_game_goes_to_another_client_if_the_first_dies(port: int) -> None:
    died = threading.Event()

    def dies(question: dict[str, Any]) -> None:
        died.set()

    def answers(question: dict[str, Any]) -> dict[str, Any]:
        assert died.wait(20)
        return SOUND

    with client(port, dies), client(port, answers):
        tables = acted(port).tables(2)
        while tables._clients.here() < 2:
            threading.Event().wait(0.01)
        assert len(replayed(acted(port), [1, 2])) == 2


def test_an_episode_may_be_longer_than_an_answer(port: int) -> None:
    long = [step(0) | {"observations": {"player_0": [0.125] * 30_000}} for _ in range(10)]
    with client(port, lambda question: episode(*long, OVER)):
        (state,) = replayed(acted(port, observation=30_000), [0])
    assert len(state.history()) == 10


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({}, "an id and a list of steps"),
        ({"steps": 3}, "an id and a list of steps"),
        (SOUND | {"policies": {}}, "an id and a list of steps"),
        (episode(), "each step of an episode is an object"),
        (episode(step(0), [1]), "each step of an episode is an object"),
        (episode(step(0), step(1)), "up to the one with 'over', but got None"),
        (episode(step(0), OVER, step(1)), "has more steps"),
        (episode(step(0), OVER | {"actions": {"player_0": 1}}), "actions of a step are those of the agents that act"),
        (episode(step(0, actions={"player_1": 1}), OVER), "actions of a step are those of the agents that act"),
        (episode(step(0, log_probs=[1]), OVER), "log_probs of a step are those of the agents that act"),
        (episode(step(0, 0), OVER), "a legal one, but 0 of seat 0 is not"),
        (episode(step(0, 2), OVER), "a legal one, but 2 of seat 0 is not"),
        (episode(step(0, True), OVER), "a legal one, but True of seat 0 is not"),
        (episode(step(0, log_prob=0.1), OVER), "from -1e.09 to 0, but 0.1 is not"),
        (episode(step(0, log_prob=float("nan")), OVER), "but nan is not"),
        (episode(step(0, log_prob=-(10**400)), OVER), "from -1e.09 to 0"),
        (episode(step(0, log_prob="0"), OVER), "but '0' is not"),
        (episode(step(0, observations={"player_0": [1, 2]}), OVER), r"numbers of shape \(3,\)"),
        (episode(step(0, won=1), OVER), "but this one has 'won'"),
        (episode(step(0), OVER | {"rewards": {"player_0": float("inf")}}), "finite numbers"),
        (SOUND | {"id": 99}, "the id of the question, 1"),
        (b"x" * (MOST_EPISODE + 10), "at most 8,388,608 bytes"),
    ],
)
def test_a_client_that_lies_loses_its_game_and_its_connection(port: int, answer: Any, message: str) -> None:
    once: list[Answers] = [lambda question: answer]
    with client(port, lambda question: once.pop()(question)), pytest.raises(BrokenGameError, match=message) as caught:
        replayed(acted(port), [1])
    assert len(str(caught.value)) < 500  # a client cannot fill the logs
    with client(port, lambda question: SOUND):  # the first one could answer no more
        assert len(replayed(acted(port), [1, 2])) == 2


def test_a_client_has_more_time_for_a_game_than_for_a_step(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "PATIENCE_OF_GAMES", 0.2)
    over = threading.Event()

    def silent(question: dict[str, Any]) -> None:
        over.wait()

    with client(port, silent), pytest.raises(BrokenGameError, match=r"within 0.2 s, but this one did not"):
        replayed(acted(port), [1])
    over.set()


def test_ctrl_c_waits_for_no_game(port: int) -> None:
    main, late, over = threading.get_ident(), threading.Event(), threading.Event()

    def hangs(question: dict[str, Any]) -> None:
        signal.pthread_kill(main, signal.SIGINT)
        if not over.wait(20):
            late.set()

    tables = acted(port).tables(3)
    with client(port, hangs), pytest.raises(KeyboardInterrupt):
        tables.reset([0, 1, 2], [1, 2, 3])
    assert not late.is_set()
    over.set()
    assert not tables._clients.here()
    for thread in threading.enumerate():
        if thread.name.startswith("ThreadPoolExecutor"):  # the process waits for these before it ends
            thread.join(10)
            assert not thread.is_alive()
    with client(port, lambda question: SOUND):
        assert len(replayed(acted(port), [1, 2])) == 2


def test_no_game_begins_unless_all_policies_are_there(port: int) -> None:
    questions: list[Any] = []

    def policies(table: int) -> Policies:
        if table:
            raise AgentError("no model")
        return {"player_0": NETWORK, "player_1": None}

    def answers(question: dict[str, Any]) -> dict[str, Any]:
        questions.append(question)
        return SOUND

    with client(port, answers):
        tables = acted(port, policies).tables(2)
        with pytest.raises(AgentError, match="no model"):
            tables.reset([0, 1], [1, 2])
        assert len(replayed(acted(port), [3])) == 1
    assert [each["seed"] for each in questions] == [3]


def test_the_end_of_a_line_is_not_searched_for_twice() -> None:
    looked = 0

    class Counted(bytearray):
        def find(self, part: Any, start: Any = 0, end: Any = None) -> int:
            nonlocal looked
            looked += len(self) - start
            return super().find(part, start)

    ours, theirs = socket.socketpair()
    with ours, theirs:
        connection = Client(ours)
        connection._written = Counted()
        for _ in range(100):
            theirs.sendall(b" " * 100)
            assert connection.received() is None
        theirs.sendall(b'{"a": 1}\n{"b": 2}\n{')
        assert [connection.received() for _ in range(3)] == [{"a": 1}, {"b": 2}, None]
        theirs.sendall(b"}\n")
        assert connection.received() == {}
    assert looked < 11_000  # of 10,000 bytes


def test_a_game_that_clients_play_is_not_pickled(port: int) -> None:
    with pytest.raises(GameError, match="belongs to one sampler, so it cannot be copied or pickled"):
        pickle.dumps(acted(port))


def test_an_episode_is_refused_by_who_steps_it(port: int) -> None:
    with client(port, lambda question: SOUND):
        tables = acted(port).tables(1)
        tables.reset([0], [3])
        tables.observe()
        tables.state(0).refuse("no such probability")
        assert tables.step(np.array([1])) == [0]
    assert "no such probability" in str(tables.broken[0])
    assert not tables._clients.here()
