"""RLlib's evaluation on runners of its own: beside training, for as long as training takes, and when runners die."""

import os
import signal
import threading

import pytest
from small_training import small

pytestmark = [pytest.mark.usefixtures("local_ray"), pytest.mark.slow]

OPPONENTS = ["random", "first", "latest"]


def on_runners(count=2, **settings):
    settings = {"evaluation_opponents": OPPONENTS, "evaluation_interval": 1, "evaluation_duration": 48} | settings
    return small("tic_tac_toe").evaluation(evaluation_num_env_runners=count, **settings)


def train_until(algorithm, reached, iterations=300):
    for _ in range(iterations):
        algorithm.train()
        if reached():
            return
    raise AssertionError(f"not reached in {iterations} iterations")


def test_two_runners_share_the_games_of_each_opponent(build):
    algorithm = build(on_runners())
    while "main@1" not in algorithm.session.members:
        results = algorithm.train()["evaluation"]
    assert results["env_runners"]["num_episodes"] == 48
    assert {name: figures["games"] for name, figures in results["league"].items()} == dict.fromkeys(OPPONENTS, 16)
    # The same runners play rating matches between evaluations.
    train_until(algorithm, lambda: algorithm.session.writer.count_matches("evaluation"))


def test_evaluation_runs_beside_training(build):
    threads = {}

    def note(algorithm, **kwargs):
        threads["evaluation"] = threading.current_thread()

    def on_sample_end(env_runner, **kwargs):
        if not env_runner.config.in_evaluation:
            threads["training"] = threading.current_thread()

    config = on_runners(1, evaluation_parallel_to_training=True)
    config.callbacks(on_evaluate_start=note, on_sample_end=on_sample_end)
    algorithm = build(config)
    while "main@2" not in algorithm.session.members:
        results = algorithm.train()["evaluation"]
    assert threads["training"] is not threads["evaluation"] is threading.main_thread()
    assert {name: figures["games"] for name, figures in results["league"].items()} == dict.fromkeys(OPPONENTS, 16)
    assert algorithm.session.writer.count_matches("evaluation") > 0


def test_auto_evaluates_for_as_long_as_training_takes(build):
    config = on_runners(
        1,
        evaluation_parallel_to_training=True,
        evaluation_duration="auto",
        evaluation_duration_unit="timesteps",
        evaluation_auto_duration_min_env_steps_per_sample=50,
        evaluation_auto_duration_max_env_steps_per_sample=50,
    )
    algorithm = build(config)
    # What is not there when an iteration ends is left out, also if it is all.
    results = next(each for each in (algorithm.train()["evaluation"] for _ in range(100)) if each["league"])
    games = [figures["games"] for figures in results["league"].values()]
    assert sum(games) == results["env_runners"]["num_episodes"] > 0


def test_a_function_of_your_own_evaluates(build):
    def evaluate(algorithm, eval_env_runner_group):
        results = eval_env_runner_group.foreach_env_runner(
            lambda runner: (len(runner.sample(num_episodes=12)), runner.get_metrics()), local_env_runner=False
        )
        algorithm.metrics.aggregate([metrics for _, metrics in results], key=("evaluation", "env_runners"))
        return {}, sum(games for games, _ in results), 0

    results = build(on_runners(1, custom_evaluation_function=evaluate)).train()["evaluation"]
    assert {name: figures["games"] for name, figures in results["league"].items()} == {"random": 6, "first": 6}


def test_games_that_take_longer_than_the_timeout_are_left_out(build):
    results = build(on_runners(1, evaluation_sample_timeout_s=0.0)).train()["evaluation"]
    assert not results["league"]


def test_a_killed_evaluation_runner_is_replaced(build):
    recreated = []
    config = on_runners(1, evaluation_interval=None)
    config.callbacks(
        on_env_runners_recreated=lambda env_runner_indices, is_evaluation, **kwargs: recreated.append(
            (env_runner_indices, is_evaluation)
        )
    )
    algorithm = build(config)
    group = algorithm.eval_env_runner_group
    assert algorithm.evaluate()["league"]
    [pid] = group.foreach_env_runner(lambda runner: os.getpid(), local_env_runner=False)
    os.kill(pid, signal.SIGKILL)
    train_until(algorithm, lambda: recreated)
    assert recreated == [([1], True)]
    assert group.num_remote_worker_restarts() == 1
    before = algorithm.session.writer.count_matches("evaluation")
    train_until(algorithm, lambda: algorithm.session.writer.count_matches("evaluation") > before)
    assert algorithm.evaluate()["league"]["random"]["games"] == 16
