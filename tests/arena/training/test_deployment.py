"""What RLlib's users do with a trained algorithm: checkpoints, their modules, and loops of inference."""

from pathlib import Path

import numpy as np
import pytest
import torch
from ray.rllib.algorithms.algorithm import Algorithm
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module import RLModule, RLModuleSpec
from ray.tune.registry import register_env
from small_training import module_state, small

import arena
from agents.policies.network import MaskedNetwork


def greedy_games(rl_module, env, games):
    """The loop of RLlib's "getting started", over observations that are dicts. Returns the mean return."""
    total = 0.0
    for game in range(games):
        obs, info = env.reset(seed=game)
        done = False
        while not done:
            obs_batch = {name: torch.from_numpy(array).unsqueeze(0) for name, array in obs.items()}
            model_outputs = rl_module.forward_inference({"obs": obs_batch})
            action_dist_params = model_outputs["action_dist_inputs"][0].numpy()
            greedy_action = np.argmax(action_dist_params)
            obs, reward, terminated, truncated, info = env.step(greedy_action)
            assert "illegal_action" not in info
            total += reward
            done = terminated or truncated
    return total / games


def assert_equal_states(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name])


def test_the_module_of_a_checkpoint_plays_without_the_algorithm(tmp_path, build):
    algorithm = build(small("tic_tac_toe"))
    algorithm.train()
    checkpoint = algorithm.save_to_path(tmp_path / "checkpoint")
    rl_module = RLModule.from_checkpoint(Path(checkpoint) / "learner_group" / "learner" / "rl_module" / "main")
    assert_equal_states(rl_module.get_state(), module_state(algorithm)["main"])
    all_modules = RLModule.from_checkpoint(Path(checkpoint) / "learner_group" / "learner" / "rl_module")
    assert_equal_states(all_modules["main"].get_state(), module_state(algorithm)["main"])
    for opponent in ("random", "first"):
        env = arena.best_response_env("tic_tac_toe", opponent, seat=0, as_dict=True)
        assert -1 <= greedy_games(rl_module, env, games=5) <= 1


def test_an_observation_without_mask_and_seat_is_explained(build):
    rl_module = build(small("tic_tac_toe")).get_module("main")
    obs, _ = arena.best_response_env("tic_tac_toe", "random", seat=0).reset(seed=1)
    with pytest.raises(TypeError, match=r"reads a dict of observation, action_mask and seat .*as_dict=True"):
        rl_module.forward_inference({"obs": torch.from_numpy(obs).unsqueeze(0)})


def test_a_module_plays_all_seats_of_an_environment_of_rllib(build):
    algorithm = build(small("tic_tac_toe", module_per_seat=True))
    env = arena.GameEnv("tic_tac_toe")
    obs, _ = env.reset(seed=1)
    done = False
    while not done:
        actions = {}
        for agent_id, seen in obs.items():
            module = algorithm.get_module(f"main.{agent_id}")
            batch = {"obs": {name: torch.from_numpy(array).unsqueeze(0) for name, array in seen.items()}}
            actions[agent_id] = int(module.forward_inference(batch)[Columns.ACTION_DIST_INPUTS].argmax())
        obs, rewards, terminateds, truncateds, _ = env.step(actions)
        done = terminateds["__all__"] or truncateds["__all__"]
    assert sum(rewards.values()) == 0
    assert algorithm.get_module() is algorithm.get_module("main.player_0")
    assert algorithm.get_module("nobody") is None


@pytest.mark.parametrize(
    "runners",
    [
        {},
        pytest.param({"num_env_runners": 1}, marks=pytest.mark.slow),
        pytest.param({"num_env_runners": 1, "create_local_env_runner": False}, marks=pytest.mark.slow),
    ],
)
def test_a_module_has_the_newest_weights_wherever_games_are_sampled(runners, build):
    algorithm = build(small("tic_tac_toe", roles={"main": 1, "main_exploiter": 1}).env_runners(**runners))
    algorithm.train()
    for name, state in module_state(algorithm).items():
        assert_equal_states(algorithm.get_module(name).get_state(), state)
    assert_equal_states(algorithm.get_module().get_state(), module_state(algorithm)["main"])


def test_a_checkpoint_of_a_league_that_has_grown_since_goes_on_with_all_of_it(tmp_path, build):
    algorithm = build(small("tic_tac_toe", tmp_path / "league"))
    algorithm.train()
    checkpoint = algorithm.save_to_path(tmp_path / "checkpoint")
    for _ in range(3):
        algorithm.train()
    members, newest = dict(algorithm.session.members), module_state(algorithm)["main"]
    assert any(member.kind == "snapshot" and member.step > 1000 for member in members.values())
    algorithm.restore_from_path(checkpoint)
    assert algorithm.session.members == members
    algorithm.stop()
    restored = Algorithm.from_checkpoint(checkpoint)
    try:
        assert type(restored) is arena.LeaguePPO
        assert restored.session.members == members
        assert_equal_states(module_state(restored)["main"], newest)
        restored.train()
        assert restored.session.progress.iteration == 5
    finally:
        restored.stop()


@pytest.mark.slow
def test_ppo_of_rllib_trains_against_a_frozen_opponent_and_its_module_plays_on(tmp_path, build):
    register_env("response", lambda config: arena.best_response_env("tic_tac_toe", "first", seat=0, as_dict=True))
    config = (
        PPOConfig()
        .environment("response")
        .rl_module(rl_module_spec=RLModuleSpec(module_class=MaskedNetwork))
        .env_runners(num_env_runners=0)
        .training(train_batch_size_per_learner=256, minibatch_size=64, num_epochs=2)
        .debugging(seed=1, log_level="ERROR")
    )
    algorithm = build(config)
    assert algorithm.train()["env_runners"]["num_env_steps_sampled"] == 256
    checkpoint = algorithm.save_to_path(tmp_path / "checkpoint")
    rl_module = RLModule.from_checkpoint(
        Path(checkpoint) / "learner_group" / "learner" / "rl_module" / "default_policy"
    )
    env = arena.best_response_env("tic_tac_toe", "first", seat=0, as_dict=True)
    assert -1 <= greedy_games(rl_module, env, games=5) <= 1
