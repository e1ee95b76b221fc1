"""Regularised self-play comes close to an equilibrium of Kuhn poker within seconds, and V-trace learns, too."""

from __future__ import annotations

from typing import Any

import pytest

from arena import LeaguePPOConfig
from arena.play.exploitability import measure
from arena.play.game_tree import game_tree
from arena.play.matches import play_match
from arena.training.algorithms import algorithm_config

STEPS = 100_000


@pytest.mark.slow
def test_averaged_weights_come_close_to_an_equilibrium_of_kuhn_poker(build: Any) -> None:
    league: dict[str, Any] = {"opponents": {"latest": 1.0}, "averaged_share": 0.2, "snapshot_max_steps": 10**9}
    config = LeaguePPOConfig().game("kuhn_poker").league(snapshot_min_steps=10**9, games_per_iteration=0, **league)
    config.training(train_batch_size_per_learner=1024, minibatch_size=512, gamma=1.0, lambda_=1.0, clip_param=0.3)
    config.training(lr=[[0, 2e-3], [1, 2e-4]], entropy_coeff=[[0, 0.1], [1, 0.03]], magnet_coeff=0.1)
    config.training(use_kl_loss=True, kl_target=None, kl_coeff=[[0, 1.0], [1, 10.0]])
    config.rl_module(model_config={"vf_share_layers": False, "fcnet_hiddens": [32, 32]})
    algorithm = after(build(config.debugging(seed=1, log_level="ERROR")), STEPS)
    found = measure(game_tree(algorithm.game), algorithm.snapshots.agent("main"), "main").nash_conv
    assert found < 0.12, "measured: 0.05; playing at random: 0.92"


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["appo", "impala"])
def test_v_trace_comes_far_below_random_play_in_kuhn_poker(build: Any, algorithm: str) -> None:
    config = algorithm_config(algorithm)().game("kuhn_poker").debugging(seed=1, log_level="ERROR")
    config.league(snapshot_min_steps=10**9, snapshot_max_steps=10**9, games_per_iteration=0)
    config.league(opponents={"latest": 1.0}, averaged_share=0.2)
    config.training(train_batch_size_per_learner=1024, minibatch_size=512, gamma=1.0, lr=[[0, 2e-3], [1, 2e-4]])
    config.training(entropy_coeff=[[0, 0.1], [1, 0.03]])
    trained = after(build(config), STEPS)
    found = measure(game_tree(trained.game), trained.snapshots.agent("main"), "main").nash_conv
    assert found < 0.6, "measured: 0.33 (APPO) and 0.45 (IMPALA); playing at random: 0.92"


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["appo", "impala"])
def test_v_trace_learns_connect_four(build: Any, algorithm: str) -> None:
    config = algorithm_config(algorithm)().game("connect_four").preset().debugging(seed=1, log_level="ERROR")
    config.league(snapshot_min_steps=10**9, snapshot_max_steps=10**9, games_per_iteration=0, anchors=())
    agent = after(build(config), STEPS).snapshots.agent("main")
    assert play_match("connect_four", [agent, "random"], games=400, seed=5).score > 0.66, "measured: 0.77 and 0.78"


def after(algorithm: Any, steps: int) -> Any:
    """The algorithm when it has played so many steps."""
    session = algorithm.session
    algorithm.share = lambda: session.progress.env_steps / steps
    while session.progress.env_steps < steps:
        algorithm.train()
    return algorithm
