"""A module as an agent, and a weights file as a module."""

from pathlib import Path

import numpy as np
import pytest
import torch
from network_specs import masked_spec
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.torch import TorchRLModule

from agents.basic import GreedyAgent
from agents.contract import AgentError, Turn
from agents.policies import weights
from agents.policies.agent import PolicyAgent, build_policy, module_batch, policy_card, policy_tensors
from agents.policies.network import MaskedNetwork
from games import make_game

GAME = make_game("connect_four")
OLD_WEIGHTS = sorted((Path(__file__).parents[2] / "data/league_0003/weights").iterdir())


def make_policy(game, seats=None, module_class=None, **model_config):
    """Modules with random weights, and the bytes of their weights file."""
    names = sorted(set(seats.values())) if seats else ["main"]
    specs = {name: masked_spec(game, **model_config) for name in names}
    if module_class is not None:
        for spec in specs.values():
            spec.module_class = module_class
    modules = {name: spec.build() for name, spec in specs.items()}
    for module in modules.values():
        torch.nn.init.uniform_(module.policy.weight)
    tensors = policy_tensors({name: module.get_state() for name, module in modules.items()})
    card = policy_card(game, specs, seats or dict.fromkeys(game.agent_ids, "main"))
    return modules, weights.pack(tensors, card)


def load(data, game, **settings):
    return build_policy(*weights.parse(data), game, **settings)


def turn_of(game, tables=8):
    live = game.tables(tables)
    live.reset(range(tables), range(tables))
    count = live.observe()
    return Turn(live.observations[:count], live.masks[:count], live.seats[:count], live.table[:count], live.state)


@pytest.mark.parametrize(
    "model_config",
    [
        {},
        {"conv_filters": [[8, 4, 1, "valid"], [4, 1, 1]], "fcnet_hiddens": [16], "vf_share_layers": False},
        {"conv_filters": [[8, 3, 2]], "precision": "bfloat16", "view": "connect_four", "orientation": "connect_four"},
    ],
)
def test_a_loaded_policy_plays_as_the_one_stored(model_config):
    modules, data = make_policy(GAME, **model_config)
    original = PolicyAgent(GAME, dict.fromkeys(range(2), modules["main"]))
    loaded = load(data, GAME)
    turn = turn_of(GAME)
    for seed in range(5):
        first = original.act(turn, np.random.default_rng(seed))
        np.testing.assert_array_equal(first, loaded.act(turn, np.random.default_rng(seed)))


def test_one_module_per_seat_is_kept_apart():
    game = make_game("goofspiel(num_cards=4,points_order=descending)")
    modules, data = make_policy(game, {"player_0": "a", "player_1": "b"})
    loaded = load(data, game, deterministic=True)
    turn = turn_of(game)
    actions = loaded.act(turn, np.random.default_rng(0))
    for seat, name in enumerate("ab"):
        alone = PolicyAgent(game, dict.fromkeys(range(2), modules[name]), deterministic=True)
        rows = turn.seats == seat
        np.testing.assert_array_equal(actions[rows], alone.act(turn, np.random.default_rng(0))[rows])


def test_told_probabilities_are_those_that_actions_are_drawn_with():
    game = make_game("goofspiel(num_cards=4,points_order=descending)")
    _, data = make_policy(game, {"player_0": "a", "player_1": "b"})
    turn = turn_of(game, tables=3)
    policy, rng = load(data, game), np.random.default_rng(2)
    drawn = np.stack([policy.act(turn, rng) for _ in range(3000)])
    told = policy.probabilities(turn)
    shares = np.stack([(drawn == action).mean(axis=0) for action in range(game.num_actions)], axis=1)
    assert told.sum(axis=1) == pytest.approx(1)
    assert np.abs(told - shares).max() < 0.05  # five standard deviations of a mean of 3,000 draws
    assert np.ptp(told) > 0.1

    greedy = load(data, game, deterministic=True)
    np.testing.assert_array_equal(greedy.probabilities(turn).argmax(axis=1), greedy.act(turn, rng))
    assert set(np.unique(greedy.probabilities(turn))) == {0.0, 1.0}


def test_policies_of_one_kind_share_no_weights():
    modules, files = zip(*(make_policy(GAME) for _ in range(2)), strict=True)
    loaded = [load(data, GAME) for data in files]
    turn = turn_of(GAME)
    for module, policy in zip(modules, loaded, strict=True):
        original = PolicyAgent(GAME, dict.fromkeys(range(2), module["main"]))
        chosen = (agent.act(turn, np.random.default_rng(1)) for agent in (original, policy))
        np.testing.assert_array_equal(*chosen)


def test_a_policy_of_another_game_is_refused():
    _, data = make_policy(GAME)
    with pytest.raises(AgentError, match="connect_four"):
        load(data, make_game("tic_tac_toe"))


class Custom(MaskedNetwork):
    """A user's own network."""


OWN = {f"{Custom.__module__}:{Custom.__qualname__}": Custom}


def test_a_card_names_the_arenas_network_by_its_short_name_and_a_users_by_its_path():
    for module_class, name in ((None, "masked"), (Custom, f"{__name__}:Custom")):
        _, card = weights.parse(make_policy(GAME, module_class=module_class)[1])
        assert card == {
            "format": 2,
            "game": "connect_four",
            "seats": {"player_0": "main", "player_1": "main"},
            "modules": {"main": {"network": name, "model_config": {}}},
        }


def test_a_network_of_the_users_own_has_to_be_passed():
    _, data = make_policy(GAME, module_class=Custom)
    with pytest.raises(AgentError, match=f"{__name__}:Custom'") as caught:
        load(data, GAME)
    assert "\n" not in str(caught.value)
    assert load(data, GAME, module_classes=OWN).act(turn_of(GAME), np.random.default_rng(0)).shape == (8,)


@pytest.mark.parametrize("network", ["lstm", "gru", "attention"])
def test_a_network_that_remembers_has_a_state_for_each_table_and_seat(network):
    """Whatever rows a turn has, each place sees its own steps, as in one sequence."""
    game = make_game("goofspiel(num_cards=4,points_order=descending)")
    modules, data = make_policy(game, network=network)
    agent, rng = load(data, game, deterministic=True), np.random.default_rng(0)
    agent.reset(range(3))
    seen = {}
    for _ in range(5):
        turn = turn_of(game, tables=3)
        turn.observations[:] = rng.random(turn.observations.shape)
        turn = turn.part(np.flatnonzero(rng.random(6) < 0.7))
        agent.act(turn, rng)
        for row, place in enumerate(zip(turn.tables.tolist(), turn.seats.tolist(), strict=True)):
            seen.setdefault(place, []).append(turn.part(np.array([row])))
    assert len({len(steps) for steps in seen.values()}) > 1
    for (table, seat), steps in seen.items():
        columns = [
            np.concatenate([getattr(step, name) for step in steps]) for name in ("observations", "masks", "seats")
        ]
        observation = {name: part[None] for name, part in module_batch(*columns, 2)[Columns.OBS].items()}
        state = {name: each[None] for name, each in modules["main"].get_initial_state().items()}
        with torch.no_grad():
            output = modules["main"].forward_inference({Columns.OBS: observation, Columns.STATE_IN: state})
        expected = torch.cat([output[Columns.STATE_OUT][name].flatten() for name in sorted(state)])
        np.testing.assert_allclose(agent.memory.at([table])[0, seat], expected, atol=1e-5)


def test_a_new_game_and_another_copy_of_a_policy_remember_nothing():
    _, data = make_policy(GAME, network="gru")
    agent, rng, turn = load(data, GAME), np.random.default_rng(0), turn_of(GAME)
    agent.reset(range(8))
    agent.act(turn, rng)
    other = agent.apart()
    other.reset(range(8))
    assert np.abs(agent.memory.at(range(8))[:, 0]).max(axis=1).min() > 0
    assert not other.memory.at(range(8)).any()
    agent.reset([3])
    assert not agent.memory.at([3]).any()
    assert agent.memory.at([2]).any()
    assert agent.keeps_games
    assert agent.probabilities(turn) is None
    assert agent.values(turn) is None
    assert load(make_policy(GAME)[1], GAME).keeps_games is False


HUGE = [10**8, 10**5]


@pytest.mark.parametrize(
    ("model_config", "words"),
    [
        ({"fcnet_hiddens": HUGE}, r"'policy.weight' must be float32 \(7, 100000\), but is float32 \(7, 256\)"),
        ({"fcnet_hiddens": [8] * 10**5}, "more than 80 parameters"),
        ({"network": "residual", "conv_blocks": 10**9}, "more than 80 parameters"),
        ({"network": "residual", "conv_channels": 10**7}, "do not fit"),
        ({"conv_filters": [[10**5, 4, 1, "valid"]]}, "do not fit"),
        ({"conv_filters": [[10**8, 1, 1]]}, "describe no network: .* at most 4,000,000 numbers"),
        ({"conv_filters": [[1, 250, 1]]}, "describe no network: .* larger than a board"),
        ({"fcnet_hiddens": [10**12, 10**12]}, "describe no network: Storage size"),
        ({"fcnet_hiddens": [10**30]}, "describe no network"),
        ({"fcnet_hiddens": [-1]}, "negative dimension"),
        ({"fcnet_hiddens": 7}, "describe no network"),
        ({"network": "transformer"}, "describe no network: `network` must be one of"),
    ],
)
def test_a_network_of_any_size_is_refused_before_it_takes_memory(model_config, words):
    tensors, card = weights.parse(make_policy(GAME)[1])
    card["modules"]["main"]["model_config"] = model_config
    with pytest.raises(weights.WeightsError, match=words) as caught:
        build_policy(tensors, card, GAME)
    assert "\n" not in str(caught.value)


def test_a_network_of_the_users_own_is_refused_before_it_takes_memory():
    tensors, card = weights.parse(make_policy(GAME, module_class=Custom)[1])
    card["modules"]["main"]["model_config"] = {"fcnet_hiddens": HUGE}
    with pytest.raises(weights.WeightsError, match="do not fit"):
        build_policy(tensors, card, GAME, module_classes=OWN)


def add(tensors):
    tensors["main/more"] = np.zeros(1, np.float32)


def drop(tensors):
    del tensors["main/value.bias"]


def widen(tensors):
    tensors["main/value.bias"] = tensors["main/value.bias"].astype(np.float64)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (add, r"'more' must be absent, but is float32 \(1,\)"),
        (drop, r"'value.bias' must be float32 \(1,\), but is absent"),
        (widen, r"'value.bias' must be float32 \(1,\), but is float64 \(1,\)"),
    ],
)
def test_the_tensors_must_fit_the_network(change, words):
    tensors, card = weights.parse(make_policy(GAME)[1])
    change(tensors)
    with pytest.raises(weights.WeightsError, match=words):
        build_policy(tensors, card, GAME)


class Counting(MaskedNetwork):
    """Has a tensor of rank 0, and reads a number while it is built, which the meta device has not."""

    def setup(self):
        super().setup()
        self.register_buffer("steps", torch.tensor(7))
        assert self.steps.item() == 7


def test_a_network_that_needs_numbers_while_it_is_built_loads():
    _, data = make_policy(GAME, module_class=Counting)
    own = {f"{__name__}:Counting": Counting}
    assert load(data, GAME, module_classes=own).act(turn_of(GAME), np.random.default_rng(0)).shape == (8,)


@pytest.mark.parametrize("path", OLD_WEIGHTS, ids=lambda path: path.name[:8])
def test_weights_with_a_card_of_format_1_still_play(path):
    game = make_game("tic_tac_toe")
    tensors, card = weights.parse(path.read_bytes())
    assert card["format"] == 1
    (module,) = card["modules"].values()
    assert module["class"] == "agents.networks:MaskedNetwork"
    turn = turn_of(game)
    actions = build_policy(tensors, card, game).act(turn, np.random.default_rng(0))
    assert turn.masks[np.arange(8), actions].all()
    module["class"] = f"{__name__}:Custom"
    build_policy(tensors, card, game, module_classes=OWN)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 3}, "format 3"),
        ({"format": None}, "format None"),
        ({"modules": []}, "incomplete"),
        ({"modules": {"main": {"class": "masked", "model_config": {}}}}, "'network'"),
        ({"modules": {"main": {"network": "masked", "model_config": 7}}}, "incomplete"),
        ({"seats": {"player_0": "main"}}, "player_1"),
        ({"seats": {"player_0": "main", "player_1": "other"}}, "other"),
    ],
)
def test_a_broken_card_is_explained_in_one_line(change, words):
    tensors, card = weights.parse(make_policy(GAME)[1])
    with pytest.raises(weights.WeightsError, match=words) as caught:
        build_policy(tensors, card | change, GAME)
    assert "\n" not in str(caught.value)


def test_values_are_those_of_each_seats_value_head():
    modules, _ = make_policy(GAME, {"player_0": "one", "player_1": "other"})
    agent = PolicyAgent(GAME, {0: modules["one"], 1: modules["other"]})
    live = GAME.tables(2)
    live.reset([0, 1], [0, 1])
    live.observe()
    live.step(np.zeros(2, np.int64))
    live.reset([1], [5])
    rows = live.observe()
    turn = Turn(live.observations[:rows], live.masks[:rows], live.seats[:rows], live.table[:rows], live.state)
    assert turn.seats.tolist() == [1, 0]
    batch = module_batch(turn.observations, turn.masks, turn.seats, 2)
    with torch.no_grad():
        told = {name: module.forward_inference(batch)[Columns.VF_PREDS].numpy() for name, module in modules.items()}
    assert agent.values(turn) == pytest.approx([told["other"][0], told["one"][1]], abs=1e-6)
    assert GreedyAgent(agent, GAME).values(turn) == pytest.approx(agent.values(turn))


def test_a_network_without_a_value_head_estimates_no_values():
    agent = PolicyAgent(
        GAME, dict.fromkeys(range(2), Blind(observation_space=None, action_space=None, model_config={}))
    )
    assert agent.values(turn_of(GAME)) is None


class Blind(TorchRLModule):
    """A network that has a policy only."""

    def setup(self):
        """Nothing to set up."""
