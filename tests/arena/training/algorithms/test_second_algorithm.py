"""A second algorithm trains in a league through the same path as PPO: build, train, snapshots, evaluation, resume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from network_specs import masked_spec
from ray.rllib.core.columns import Columns
from reinforce import RETURNS, Reinforce, ReinforceConfig, ReinforceLearner
from small_training import module_state

from agents.policies.network import ACTION_MASK, OBSERVATION, SEAT
from arena.play.matches import play_match
from arena.training.algorithms import algorithm_config, algorithm_settings, register_algorithm
from games import make_game
from leagues.records import LeagueError

pytestmark = pytest.mark.slow

KUHN = make_game("kuhn_poker")


def config(folder: Path | None = None) -> ReinforceConfig:
    return (
        ReinforceConfig()
        .game("kuhn_poker")
        .league(folder, snapshot_min_steps=12_000, snapshot_max_steps=12_000, anchors=())
        .env_runners(num_envs_per_env_runner=64)
        .debugging(seed=3, log_level="ERROR")
    )


def test_it_learns_poker_in_a_league(build: Any, tmp_path: Path) -> None:
    algorithm = build(config(tmp_path / "league"))
    assert type(algorithm) is Reinforce
    while "main@2" not in algorithm.session.members:
        result = algorithm.train()
    algorithm.finish()
    assert result["league"]["members"] == 4
    assert set(algorithm.session.progress.metrics["main"]) == {"policy_loss"}
    assert {standing.agent for standing in algorithm.session.standings()} == {"random", "main@1", "main@2"}
    key = f"weights:{algorithm.session.members['main@2'].weights}"
    trained = play_match(KUHN, [algorithm.env_runner.opponents.agents[key], "random"], games=4000, seed=1)
    # A uniform player wins 0 chips a hand from another one. The best response to it wins 0.46 (mean of both seats).
    assert trained.returns[0] > 0.2

    weights, steps = module_state(algorithm)["main"], algorithm.session.progress.agent_steps
    algorithm.stop()
    resumed = build(config(tmp_path / "league"))
    for name, value in weights.items():
        np.testing.assert_array_equal(value, module_state(resumed)["main"][name])
    resumed.train()
    assert resumed.session.progress.agent_steps > steps


def test_its_batch_has_the_returns_and_its_loss_is_the_formula(build: Any) -> None:
    algorithm = build(config())
    plan = algorithm.session.planner.training(64, 1)
    trajectories = algorithm.env_runner.sample_plan(plan, 256).trajectories["main"]
    assert trajectories.dist_inputs.shape[1] == 0
    batch = algorithm.make_batch(trajectories)
    for start, stop in zip(trajectories.offsets[:-1], trajectories.offsets[1:], strict=True):
        remaining = trajectories.rewards[start:stop][::-1].cumsum()[::-1]
        np.testing.assert_allclose(batch[RETURNS][start:stop], remaining, atol=1e-5)

    learner = ReinforceLearner(config=algorithm.config, module_spec=masked_spec(KUHN).as_multi_rl_module_spec())
    learner.build()
    (module_id,) = learner.module.keys()
    rows = {
        Columns.OBS: {name: torch.from_numpy(batch[Columns.OBS][name]) for name in (OBSERVATION, ACTION_MASK, SEAT)},
        Columns.ACTIONS: torch.from_numpy(batch[Columns.ACTIONS]),
        RETURNS: torch.from_numpy(batch[RETURNS]),
    }
    output = learner.module[module_id].forward_train(rows)
    loss = learner.compute_loss_for_module(module_id=module_id, config=algorithm.config, batch=rows, fwd_out=output)
    values, logits = output[Columns.VF_PREDS].detach(), output[Columns.ACTION_DIST_INPUTS].detach()
    expected = 0.0
    for row, (action, gained) in enumerate(zip(batch[Columns.ACTIONS], batch[RETURNS], strict=True)):
        error = gained - values[row].item()
        expected += -torch.log_softmax(logits[row], 0)[action].item() * error + 0.5 * error**2
    assert loss.item() == pytest.approx(expected / len(trajectories), rel=1e-4)


def test_algorithms_are_found_by_name() -> None:
    from arena import LeaguePPOConfig

    assert algorithm_config("ppo") is LeaguePPOConfig
    assert algorithm_settings("ppo") is LeaguePPOConfig.settings_class
    register_algorithm("reinforce", config="reinforce:ReinforceConfig", settings="reinforce:ReinforceSettings")
    assert algorithm_config("reinforce") is ReinforceConfig
    with pytest.raises(LeagueError, match="'ppo' is taken"):
        register_algorithm("ppo", config="reinforce:ReinforceConfig", settings="reinforce:ReinforceSettings")
    with pytest.raises(LeagueError, match=r"'reinforc'.*reinforce"):
        algorithm_config("reinforc")
