"""PPO's regularisers against plain formulas: the divergences to the behaviour policy and to the magnet, schedules."""

from __future__ import annotations

from collections.abc import Callable
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

from agents.policies.distributions import sample_actions
from agents.policies.network import ACTION_MASK, OBSERVATION, SEAT, mask_logits
from arena import LeaguePPOConfig
from arena.training.algorithms.magnet import Magnets
from arena.training.algorithms.ppo import MAGNET_LOG_PROBS, LeaguePPOTorchLearner
from arena.training.learner import SHARE
from games import make_game
from leagues.errors import LeagueError

pytestmark = [pytest.mark.usefixtures("local_ray"), pytest.mark.slow]

GAME = make_game("tic_tac_toe")
ROWS = 64


def make_learner(*modules: str, **settings: Any) -> LeaguePPOTorchLearner:
    config = LeaguePPOConfig().game(GAME.spec).training(entropy_coeff=0.0, **settings)
    config.validate()
    specs = {module: masked_spec(GAME, fcnet_hiddens=[16]) for module in modules or ("main",)}
    config.multi_agent(policies=set(specs), policies_to_train=sorted(specs))
    made = LeaguePPOTorchLearner(config=config, module_spec=MultiRLModuleSpec(rl_module_specs=specs))
    made.build()
    return made


def rows(seed: int) -> dict[str, Any]:
    """Rows of a policy some way off the learner's."""
    rng = np.random.default_rng(seed)
    masks = rng.random((ROWS, 9)) < 0.7
    masks[:, 3] = True
    logits = mask_logits(torch.from_numpy(rng.normal(size=(ROWS, 9)).astype(np.float32)), torch.from_numpy(masks))
    actions, log_probs = sample_actions(logits.numpy(), rng)
    return {
        Columns.OBS: {
            OBSERVATION: torch.from_numpy(rng.random((ROWS, 3, 3, 3)).astype(np.float32)),
            ACTION_MASK: torch.from_numpy(masks),
            SEAT: torch.eye(2)[torch.from_numpy(rng.integers(2, size=ROWS))],
        },
        Columns.ACTIONS: torch.from_numpy(actions),
        Columns.ACTION_LOGP: torch.from_numpy(log_probs),
        Postprocessing.ADVANTAGES: torch.from_numpy(rng.normal(size=ROWS).astype(np.float32)),
        Postprocessing.VALUE_TARGETS: torch.from_numpy(rng.normal(size=ROWS).astype(np.float32)),
    }


def update(learner: LeaguePPOTorchLearner, *, seed: int = 0, share: float = 0.0, **columns: Any) -> None:
    batch = {module: SampleBatch({**rows(seed), **columns}) for module in learner.module.keys()}  # noqa: SIM118
    learner.update(
        training_data=TrainingData(batch=MultiAgentBatch(batch, ROWS)),
        timesteps={names.NUM_ENV_STEPS_SAMPLED_LIFETIME: 500, SHARE: share},
        num_epochs=1,
        minibatch_size=32,
    )


def loss(learner: LeaguePPOTorchLearner, batch: dict[str, Any]) -> torch.Tensor:
    module = learner.module["main"].unwrapped()
    return learner.compute_loss_for_module(
        module_id="main",
        config=learner.config.get_config_for_module("main"),
        batch=batch,
        fwd_out=module.forward_train(batch),
    )


def gradient(learner: LeaguePPOTorchLearner, value: torch.Tensor) -> torch.Tensor:
    return torch.autograd.grad(value, learner.module["main"].unwrapped().policy.weight)[0]


def policy(learner: LeaguePPOTorchLearner, batch: dict[str, Any]) -> torch.Tensor:
    logits = learner.module["main"].unwrapped().forward_train(batch)[Columns.ACTION_DIST_INPUTS]
    return torch.softmax(logits, 1)


def pull(make: Callable[[], torch.Tensor], learner: LeaguePPOTorchLearner) -> tuple[float, torch.Tensor]:
    value = make()
    return value.item(), gradient(learner, value)


@pytest.mark.parametrize("seed", range(3))
def test_the_divergence_to_the_behaviour_policy_is_estimated_from_the_ratios(seed: int) -> None:
    learner = make_learner(use_kl_loss=True, kl_target=None, kl_coeff=3.0)
    batch = rows(seed)

    def formula() -> torch.Tensor:
        taken = policy(learner, batch).gather(1, batch[Columns.ACTIONS].unsqueeze(1)).squeeze(1)
        ratio = taken / batch[Columns.ACTION_LOGP].exp()
        return 3.0 * (ratio * ratio.log() - (ratio - 1)).mean()

    expected, expected_gradient = pull(formula, learner)
    on, gradient_on = pull(lambda: loss(learner, batch), learner)
    learner.config.use_kl_loss = False
    off, gradient_off = pull(lambda: loss(learner, batch), learner)
    assert on - off == pytest.approx(expected, rel=1e-4)
    torch.testing.assert_close(gradient_on - gradient_off, expected_gradient, rtol=1e-3, atol=1e-5)


def test_the_estimate_of_the_divergence_is_unbiased() -> None:
    rng = np.random.default_rng(0)
    old, new = (rng.dirichlet(np.ones(4)) for _ in range(2))
    ratio = new / old
    assert np.sum(old * (ratio * np.log(ratio) - (ratio - 1))) == pytest.approx(np.sum(new * np.log(new / old)))


def test_the_magnet_draws_by_the_divergence_to_its_policy() -> None:
    learner = make_learner(magnet_coeff=2.0)
    batch = rows(1)
    anchor = torch.softmax(torch.randn(ROWS, 9, generator=torch.Generator().manual_seed(0)), 1)
    legal = batch[Columns.OBS][ACTION_MASK]

    def formula() -> torch.Tensor:
        now = policy(learner, batch)
        terms = torch.where(legal, now * (now.clamp(min=1e-30) / anchor).log(), 0.0)
        return 2.0 * terms.sum(1).mean()

    expected, expected_gradient = pull(formula, learner)
    off, gradient_off = pull(lambda: loss(learner, batch), learner)
    on, gradient_on = pull(lambda: loss(learner, {**batch, MAGNET_LOG_PROBS: anchor.log()}), learner)
    assert on - off == pytest.approx(expected, rel=1e-4)
    torch.testing.assert_close(gradient_on - gradient_off, expected_gradient, rtol=1e-3, atol=1e-5)


def test_a_magnet_moves_a_share_of_the_way_at_every_update() -> None:
    network = masked_spec(GAME, fcnet_hiddens=[8]).build()
    first = {name: value.copy() for name, value in network.get_state().items()}
    magnets = Magnets()
    magnets.move("main", network, 0.25)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(1.0)
    magnets.move("main", network, 0.25)
    for name, value in magnets.state()["main"].items():
        np.testing.assert_allclose(value, first[name] + 0.25, rtol=1e-5)
    magnets.forget("main")
    assert magnets.state() == {}


def test_a_network_that_is_its_own_magnet_is_not_drawn() -> None:
    learner = make_learner(magnet_coeff=5.0)
    learner._magnets.move("main", learner.module["main"].unwrapped(), 0.05)
    batch = rows(2)
    assert loss(learner, learner.completed("main", batch)).item() == pytest.approx(loss(learner, batch).item())


def test_schedules_over_the_run_are_exact_and_never_go_back() -> None:
    halves = [[0, 0.4], [1, 0.2]]
    learner = make_learner(
        use_kl_loss=True, kl_target=None, kl_coeff=halves, magnet_coeff=halves, lr=[[0, 0.1], [1, 0]]
    )
    [(_, optimizer)] = learner.get_optimizers_for_module("main")
    for share, reached in ((0.0, 0.0), (0.5, 0.5), (0.25, 0.5), (1.0, 1.0)):
        update(learner, share=share)
        assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1 * (1 - reached))
        for name in ("kl_coeff", "magnet_coeff"):
            assert learner.coefficient("main", name) == pytest.approx(0.4 - 0.2 * reached)


def test_a_state_keeps_the_share_and_the_magnet() -> None:
    settings: dict[str, Any] = {"magnet_coeff": 1.0, "lr": [[0, 0.1], [1, 0.01]]}
    one = make_learner(**settings)
    for seed in range(3):
        update(one, seed=seed, share=0.3)
    other = make_learner(**settings)
    other.set_state(one.get_state())
    assert other.clock.share == 0.3
    for learner in (one, other):
        update(learner, seed=9, share=0.1)
    states = [learner.get_state() for learner in (one, other)]
    for part in (states[0]["rl_module"]["main"], states[0]["league"]["magnets"]["main"]):
        assert part
    for name, value in states[0]["rl_module"]["main"].items():
        np.testing.assert_array_equal(value, states[1]["rl_module"]["main"][name])
    for name, value in states[0]["league"]["magnets"]["main"].items():
        np.testing.assert_array_equal(value, states[1]["league"]["magnets"]["main"][name])


def test_a_state_keeps_the_weight_of_a_divergence_that_is_adapted() -> None:
    one, other = (make_learner(use_kl_loss=True, kl_coeff=0.2) for _ in range(2))
    one.curr_kl_coeffs_per_module["main"].data *= 1.5
    other.set_state(one.get_state())
    assert float(other.curr_kl_coeffs_per_module["main"]) == pytest.approx(0.3)


def test_a_learner_with_scheduled_weights_has_a_state_before_its_first_update() -> None:
    schedule = [[0, 4.0], [1, 80.0]]
    one, other = (make_learner(use_kl_loss=True, kl_target=None, kl_coeff=schedule) for _ in range(2))
    other.set_state(one.get_state())
    assert other.coefficient("main", "kl_coeff") == 4.0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("share", "half"),
        ("share", 2.0),
        ("usual", {"main": "small"}),
        ("magnets", None),
        ("magnets", {"stranger": {}}),
        ("magnets", {"main": {"policy.weight": np.zeros((2, 2), np.float32)}}),
    ],
)
def test_a_state_that_cannot_be_read_is_refused_before_anything_learns(name: str, value: Any) -> None:
    learner = make_learner(magnet_coeff=1.0)
    state = learner.get_state()
    state["league"][name] = value
    with pytest.raises((LookupError, TypeError, ValueError, AttributeError)):
        learner.set_state(state)


def test_a_state_of_an_earlier_version_is_taken() -> None:
    learner = make_learner(magnet_coeff=1.0)
    state = learner.get_state()
    del state["league"]
    learner.set_state(state)
    update(learner)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kl_coeff": [[0, 1.0], [1, 0.5]]}, "a schedule of kl_coeff excludes adapting it"),
        ({"magnet_coeff": [[1, 1.0], [2, 0.5]]}, "a schedule of magnet_coeff is pairs"),
        ({"magnet_rate": 0.0}, "magnet_rate"),
        ({"advantage_scale": "median"}, "advantage_scale in"),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(LeagueError, match=message):
        LeaguePPOConfig().game(GAME.spec).training(**settings).settings()
