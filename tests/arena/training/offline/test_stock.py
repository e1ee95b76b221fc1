"""RLlib's own offline algorithms read our files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ray.rllib.algorithms.bc import BCConfig
from ray.rllib.algorithms.marwil import MARWILConfig
from recorded_league import recorded_league

from arena import export_episodes
from games import make_game

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:The minimum number of concurrent actors:UserWarning"),
]


@pytest.mark.parametrize("kind", [BCConfig, MARWILConfig])
def test_a_stock_algorithm_learns_from_recorded_matches(local_ray: Any, tmp_path: Path, kind: Any) -> None:
    league = recorded_league(tmp_path / "league", "kuhn_poker", "first", "first", games=40)
    export_episodes(league, tmp_path / "files")
    game = make_game("kuhn_poker")
    config = (
        kind()
        .environment(observation_space=game.observation_space(0), action_space=game.action_space(0))
        .offline_data(input_=[str(tmp_path / "files")], dataset_num_iters_per_learner=1)
        .training(train_batch_size_per_learner=64, lr=1e-2)
        .debugging(log_level="ERROR")
    )
    algorithm = config.build_algo()
    try:
        losses = [algorithm.train()["learners"]["default_policy"]["policy_loss"] for _ in range(6)]
    finally:
        algorithm.stop()
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0], "the first legal action is learned quickly"
