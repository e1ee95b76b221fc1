"""Views of a board: both seats, or all orientations, look the same, and actions keep their meaning."""

import numpy as np
import pytest
import torch
from small_training import small

from agents.policies.agent import build_policy, module_batch, policy_card, policy_tensors
from agents.policies.network import MaskedNetwork, build_network
from agents.policies.views import Orientation
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


ORIENTED = [*GAMES, "othello", "mnk(m=4,n=5,k=3)"]


@pytest.mark.parametrize("spec", ORIENTED)
def test_symmetric_boards_get_the_same_answer(spec):
    game, rng = make_game(spec), np.random.default_rng(0)
    name = spec.partition("(")[0]
    torch.manual_seed(0)
    config = {"orientation": name, "fcnet_hiddens": [32]} | ({"view": name} if spec in GAMES else {})
    network = build_network(MaskedNetwork, game, config)
    torch.nn.init.orthogonal_(network.policy.weight, 1.0)
    positions, seats = [], []
    while len(positions) < 100:
        state, plies = game.new_state(0), int(rng.integers(2, 12))
        for _ in range(plies):
            if seats_now := state.acting():
                observation, mask = np.empty(game.observation_shape, np.float32), np.empty(game.num_actions, bool)
                state.observe(seats_now[0], observation, mask)
                state.apply([int(rng.choice(np.flatnonzero(mask)))])
        if seats_now := state.acting():
            observation = np.empty(game.observation_shape, np.float32)
            state.observe(seats_now[0], observation, np.empty(game.num_actions, bool))
            positions.append(observation.ravel())
            seats.append(seats_now[0])
    rows, seats = np.array(positions), np.array(seats)

    def answers(rows):
        masks = np.ones((len(rows), game.num_actions), bool)
        with torch.no_grad():
            given = network._forward_inference(
                module_batch(rows.reshape(-1, *game.observation_shape), masks, seats, game.num_seats)
            )
        return given["action_dist_inputs"].numpy(), given["vf_preds"].numpy()

    logits, values = answers(rows)
    # A board that is its own mirror has no right way.
    even = np.any([(rows[:, symmetry.cells] == rows).all(1) for symmetry in game.symmetries], axis=0)
    assert even.mean() < 0.5
    for symmetry in game.symmetries:
        turned, turned_values = answers(rows[:, symmetry.cells])
        agree = np.isclose(turned, logits[:, symmetry.actions], atol=1e-4).all(1)
        assert agree[~even].mean() > 0.97  # different boards may have equal sums
        assert np.isclose(turned_values, values, atol=1e-4).mean() > 0.97


def test_a_board_is_turned_in_the_same_way_in_every_batch():
    game = make_game("tic_tac_toe")
    orientation = Orientation("tic_tac_toe", game.observation_shape, 9)
    board = torch.zeros(1, 3, 3, 3)
    board[0, 0] = 1.0  # the empty board: all ways are equal
    for size in (1, 7, 512):
        seen, way = orientation(board.expand(size, -1, -1, -1))
        assert not way.any()
        assert torch.equal(seen, board.expand(size, -1, -1, -1))


@pytest.mark.parametrize(("spec", "view"), [("connect_four", "chess"), ("connect_four", "go"), ("leduc_poker", "hex")])
def test_a_view_that_does_not_fit_is_refused_before_anything_is_stored(tmp_path, spec, view):
    config = small(spec, tmp_path / "league").rl_module(model_config={"view": view})
    with pytest.raises(LeagueError, match=view):
        config.build_algo()
    with pytest.raises(LeagueError, match=view):
        small(spec, tmp_path / "league").rl_module(model_config={"orientation": view}).build_algo()
    assert not (tmp_path / "league").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("local_ray")
def test_a_snapshot_plays_with_the_view_that_it_was_trained_with(tmp_path):
    from arena import load_agent

    folder = tmp_path / "league"
    config = small("hex(board_size=3)", folder).rl_module(model_config={"view": "hex", "orientation": "hex"})
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
    with pytest.raises(WeightsError, match="go"):  # a card that was altered
        build_policy(policy_tensors({"main": module.state_dict()}), _with_view(card, "go"), game)


def _with_view(card, view):
    module = card["modules"]["main"]
    return {**card, "modules": {"main": {**module, "model_config": {**module["model_config"], "view": view}}}}
