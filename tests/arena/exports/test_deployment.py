"""Members of a league as files: what is in them, and that they play as the member does."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from network_league import network_league
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.apis.value_function_api import ValueFunctionAPI
from ray.rllib.core.rl_module.torch import TorchRLModule

import arena
from agents.conformance import check_agent
from agents.contract import Agent, AgentError, Turn
from agents.policies import weights
from arena.exports import deployment
from games import Game, make_game
from leagues.records import LeagueError
from leagues.store import StoreError, open_store

CONTINUOUS = "pettingzoo:simple_tag_v3(continuous_actions=True,max_cycles=5)"
NETWORKS: list[tuple[str, bool, dict[str, Any]]] = [
    ("leduc_poker(players=3)", False, {}),
    ("leduc_poker(players=3)", True, {"fcnet_hiddens": [16], "fcnet_activation": "tanh"}),
    (
        "connect_four",
        False,
        {
            "conv_filters": [[8, 4, 1, "valid"], [4, 2, 1]],
            "view": "connect_four",
            "orientation": "connect_four",
            "vf_share_layers": False,
        },
    ),
    ("tic_tac_toe", False, {"network": "residual", "conv_channels": 4, "conv_blocks": 2, "orientation": "tic_tac_toe"}),
    ("tic_tac_toe", True, {"precision": "bfloat16", "fcnet_activation": "gelu"}),
    (CONTINUOUS, False, {"fcnet_activation": "silu"}),
    ("leduc_poker(players=3)", True, {"network": "lstm", "lstm_cell_size": 8, "vf_share_layers": False}),
    ("tic_tac_toe", False, {"network": "gru", "lstm_cell_size": 8}),
    (CONTINUOUS, False, {"network": "attention", "attention_window": 3}),
]


def turn_of(game: Game, tables: int = 16) -> Turn:
    """Rows of games under way, of several seats."""
    live = game.tables(tables)
    live.reset(range(tables), range(tables))
    parts = []
    for _ in range(3):
        count = live.observe()
        rows = live.observations[:count], live.masks[:count], live.seats[:count], live.table[:count]
        parts.append([array.copy() for array in rows])
        actions = game.empty_actions(count)
        if game.action_bounds is None:
            actions[:] = live.masks[:count].argmax(axis=1)
        else:
            actions[:] = game.action_bounds[0]
        live.step(actions)
    joined = [np.concatenate(columns) for columns in zip(*parts, strict=True)]
    return Turn(*joined, live.state, game.action_bounds)


def assert_alike(one: Agent, other: Agent, game: Game) -> None:
    """Two agents tell the same of a position, and draw the same actions from one generator."""
    turn = turn_of(game)
    assert len(set(turn.seats.tolist())) > 1
    for what in ("probabilities", "values"):
        told, also = getattr(one, what)(turn), getattr(other, what)(turn)
        assert (told is None) == (also is None)
        if told is not None:
            np.testing.assert_allclose(told, also, atol=1e-4)
    drawn = [agent.act(turn, np.random.default_rng(1)) for agent in (one, other)]
    if game.action_bounds is None:
        assert (drawn[0] == drawn[1]).mean() > 0.95
    else:
        np.testing.assert_allclose(*drawn, atol=1e-3)
    assert one.keeps_games == other.keeps_games
    for told, also in zip(one.consider(turn), other.consider(turn), strict=True):  # after what they remember of that
        assert (told is None) == (also is None)
        if told is not None:
            np.testing.assert_allclose(told, also, atol=1e-4)


@pytest.mark.parametrize(("spec", "module_per_seat", "model_config"), NETWORKS)
def test_an_onnx_model_plays_as_the_snapshot(
    spec: str, module_per_seat: bool, model_config: dict[str, Any], tmp_path: Path
) -> None:
    folder = network_league(tmp_path / "league", spec, module_per_seat=module_per_seat, **model_config)
    found = arena.export(folder, "main@1", tmp_path / "net.onnx")
    game = make_game(spec)
    agent, snapshot = arena.load_agent(found.name, game), arena.load_agent(f"{folder}:main@1", game)
    if model_config.get("precision") is None:  # a model computes in float32
        assert_alike(agent, snapshot, game)
    check_agent(agent, game, games=1)
    assert found.positions >= deployment.POSITIONS
    assert found.difference is not None
    assert 0 <= found.difference < 1e-4
    assert found.agent == f"{folder}:main@1"


@pytest.mark.parametrize(("spec", "module_per_seat"), [("leduc_poker(players=3)", True), (CONTINUOUS, False)])
def test_weights_play_as_the_snapshot(spec: str, module_per_seat: bool, tmp_path: Path) -> None:
    folder = network_league(tmp_path / "league", spec, module_per_seat=module_per_seat)
    found = arena.export(str(folder), "main", tmp_path / "net.safetensors")
    game = make_game(spec)
    assert_alike(arena.load_agent(found.name, game), arena.load_agent(f"{folder}:main@2", game), game)
    assert found.name == f"weights:{tmp_path / 'net.safetensors'}"
    assert (found.positions, found.difference) == (0, None)


def test_the_card_says_what_a_program_needs(tmp_path: Path) -> None:
    folder = network_league(tmp_path / "my-league", "connect_four", fcnet_hiddens=[8])
    with open_store(folder).reader() as reader:
        digest = reader.member("main@2").weights
    found = arena.export(folder, "latest", tmp_path / "net.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    card = json.loads(session.get_modelmeta().custom_metadata_map["card"])
    assert card == json.loads(json.dumps(found.card))
    assert card["game"] == "connect_four"
    assert card["seats"] == {"player_0": "main", "player_1": "main"}
    assert card["modules"] == {"main": {"network": "masked", "model_config": {"fcnet_hiddens": [8]}}}
    assert card["spaces"]["seats"] == ["player_0", "player_1"]
    assert card["spaces"]["observation"] == {"shape": [3, 6, 7], "dtype": "float32"}
    names = [f"column {column}" for column in range(7)]
    assert card["spaces"]["actions"] == {"kind": "discrete", "number": 7, "names": names}
    for said, ports in ((card["inputs"], session.get_inputs()), (card["outputs"], session.get_outputs())):
        assert [(each["name"], each["shape"]) for each in said] == [(port.name, port.shape[1:]) for port in ports]
        assert all(each["meaning"] for each in said)
    assert card["opset"] == 20
    where = card["provenance"]
    assert {name: where[name] for name in ("league", "member", "generation", "agent_steps", "weights", "rating")} == {
        "league": "my-league",
        "member": "main@2",
        "generation": 2,
        "agent_steps": 2000,
        "weights": digest,
        "rating": None,
    }
    assert set(where["versions"]) >= {"torch", "ray", "self-play-arena"}
    assert str(tmp_path).encode() not in (tmp_path / "net.onnx").read_bytes()

    stored = arena.export(folder, "main@2", tmp_path / "net.safetensors").card
    assert stored["provenance"] == found.card["provenance"]
    _, written = weights.parse((tmp_path / "net.safetensors").read_bytes())
    assert written == json.loads(json.dumps(stored))
    assert "outputs" not in stored


class Own(TorchRLModule, ValueFunctionAPI):
    """A user's own network, which masks with minus infinity."""

    def setup(self) -> None:
        width = int(np.prod(self.observation_space["observation"].shape))
        self.policy = torch.nn.Linear(width, int(self.action_space.n))
        self.critic = torch.nn.Linear(width, 1)

    def _forward(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        seen = batch[Columns.OBS]
        logits = self.policy(seen["observation"].flatten(1))
        return {Columns.ACTION_DIST_INPUTS: torch.where(seen["action_mask"], logits, -torch.inf)}

    def compute_values(self, batch: dict[str, Any], embeddings: Any = None) -> Any:
        return self.critic(batch[Columns.OBS]["observation"].flatten(1)).squeeze(-1)


class Wilful(Own):
    """Decides by the numbers that it sees, which no graph can say."""

    def _forward(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        if batch[Columns.OBS]["observation"].sum().item() > 1:
            batch = {Columns.OBS: {**batch[Columns.OBS], "observation": -batch[Columns.OBS]["observation"]}}
        return super()._forward(batch)


class Moody(Own):
    """Gives another answer each time."""

    def _forward(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        given = super()._forward(batch)
        noise = torch.rand_like(given[Columns.ACTION_DIST_INPUTS])
        return {Columns.ACTION_DIST_INPUTS: given[Columns.ACTION_DIST_INPUTS] + noise}


def own(network: type[Any]) -> dict[str, type[Any]]:
    return {f"{network.__module__}:{network.__qualname__}": network}


@pytest.mark.parametrize("suffix", [".onnx", ".safetensors"])
def test_a_network_of_the_users_own_is_exported_like_any_other(suffix: str, tmp_path: Path) -> None:
    folder = network_league(tmp_path / "league", "tic_tac_toe", module_class=Own)
    with pytest.raises(AgentError, match="module_classes"):
        arena.export(folder, "best", tmp_path / "net.onnx")
    found = arena.export(folder, "best", tmp_path / f"net{suffix}", module_classes=own(Own))
    game = make_game("tic_tac_toe")
    member = arena.load_agent(f"{folder}:best", game, module_classes=own(Own))
    assert_alike(arena.load_agent(found.name, game, module_classes=own(Own)), member, game)


@pytest.mark.parametrize(
    ("network", "words"), [(Wilful, "cannot be written as ONNX: "), (Moody, "differs from its network by ")]
)
def test_what_onnx_cannot_say_is_refused_and_the_old_file_stays(network: type[Any], words: str, tmp_path: Path) -> None:
    folder = network_league(tmp_path / "league", "tic_tac_toe", module_class=network)
    (tmp_path / "net.onnx").write_text("old")
    with pytest.raises(AgentError) as caught:
        arena.export(folder, "best", tmp_path / "net.onnx", module_classes=own(network))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "net.onnx").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["league", "net.onnx"]


@pytest.mark.parametrize(
    ("agent", "name", "error", "words"),
    [
        ("nash", "net.onnx", AgentError, "distill it first: arena distill"),
        ("average", "net.safetensors", AgentError, "distill it first: arena distill"),
        ("random", "net.onnx", AgentError, "'random' has no weights"),
        ("main@7", "net.onnx", StoreError, "main@7"),
        ("main", "net.pt", LeagueError, "ends in .onnx or .safetensors, but got"),
        ("main", "missing/net.safetensors", OSError, "missing"),
    ],
)
def test_a_wrong_call_is_explained(agent: str, name: str, error: type[Exception], words: str, tmp_path: Path) -> None:
    folder = network_league(tmp_path / "league", "kuhn_poker")
    with pytest.raises(error) as caught:
        arena.export(folder, agent, tmp_path / name)
    assert words in str(caught.value)
    assert not (tmp_path / name).exists()


def test_without_its_libraries_the_message_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = network_league(tmp_path / "league", "kuhn_poker")
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(AgentError, match=r"pip install 'self-play-arena\[onnx\]'"):
        arena.export(folder, "main", tmp_path / "net.onnx")
    arena.export(folder, "main", tmp_path / "net.safetensors")


def test_a_table_is_weights_and_no_network(tmp_path: Path) -> None:
    arena.double_oracle("kuhn_poker", policies=3, league=tmp_path / "league")
    with open_store(tmp_path / "league").reader() as reader:
        newest = reader.members()[-1].id
    with pytest.raises(AgentError, match="is a table of information states and no network"):
        arena.export(tmp_path / "league", newest, tmp_path / "net.onnx")
    found = arena.export(tmp_path / "league", newest, tmp_path / "table.safetensors")
    assert found.card["spaces"]["actions"]["names"] == ["pass", "bet"]
    game = make_game("kuhn_poker")
    result = arena.play_match(game, [found.name, "random"], games=10, seed=1)
    assert result.games == 10
