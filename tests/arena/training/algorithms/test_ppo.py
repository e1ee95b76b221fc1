"""PPO: our loss is RLlib's, and gets the columns that it reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from network_specs import masked_spec
from ray.rllib.algorithms.ppo.torch.ppo_torch_learner import PPOTorchLearner
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module import MultiRLModuleSpec
from ray.rllib.evaluation.postprocessing import Postprocessing

from agents.policies.distributions import sample_actions
from agents.policies.network import ACTION_MASK, LOGIT_OF_ILLEGAL, OBSERVATION, SEAT, mask_logits
from arena import LeaguePPOConfig
from arena.training.algorithms.ppo import LeaguePPOTorchLearner
from games import make_game

pytestmark = [pytest.mark.usefixtures("local_ray"), pytest.mark.slow]

ROWS = 64


@pytest.fixture
def learner() -> LeaguePPOTorchLearner:
    game = make_game("connect_four")
    config = LeaguePPOConfig().game(game.spec).training(entropy_coeff=0.02, clip_param=0.1, vf_clip_param=0.5)
    config.validate()
    made = LeaguePPOTorchLearner(
        config=config, module_spec=MultiRLModuleSpec(rl_module_specs={"main": masked_spec(game)})
    )
    made.build()
    return made


def batch(rng: np.random.Generator) -> dict[str, Any]:
    """Rows as a runner would send them, from a policy some way off the learner's."""
    masks = rng.random((ROWS, 7)) < 0.7
    masks[:, 3] = True
    logits = mask_logits(torch.from_numpy(rng.normal(size=(ROWS, 7)).astype(np.float32)), torch.from_numpy(masks))
    actions, log_probs = sample_actions(logits.numpy(), rng)
    return {
        Columns.OBS: {
            OBSERVATION: torch.from_numpy(rng.random((ROWS, 3, 6, 7)).astype(np.float32)),
            ACTION_MASK: torch.from_numpy(masks),
            SEAT: torch.eye(2)[torch.from_numpy(rng.integers(2, size=ROWS))],
        },
        Columns.ACTIONS: torch.from_numpy(actions),
        Columns.ACTION_LOGP: torch.from_numpy(log_probs),
        Columns.ACTION_DIST_INPUTS: logits,
        Postprocessing.ADVANTAGES: torch.from_numpy(rng.normal(size=ROWS).astype(np.float32)),
        Postprocessing.VALUE_TARGETS: torch.from_numpy(rng.normal(size=ROWS).astype(np.float32)),
    }


def loss_and_gradients(
    learner: LeaguePPOTorchLearner, cls: type[PPOTorchLearner], rows: dict[str, Any]
) -> tuple[float, list[torch.Tensor], dict[str, float]]:
    module = learner.module["main"].unwrapped()
    module.zero_grad()
    if cls is LeaguePPOTorchLearner:  # which takes what it needs not as a word that RLlib's loss is wanted
        rows = {name: column for name, column in rows.items() if name != Columns.ACTION_DIST_INPUTS}
    loss = cls.compute_loss_for_module(
        learner,
        module_id="main",
        config=learner.config.get_config_for_module("main"),
        batch=rows,
        fwd_out=module.forward_train(rows),
    )
    loss.backward()
    stats = learner.metrics.stats["main"]
    logged = {key: torch.as_tensor(value.peek()).detach().item() for key, value in stats.items()}
    return loss.item(), [parameter.grad.clone() for parameter in module.parameters()], logged


@pytest.mark.parametrize("seed", range(5))
def test_the_loss_its_gradients_and_its_metrics_are_rllibs(learner: LeaguePPOTorchLearner, seed: int) -> None:
    rows = batch(np.random.default_rng(seed))
    ours, our_gradients, our_metrics = loss_and_gradients(learner, LeaguePPOTorchLearner, rows)
    theirs, their_gradients, their_metrics = loss_and_gradients(learner, PPOTorchLearner, rows)
    assert ours == pytest.approx(theirs, rel=1e-5)
    for mine, other in zip(our_gradients, their_gradients, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-6)
    assert our_metrics.pop("mean_kl_loss") > 0, "it is measured, although it is no part of the loss"
    assert their_metrics.pop("mean_kl_loss") == 0
    assert our_metrics == pytest.approx(their_metrics, rel=1e-4, abs=1e-6)
    assert {"policy_loss", "vf_loss", "entropy", "vf_explained_var"} <= set(our_metrics)


def test_a_network_that_gives_no_values_with_its_actions_is_asked_for_them(learner: LeaguePPOTorchLearner) -> None:
    rows, module = batch(np.random.default_rng(0)), learner.module["main"].unwrapped()
    del rows[Columns.ACTION_DIST_INPUTS]
    output = module.forward_train(rows)
    losses = [
        learner.compute_loss_for_module(
            module_id="main", config=learner.config.get_config_for_module("main"), batch=rows, fwd_out=given
        ).item()
        for given in (output, {Columns.ACTION_DIST_INPUTS: output[Columns.ACTION_DIST_INPUTS]})
    ]
    assert losses[0] == pytest.approx(losses[1])


def test_a_network_may_mask_with_infinity(learner: LeaguePPOTorchLearner) -> None:
    rows, module = batch(np.random.default_rng(0)), learner.module["main"].unwrapped()
    del rows[Columns.ACTION_DIST_INPUTS]
    found = []
    for lowest in (LOGIT_OF_ILLEGAL, -np.inf):
        module.zero_grad()
        output = module.forward_train(rows)
        masked = output[Columns.ACTION_DIST_INPUTS].masked_fill(~rows[Columns.OBS][ACTION_MASK], lowest)
        loss = learner.compute_loss_for_module(
            module_id="main",
            config=learner.config.get_config_for_module("main"),
            batch=rows,
            fwd_out={**output, Columns.ACTION_DIST_INPUTS: masked},
        )
        loss.backward()
        found.append((loss.item(), module.policy.weight.grad.clone()))
    assert found[0][0] == pytest.approx(found[1][0])
    torch.testing.assert_close(found[0][1], found[1][1])


class OwnLearner(LeaguePPOTorchLearner):
    """A loss of somebody's own, on top of RLlib's."""

    def compute_loss_for_module(self, *, batch: Any, **kwargs: Any) -> torch.Tensor:
        assert Columns.ACTION_DIST_INPUTS in batch
        return PPOTorchLearner.compute_loss_for_module(self, batch=batch, **kwargs)


@pytest.mark.parametrize(
    "change",
    [
        lambda config: config.training(learner_class=OwnLearner),
        lambda config: config.training(use_kl_loss=True),
        lambda config: config.training(use_critic=False),
    ],
    ids=["own learner", "KL", "no critic"],
)
def test_a_loss_gets_the_inputs_of_the_distribution_if_it_reads_them(build: Any, change: Callable[[Any], Any]) -> None:
    config = (
        LeaguePPOConfig()
        .game("tic_tac_toe")
        .env_runners(num_envs_per_env_runner=8)
        .training(train_batch_size_per_learner=64, minibatch_size=32, num_epochs=1)
    )
    algorithm = build(change(config))
    before = algorithm.learner_group.get_state(components="learner/rl_module")["learner"]["rl_module"]["main"]
    algorithm.train()
    after = algorithm.learner_group.get_state(components="learner/rl_module")["learner"]["rl_module"]["main"]
    assert not np.array_equal(before["policy.weight"], after["policy.weight"])


def test_a_compiled_network_is_compiled_and_learns_the_same(learner: LeaguePPOTorchLearner) -> None:
    graphs = []

    def backend(graph: torch.fx.GraphModule, _: Any) -> Callable[..., Any]:
        graphs.append(graph)
        return graph.forward

    config = LeaguePPOConfig().game("connect_four").training(entropy_coeff=0.02, clip_param=0.1, vf_clip_param=0.5)
    config.framework(torch_compile_learner=True, torch_compile_learner_dynamo_backend=backend)
    config.validate()
    network = masked_spec(make_game("connect_four"))
    compiled = LeaguePPOTorchLearner(config=config, module_spec=MultiRLModuleSpec(rl_module_specs={"main": network}))
    compiled.build()
    compiled.module["main"].set_state(learner.module["main"].get_state())
    rows = batch(np.random.default_rng(0))
    plain_loss, plain_gradients, _ = loss_and_gradients(learner, LeaguePPOTorchLearner, rows)
    assert not graphs
    loss, gradients, _ = loss_and_gradients(compiled, LeaguePPOTorchLearner, rows)
    assert len(graphs) == 1
    assert loss == pytest.approx(plain_loss)
    for mine, other in zip(gradients, plain_gradients, strict=True):
        torch.testing.assert_close(mine, other)
