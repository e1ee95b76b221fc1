"""IMPALA and APPO: what V-trace gets, the losses against their formulas, and the target policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from network_specs import masked_spec
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.training_data import TrainingData
from ray.rllib.core.rl_module import MultiRLModuleSpec
from ray.rllib.evaluation.postprocessing import Postprocessing
from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch
from ray.rllib.utils import metrics as names
from sampling import trajectories

from agents.policies.distributions import sample_actions
from agents.policies.network import ACTION_MASK, OBSERVATION, SEAT, mask_logits
from arena import LeagueAPPO, LeagueAPPOConfig, LeagueIMPALA, LeagueIMPALAConfig
from arena.training.algorithms.appo import TARGET_INPUTS, TARGET_LOGP
from arena.training.algorithms.impala import ENDS
from arena.training.learner import SHARE, copy_modules, reset_modules
from games import make_game
from leagues.records import LeagueError

pytestmark = [pytest.mark.usefixtures("local_ray"), pytest.mark.slow]

GAME = make_game("tic_tac_toe")
LENGTHS = [4, 1, 3]
ROWS = sum(LENGTHS)


def make_learner(kind: type[LeagueIMPALAConfig], *modules: str, **settings: Any) -> Any:
    config = kind().game(GAME.spec).training(**{"entropy_coeff": 0.02, "grad_clip": None, **settings})
    config.validate()
    specs = {module: masked_spec(GAME, fcnet_hiddens=[16]) for module in modules or ("main",)}
    config.multi_agent(policies=set(specs), policies_to_train=sorted(specs))
    made = config.learner_class(config=config, module_spec=MultiRLModuleSpec(rl_module_specs=specs))
    made.build()
    return made


def columns(seed: int = 0) -> dict[str, Any]:
    """A batch of a policy some way off the learner's."""
    rng = np.random.default_rng(seed)
    masks = rng.random((ROWS, 9)) < 0.7
    masks[:, 3] = True
    logits = mask_logits(torch.from_numpy(rng.normal(size=(ROWS, 9)).astype(np.float32)), torch.from_numpy(masks))
    actions, log_probs = sample_actions(logits.numpy(), rng)
    ends = np.zeros(ROWS, bool)
    ends[np.cumsum(LENGTHS) - 1] = True
    return {
        Columns.OBS: {
            OBSERVATION: torch.from_numpy(rng.random((ROWS, 3, 3, 3)).astype(np.float32)),
            ACTION_MASK: torch.from_numpy(masks),
            SEAT: torch.eye(2)[torch.from_numpy(rng.integers(2, size=ROWS))],
        },
        Columns.ACTIONS: torch.from_numpy(actions),
        Columns.ACTION_LOGP: torch.from_numpy(log_probs),
        Columns.REWARDS: torch.from_numpy(rng.normal(size=ROWS).astype(np.float32)),
        Columns.VALUES_BOOTSTRAPPED: torch.zeros(ROWS),
        ENDS: torch.from_numpy(ends),
    }


def update(learner: Any, seed: int = 0) -> None:
    batch = {module: SampleBatch(columns(seed)) for module in learner.module.keys()}  # noqa: SIM118
    learner.update(
        training_data=TrainingData(batch=MultiAgentBatch(batch, ROWS)),
        timesteps={names.NUM_ENV_STEPS_SAMPLED_LIFETIME: 500, SHARE: 0.0},
        num_epochs=1,
        minibatch_size=None,
    )


def policy(network: Any, batch: Mapping[str, Any]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The log-probabilities of all actions, those of the actions taken, and the values."""
    with torch.no_grad():
        output = network.forward_train(batch)
    logits = torch.log_softmax(output[Columns.ACTION_DIST_INPUTS], 1)
    return logits, logits[torch.arange(ROWS), batch[Columns.ACTIONS]], output[Columns.VF_PREDS]


def loss(learner: Any, batch: Mapping[str, Any]) -> float:
    found = learner.compute_loss_for_module(
        module_id="main",
        config=learner.config.get_config_for_module("main"),
        batch=batch,
        fwd_out=learner.networks["main"].forward_train(batch),
    )
    return float(found.detach())


def entropy(logits: torch.Tensor) -> float:
    return float(-(logits.exp() * logits.clamp(min=-1e9)).sum(1).mean())


def test_the_batch_has_whole_trajectories_and_the_value_after_each_step(build: Any) -> None:
    algorithm = build(LeagueIMPALAConfig().game(GAME.spec).debugging(seed=1, log_level="ERROR"))
    steps = trajectories([3, 2], np.random.default_rng(0), finals=np.array([0.0, 0.7]))
    batch = algorithm.make_batch(steps)
    assert batch[ENDS].tolist() == [False, False, True, False, True]
    np.testing.assert_array_equal(
        batch[Columns.VALUES_BOOTSTRAPPED], np.float32([steps.values[1], steps.values[2], 0.0, steps.values[4], 0.7])
    )
    np.testing.assert_array_equal(batch[Columns.REWARDS], steps.rewards)


@pytest.mark.parametrize("seed", range(3))
def test_the_loss_of_impala_is_its_formula(seed: int) -> None:
    learner = make_learner(LeagueIMPALAConfig, gamma=1.0, vf_loss_coeff=0.3)
    batch = columns(seed)
    logits, taken, values = policy(learner.networks["main"], batch)
    ready = learner.completed("main", batch)
    assert set(ready) == {
        Columns.OBS,
        Columns.ACTIONS,
        Columns.ACTION_LOGP,
        Postprocessing.ADVANTAGES,
        Postprocessing.VALUE_TARGETS,
    }
    gains, targets = ready[Postprocessing.ADVANTAGES], ready[Postprocessing.VALUE_TARGETS]
    ratio = (taken - batch[Columns.ACTION_LOGP]).exp().clamp(max=1.0)
    last = torch.nonzero(batch[ENDS]).flatten()
    torch.testing.assert_close(gains[last], (ratio * (batch[Columns.REWARDS] - values))[last])
    expected = -(taken * gains).mean() + 0.3 * 0.5 * (values - targets).square().mean() - 0.02 * entropy(logits)
    assert loss(learner, ready) == pytest.approx(float(expected), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_the_loss_of_appo_is_its_formula(seed: int) -> None:
    settings: dict[str, Any] = {"clip_param": 0.1, "target_worker_clipping": 1.2, "use_kl_loss": True, "kl_coeff": 0.7}
    learner = make_learner(LeagueAPPOConfig, **settings)
    batch, network = columns(seed), learner.networks["main"]
    target_logits, target_taken, _ = policy(network, batch)
    learner.completed("main", batch)  # makes the target
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(seed)))
    logits, taken, values = policy(network, batch)
    ready = learner.completed("main", batch)
    torch.testing.assert_close(ready[TARGET_LOGP], target_taken)
    gains, targets = ready[Postprocessing.ADVANTAGES], ready[Postprocessing.VALUE_TARGETS]
    acted = batch[Columns.ACTION_LOGP]
    last = torch.nonzero(batch[ENDS]).flatten()
    trace = (target_taken - acted).exp().clamp(max=1.0)
    torch.testing.assert_close(gains[last], (trace * (batch[Columns.REWARDS] - values))[last])
    ratio = (acted - target_taken).exp().clamp(max=1.2) * (taken - acted).exp()
    surrogate = torch.min(gains * ratio, gains * ratio.clamp(0.9, 1.1)).mean()
    divergence = (target_logits.exp() * (target_logits - logits).clamp(-1e9, 1e9)).sum(1).mean()
    expected = -surrogate + 0.5 * 0.5 * (values - targets).square().mean() - 0.02 * entropy(logits) + 0.7 * divergence
    assert loss(learner, ready) == pytest.approx(float(expected), rel=1e-5, abs=1e-6)


def weights(network: Any) -> dict[str, np.ndarray[Any, Any]]:
    return {name: value.copy() for name, value in network.get_state().items()}


def assert_equal(one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    for name, value in one.items():
        np.testing.assert_allclose(value, other[name], atol=1e-6, err_msg=name)


def test_the_target_policy_moves_after_some_batches_by_tau() -> None:
    learner = make_learner(LeagueAPPOConfig, target_network_update_freq=2, tau=0.25)
    first = weights(learner.networks["main"])
    for seed in range(2):
        update(learner, seed)
        assert_equal(learner.league_state()["targets"]["main"], first)
    second = weights(learner.networks["main"])
    update(learner, 2)
    moved = {name: value + 0.25 * (second[name] - value) for name, value in first.items()}
    assert_equal(learner.league_state()["targets"]["main"], moved)
    update(learner, 3)
    assert_equal(learner.league_state()["targets"]["main"], moved)


def test_the_weight_of_the_divergence_is_adapted_and_kept() -> None:
    learner = make_learner(LeagueAPPOConfig, use_kl_loss=True, kl_coeff=0.4, kl_target=1e-9, lr=0.01)
    for seed in range(2):  # in the first, the policy is its own target
        update(learner, seed)
    assert learner.league_state()["kl_coeffs"] == {"main": pytest.approx(0.5 * 1.5 * 0.4)}
    other = make_learner(LeagueAPPOConfig, use_kl_loss=True, kl_coeff=0.4, kl_target=1e-9, lr=0.01)
    other.set_state(learner.get_state())
    for each in (learner, other):
        update(each, 5)
    assert_equal(other.networks["main"].get_state(), learner.networks["main"].get_state())
    assert other.league_state()["kl_coeffs"] == learner.league_state()["kl_coeffs"]
    assert other.league_state()["batches"] == learner.league_state()["batches"] == {"main": 1}


def test_a_module_that_starts_over_or_copies_another_one_gets_a_new_target() -> None:
    learner = make_learner(LeagueAPPOConfig, "main", "other", target_network_update_freq=100, lr=0.01)
    update(learner)
    fresh = weights(masked_spec(GAME, fcnet_hiddens=[16]).build())
    reset_modules(learner, {"main": fresh})
    assert set(learner.league_state()["targets"]) == {"other"}
    update(learner)
    assert_equal(learner.league_state()["targets"]["main"], fresh)
    source = weights(learner.networks["main"])
    copy_modules(learner, {"other": "main"})
    update(learner)
    assert_equal(learner.league_state()["targets"]["other"], source)


@pytest.mark.parametrize(
    "spoilt", [{"targets": {"main": {}}}, {"targets": {"stranger": {}}}, {"batches": {"main": 0.5}}]
)
def test_a_state_that_cannot_be_read_is_refused(spoilt: dict[str, Any]) -> None:
    learner = make_learner(LeagueAPPOConfig)
    with pytest.raises((LookupError, ValueError, TypeError)):
        learner.set_league_state(learner.league_state() | spoilt)


def test_two_halves_of_a_batch_are_cut_with_the_value_of_the_next_position() -> None:
    """What two remote learners get: rows of equal number, with a trajectory on both sides of the cut."""
    learner = make_learner(LeagueIMPALAConfig)
    batch = columns()
    batch[Columns.VALUES_BOOTSTRAPPED] = torch.linspace(0.1, 0.8, ROWS)
    half = 2  # inside the first trajectory
    front = learner.completed("main", {name: _cut(column, slice(0, half)) for name, column in batch.items()})
    ended = dict(batch) | {ENDS: batch[ENDS].clone()}
    ended[ENDS][half - 1] = True
    expected = learner.completed("main", ended)
    for name in (Postprocessing.ADVANTAGES, Postprocessing.VALUE_TARGETS):
        torch.testing.assert_close(front[name], expected[name][:half])
    back = learner.completed("main", {name: _cut(column, slice(half, ROWS)) for name, column in batch.items()})
    whole = learner.completed("main", batch)
    for name in (Postprocessing.ADVANTAGES, Postprocessing.VALUE_TARGETS):
        torch.testing.assert_close(back[name], whole[name][half:])


def _cut(column: Any, rows: slice) -> Any:
    return {name: each[rows] for name, each in column.items()} if isinstance(column, dict) else column[rows]


def test_they_are_rllibs_algorithms() -> None:
    from ray.rllib.algorithms.appo import APPO
    from ray.rllib.algorithms.impala import IMPALA

    assert issubclass(LeagueAPPO, APPO)
    assert issubclass(LeagueIMPALA, IMPALA)
    assert TARGET_INPUTS not in make_learner(LeagueAPPOConfig).completed("main", columns())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"use_circular_buffer": False}, "use_circular_buffer=False has no effect .*num_epochs"),
        ({"circular_buffer_num_batches": 4}, "num_epochs"),
        ({"vtrace": False}, "V-trace is always on"),
        ({"opt_type": "rmsprop"}, "the optimizer is Adam"),
        ({"broadcast_interval": 4}, "each request carries the newest weights"),
        ({"learner_queue_size": 4}, "max_requests_in_flight_per_env_runner"),
        ({"num_gpu_loader_threads": 2}, "loads its part of the batch at once"),
        ({"overlap": True}, "whose sampling processes play while it learns"),
        ({"minibatch_size": 10**6}, "minibatch_size <= train_batch_size_per_learner"),
    ],
)
def test_a_setting_that_means_nothing_here_is_refused(settings: dict[str, Any], message: str) -> None:
    config = LeagueAPPOConfig().game(GAME.spec).env_runners(num_env_runners=1).training(**settings)
    with pytest.raises((ValueError, LeagueError), match=message) as raised:
        config.validate()
    assert "\n" not in str(raised.value)


def test_a_runner_has_at_least_one_request() -> None:
    config = LeagueAPPOConfig().game(GAME.spec).env_runners(max_requests_in_flight_per_env_runner=0)
    with pytest.raises(ValueError, match="`max_requests_in_flight_per_env_runner >= 1` must hold, but got 0"):
        config.validate()


def test_aggregators_are_refused() -> None:
    config = LeagueAPPOConfig().game(GAME.spec).learners(num_aggregator_actors_per_learner=1)
    with pytest.raises(ValueError, match="num_aggregator_actors_per_learner=1 has no effect"):
        config.validate()
