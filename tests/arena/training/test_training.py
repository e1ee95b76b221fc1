"""Training as its users run it: every kind of game, checkpoints, callbacks, stock algorithms, wrong settings."""

import dataclasses

import numpy as np
import pytest
from small_training import module_state, small

from agents.contract import AgentError
from agents.policies import weights
from games import UnknownGameError, make_game
from leagues.records import LeagueError
from leagues.store import StoreError, open_store

pytestmark = pytest.mark.usefixtures("local_ray")

GAMES = [
    "connect_four",
    "pettingzoo:tictactoe_v3",
    "leduc_poker",
    "goofspiel(num_cards=5,points_order=descending)",
    "kuhn_poker(players=3)",
    "tiny_bridge_4p",
]


@pytest.mark.parametrize("spec", GAMES)
def test_every_kind_of_game_trains_and_is_remembered(spec, build):
    algorithm = build(small(spec))
    for _ in range(4):
        result = algorithm.train()
    session = algorithm.session
    assert session.progress.iteration == 4
    assert result["league"]["agent_steps"] == session.progress.agent_steps >= 4 * 500
    assert "main@1" in session.members
    assert np.isfinite(session.progress.metrics["main"]["policy_loss"])
    assert result["env_runners"]["num_env_steps_sampled_lifetime"] == session.progress.env_steps
    game = make_game(spec)
    kinds = set()
    for match in session.writer.iter_matches():
        *_, final = game.replay(match.seed, match.history)
        assert final.returns() == match.returns
        kinds.add(match.kind)
    assert kinds == {"training", "evaluation"}
    assert {row.agent for row in session.standings()} == {m.id for m in session.members.values() if m.frozen}


def test_equal_seeds_store_equal_leagues(tmp_path, build):
    leagues = []
    for name in ("one", "two"):
        algorithm = build(small("leduc_poker", tmp_path / name, seed=9))
        for _ in range(4):
            algorithm.train()
        leagues.append(algorithm.session)
    stored = [
        [dataclasses.replace(match, started_at=None, duration=0.0) for match in session.writer.iter_matches()]
        for session in leagues
    ]
    assert len(stored[0]) > 30
    assert stored[0] == stored[1]
    assert leagues[0].members == leagues[1].members
    assert leagues[0].writer.tallies() == leagues[1].writer.tallies()


def test_another_seed_gives_another_league(tmp_path, build):
    members = []
    for seed in (1, 2):
        algorithm = build(small(folder=tmp_path / str(seed), seed=seed))
        for _ in range(3):
            algorithm.train()
        members.append(algorithm.session.members["main@1"].weights)
    assert members[0] != members[1]


def test_an_exploiter_trains_beside_the_main_and_starts_over(build):
    algorithm = build(small(roles={"main": 1, "main_exploiter": 1}))
    fresh = module_state(algorithm)
    for _ in range(2):
        algorithm.train()
    trained = module_state(algorithm)
    for learner in ("main", "main_exploiter"):
        assert not np.array_equal(fresh[learner]["policy.weight"], trained[learner]["policy.weight"])
    while "main_exploiter@1" not in algorithm.session.members:
        algorithm.train()
    exploiter = algorithm.session.members["main_exploiter@1"]
    tensors, _ = weights.parse(algorithm.session.store.weights.get(exploiter.weights))
    now = module_state(algorithm)["main_exploiter"]["policy.weight"]
    assert not np.array_equal(tensors["main_exploiter/policy.weight"], now)
    assert np.abs(now).max() < 0.1, "a new policy head is near zero (orthogonal, gain 0.01)"
    runner = algorithm.env_runner.module["main_exploiter"].get_state()["policy.weight"]
    np.testing.assert_array_equal(runner, now)


def test_one_module_per_seat_learns_from_its_own_seat_only(build):
    algorithm = build(small("kuhn_poker", module_per_seat=True))
    before = module_state(algorithm)
    for _ in range(3):
        algorithm.train()
    after = module_state(algorithm)
    assert set(after) == {"main.player_0", "main.player_1"}
    for module in after:
        assert not np.array_equal(before[module]["policy.weight"], after[module]["policy.weight"])
    assert algorithm.session.members["main@1"].modules == {"player_0": "main.player_0", "player_1": "main.player_1"}


def test_a_snapshot_never_changes_while_training_goes_on(build):
    algorithm = build(small())
    while "main@1" not in algorithm.session.members:
        algorithm.train()
    for _ in range(3):
        algorithm.train()
    key = f"weights:{algorithm.session.members['main@1'].weights}"
    agent = algorithm.env_runner.opponents.agents[key]
    stored, _ = weights.parse(algorithm.session.store.weights.get(algorithm.session.members["main@1"].weights))
    for name, value in agent._modules[0].get_state().items():
        np.testing.assert_array_equal(value, stored[f"main/{name}"])


def test_a_checkpoint_brings_weights_and_a_league_in_memory_back(tmp_path, build):
    from arena import LeaguePPO

    algorithm = build(small("leduc_poker"))
    for _ in range(4):
        algorithm.train()
    algorithm.save_to_path(tmp_path / "checkpoint")
    restored = LeaguePPO.from_checkpoint(tmp_path / "checkpoint")
    try:
        for module, state in module_state(algorithm).items():
            for name, value in state.items():
                np.testing.assert_array_equal(value, module_state(restored)[module][name])
        assert restored.session.members == algorithm.session.members
        assert restored.session.writer.tallies() == algorithm.session.writer.tallies()
        assert restored.session.standings() == algorithm.session.standings()
        restored.train()
        assert restored.session.progress.iteration == 5
        assert restored.iteration == 5
    finally:
        restored.stop()


def test_a_league_in_a_folder_goes_on_where_it_stopped(tmp_path, build):
    first = build(small(folder=tmp_path / "league"))
    for _ in range(3):
        first.train()
    weights_then, progress = module_state(first), first.session.progress
    first.stop()
    second = build(small(folder=tmp_path / "league", seed=77))
    assert second.session.seed == 1, "a league keeps its seed"
    for name, value in weights_then["main"].items():
        np.testing.assert_array_equal(value, module_state(second)["main"][name])
        np.testing.assert_array_equal(value, second.env_runner.module["main"].get_state()[name])
    second.train()
    assert second.session.progress.iteration == progress.iteration + 1
    assert second.session.progress.env_steps > progress.env_steps


def test_restoring_in_place_takes_the_past_for_the_present(tmp_path, build):
    algorithm = build(small("leduc_poker"))
    for _ in range(4):
        algorithm.train()
    members, standings = dict(algorithm.session.members), algorithm.session.standings()
    algorithm.save_to_path(tmp_path / "checkpoint")
    for _ in range(4):
        algorithm.train()
    assert algorithm.session.members != members
    algorithm.restore_from_path(tmp_path / "checkpoint")
    assert algorithm.session.members == members
    assert algorithm.session.standings() == standings
    algorithm.train()
    assert algorithm.session.progress.iteration == 5


def test_a_folder_cannot_be_at_two_times(tmp_path, build):
    """An older checkpoint of a league in a folder: the folder's newest learner goes on."""
    algorithm = build(small(folder=tmp_path / "league"))
    algorithm.train()
    algorithm.save_to_path(tmp_path / "checkpoint")
    for _ in range(3):
        algorithm.train()
    newest = module_state(algorithm)["main"]["policy.weight"]
    algorithm.restore_from_path(tmp_path / "checkpoint")
    np.testing.assert_array_equal(newest, module_state(algorithm)["main"]["policy.weight"])
    algorithm.train()
    assert algorithm.session.progress.iteration == 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"roles": {"main": 1, "main_exploiter": 1}}, "has the learners"),
        ({"module_per_seat": True}, "has the learners"),
        ({"baselines": ("random", "mcts:10")}, "mcts"),
    ],
)
def test_wrong_settings_leave_a_league_as_it_was(tmp_path, build, change, message):
    folder = tmp_path / "league"
    first = build(small("kuhn_poker", folder))
    first.train()
    first.stop()
    with open_store(folder).reader() as reader:
        before = (reader.members(), reader.progress(), reader.info())
    with pytest.raises((LeagueError, AgentError), match=message):
        small("kuhn_poker", folder, **change).build_algo()
    with open_store(folder).reader() as reader:
        assert (reader.members(), reader.progress(), reader.info()) == before
    again = build(small("kuhn_poker", folder))
    again.train()
    assert again.session.progress.iteration == 2


def test_a_missing_weights_file_is_found_before_anything_starts(tmp_path, build):
    algorithm = build(small(folder=tmp_path))
    while "main@1" not in algorithm.session.members:
        algorithm.train()
    algorithm.stop()
    (missing,) = (tmp_path / "weights").glob(f"{algorithm.session.members['main@1'].weights}*")
    missing.unlink()
    with pytest.raises(StoreError, match="cannot be read"):
        small(folder=tmp_path).build_algo()


def test_another_network_is_refused(tmp_path, build):
    build(small(folder=tmp_path)).stop()
    with pytest.raises(LeagueError, match="has the network"):
        small(folder=tmp_path).rl_module(model_config={"fcnet_hiddens": [32]}).build_algo()


def test_a_baseline_that_cannot_play_leaves_no_folder(tmp_path):
    with pytest.raises(AgentError):
        small("kuhn_poker", tmp_path / "league", baselines=("random", "mcts:10")).build_algo()
    assert not (tmp_path / "league").exists()


def test_a_league_of_another_game_is_refused(tmp_path, build):
    build(small("tic_tac_toe", tmp_path)).stop()
    with pytest.raises(LeagueError, match=r"has a league of 'tic_tac_toe'.*'kuhn_poker'"):
        small("kuhn_poker", tmp_path).build_algo()


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
        running = [sampler._lockstep.tables.state(table).history() for table in range(sampler.size)]
        steps = len(sampler._experience)
        algorithm.evaluate()
        assert [sampler._lockstep.tables.state(table).history() for table in range(sampler.size)] == running
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


def test_your_own_module_and_the_residual_tower_train(build):
    from ray.rllib.core.rl_module import RLModuleSpec

    from agents.policies.network import MaskedNetwork

    class Own(MaskedNetwork):
        pass

    for config in (
        small("tic_tac_toe").rl_module(model_config={"network": "residual", "conv_channels": 8, "conv_blocks": 1}),
        small("kuhn_poker").rl_module(rl_module_spec=RLModuleSpec(module_class=Own)),
    ):
        algorithm = build(config)
        while "main@1" not in algorithm.session.members:
            algorithm.train()
        algorithm.train()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda c: c.game("conect_four"), UnknownGameError, "connect_four"),
        (lambda c: c.league(pfps=0.5), LeagueError, "there is no setting"),
        (lambda c: c.league(opponents={"latest": 0.9}), LeagueError, "must sum to 1"),
        (lambda c: c.league(games_per_iteration=-1), LeagueError, "games_per_iteration >= 0"),
        (lambda c: c.league(module_per_seat={"player_0": True}), LeagueError, "module_per_seat must be a switch"),
        (lambda c: c.training(overlap=True).validate(), LeagueError, "`overlap` needs sampling processes"),
        (lambda c: c.training(lr=-1.0).validate(), LeagueError, "`lr > 0` must hold"),
        (lambda c: c.env_runners(env_to_module_connector=lambda env: []).validate(), ValueError, "without connectors"),
        (lambda c: c.callbacks(on_episode_step=lambda **kwargs: None).validate(), ValueError, "on_episode_step"),
        (lambda c: type(c)().validate(), ValueError, "needs a game"),
        (lambda c: c.game("2048"), LeagueError, "at least 2 seats"),
        (lambda c: c.debugging(seed=2**31).validate(), ValueError, "0 <= seed"),
    ],
)
def test_a_wrong_setting_is_one_clear_line(change, error, message):
    with pytest.raises(error, match=message) as raised:
        change(small())
    assert "\n" not in str(raised.value)


def test_long_games_get_few_tables_and_rating_matches():
    from arena import LeaguePPOConfig
    from arena.training.game_length import TABLES, fitting_tables

    fewest, most = TABLES
    assert fitting_tables(make_game("tic_tac_toe"), 8192) == most
    assert fitting_tables(make_game("chess"), 8192) < most
    assert fitting_tables(make_game("connect_four(rows=40,columns=60)"), 64) == fewest
    config = LeaguePPOConfig().game("go(board_size=9)").training(train_batch_size_per_learner=64, minibatch_size=32)
    config.validate()
    assert config.num_envs_per_env_runner == fewest
    assert config.settings().evaluation.games_per_iteration == 2
    config = LeaguePPOConfig().game("chess").league(games_per_iteration=7).env_runners(num_envs_per_env_runner=9)
    config.validate()
    assert (config.settings().training.tables, config.settings().evaluation.games_per_iteration) == (9, 7)
