"""IMPALA and APPO with remote runners and learners: nobody is waited for, and the league stays right."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_training import module_state

from agents.policies.agent import module_batch
from arena.training.algorithms import algorithm_config

pytestmark = pytest.mark.slow


def config(algorithm: str = "appo", folder: Path | None = None, *, runners: int = 2, **league: Any) -> Any:
    settings = {"snapshot_min_steps": 500, "snapshot_max_steps": 1500, "anchors": ()} | league
    return (
        algorithm_config(algorithm)()
        .game("tic_tac_toe")
        .league(folder, **settings)
        .env_runners(num_env_runners=runners, num_envs_per_env_runner=8)
        .training(train_batch_size_per_learner=512, minibatch_size=128)
        .debugging(seed=1, log_level="ERROR")
    )


def watch(algorithm: Any) -> list[list[Any]]:
    """The samples of each iteration to come, as they are learned from."""
    seen, learn = list[list[Any]](), algorithm.learners.update

    def watched(samples: Any, *arguments: Any) -> Any:
        seen.append(samples)
        return learn(samples, *arguments)

    algorithm.learners.update = watched
    return seen


def valued_by(algorithm: Any, state: Any, steps: Any) -> float:
    """The share of steps whose stored values are those that these weights give."""
    module = algorithm.module_specs["main"].build()
    module.set_state(state)
    batch = module_batch(steps.observations, steps.masks, steps.seats, 2, torch.device("cpu"))
    with torch.no_grad():
        values = module.compute_values(batch).numpy()
    return float(np.isclose(values, steps.values, atol=1e-5).mean())


@pytest.mark.parametrize("algorithm", ["appo", "impala"])
def test_nobody_waits_for_a_runner_that_is_stuck_and_its_games_count_when_they_come(
    build: Any, tmp_path: Path, algorithm: str
) -> None:
    built = build(config(algorithm))
    gate = tmp_path / "gate"

    def stick(runner: Any) -> None:
        if runner.worker_index != 2:
            return
        play = runner.sample_plan

        def stuck(*arguments: Any) -> Any:
            import time

            while not gate.exists():
                time.sleep(0.01)
            return play(*arguments)

        runner.sample_plan = stuck

    built.env_runner_group.foreach_env_runner(stick, local_env_runner=False)
    samples = watch(built)
    for _ in range(4):
        built.train()
    assert {sample.runner for each in samples for sample in each} == {1}
    gate.touch()
    while not any(sample.runner == 2 for sample in samples[-1]):
        result = built.train()
    late = [sample for sample in samples[-1] if sample.runner == 2]
    assert max(sample.lag for sample in late) >= 4
    assert result["league"]["sample_lag"] > 0
    for sample in late:
        assert len(sample.trajectories["main"]) > 0
    assert built.session.progress.iteration == len(samples)


def test_a_request_is_played_with_the_weights_that_were_newest_when_it_was_sent(build: Any) -> None:
    built = build(config(runners=1).env_runners(num_envs_per_env_runner=2))
    samples, states = watch(built), [module_state(built)["main"]]
    states = [{name: value.copy() for name, value in states[0].items()}]
    for _ in range(4):
        built.train()
        states.append({name: value.copy() for name, value in module_state(built)["main"].items()})
    for iteration, each in enumerate(samples):
        for sample in each:
            acted = states[iteration - sample.lag]
            # But for games that began in the request before.
            assert valued_by(built, acted, sample.trajectories["main"]) > 0.9
            assert all(valued_by(built, newer, sample.trajectories["main"]) < 0.1 for newer in states[iteration + 1 :])
    assert [each[-1].lag for each in samples] == [0, 1, 1, 1]


def test_a_learner_that_starts_over_leaves_old_games_to_nobody(build: Any) -> None:
    built = build(config(roles={"main": 1, "main_exploiter": 1}))
    samples = watch(built)
    while "main_exploiter@1" not in built.session.members:
        built.train()
    fresh = {name: value.copy() for name, value in module_state(built)["main_exploiter"].items()}
    updated = len(samples)
    while not (found := [s for each in samples[updated:] for s in each if "main_exploiter" in s.trajectories]):
        built.train()
    steps = found[0].trajectories["main_exploiter"]
    module = built.module_specs["main_exploiter"].build()
    module.set_state(fresh)
    batch = module_batch(steps.observations, steps.masks, steps.seats, 2, torch.device("cpu"))
    with torch.no_grad():
        np.testing.assert_allclose(module.compute_values(batch).numpy(), steps.values, atol=1e-5)


def test_a_runner_killed_with_requests_is_replaced_and_plays_again(build: Any) -> None:
    built = build(config())
    samples = watch(built)
    built.train()
    pids = built.env_runner_group.foreach_env_runner(lambda runner: os.getpid(), local_env_runner=False)
    os.kill(pids[0], signal.SIGKILL)
    before = len(samples)
    while built.env_runner_group.num_healthy_remote_workers() == 2 and len(samples) < before + 100:
        built.train()  # until its death is noticed
    assert built.env_runner_group.num_healthy_remote_workers() == 1
    while len(built.env_runner_group.healthy_worker_ids()) < 2 or samples[-1][-1].runner != 1:
        built.train()
        assert len(samples) < before + 1000
    alive = built.env_runner_group.foreach_env_runner(lambda runner: os.getpid(), local_env_runner=False)
    assert len(alive) == 2
    assert pids[0] not in alive
    assert samples[-1][-1].lag <= 2


def test_a_resumed_run_goes_on_with_the_games_of_its_runners(build: Any, tmp_path: Path) -> None:
    first = build(config(folder=tmp_path / "league"))
    for _ in range(3):
        first.train()
    first.stop()
    second = build(config(folder=tmp_path / "league"))
    [resumed] = second.session.writer.journal(kind="resume")
    assert resumed.detail["games_going_on"] == 16
    second.train()
    assert second.session.progress.iteration == 4


def test_a_restored_checkpoint_brings_its_weights_to_the_runners(build: Any, tmp_path: Path) -> None:
    built = build(config(runners=1).env_runners(num_envs_per_env_runner=2))
    for _ in range(2):
        built.train()
    path = built.save_to_path(str(tmp_path / "checkpoint"))
    kept = {name: value.copy() for name, value in module_state(built)["main"].items()}
    for _ in range(3):
        built.train()
    built.restore_from_path(path)
    assert built.session.progress.iteration == 2
    samples = watch(built)
    built.train()
    # But for games that had begun with later weights.
    assert valued_by(built, kept, samples[0][-1].trajectories["main"]) > 0.9
    assert built.session.progress.iteration == 3


@pytest.mark.parametrize("algorithm", ["appo", "impala"])
def test_two_remote_learners_stay_in_step(build: Any, algorithm: str) -> None:
    built = build(config(algorithm, runners=1, roles={"main": 1, "main_exploiter": 1}).learners(num_learners=2))
    for _ in range(3):
        built.train()
    states = [
        result.get()
        for result in built.learner_group.foreach_learner(
            lambda learner: {name: network.get_state() for name, network in learner.networks.items()}
        )
    ]
    assert len(states) == 2
    for module in ("main", "main_exploiter"):
        for name, value in states[0][module].items():
            np.testing.assert_array_equal(value, states[1][module][name])
    assert built.learners.restored == {}


def test_a_gate_and_the_end_of_a_run_wait_for_their_own_games_only(build: Any) -> None:
    built = build(config(gate="sprt", gate_games=32, games_at_end=8, seconds_at_end=1.0))
    while "main@2" not in built.session.members:
        built.train()
    built.finish()
    kinds = [match.kind for match in built.session.writer.iter_matches()]
    assert "evaluation" in kinds
    assert built.session.writer.journal(kind="gate_passed") or built.session.writer.journal(kind="gate_failed")
