"""A league learns from whole games of clients, which may die, and harm nobody if they lie."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from external_clients import PROGRAMS, client, free_port
from small_training import small

from agents.contract import AgentError
from agents.policies.network import MaskedNetwork, build_network
from arena.play.matches import play_match
from arena.training.acting import _Models
from games import make_game
from leagues.records import LeagueError

EXAMPLE = PROGRAMS / "acting_client.py"


def tic_tac_toe(port: int) -> str:
    return f"external(observation=18,actions=9,graded=False,acts=True,port={port})"


def short(port: int, **league: Any) -> Any:
    """A run without evaluation, which would ask for steps."""
    return small(tic_tac_toe(port), exploitability_every=0, games_per_iteration=0, **league)


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Clients, which end with the test."""
    running: list[subprocess.Popen[bytes]] = []
    yield running
    for process in running:
        process.kill()
        process.wait()


def start(port: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, str(EXAMPLE), str(port)], stderr=subprocess.DEVNULL)


@pytest.fixture
def program() -> Any:
    """The example, as a module."""
    spec = importlib.util.spec_from_file_location("acting_client", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_it_learns_and_clients_may_die_and_come(build: Any, started: list[subprocess.Popen[bytes]]) -> None:
    port = free_port()
    started += [start(port), start(port)]
    algorithm = build(small(tic_tac_toe(port), exploitability_every=0, opponents={"latest": 1.0}).training(lr=2e-3))
    for iteration in range(25):
        result = algorithm.train()["league"]
        assert not algorithm.env_runner.sampler.seated, "a game goes on with actions of older weights"
        if iteration == 3:
            os.kill(started[0].pid, signal.SIGKILL)
            started.append(start(port))
    assert result["broken_games"] <= 16, "at most the evaluation matches of the client that was killed"
    assert algorithm.session.writer.block_scores().games().get("main@1"), "clients are asked for steps of matches"
    match = play_match(tic_tac_toe(port), [algorithm.snapshots.agent("main"), "random"], games=200, seed=1)
    assert match.score > 0.6, "0.5 for random play"


@pytest.mark.slow
def test_clients_that_lie_lose_their_games_only(
    build: Any, program: Any, started: list[subprocess.Popen[bytes]], caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()

    def lies(question: dict[str, Any]) -> dict[str, Any]:
        """Plays at random, and says that a policy of the arena did."""
        return {"steps": program.whole_game([None, None])}

    started.append(start(port))
    algorithm = build(short(port))
    with client(port, lies), client(port, lies):
        results = [algorithm.train()["league"] for _ in range(3)]
    assert 2 <= results[-1]["broken_games"] <= 32, (
        "for each those at all tables, which come before the first is checked"
    )
    assert results[-1]["agent_steps"] > 3 * 512
    assert "log-probabilities in an episode are those that the policies of its question give" in caplog.text


@pytest.mark.slow
def test_games_with_older_weights_are_refused(build: Any, program: Any, caplog: pytest.LogCaptureFixture) -> None:
    port, first = free_port(), {}
    models: dict[Any, Any] = {None: None}

    def stale(question: dict[str, Any]) -> dict[str, Any]:
        """Plays with the first model that it was sent."""
        for number, model in question.get("models", {}).items():
            models[int(number)] = first.setdefault("model", program.loaded(model))
        return {"steps": program.whole_game([models[number] for number in question["policies"].values()])}

    algorithm = build(short(port).training(lr=1e-2))
    with client(port, stale):
        assert not algorithm.train()["league"]["broken_games"]
    fresh = {}

    def sound(question: dict[str, Any]) -> dict[str, Any]:
        for number, model in question.get("models", {}).items():
            fresh[int(number)] = program.loaded(model)
        return {"steps": program.whole_game([fresh.get(number) for number in question["policies"].values()])}

    with client(port, sound):
        assert 1 <= algorithm.train()["league"]["broken_games"] <= 16
    assert "log-probabilities in an episode are those that the policies of its question give" in caplog.text


@pytest.mark.slow
def test_other_algorithms_learn_from_such_games(build: Any, started: list[subprocess.Popen[bytes]]) -> None:
    port = free_port()
    started.append(start(port))
    config = small(tic_tac_toe(port), algorithm="dqn", exploitability_every=0, games_per_iteration=0)
    algorithm = build(config)
    results = [algorithm.train()["league"] for _ in range(3)]
    assert results[-1]["agent_steps"] > 3 * 512
    assert not results[-1]["broken_games"], "clients explore as the learner does"


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ({"use_lstm": True}, "clients keep no states, so a network that remembers earlier steps cannot act there"),
        ({"network": "gru"}, "choose another network, or leave out acts=True"),
        ({"precision": "bfloat16"}, "float32, but the `precision` of a network is 'bfloat16'; drop this setting"),
    ],
)
def test_a_network_that_clients_cannot_have_is_refused_before_a_run(network: dict[str, Any], message: str) -> None:
    with pytest.raises(LeagueError, match=message):
        short(free_port()).rl_module(model_config=network).validate()


def test_noisy_layers_are_refused_before_a_run() -> None:
    config = small(tic_tac_toe(free_port()), algorithm="dqn", exploitability_every=0, games_per_iteration=0)
    with pytest.raises(LeagueError, match="no noisy layers, but `noisy` is set; drop it, or leave out acts=True"):
        config.training(noisy=True).validate()


@pytest.mark.parametrize("library", ["onnx", "onnxruntime", "onnxscript"])
def test_a_missing_library_is_named_before_a_run(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(LeagueError, match=r"get networks as ONNX models.*; run pip install .*onnx"):
        short(free_port()).validate()


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ({"use_lstm": True}, "clients keep no states"),
        ({"precision": "bfloat16"}, "`precision` of a network is 'bfloat16'; drop this setting"),
    ],
)
def test_another_members_network_is_refused_when_it_comes_to_a_table(network: dict[str, Any], message: str) -> None:
    game = make_game(tic_tac_toe(free_port()))
    module = build_network(MaskedNetwork, game, network)
    models = _Models(game, lambda name: module)
    with pytest.raises(AgentError, match=message):
        models.policy("main", 0)


@pytest.mark.parametrize(
    ("league", "message"),
    [
        ({"baselines": ("random", "first")}, "the agent 'random', but `baselines` has 'first'; drop it"),
        ({"random_plies": 2}, "so no game can begin with random steps; set random_plies to 0"),
    ],
)
def test_what_clients_cannot_do_is_refused_before_a_run(league: dict[str, Any], message: str) -> None:
    with pytest.raises(LeagueError, match=message):
        short(free_port(), **league).validate()
