"""RLlib's own single-agent algorithms against a frozen member, as RLlib's users write them."""

import gymnasium as gym
import pytest
from ray.rllib.algorithms.dqn import DQNConfig
from ray.rllib.algorithms.sac import SACConfig
from ray.tune.registry import register_env
from small_training import small

import arena

pytestmark = [pytest.mark.usefixtures("local_ray"), pytest.mark.slow]


@pytest.fixture(scope="module")
def member(local_ray, tmp_path_factory):
    """The name of a snapshot of a small league."""
    folder = tmp_path_factory.mktemp("league") / "league"
    algorithm = small("tic_tac_toe", folder).build_algo()
    try:
        while "main@1" not in algorithm.session.members:
            algorithm.train()
    finally:
        algorithm.stop()
    return f"{folder}:main@1"


def off_policy(config):
    return config.training(
        train_batch_size_per_learner=16,
        num_steps_sampled_before_learning_starts=20,
        replay_buffer_config={"type": "EpisodeReplayBuffer", "capacity": 1000},
    ).env_runners(rollout_fragment_length=40)


def dreamer():
    from ray.rllib.algorithms.dreamerv3 import DreamerV3Config  # which makes an environment that gymnasium warns of

    return DreamerV3Config().training(model_size="XS", training_ratio=8, batch_size_B=2, batch_length_T=8)


CONFIGS = {
    "dreamerv3": dreamer,
    "dqn": lambda: off_policy(DQNConfig()),
    "sac": lambda: off_policy(SACConfig()),
}


@pytest.mark.filterwarnings("ignore::UserWarning:gymnasium")
@pytest.mark.parametrize("name", CONFIGS)
def test_a_single_agent_algorithm_trains_against_a_member_and_is_measured(member, name):
    def make(config):
        return gym.wrappers.FlattenObservation(arena.best_response_env("tic_tac_toe", member))

    register_env("against_a_member", make)
    config = CONFIGS[name]().environment("against_a_member").env_runners(num_env_runners=0)
    config.evaluation(evaluation_interval=1, evaluation_duration=4).debugging(log_level="ERROR", seed=1)
    algorithm = config.build_algo()
    try:
        result = algorithm.train()
        assert result["learners"]["default_policy"]["num_module_steps_trained"] > 0
        measured = result["evaluation"]["env_runners"]
        assert measured["num_episodes"] == 4
        assert -1 <= measured["episode_return_mean"] <= 1
    finally:
        algorithm.stop()
