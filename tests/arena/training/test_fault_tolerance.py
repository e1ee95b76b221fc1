"""RLlib's ``fault_tolerance()``: what a killed env runner does where it is not restarted.

That it is restarted by default is in ``test_remote.py``, for evaluation runners in ``test_evaluation_runners.py``.
"""

import os
import signal

import pytest
from small_training import small

pytestmark = [pytest.mark.usefixtures("local_ray"), pytest.mark.slow]


def kill_runner(algorithm):
    """Kill a living runner; returns when RLlib has noticed, or with the error that a run ends with."""
    group = algorithm.env_runner_group
    alive = group.num_healthy_remote_workers()
    pids = group.foreach_env_runner(lambda runner: os.getpid(), local_env_runner=False)
    os.kill(pids[0], signal.SIGKILL)
    for _ in range(100):
        algorithm.train()
        if group.num_healthy_remote_workers() < alive:
            return
    raise AssertionError("nobody noticed that a runner is dead")


def test_a_run_goes_on_without_runners_that_are_not_restarted_until_none_is_left(build):
    config = small("tic_tac_toe").env_runners(num_env_runners=2)
    config.fault_tolerance(
        restart_failed_env_runners=False,
        ignore_env_runner_failures=True,
        num_consecutive_env_runner_failures_tolerance=2,
    )
    algorithm = build(config)
    kill_runner(algorithm)
    iteration, steps = algorithm.session.progress.iteration, algorithm.session.progress.agent_steps
    result = algorithm.train()
    assert algorithm.session.progress.iteration == iteration + 1
    assert algorithm.session.progress.agent_steps >= steps + 500, "the other runner plays a whole batch"
    assert result["fault_tolerance"]["num_healthy_workers"] == 1
    kill_runner(algorithm)  # whose last iteration is the first without a runner
    algorithm.train()
    with pytest.raises(RuntimeError, match="all env runners have died, and none came back within 2 iterations"):
        algorithm.train()


def test_a_killed_runner_ends_the_run_where_neither_is_wanted(build):
    config = small("tic_tac_toe").env_runners(num_env_runners=1)
    algorithm = build(config.fault_tolerance(restart_failed_env_runners=False, ignore_env_runner_failures=False))
    algorithm.train()
    with pytest.raises(RuntimeError, match="an env runner has died and fault_tolerance"):
        kill_runner(algorithm)
