import numpy as np
import pytest
import torch

from agents.contract import AgentError, Turn
from agents.policies import weights
from agents.policies.agent import PolicyAgent, load_policy, policy_card, policy_tensors
from agents.policies.network import MaskedNetwork, default_module_spec
from games import make_game

GAME = make_game("connect_four")


def store_policy(folder, game, seats=None, module_class=None):
    names = sorted(set(seats.values())) if seats else ["main"]
    specs = {name: default_module_spec(game) for name in names}
    if module_class is not None:
        for spec in specs.values():
            spec.module_class = module_class
    modules = {name: spec.build() for name, spec in specs.items()}
    for module in modules.values():
        torch.nn.init.uniform_(module.policy.weight)
    tensors = policy_tensors({name: module.get_state() for name, module in modules.items()})
    card = policy_card(game, specs, seats or dict.fromkeys(game.agent_ids, "main"))
    return modules, weights.path_of(folder, weights.store(folder, tensors, card))


def turn_of(game, tables=8):
    live = game.tables(tables)
    live.reset(range(tables), range(tables))
    count = live.observe()
    return Turn(live.observations[:count], live.masks[:count], live.seats[:count], live.table[:count], live.state)


def test_a_loaded_policy_plays_as_the_one_stored(tmp_path):
    modules, path = store_policy(tmp_path, GAME)
    original = PolicyAgent(GAME, dict.fromkeys(range(2), modules["main"]))
    loaded = load_policy(path, GAME)
    turn = turn_of(GAME)
    for seed in range(5):
        first = original.act(turn, np.random.default_rng(seed))
        np.testing.assert_array_equal(first, loaded.act(turn, np.random.default_rng(seed)))


def test_one_module_per_seat_is_kept_apart(tmp_path):
    game = make_game("goofspiel(num_cards=4,points_order=descending)")
    modules, path = store_policy(tmp_path, game, {"player_0": "a", "player_1": "b"})
    loaded = load_policy(path, game, deterministic=True)
    turn = turn_of(game)
    actions = loaded.act(turn, np.random.default_rng(0))
    for seat, name in enumerate("ab"):
        alone = PolicyAgent(game, dict.fromkeys(range(2), modules[name]), deterministic=True)
        rows = turn.seats == seat
        np.testing.assert_array_equal(actions[rows], alone.act(turn, np.random.default_rng(0))[rows])


def test_policies_of_one_kind_share_no_weights(tmp_path):
    modules, paths = zip(*(store_policy(tmp_path, GAME) for _ in range(2)), strict=True)
    loaded = [load_policy(path, GAME) for path in paths]
    turn = turn_of(GAME)
    for module, policy in zip(modules, loaded, strict=True):
        original = PolicyAgent(GAME, dict.fromkeys(range(2), module["main"]))
        chosen = (agent.act(turn, np.random.default_rng(1)) for agent in (original, policy))
        np.testing.assert_array_equal(*chosen)


def test_a_policy_of_another_game_is_refused(tmp_path):
    _, path = store_policy(tmp_path, GAME)
    with pytest.raises(AgentError, match="connect_four"):
        load_policy(path, make_game("tic_tac_toe"))


class Custom(MaskedNetwork):
    """A user's own network."""


def test_no_code_is_imported_on_a_files_word(tmp_path):
    _, path = store_policy(tmp_path, GAME, module_class=Custom)
    name = f"{Custom.__module__}:{Custom.__qualname__}"
    with pytest.raises(AgentError, match="must be a class that you name"):
        load_policy(path, GAME)
    assert load_policy(path, GAME, module_classes={name: Custom}).act(
        turn_of(GAME), np.random.default_rng(0)
    ).shape == (8,)


def test_tensors_must_fit(tmp_path):
    _, path = store_policy(tmp_path, GAME)
    tensors, card = weights.parse(path.read_bytes())
    tensors.pop(next(iter(tensors)))
    digest = weights.store(tmp_path, tensors, card)
    with pytest.raises(weights.WeightsError, match="must fit"):
        load_policy(weights.path_of(tmp_path, digest), GAME)
