"""CQL: its loss against a plain formula, and what it learns from games of bad players."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from off_policy import COUNT, loss, make_learner, rows
from ray.rllib.core.columns import Columns
from recorded_league import recorded_league

from agents.policies.network import ACTION_MASK
from arena import LeagueCQLConfig
from arena.play.matches import play_match
from arena.training.algorithms.dqn import LeagueDQNTorchLearner
from games import make_game
from leagues.errors import LeagueError

pytestmark = [pytest.mark.usefixtures("local_ray"), pytest.mark.slow]

GAME = make_game("tic_tac_toe")


def test_the_conservative_loss_is_the_gap_to_the_soft_maximum_of_legal_actions() -> None:
    batch, made = rows(GAME), make_learner("cql", GAME, min_q_weight=2.0, temperature=0.5)
    q_learning = LeagueDQNTorchLearner.compute_loss_for_module(
        made,
        module_id="main",
        config=made.config.get_config_for_module("main"),
        batch=batch,
        fwd_out=made.module["main"].forward_train(batch),
    )
    with torch.no_grad():
        q = made.networks["main"].q_values(batch)[0].numpy()
    gaps = []
    for row in range(COUNT):
        legal = np.flatnonzero(batch[Columns.OBS][ACTION_MASK][row])
        soft = 0.5 * np.log(np.exp(q[row, legal] / 0.5).sum())
        gaps.append(soft - q[row, batch[Columns.ACTIONS][row]])
    assert (loss(made, batch) - q_learning).item() == pytest.approx(2 * np.mean(gaps), rel=1e-3)


def config(league: Path, **settings: Any) -> Any:
    made = LeagueCQLConfig().game(GAME).offline_data(input_=league)
    made.league(anchors=(), games_per_iteration=2, averaged_iterations=1)
    made.training(train_batch_size_per_learner=4096, minibatch_size=128, lr=1e-3, **settings)
    return made.env_runners(num_envs_per_env_runner=16).debugging(seed=1, log_level="ERROR")


def test_it_plays_better_than_those_it_learns_from(build: Any, tmp_path: Path) -> None:
    league = recorded_league(tmp_path / "league", "tic_tac_toe", "random", "random", games=1500)
    algorithm = build(config(league, min_q_weight=0.1, target_network_update_freq=2048))
    for _ in range(25):
        algorithm.train()
    agent = algorithm.snapshots.agent("main")
    assert play_match(GAME, [agent, "random"], games=400, seed=5).score > 0.7, "measured: 0.9; playing at random: 0.5"


def test_what_is_of_play_or_of_atoms_is_refused() -> None:
    for name, value in (("epsilon", 0.5), ("num_atoms", 51), ("training_intensity", 4.0)):
        made = LeagueCQLConfig().game(GAME).offline_data(input_="nothing").training(**{name: value})
        with pytest.raises(ValueError, match=f"{name}=.* has no effect in a league"):
            made.validate()
    made = LeagueCQLConfig().game("pettingzoo:simple_spread_v3(continuous_actions=true)")
    made.offline_data(input_="nothing")
    with pytest.raises(LeagueError, match="discrete actions"):
        made.validate()
