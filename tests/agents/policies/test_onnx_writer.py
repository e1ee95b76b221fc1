"""ONNX models that are written again and again, while the weights of their network change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from agents.contract import AgentError, Turn
from agents.onnx import OnnxAgent, no_state
from agents.policies.network import MaskedNetwork, build_network
from agents.policies.onnx import Exportable, OnnxWriter, _with_other_weights, largest_difference
from agents.policies.q_network import QNetwork
from agents.policies.soft_actor_critic import SoftActorCritic
from games import make_game
from games.contract import Game

CONVOLUTIONS = {"conv_filters": [[8, 3, 1]]}


def exportable(game: Game, network: type[Any], settings: dict[str, Any]) -> Exportable:
    module = build_network(network, game, settings).eval()
    return Exportable(game, dict.fromkeys(range(game.num_seats), module), explores=True)


def positions(game: Game) -> Turn:
    rng = np.random.default_rng(1)
    observations = rng.standard_normal((6, *game.observation_shape), np.float32)
    masks = rng.random((6, game.num_actions)) < 0.5
    masks[:, 0] = True
    return Turn(observations, masks, np.arange(6) % game.num_seats, np.arange(6), no_state)


@pytest.mark.parametrize(
    ("spec", "network", "settings"),
    [
        ("tic_tac_toe", MaskedNetwork, {}),
        ("connect_four", MaskedNetwork, CONVOLUTIONS),
        ("tic_tac_toe", QNetwork, {}),
        ("tic_tac_toe", SoftActorCritic, {}),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_each_model_has_the_weights_that_its_network_had_then(
    spec: str, network: type[Any], settings: dict[str, Any]
) -> None:
    game = make_game(spec)
    first = exportable(game, network, settings)
    writer, turn = OnnxWriter(first, {"game": spec}), positions(game)
    other = exportable(game, network, settings)
    with torch.no_grad():
        for value in other.parameters():
            value += 0.1 * torch.randn_like(value)
        for name, value in other.named_buffers():
            if name.endswith("epsilon"):  # with which Q-learning explores
                value.fill_(0.25)
    models = [OnnxAgent(writer.written(each), game) for each in (first, other)]
    assert largest_difference(first, models[0], turn) < 1e-4
    assert largest_difference(other, models[1], turn) < 1e-4
    assert largest_difference(first, models[1], turn) > 1e-2


def test_models_are_compared_after_all_that_training_may_change_has_changed() -> None:
    network = exportable(make_game("tic_tac_toe"), QNetwork, {"num_atoms": 5})
    other = _with_other_weights(network)
    before, after = network.state_dict(), other.state_dict()
    assert any(name.endswith("epsilon") for name in after)
    assert not [name for name, values in before.items() if torch.equal(values, after[name])]
    assert 0 < other.networks[0].epsilon < 1  # type: ignore[operator]
    assert torch.equal(other.networks[0].returns, network.networks[0].returns)  # type: ignore[arg-type]


def test_a_network_with_noise_is_refused() -> None:
    game = make_game("tic_tac_toe")
    with pytest.raises(AgentError, match=r"differs from it by .*; noisy layers"):
        OnnxWriter(exportable(game, QNetwork, {"noisy": True}), {"game": game.spec})
