"""The learner: every epoch covers each row of each module once, and a bad gradient is skipped."""

from __future__ import annotations

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

from agents.policies.network import ACTION_MASK, OBSERVATION, SEAT
from arena import LeaguePPOConfig
from arena.training.algorithms.ppo import LeaguePPOTorchLearner
from arena.training.learner import SKIPPED_UPDATES, _minibatches, reset_modules
from games import make_game

pytestmark = pytest.mark.usefixtures("local_ray")  # a learner asks Ray for its GPU

GAME = make_game("tic_tac_toe")


@pytest.fixture
def learner() -> LeaguePPOTorchLearner:
    config = LeaguePPOConfig().game(GAME.spec)
    config.validate()
    spec = MultiRLModuleSpec(rl_module_specs={"main": masked_spec(GAME)})
    made = LeaguePPOTorchLearner(config=config, module_spec=spec)
    made.build()
    return made


@pytest.mark.parametrize("shuffle", [False, True])
def test_an_epoch_covers_every_row_of_every_module_once(shuffle: bool) -> None:
    rows = {"main": 1000, "main_exploiter": 130}
    columns = {module: {"row": torch.arange(count)} for module, count in rows.items()}
    batches = list(_minibatches(columns, 7, epochs=2, size=256, shuffle=shuffle))
    assert len(batches) == 2 * 4, "as many steps as the larger module needs"
    for epoch in (batches[:4], batches[4:]):
        for module, count in rows.items():
            seen = np.concatenate([batch[module]["row"].numpy() for batch in epoch])
            assert sorted(seen.tolist()) == list(range(count))
            assert (seen.tolist() == list(range(count))) is not shuffle


def test_a_seed_decides_the_order_of_the_rows_and_leaves_the_global_generator_alone() -> None:
    columns = {"main": {"row": torch.arange(100)}}

    def order(seed: int) -> list[int]:
        generator = torch.Generator().manual_seed(seed)
        batches = _minibatches(columns, 7, epochs=2, size=30, shuffle=True, generator=generator)
        return [row for batch in batches for row in batch["main"]["row"].tolist()]

    before = torch.get_rng_state()
    one, again, other = order(1), order(1), order(2)
    assert one == again != other
    assert one[:100] != one[100:], "every epoch has an order of its own"
    assert torch.equal(torch.get_rng_state(), before)


def gradients(learner: LeaguePPOTorchLearner, value: float) -> dict[Any, torch.Tensor]:
    return {key: torch.full_like(parameter, value) for key, parameter in learner._params.items()}


def weights(learner: LeaguePPOTorchLearner) -> dict[str, Any]:
    return {name: value.copy() for name, value in learner.module["main"].unwrapped().get_state().items()}


def test_an_update_with_a_gradient_that_is_not_finite_is_skipped_and_counted(learner: LeaguePPOTorchLearner) -> None:
    before = weights(learner)
    bad = gradients(learner, 1.0)
    next(iter(bad.values()))[...] = float("nan")
    learner.apply_gradients(bad)
    for name, value in weights(learner).items():
        np.testing.assert_array_equal(value, before[name])
    assert learner.metrics.peek(("__all_modules__", SKIPPED_UPDATES)) == 1
    learner.apply_gradients(gradients(learner, 1.0))
    assert any(not np.array_equal(value, before[name]) for name, value in weights(learner).items())


def test_a_reset_gives_new_weights_and_empties_the_optimizer(learner: LeaguePPOTorchLearner) -> None:
    learner.apply_gradients(gradients(learner, 1.0))
    [(_, optimizer)] = learner.get_optimizers_for_module("main")
    assert optimizer.state
    fresh = masked_spec(GAME).build().get_state()
    reset_modules(learner, {"main": fresh})
    assert not optimizer.state
    for name, value in weights(learner).items():
        np.testing.assert_array_equal(value, fresh[name])


def two_learners() -> LeaguePPOTorchLearner:
    config = LeaguePPOConfig().game(GAME.spec).league(roles={"main": 2})
    config.validate()
    names = sorted(config.policies)
    made = LeaguePPOTorchLearner(
        config=config, module_spec=MultiRLModuleSpec(rl_module_specs={name: masked_spec(GAME) for name in names})
    )
    made.build()
    return made


def experience(seed: int, **columns: Any) -> SampleBatch:
    rng = np.random.default_rng(seed)
    rows = 64
    seen = {
        OBSERVATION: torch.from_numpy(rng.random((rows, 3, 3, 3)).astype(np.float32)),
        ACTION_MASK: torch.ones(rows, 9, dtype=torch.bool),
        SEAT: torch.eye(2)[torch.from_numpy(rng.integers(2, size=rows))],
    }
    batch = {
        Columns.OBS: seen,
        Columns.ACTIONS: torch.from_numpy(rng.integers(9, size=rows)),
        Columns.ACTION_LOGP: torch.full((rows,), -float(np.log(9))),
        Postprocessing.ADVANTAGES: torch.from_numpy(rng.normal(size=rows).astype(np.float32)),
        Postprocessing.VALUE_TARGETS: torch.from_numpy(rng.normal(size=rows).astype(np.float32)),
    }
    return SampleBatch({**batch, **columns})


def learn(learner: LeaguePPOTorchLearner, **batches: SampleBatch) -> None:
    learner.update(
        training_data=TrainingData(batch=MultiAgentBatch(batches, 64)), timesteps={}, num_epochs=2, minibatch_size=32
    )


def everything(learner: LeaguePPOTorchLearner, module: str) -> dict[str, Any]:
    """Weights and optimizer of a module, as copies."""
    [(_, optimizer)] = learner.get_optimizers_for_module(module)
    found = {f"weights.{name}": value.copy() for name, value in learner.module[module].unwrapped().get_state().items()}
    for index, state in optimizer.state_dict()["state"].items():
        found |= {f"{index}.{name}": value.numpy().copy() for name, value in state.items()}
    return found


NOT_FINITE = {Postprocessing.ADVANTAGES: torch.full((64,), float("nan"))}
EXPLODING = {Postprocessing.VALUE_TARGETS: torch.full((64,), 1e6)}


@pytest.mark.parametrize(
    ("bad", "reason"), [(NOT_FINITE, "a loss or a gradient is not finite"), (EXPLODING, "the loss exploded: ")]
)
def test_a_module_whose_update_fails_goes_back_and_the_other_learns_on(bad: dict[str, Any], reason: str) -> None:
    learner, healthy = two_learners(), two_learners()
    healthy.set_state(learner.get_state())
    one, other = sorted(learner.module.keys())
    for each in (learner, healthy):
        learn(each, **{one: experience(1), other: experience(2)})
        assert each.failures == {}
    good = everything(learner, one)
    learn(learner, **{one: experience(3, **bad), other: experience(4)})
    learn(healthy, **{one: experience(3), other: experience(4)})
    assert list(learner.failures) == [one]
    assert learner.failures[one].startswith(reason)
    learner.restore_good(list(learner.failures))
    for name, value in everything(learner, one).items():
        np.testing.assert_array_equal(value, good[name], err_msg=name)
    for name, value in everything(learner, other).items():
        np.testing.assert_array_equal(value, everything(healthy, other)[name], err_msg=name)
    learn(learner, **{one: experience(5), other: experience(6)})
    assert learner.failures == {}
    assert not np.array_equal(everything(learner, one)["weights.policy.weight"], good["weights.policy.weight"])


def test_a_first_loss_may_be_large() -> None:
    learner = two_learners()
    one, other = sorted(learner.module.keys())
    learn(learner, **{one: experience(1, **EXPLODING), other: experience(2)})
    assert learner.failures == {}
