"""The view of the seat to move: both seats see the same board, and actions keep their meaning."""

import numpy as np
import pytest
import torch
from small_training import small

from agents.policies.agent import build_policy, module_batch, policy_card, policy_tensors
from agents.policies.network import MaskedNetwork, build_network
from agents.policies.weights import WeightsError
from games import make_game
from games.symmetries import seat_views
from leagues.records import LeagueError

GAMES = ["connect_four", "tic_tac_toe", "hex(board_size=4)", "breakthrough(rows=6,columns=5)", "go(board_size=5)"]


def rows(game, count, rng):
    observations = rng.random((count, *game.observation_shape)).astype(np.float32)
    return observations, np.ones((count, game.num_actions), bool)


@pytest.mark.parametrize("spec", GAMES)
def test_the_second_seat_sees_and_names_what_the_first_would(spec):
    game, rng = make_game(spec), np.random.default_rng(0)
    name = spec.partition("(")[0]
    torch.manual_seed(0)
    network = build_network(MaskedNetwork, game, {"view": name, "fcnet_hiddens": [32]})
    torch.nn.init.orthogonal_(network.policy.weight, 1.0)
    network.trunk.layers[0].weight.data[:, -2:] = 0.0  # otherwise the seat itself is an input, too
    _, other = seat_views(name, game.observation_shape, game.num_actions)
    first, masks = rows(game, 8, rng)
    second = np.empty_like(first)
    second.reshape(8, -1)[:, other.cells] = first.reshape(8, -1)  # the second seat sees `first`
    with torch.no_grad():
        usual = network._forward_inference(module_batch(first, masks, np.zeros(8, np.int64), 2))
        turned = network._forward_inference(module_batch(second, masks, np.ones(8, np.int64), 2))
        values = network.compute_values(module_batch(second, masks, np.ones(8, np.int64), 2))
    logits = turned["action_dist_inputs"].numpy()
    np.testing.assert_allclose(logits[:, other.actions], usual["action_dist_inputs"].numpy(), atol=1e-5)
    np.testing.assert_allclose(turned["vf_preds"].numpy(), usual["vf_preds"].numpy(), atol=1e-5)
    np.testing.assert_allclose(values.numpy(), usual["vf_preds"].numpy(), atol=1e-5)


def test_the_first_seat_sees_the_game_as_without_a_view():
    game, rng = make_game("connect_four"), np.random.default_rng(0)
    plain = build_network(MaskedNetwork, game, {"fcnet_hiddens": [32]})
    viewed = build_network(MaskedNetwork, game, {"fcnet_hiddens": [32], "view": "connect_four"})
    assert set(plain.state_dict()) == set(viewed.state_dict())  # a view has no weights
    viewed.load_state_dict(plain.state_dict())
    batch = module_batch(*rows(game, 4, rng), np.zeros(4, np.int64), 2)
    with torch.no_grad():
        both = [network._forward_inference(batch)["action_dist_inputs"] for network in (plain, viewed)]
    assert torch.equal(*both)


@pytest.mark.parametrize(("spec", "view"), [("connect_four", "chess"), ("connect_four", "go"), ("leduc_poker", "hex")])
def test_a_view_that_does_not_fit_is_refused_before_anything_is_stored(tmp_path, spec, view):
    config = small(spec, tmp_path / "league").rl_module(model_config={"view": view})
    with pytest.raises(LeagueError, match="view"):
        config.build_algo()
    assert not (tmp_path / "league").exists()


def test_a_snapshot_plays_with_the_view_that_it_was_trained_with(tmp_path):
    from arena import load_agent

    folder = tmp_path / "league"
    config = small("hex(board_size=3)", folder).rl_module(model_config={"view": "hex"})
    algorithm = config.build_algo()
    for _ in range(4):
        algorithm.train()
    game = algorithm.game
    card = policy_card(game, algorithm.module_specs, algorithm.session.members["main"].modules)
    assert card["modules"]["main"]["model_config"]["view"] == "hex"
    snapshot = algorithm.session.members["main@1"]
    algorithm.stop()
    agent = load_agent(f"{folder}:{snapshot.id}", game)
    (module,) = set(agent._modules.values())
    assert module.view is not None
    with pytest.raises(WeightsError, match="view"):  # a card that was altered
        build_policy(policy_tensors({"main": module.state_dict()}), _with_view(card, "go"), game)


def _with_view(card, view):
    module = card["modules"]["main"]
    return {**card, "modules": {"main": {**module, "model_config": {**module["model_config"], "view": view}}}}
