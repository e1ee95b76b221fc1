"""The learner: every epoch covers each row of each module once, and a bad gradient is skipped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from network_specs import masked_spec
from ray.rllib.core.rl_module import MultiRLModuleSpec

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
