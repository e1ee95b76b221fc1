"""Leagues as trials of Ray Tune: a folder for each, results to choose by, checkpoints that hold their league."""

import math
from pathlib import Path

import numpy as np
import pytest
from small_training import module_state, small

from arena import LeaguePPO
from arena.verify import verify
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


def test_each_trial_has_a_league_of_its_own_below_the_folder(tmp_path, monkeypatch):
    from ray import tune

    monkeypatch.chdir(tmp_path)
    config = small("kuhn_poker", "leagues", exploitability_every=1).training(lr=tune.grid_search([1e-4, 1e-3]))
    results = tuned(config, tmp_path, metric="league/main/exploitability", mode="min")
    assert not results.errors
    folders = {folder_of(result) for result in results}
    assert folders == set((tmp_path / "leagues").iterdir())
    assert sorted(read(folder)[0]["optimization"]["lr"] for folder in folders) == [1e-4, 1e-3]
    for folder in folders:
        assert read(folder)[1].iteration == 2
        assert_sound(folder)
    best = results.get_best_result()
    measured = [result.metrics["league"]["main"]["exploitability"] for result in results]
    assert best.metrics["league"]["main"]["exploitability"] == min(measured)
    assert 0 < min(measured) < 11 / 24, "uniform play has 11 / 24"
