"""Leagues as trials of Ray Tune: a folder for each, results to choose by, checkpoints that hold their league."""

from pathlib import Path

import numpy as np
import pytest
from small_training import module_state, small

from arena import LeaguePPO
from arena.training.trials import config_of_trial
from arena.verify import verify
from leagues.records import LeagueError
from leagues.store import StoreError, open_store

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("local_ray")]


def tuned(config, path, *, iterations=2, checkpoint_every=0, **tune_config):
    """The results of a sweep that stops every trial after some iterations and keeps its last state."""
    from ray import tune

    tuner = tune.Tuner(
        LeaguePPO,
        param_space=config,
        tune_config=tune.TuneConfig(**tune_config),
        run_config=tune.RunConfig(
            stop={"training_iteration": iterations},
            storage_path=str(path / "results"),
            verbose=0,
            checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=True, checkpoint_frequency=checkpoint_every),
        ),
    )
    return tuner.fit()


def folder_of(result):
    return Path(result.metrics["config"]["league_folder"])


def read(folder):
    """Settings, progress and members of a league."""
    with open_store(folder).reader() as reader:
        return reader.info().settings, reader.progress(), reader.members()


def assert_sound(folder):
    assert verify(folder).findings == ()


def test_each_trial_has_a_league_of_its_own_and_results_to_choose_by(tmp_path, monkeypatch):
    from ray import tune
    from ray.tune.schedulers import ASHAScheduler

    monkeypatch.chdir(tmp_path)
    config = small("kuhn_poker", "leagues", exploitability_every=1).training(lr=tune.grid_search([1e-3, 1e-9]))
    results = tuned(
        config,
        tmp_path,
        iterations=4,
        metric="league/main/exploitability",
        mode="min",
        scheduler=ASHAScheduler(time_attr="training_iteration", max_t=4, grace_period=2, reduction_factor=2),
        max_concurrent_trials=1,
    )
    assert not results.errors
    folders = [folder_of(result) for result in results]
    assert {folder.parent for folder in folders} == {tmp_path / "leagues"}, "where the program runs"
    assert [folder.name for folder in folders] == [Path(result.path).name for result in results]
    assert [read(folder)[0]["optimization"]["lr"] for folder in folders] == [1e-3, 1e-9]
    for folder in folders:
        assert_sound(folder)
    learned, idle = (result.metrics["league"] for result in results)
    assert learned["main"]["exploitability"] < idle["main"]["exploitability"] < 11 / 24 + 0.01, "that of uniform play"
    assert [read(folder)[1].iteration for folder in folders] == [4, 2], "the worse one was stopped early"
    best = results.get_best_result()
    assert folder_of(best) == folders[0]
    # The checkpoint holds the league: it comes back in memory, or in another folder.
    _, progress, members = read(folder_of(best))
    restored = LeaguePPO.from_checkpoint(best.checkpoint)
    try:
        assert restored.config.league_folder is None
        assert list(restored.session.members.values()) == members
        weights = module_state(restored)["main"]["policy.weight"]
        restored.train()
        assert restored.session.progress.iteration == 5
    finally:
        restored.stop()
    moved = small("kuhn_poker", "moved", exploitability_every=1).build_algo()
    try:
        moved.restore_from_path(best.checkpoint.path)
        np.testing.assert_array_equal(module_state(moved)["main"]["policy.weight"], weights)
        moved.train()
    finally:
        moved.stop()
    assert read(tmp_path / "moved")[1].iteration == 5
    assert_sound(tmp_path / "moved")
    assert read(folder_of(best))[1] == progress, "the trial's own league stays as it was"


def test_a_league_is_no_folder_for_trials(tmp_path):
    folder = tmp_path / "league"
    first = small("kuhn_poker", folder).build_algo()
    first.train()
    first.stop()
    with pytest.raises(StoreError, match=r"^each trial makes its own league below .*league.*name another one$"):
        tuned(small("kuhn_poker", folder), tmp_path)
    assert config_of_trial(small("kuhn_poker"), "trial").league_folder is None


def test_a_wrong_config_is_one_line_before_any_trial_begins(tmp_path):
    with pytest.raises(LeagueError, match=r"^`minibatch_size <= train_batch_size_per_learner` must hold.*$"):
        tuned(small("kuhn_poker", tmp_path / "leagues").training(minibatch_size=4096), tmp_path)
    assert not (tmp_path / "leagues").exists()


@pytest.mark.filterwarnings("ignore:Consider boosting PBT performance")
def test_population_based_training_copies_a_league_with_its_learner(tmp_path):
    """The worse of two trials goes on with the league of the better one, and with changed settings."""
    from ray import tune
    from ray.tune.schedulers import PopulationBasedTraining

    scheduler = PopulationBasedTraining(
        time_attr="training_iteration",
        perturbation_interval=2,
        hyperparam_mutations={"lr": [1e-5, 1e-3]},
        quantile_fraction=0.5,
        resample_probability=1.0,
        synch=True,
    )
    config = small("kuhn_poker", tmp_path / "leagues", exploitability_every=1)
    config.training(lr=tune.grid_search([1e-5, 1e-3]))
    results = tuned(
        config, tmp_path, iterations=4, metric="league/main/exploitability", mode="min", scheduler=scheduler
    )
    assert not results.errors
    folders = [folder_of(result) for result in results]
    origins = {}
    for result, folder in zip(results, folders, strict=True):
        settings, progress, _ = read(folder)
        assert settings["optimization"]["lr"] == result.config["lr"]
        assert progress.iteration == 4
        assert_sound(folder)
        with open_store(folder).reader() as reader:
            assert [each.iteration for each in reader.history()] == [1, 2, 3, 4]
            [first] = [entry for entry in reader.journal(kind="resume") if entry.iteration == 2][-1:]
        origins[str(folder)] = first.detail["from_league"]
    [better] = set(origins.values())
    assert better in origins, "both go on from the league of the better one"
    one, other = ([match for match in played(folder) if match.iteration <= 2] for folder in folders)
    assert one == other


def played(folder):
    with open_store(folder).reader() as reader:
        return list(reader.iter_matches())
