"""Training over processes: remote runners that die, remote learners in step, and a run killed outright."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from small_training import module_state, small

from leagues.store import StoreError, open_store

pytestmark = pytest.mark.slow


def test_remote_runners_share_the_work_and_play_rating_matches(build):
    algorithm = build(small("connect_four").env_runners(num_env_runners=2))
    for _ in range(5):
        algorithm.train()
    progress = algorithm.session.progress
    assert progress.agent_steps >= 5 * 500
    assert algorithm.session.writer.count_matches("evaluation") > 0
    state = module_state(algorithm)["main"]["policy.weight"]
    remote = algorithm.env_runner_group.foreach_env_runner(
        lambda runner: runner.module["main"].get_state()["policy.weight"], local_env_runner=False
    )
    assert len(remote) == 2
    for weights in remote:
        np.testing.assert_array_equal(weights, state)


def test_evaluation_runners_rate_beside_training(build):
    config = small("tic_tac_toe").env_runners(num_env_runners=1).evaluation(evaluation_num_env_runners=1)
    algorithm = build(config)
    for _ in range(200):
        algorithm.train()
        if algorithm.session.writer.count_matches("evaluation") > 20:
            break
    assert algorithm.session.writer.count_matches("evaluation") > 20


def test_a_killed_runner_is_replaced_and_plays_the_leagues_pairings(build):
    algorithm = build(small("tic_tac_toe").env_runners(num_env_runners=2))
    algorithm.train()
    pids = algorithm.env_runner_group.foreach_env_runner(lambda runner: os.getpid(), local_env_runner=False)
    os.kill(pids[0], signal.SIGKILL)
    for _ in range(60):
        algorithm.train()
        if algorithm.env_runner_group.num_healthy_remote_workers() == 2:
            break
    algorithm.train()
    alive = algorithm.env_runner_group.foreach_env_runner(lambda runner: os.getpid(), local_env_runner=False)
    assert len(alive) == 2
    assert pids[0] not in alive
    state = module_state(algorithm)["main"]["policy.weight"]
    for weights in algorithm.env_runner_group.foreach_env_runner(
        lambda runner: runner.module["main"].get_state()["policy.weight"], local_env_runner=False
    ):
        np.testing.assert_array_equal(weights, state)


def test_the_only_runner_may_die_too(build):
    algorithm = build(small("tic_tac_toe").env_runners(num_env_runners=1))
    algorithm.train()
    [pid] = algorithm.env_runner_group.foreach_env_runner(lambda runner: os.getpid(), local_env_runner=False)
    os.kill(pid, signal.SIGKILL)
    iteration = algorithm.session.progress.iteration
    for _ in range(40):
        algorithm.train()
        if algorithm.session.progress.iteration > iteration + 1:
            break
    assert algorithm.session.progress.iteration > iteration + 1


def test_an_error_of_a_remote_runner_is_raised_with_its_traceback(build):
    algorithm = build(small("tic_tac_toe").env_runners(num_env_runners=1))
    algorithm.train()

    def spoil(runner):
        runner.sampler._decide = None

    algorithm.env_runner_group.foreach_env_runner(spoil, local_env_runner=False)
    with pytest.raises(TypeError, match="not callable") as caught:
        algorithm.train()
    (note,) = caught.value.__notes__
    assert "in sample_plan" in note
    assert "in _choose" in note


def test_two_learners_stay_in_step(build):
    algorithm = build(small("tic_tac_toe", roles={"main": 1, "main_exploiter": 1}).learners(num_learners=2))
    for _ in range(3):
        algorithm.train()
    states = [
        result.get()
        for result in algorithm.learner_group.foreach_learner(
            lambda learner: {name: module.unwrapped().get_state() for name, module in learner.module.items()}
        )
    ]
    assert len(states) == 2
    for module in ("main", "main_exploiter"):
        for name, value in states[0][module].items():
            np.testing.assert_array_equal(value, states[1][module][name])
    while "main_exploiter@1" not in algorithm.session.members:
        algorithm.train()
    algorithm.train()


def test_a_killed_learner_ends_the_run_with_an_error_and_the_next_run_goes_on(local_ray, tmp_path):
    config = small("connect_four", tmp_path / "league").env_runners(num_env_runners=2).learners(num_learners=1)
    killed = config.copy().build_algo()
    try:
        for _ in range(2):
            killed.train()
        [pid] = [result.get() for result in killed.learner_group.foreach_learner(lambda learner: os.getpid())]
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(RuntimeError, match="learner process"):
            killed.train()
    finally:
        killed.stop()
    resumed = config.copy().build_algo()
    try:
        assert resumed.session.progress.iteration == 2
        games = {"games_going_on": 32, "games_begun_anew": 0}
        assert games.items() <= resumed.session.writer.journal(kind="resume", limit=1)[0].detail.items()
        resumed.train()
        assert resumed.session.progress.iteration == 3
    finally:
        resumed.stop()


def test_learning_beats_random(build):
    """What all the rest is for. A uniform player scores one half."""
    from arena import play_match

    config = small("tic_tac_toe", snapshot_min_steps=40_000, snapshot_max_steps=40_000)
    config.env_runners(num_envs_per_env_runner=64)
    config.training(train_batch_size_per_learner=2048, minibatch_size=512, num_epochs=4)
    algorithm = build(config)
    while "main@2" not in algorithm.session.members:
        algorithm.train()
    algorithm.finish()
    best = algorithm.session.standings()[0]
    assert best.agent.startswith("main@")
    assert best.low > 0
    agent = algorithm.env_runner.opponents.agents[f"weights:{algorithm.session.members[best.agent].weights}"]
    assert play_match("tic_tac_toe", [agent, "random"], games=200, seed=1).score > 0.75


def arena(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "arena", *map(str, arguments)], capture_output=True, text=True, timeout=300, **options
    )


def iterations(folder):
    try:
        with open_store(folder).reader() as reader:
            progress = reader.progress()
            return progress.iteration if progress else 0
    except StoreError:
        return 0


def test_a_run_killed_outright_verifies_and_goes_on(tmp_path):
    league = tmp_path / "league"
    command = [sys.executable, "-m", "arena", "train", "tic_tac_toe", "--league", str(league)]
    process = subprocess.Popen([*command, "--steps", "100000000"], stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        deadline = time.monotonic() + 200
        while iterations(league) < 4:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    verified = arena("verify", league)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    with open_store(league).reader() as reader:
        before = reader.progress()
        matches = reader.count_matches()
    resumed = arena("train", "tic_tac_toe", "--league", league, "--resume", "--steps", before.env_steps + 30_000)
    assert resumed.returncode == 0, resumed.stderr
    with open_store(league).reader() as reader:
        after = reader.progress()
        assert after.iteration > before.iteration
        assert after.env_steps >= before.env_steps + 30_000
        assert reader.count_matches() >= matches
        assert [step.iteration for step in reader.history()] == list(range(1, after.iteration + 1))
    assert arena("verify", league).returncode == 0
