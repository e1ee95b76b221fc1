"""The lock-step runner as RLlib uses it: callbacks, evaluation, policy mapping, stock algorithms."""

import numpy as np
import pytest
from small_training import module_state, small

from leagues.store.sqlite.store import SqliteStore

pytestmark = [pytest.mark.usefixtures("local_ray"), pytest.mark.slow]


def test_callbacks_are_called(build):
    from ray.rllib.callbacks.callbacks import RLlibCallback

    calls = []

    class Callbacks(RLlibCallback):
        def on_train_result(self, *, algorithm, result, **kwargs):
            calls.append(("train", result["league"]["iteration"]))

        def on_sample_end(self, *, env_runner, samples, **kwargs):
            calls.append(("sample", set(samples)))

        def on_episode_end(self, *, episode, **kwargs):
            calls.append(("episode", episode))

    algorithm = build(small("kuhn_poker").callbacks(Callbacks))
    algorithm.train()
    names = [name for name, _ in calls]
    assert names.count("train") == names.count("sample") == 1
    episodes = [episode for name, episode in calls if name == "episode"]
    assert len(episodes) == algorithm.session.progress.games
    assert all(episode.is_done for episode in episodes)


def test_evaluation_plays_games_to_their_end(build):
    config = small("kuhn_poker").evaluation(
        evaluation_interval=1, evaluation_duration=30, evaluation_config={"explore": False}
    )
    result = build(config).train()
    episodes = result["evaluation"]["env_runners"]
    assert episodes["num_episodes"] == 30
    assert episodes["episode_return_mean"] == pytest.approx(0.0)


@pytest.mark.parametrize("unit", ["episodes", "timesteps"])
def test_evaluating_on_the_training_runner_leaves_its_games_alone(build, unit):
    algorithm = build(small("leduc_poker").evaluation(evaluation_duration=20, evaluation_duration_unit=unit))
    for _ in range(3):
        algorithm.train()
        sampler = algorithm.env_runner.sampler
        running = [sampler._rounds.tables.state(table).history() for table in range(sampler.size)]
        steps = len(sampler._experience)
        algorithm.evaluate()
        assert [sampler._rounds.tables.state(table).history() for table in range(sampler.size)] == running
        assert len(sampler._experience) == steps


def test_policy_mapping_is_asked_for_every_game(build):
    from ray.rllib.algorithms.ppo import PPOConfig
    from ray.rllib.core.rl_module import RLModuleSpec
    from ray.rllib.policy.policy import PolicySpec

    from agents.policies.network import MaskedNetwork
    from arena import LeagueEnvRunner
    from arena.exports.rllib import GameEnv

    config = (
        PPOConfig()
        .environment(GameEnv, env_config={"game": "kuhn_poker"})
        .env_runners(num_envs_per_env_runner=16)
        .rl_module(rl_module_spec=RLModuleSpec(module_class=MaskedNetwork))
        .multi_agent(
            policies={"a": PolicySpec(), "b": PolicySpec()},
            policy_mapping_fn=lambda agent_id, episode, **kwargs: "ab"[int(episode.id_, 16) % 2],
        )
    )
    runner = LeagueEnvRunner(config=config)
    episodes = runner.sample(num_episodes=40)
    used = {module for episode in episodes for module in (seat.module_id for seat in episode.agent_episodes.values())}
    assert used == {"a", "b"}
    for episode in episodes:
        for seat in episode.agent_episodes.values():
            assert seat.module_id == "ab"[int(episode.id_, 16) % 2]


def test_a_stock_algorithm_trains_from_the_lock_step_runner():
    from ray.rllib.algorithms.ppo import PPOConfig
    from ray.rllib.core.rl_module import RLModuleSpec

    from agents.policies.network import MaskedNetwork
    from arena import LeagueEnvRunner
    from arena.exports.rllib import GameEnv

    algorithm = (
        PPOConfig()
        .environment(GameEnv, env_config={"game": "leduc_poker"})
        .env_runners(env_runner_cls=LeagueEnvRunner, num_env_runners=0, num_envs_per_env_runner=16)
        .multi_agent(policies={"shared"}, policy_mapping_fn=lambda agent_id, episode, **kwargs: "shared")
        .rl_module(rl_module_spec=RLModuleSpec(module_class=MaskedNetwork))
        .training(train_batch_size_per_learner=512, minibatch_size=128, num_epochs=2)
        .debugging(log_level="ERROR", seed=0)
        .build_algo()
    )
    try:
        before = module_state(algorithm)["shared"]["policy.weight"].copy()
        result = algorithm.train()
        assert result["env_runners"]["num_episodes"] > 50
        assert not np.array_equal(before, module_state(algorithm)["shared"]["policy.weight"])
    finally:
        algorithm.stop()


def test_the_stock_runner_plays_our_games(build):
    """``GameEnv`` under RLlib's own runner: the view other programs use."""
    from ray.rllib.env.multi_agent_env_runner import MultiAgentEnvRunner

    config = small("leduc_poker")
    config.validate()
    runner = MultiAgentEnvRunner(config=config.copy(copy_frozen=False).env_runners(num_envs_per_env_runner=2))
    episodes = runner.sample(num_episodes=6)
    assert any(seat.get_return() > 0 for episode in episodes for seat in episode.agent_episodes.values())
    assert all(abs(episode.get_return()) < 1e-6 for episode in episodes), "leduc is zero-sum"
    assert all(episode.is_terminated for episode in episodes)


def test_a_training_shows_a_game_of_its_members(build, tmp_path, monkeypatch):
    monkeypatch.setattr("arena.play.live_table.PATIENCE", 0.0)
    monkeypatch.setattr("arena.play.live_table.LOOK", 0.001)
    shown = []
    monkeypatch.setattr(SqliteStore, "show", lambda self, game: shown.append(game))
    algorithm = build(small("tic_tac_toe", tmp_path / "league"))
    for _ in range(3):
        algorithm.train()
    games = [game for game in shown if game is not None]
    assert games
    assert {name for game in games for name in game.seats} <= set(algorithm.session.members)
    assert {game.kind for game in games} <= {"training", "evaluation"}
    algorithm.stop()
    assert shown[-1] is None
