"""Snapshots are averages of a learner's last iterations: their arithmetic, and that they survive a stop."""

import numpy as np
import pytest
import torch

from agents.policies import weights
from arena.settings import TrainingSettings
from arena.training.snapshots import averaged

pytestmark = pytest.mark.slow

WINDOW = TrainingSettings().averaged_iterations


def average_of(values, module="main"):
    averages = {}
    for value in values:
        averages = averaged(averages, {module: {"w": np.array([value], np.float32)}}, WINDOW)
    return averages[module]


def test_the_first_iterations_count_alike():
    values = np.arange(WINDOW, dtype=np.float32)
    for count in range(1, WINDOW + 1):
        assert average_of(values[:count])["weights"]["w"] == pytest.approx(values[:count].mean())


def test_older_iterations_fade():
    assert average_of([0.0] * 50 + [1.0])["weights"]["w"] == pytest.approx(1 / WINDOW)
    assert average_of([1.0] + [0.0] * 100)["weights"]["w"] < 1e-4
    assert average_of([3.0] * 30)["weights"]["w"] == pytest.approx(3.0)


@pytest.mark.parametrize("share", [0.1, 0.25])
def test_a_window_that_grows_weighs_iterations_by_a_power(share):
    averages, iterations = {}, 2000
    for iteration in range(iterations):
        averages = averaged(averages, {"m": {"w": np.array([iteration], np.float64)}}, 1, share)
    power = (
        1 / share - 1
    )  # the mean of t with density proportional to t ** power on [0, 1] is (power + 1) / (power + 2)
    assert averages["m"]["weights"]["w"] == pytest.approx(iterations * (power + 1) / (power + 2), rel=0.01)


def test_a_window_never_falls_below_its_number_of_iterations():
    values = {"m": {"w": np.ones(1, np.float32)}}
    averages = {"m": {"iterations": 20, "weights": {"w": np.zeros(1, np.float32)}}}
    assert averaged(averages, values, WINDOW, 0.1)["m"]["weights"]["w"] == pytest.approx(1 / WINDOW)


def test_types_stay_and_integers_are_not_average_of():
    averages = {}
    for count in (1, 2):
        averages = averaged(averages, {"m": {"seen": np.array(count), "half": np.array([count], np.float16)}}, WINDOW)
    assert averages["m"]["weights"]["seen"] == 2
    assert averages["m"]["weights"]["half"].dtype == np.float16
    assert averages["m"]["weights"]["half"] == 1.5


def test_what_went_in_is_neither_changed_nor_kept():
    new = {"w": np.ones(3, np.float32), "n": np.array(1)}
    averages = averaged({}, {"m": new}, WINDOW)
    before = averages["m"]["weights"]["w"].copy()
    new["w"][:] = 9
    new["n"] += 1
    assert (averages["m"]["weights"]["w"] == before).all()
    assert averages["m"]["weights"]["n"] == 1
    averaged(averages, {"m": new}, WINDOW)
    assert (averages["m"]["weights"]["w"] == before).all()


@pytest.fixture
def build(local_ray):
    built = []

    def build(folder=None, game="tic_tac_toe", **league):
        from arena import LeaguePPOConfig

        config = (
            LeaguePPOConfig()
            .game(game)
            .league(folder, **{"snapshot_min_steps": 1500, "snapshot_max_steps": 1500} | league)
            .env_runners(num_envs_per_env_runner=16)
            .training(train_batch_size_per_learner=512, minibatch_size=128, num_epochs=2)
            .debugging(seed=1, log_level="ERROR")
        )
        built.append(config.build_algo())
        return built[-1]

    yield build
    for algorithm in built:
        algorithm.stop()


def learner_weights(algorithm):
    return algorithm.learner_group.get_state(components="learner/rl_module")["learner"]["rl_module"]["main"]


def snapshot_tensors(algorithm, member):
    digest = algorithm.session.members[member].weights
    return weights.parse(algorithm.session.store.weights.get(digest))[0]


def test_a_snapshot_is_the_mean_of_the_iterations_before_it(build):
    algorithm = build()
    seen = []
    while "main@1" not in algorithm.session.members:
        algorithm.train()
        seen.append(learner_weights(algorithm))
    assert 1 < len(seen) <= WINDOW
    for name, tensor in snapshot_tensors(algorithm, "main@1").items():
        parts = [state[name.removeprefix("main/")] for state in seen]
        np.testing.assert_allclose(tensor, np.mean(parts, axis=0), rtol=1e-4, atol=1e-6)


def test_a_stopped_league_goes_on_with_its_averages(tmp_path, build):
    first = build(tmp_path / "league")
    for _ in range(2):
        first.train()
    before = first.snapshots.averages["main"]
    first.stop()
    second = build(tmp_path / "league")
    assert second.snapshots.averages["main"]["iterations"] == before["iterations"] == 2
    for name, value in before["weights"].items():
        np.testing.assert_array_equal(second.snapshots.averages["main"]["weights"][name], value)


def test_a_checkpoint_brings_the_averages_back(tmp_path, build):
    from arena import LeaguePPO

    first = build()
    first.train()
    path = first.save_to_path(str(tmp_path / "checkpoint"))
    restored = LeaguePPO.from_checkpoint(path)
    try:
        for name, value in first.snapshots.averages["main"]["weights"].items():
            np.testing.assert_array_equal(restored.snapshots.averages["main"]["weights"][name], value)
    finally:
        restored.stop()


def test_a_learner_that_starts_over_starts_a_new_average(build):
    algorithm = build(roles={"main": 1, "main_exploiter": 1})
    while "main_exploiter@1" not in algorithm.session.members:
        algorithm.train()
    assert "main_exploiter" not in algorithm.snapshots.averages
    assert algorithm.snapshots.averages["main"]["iterations"] > 1
    algorithm.train()
    assert algorithm.snapshots.averages["main_exploiter"]["iterations"] == 1


def test_new_weights_are_those_of_the_iteration_and_leave_the_global_generator_alone(build):
    algorithm = build()
    before = torch.get_rng_state()
    (one,), (again,) = (algorithm.snapshots.new_weights(["main"]).values() for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    algorithm.train()
    (other,) = algorithm.snapshots.new_weights(["main"]).values()
    for name in one:
        np.testing.assert_array_equal(one[name], again[name])
    assert any(not np.array_equal(one[name], other[name]) for name in one)
