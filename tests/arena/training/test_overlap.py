"""Sampling while learning: whose weights a batch is of, and that nothing else changes by it."""

import os
import signal

import numpy as np
import pytest
import torch
from small_training import module_state, small

from agents.policies.agent import module_batch
from arena.cli.app import run
from leagues.records import LeagueError


def overlapped(game="tic_tac_toe", *, runners=1, overlap=True, **league):
    return small(game, **league).env_runners(num_env_runners=runners).training(overlap=overlap)


def watch(algorithm, monkeypatch):
    """The samples of each iteration to come, as they are learnt from."""
    seen, learn = [], algorithm.learners.update

    def watched(samples, *arguments):
        seen.append(samples)
        return learn(samples, *arguments)

    monkeypatch.setattr(algorithm.learners, "update", watched)
    return seen


def share_valued_by(algorithm, state, steps):
    """The share of steps whose stored values are those that these weights give."""
    module = algorithm.module_specs["main"].build()
    module.set_state(state)
    batch = module_batch(steps.observations, steps.masks, steps.seats, 2, torch.device("cpu"))
    with torch.no_grad():
        values = module.compute_values(batch).numpy()
    return np.isclose(values, steps.values, atol=1e-5).mean()


@pytest.mark.slow
def test_a_batch_is_of_weights_one_update_old_and_equal_seeds_give_equal_leagues(build, monkeypatch):
    def trained():
        algorithm = build(overlapped().env_runners(num_envs_per_env_runner=2))
        samples, states = watch(algorithm, monkeypatch), [module_state(algorithm)["main"]]
        for _ in range(4):
            algorithm.train()
            states.append(module_state(algorithm)["main"])
        algorithm.finish()
        matches = [(match.kind, match.seed, match.history) for match in algorithm.session.writer.iter_matches()]
        return algorithm, samples, states, matches

    algorithm, samples, states, matches = trained()
    for iteration, [sample] in enumerate(samples):
        steps, actors = sample.trajectories["main"], max(0, iteration - 1)
        assert share_valued_by(algorithm, states[actors], steps) > 0.95  # but for games begun before an update
        assert all(share_valued_by(algorithm, newer, steps) < 0.05 for newer in states[actors + 1 :])
    assert algorithm.session.progress.iteration == len(samples) == 4
    assert {"training", "evaluation"} == {kind for kind, *_ in matches}

    _, _, same_states, same_matches = trained()
    assert same_matches == matches
    for name, value in states[-1].items():
        np.testing.assert_array_equal(value, same_states[-1][name])


@pytest.mark.slow
def test_a_learner_that_starts_over_leaves_the_games_under_way_to_nobody(build, monkeypatch):
    algorithm = build(overlapped(roles={"main": 1, "main_exploiter": 1}))
    samples = watch(algorithm, monkeypatch)
    while "main_exploiter@1" not in algorithm.session.members:
        algorithm.train()
    payoff = algorithm.session.league.view("main_exploiter").training.get
    assert "main_exploiter" in samples[-1][0].trajectories
    algorithm.train()
    assert "main_exploiter" not in samples[-1][0].trajectories
    assert payoff("main_exploiter", "main")[1] == 0
    fresh = module_state(algorithm)["main_exploiter"]
    algorithm.train()
    assert payoff("main_exploiter", "main")[1] > 0
    steps = samples[-1][0].trajectories["main_exploiter"]
    module = algorithm.module_specs["main_exploiter"].build()
    module.set_state(fresh)
    batch = module_batch(steps.observations, steps.masks, steps.seats, 2, torch.device("cpu"))
    with torch.no_grad():
        np.testing.assert_allclose(module.compute_values(batch).numpy(), steps.values, atol=1e-5)


@pytest.mark.slow
def test_a_runner_killed_while_it_plays_ahead_is_replaced(build):
    algorithm = build(overlapped(runners=2))
    algorithm.train()
    [pid, _] = algorithm.env_runner_group.foreach_env_runner(lambda runner: os.getpid(), local_env_runner=False)
    os.kill(pid, signal.SIGKILL)
    before = algorithm.session.progress.iteration
    while algorithm.env_runner_group.num_healthy_remote_workers() < 2 or algorithm.session.progress.iteration < 4:
        algorithm.train()
        assert algorithm.iteration < before + 100
    algorithm.train()
    pids = algorithm.env_runner_group.foreach_env_runner(lambda runner: os.getpid(), local_env_runner=False)
    assert len(pids) == 2
    assert pid not in pids
    weights = module_state(algorithm)["main"]["policy.weight"]
    for theirs in algorithm.env_runner_group.foreach_env_runner(
        lambda runner: runner.module["main"].get_state()["policy.weight"], local_env_runner=False
    ):
        np.testing.assert_array_equal(theirs, weights)


@pytest.mark.slow
def test_a_checkpoint_leaves_out_what_is_under_way_and_an_error_is_raised(build, tmp_path):
    algorithm = build(overlapped())
    for _ in range(3):
        algorithm.train()
    path = algorithm.save_to_path(str(tmp_path / "checkpoint"))
    kept = algorithm.session.progress
    for _ in range(2):
        algorithm.train()
    algorithm.restore_from_path(path)
    assert algorithm.session.progress == kept
    for _ in range(2):
        algorithm.train()
    assert algorithm.session.progress.iteration == kept.iteration + 2
    assert {match.iteration for match in algorithm.session.writer.iter_matches()} <= set(range(1, kept.iteration + 3))

    def spoil(runner):
        runner.sampler._decide = None

    algorithm.env_runner_group.foreach_env_runner(spoil, local_env_runner=False)
    algorithm.train()  # on games that were played ahead
    with pytest.raises(TypeError, match="not callable"):
        algorithm.train()


def test_overlap_needs_remote_runners():
    with pytest.raises(LeagueError, match="env_runners=0; set env_runners to 1 or more"):
        overlapped(runners=0).validate()


def test_overlap_without_env_runners_is_a_wrong_call(tmp_path, capsys):
    assert run(["train", "tic_tac_toe", "--league", str(tmp_path / "league"), "--overlap"]) == 2
    assert "`overlap` needs sampling processes" in capsys.readouterr().err


@pytest.mark.parametrize("overlap", ["yes", 1, None])
def test_overlap_is_true_or_false(overlap):
    with pytest.raises(LeagueError, match="overlap must be a switch"):
        small().training(overlap=overlap).validate()
