"""Modules of a learner share an encoder: it is trained once, with the gradients of all, and every snapshot has it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pairs_game
import pytest
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.training_data import TrainingData
from ray.rllib.core.rl_module import MultiRLModuleSpec, RLModuleSpec
from ray.rllib.core.rl_module.apis.value_function_api import ValueFunctionAPI
from ray.rllib.core.rl_module.torch import TorchRLModule
from ray.rllib.evaluation.postprocessing import Postprocessing
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch
from small_training import module_state, small
from torch import nn

from agents.policies import weights
from agents.policies.network import ACTION_MASK, OBSERVATION, SEAT, mask_logits, module_observation_space
from arena import load_agent, play_match
from arena.training import learner_state
from arena.training.algorithms.ppo import LeaguePPOTorchLearner
from games import make_game
from leagues.errors import LeagueError

SHARED = {"fcnet_hiddens": [16, 16], "shared_encoder": "team"}
GAME = make_game("kuhn_poker")
FIRST, SECOND = "main.player_0", "main.player_1"
EXPLOITERS = {"main": 1, "main_exploiter": 1}


def config(folder: Path | None = None, game: str = GAME.spec, shared: Any = SHARED, **league: Any) -> Any:
    return small(game, folder, **({"module_per_seat": True} | league)).rl_module(model_config=dict(shared))


def encoder(state: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if name.startswith("trunk.")}


def copied(states: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {module: {name: value.copy() for name, value in state.items()} for module, state in states.items()}


def make_learner(**league: Any) -> LeaguePPOTorchLearner:
    made = config(**league).training(grad_clip=None)
    made.validate()
    spaces = module_observation_space(GAME, 0), GAME.action_space(0)
    spec = made.get_multi_rl_module_spec(spaces=dict.fromkeys(made.policies, spaces))
    learner = LeaguePPOTorchLearner(config=made, module_spec=spec)
    learner.build()
    return learner


def experience(seed: int, rows: int = 64, **columns: Any) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    seen = {
        OBSERVATION: torch.from_numpy(rng.random((rows, *GAME.observation_shape)).astype(np.float32)),
        ACTION_MASK: torch.ones(rows, GAME.num_actions, dtype=torch.bool),
        SEAT: torch.eye(2)[torch.from_numpy(rng.integers(2, size=rows))],
    }
    batch = {
        Columns.OBS: seen,
        Columns.ACTIONS: torch.from_numpy(rng.integers(GAME.num_actions, size=rows)),
        Columns.ACTION_LOGP: torch.full((rows,), -float(np.log(GAME.num_actions))),
        Postprocessing.ADVANTAGES: torch.from_numpy(rng.normal(size=rows).astype(np.float32)),
        Postprocessing.VALUE_TARGETS: torch.from_numpy(rng.normal(size=rows).astype(np.float32)),
    }
    return {**batch, **columns}


def learn(learner: LeaguePPOTorchLearner, batches: Mapping[str, Any]) -> None:
    batch = MultiAgentBatch({module: SampleBatch(columns) for module, columns in batches.items()}, 64)
    learner.update(training_data=TrainingData(batch=batch), timesteps={}, num_epochs=1, minibatch_size=64)


@pytest.mark.usefixtures("local_ray")
def test_an_encoder_gets_the_sum_of_the_gradients_of_its_modules_and_one_step_of_adam() -> None:
    learner = make_learner()
    networks = learner.networks
    batches = {FIRST: experience(1), SECOND: experience(2)}
    by_hand = dict.fromkeys(dict(networks[FIRST].trunk.named_parameters()), 0.0)
    for module, batch in batches.items():
        alone = copy.deepcopy(networks[module])
        losses = learner.compute_losses(fwd_out={module: alone.forward_train(batch)}, batch={module: batch})
        losses[module].backward()
        for name, parameter in alone.trunk.named_parameters():
            assert parameter.grad.abs().max() > 0
            by_hand[name] += parameter.grad
    gradients = learner.compute_gradients(
        learner.compute_losses(fwd_out=learner.module.forward_train(batches), batch=batches)
    )
    expected = {}
    for name, parameter in networks[FIRST].trunk.named_parameters():
        torch.testing.assert_close(gradients[parameter], by_hand[name])
        expected[name] = parameter.detach().clone()
        expected[name].grad = by_hand[name]
    torch.optim.Adam(expected.values(), lr=learner.config.lr, eps=learner.config.adam_epsilon).step()
    learn(learner, batches)
    for module in (FIRST, SECOND):
        for name, parameter in networks[module].trunk.named_parameters():
            torch.testing.assert_close(parameter.detach(), expected[name])
    assert not torch.equal(networks[FIRST].policy.weight, networks[SECOND].policy.weight)


@pytest.mark.usefixtures("local_ray")
def test_each_parameter_has_one_optimizer_and_learners_share_nothing() -> None:
    learner = make_learner(roles=EXPLOITERS)
    optimized = [each for _, optimizer in learner._optimizers() for each in optimizer.param_groups[0]["params"]]
    every = {each for network in learner.networks.values() for each in network.parameters()}
    assert len(optimized) == len(every)
    assert set(optimized) == every
    networks = learner.networks
    assert networks[FIRST].trunk is networks[SECOND].trunk
    exploiters = [networks[f"main_exploiter.player_{seat}"].trunk for seat in range(2)]
    assert exploiters[0] is exploiters[1] is not networks[FIRST].trunk


@pytest.mark.usefixtures("local_ray")
@pytest.mark.parametrize("bad", [FIRST, SECOND])
def test_a_failed_update_of_one_takes_all_that_share_its_encoder_back(bad: str) -> None:
    learner = make_learner(roles=EXPLOITERS)
    learn(learner, {module: experience(seed) for seed, module in enumerate(learner.networks)})
    assert not learner.failures
    before = copied(learner.module.get_state())
    optimizers = copy.deepcopy(learner._get_optimizer_state())
    batches = {module: experience(seed) for seed, module in enumerate(learner.networks)}
    batches[bad][Postprocessing.ADVANTAGES][:] = float("nan")
    learn(learner, batches)
    good = SECOND if bad == FIRST else FIRST
    assert learner.failures.keys() == {FIRST, SECOND}
    assert learner.failures[bad] == "a loss or a gradient is not finite"
    learner.restore_good(learner.failures)
    after = learner.module.get_state()
    for module in (bad, good):
        np.testing.assert_equal(after[module], before[module])
        name = f"{module}_default_optimizer"
        np.testing.assert_equal(learner._get_optimizer_state()[name], optimizers[name])
    assert learner.networks[FIRST].trunk is learner.networks[SECOND].trunk
    other = "main_exploiter.player_0"
    assert not np.array_equal(after[other]["policy.weight"], before[other]["policy.weight"])
    learn(learner, {module: experience(seed) for seed, module in enumerate(learner.networks)})
    assert not learner.failures


@pytest.mark.usefixtures("local_ray")
def test_a_shared_encoder_travels_and_is_stored_once() -> None:
    state = make_learner().module.get_state()
    for name, value in encoder(state[FIRST]).items():
        assert state[SECOND][name] is value
    arrays, _ = weights.parse(learner_state.pack(state))
    alone = sum(value.size for value in state[FIRST].values())
    heads = sum(value.size for name, value in state[SECOND].items() if not name.startswith("trunk."))
    assert sum(array.size for array in arrays.values()) == alone + heads
    np.testing.assert_equal(learner_state.parse(learner_state.pack(state)), state)


def snapshot(algorithm: Any, name: str) -> tuple[Any, Any]:
    return weights.parse(algorithm.session.store.weights.get(algorithm.session.members[name].weights))


@pytest.mark.slow
def test_it_is_one_after_updates_resets_and_resumption_and_snapshots_play_alone(build: Any, tmp_path: Path) -> None:
    def assert_shared(states: Mapping[str, Mapping[str, Any]]) -> None:
        for learner in EXPLOITERS:
            one, other = (states[f"{learner}.player_{seat}"] for seat in range(2))
            np.testing.assert_equal(encoder(one), encoder(other))
            assert encoder(one)
            assert not np.array_equal(one["policy.weight"], other["policy.weight"])

    first = build(config(tmp_path / "league", roles=EXPLOITERS))
    began = copied(module_state(first))
    while not {"main@1", "main_exploiter@2"} <= first.session.members.keys():  # which starts over at each snapshot
        first.train()
        assert_shared(module_state(first))
        assert_shared(first.env_runner.module.get_state())
    assert not np.array_equal(
        module_state(first)[FIRST]["trunk.layers.0.weight"], began[FIRST]["trunk.layers.0.weight"]
    )
    first.train()
    tensors, card = snapshot(first, "main@1")
    modules = {
        name: {k.partition("/")[2]: v for k, v in tensors.items() if k.startswith(name)} for name in card["modules"]
    }
    np.testing.assert_equal(encoder(modules[FIRST]), encoder(modules[SECOND]))
    assert modules[FIRST].keys() == modules[SECOND].keys() == module_state(first)[FIRST].keys()
    before, optimizers = copied(module_state(first)), copy.deepcopy(first.learners.state()["optimizer"])
    first.stop()
    result = play_match(GAME.spec, [load_agent(f"{tmp_path / 'league'}:main@1", GAME.spec), "random"], games=20, seed=1)
    assert result.games == 20

    resumed = build(config(tmp_path / "league", roles=EXPLOITERS))
    np.testing.assert_equal(module_state(resumed), before)
    np.testing.assert_equal(resumed.learners.state()["optimizer"], optimizers)
    resumed.train()
    assert_shared(module_state(resumed))
    assert not np.array_equal(module_state(resumed)[FIRST]["policy.weight"], before[FIRST]["policy.weight"])


@pytest.mark.slow
def test_two_learners_stay_in_step(build: Any) -> None:
    algorithm = build(config().learners(num_learners=2))
    for _ in range(3):
        algorithm.train()
    states = [
        result.get() for result in algorithm.learner_group.foreach_learner(lambda learner: learner.module.get_state())
    ]
    np.testing.assert_equal(states[0], states[1])
    np.testing.assert_equal(encoder(states[0][FIRST]), encoder(states[0][SECOND]))


class Encoded(TorchRLModule, ValueFunctionAPI):
    """A network of a user: an encoder and two heads."""

    def setup(self) -> None:
        width = self.observation_space[OBSERVATION].shape[0]
        self.encoder = nn.Sequential(nn.Linear(width, self.model_config.get("width", 8)), nn.Tanh())
        self.policy = nn.Linear(self.model_config.get("width", 8), int(self.action_space.n))
        self.value = nn.Linear(self.model_config.get("width", 8), 1)

    def _forward(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        seen = batch[Columns.OBS]
        return {
            Columns.ACTION_DIST_INPUTS: mask_logits(self.policy(self.encoder(seen[OBSERVATION])), seen[ACTION_MASK])
        }

    def compute_values(self, batch: dict[str, Any], embeddings: Any = None) -> torch.Tensor:
        return self.value(self.encoder(batch[Columns.OBS][OBSERVATION])).squeeze(-1)


class Headless(Encoded):
    """Its encoder has another name."""

    def setup(self) -> None:
        super().setup()
        self.body = self.encoder
        del self.encoder


class Bodied(Headless):
    """Says which name that is."""

    ENCODER = ("body",)


def own_networks(network: type[Encoded], **of_second: Any) -> MultiRLModuleSpec:
    configs = {FIRST: {"shared_encoder": "team"}, SECOND: {"shared_encoder": "team"} | of_second}
    return MultiRLModuleSpec(
        rl_module_specs={name: RLModuleSpec(module_class=network, model_config=each) for name, each in configs.items()}
    )


def test_the_encoder_of_a_network_of_your_own_is_shared(build: Any) -> None:
    algorithm = build(config(shared={}).rl_module(rl_module_spec=own_networks(Encoded)))
    while "main@1" not in algorithm.session.members:
        algorithm.train()
    state = module_state(algorithm)
    names = [name for name in state[FIRST] if name.startswith("encoder.")]
    assert len(names) == 2
    for name in names:
        np.testing.assert_array_equal(state[FIRST][name], state[SECOND][name])


def test_the_class_of_a_network_names_its_encoder() -> None:
    spaces = module_observation_space(GAME, 0), GAME.action_space(0)
    made = config(shared={}).rl_module(rl_module_spec=own_networks(Bodied))
    built = made.get_multi_rl_module_spec(spaces=dict.fromkeys(made.policies, spaces)).build()
    assert built[FIRST].body is built[SECOND].body


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shared": {"shared_encoder": True}}, "`shared_encoder` is a word, .* 'main.player_0' has True"),
        ({"module_per_seat": False}, "'main' has no second module to share the encoder 'team' with 'main'; give it"),
        (
            {"shared": {}, "spec": own_networks(Encoded, width=4)},
            "the encoders 'team' of 'main.player_0' and .* differ",
        ),
        ({"shared": {}, "spec": own_networks(Headless)}, "the attribute `encoder` of a network, but Headless of"),
    ],
)
def test_modules_that_cannot_share_an_encoder_are_refused(
    local_ray: Any, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    spec = changes.pop("spec", None)
    made = config(tmp_path / "league", **changes)
    if spec is not None:
        made.rl_module(rl_module_spec=spec)
    with pytest.raises(LeagueError, match=message) as raised:
        made.build_algo()
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "league").exists()


@pytest.mark.slow
def test_partners_with_one_encoder_learn_to_work_together(build: Any) -> None:
    words = {"a_0": "one", "a_1": "two", "b_0": "one", "b_1": "two"}
    game = pairs_game.spec(luck=0.0)
    algorithm = build(config(game=game, module_per_seat=False, modules=words).training(lr=3e-3))
    for _ in range(15):
        algorithm.train()
    np.testing.assert_equal(*(encoder(module_state(algorithm)[f"main.{word}"]) for word in ("one", "two")))
    episodes = algorithm.env_runner.sample(num_episodes=200, explore=False)
    earned = [sum(episode.agent_episodes["a_0"].get_rewards()) for episode in episodes]
    assert np.mean(earned) > 1.8, "2 are to be earned; chance gives a half"
