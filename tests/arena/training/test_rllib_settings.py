"""Settings of RLlib's that have no effect on a league are one-line errors; half a config is whole, or an error, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyspiel
import pytest
import torch
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.algorithms.appo import APPOConfig
from ray.rllib.algorithms.bc import BCConfig
from ray.rllib.algorithms.dqn import DQNConfig
from ray.rllib.algorithms.impala import IMPALAConfig
from ray.rllib.algorithms.marwil import MARWILConfig
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.algorithms.sac import SACConfig
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module import RLModuleSpec
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
from ray.rllib.env.multi_agent_env_runner import MultiAgentEnvRunner
from small_training import small

from agents.policies.network import MaskedNetwork
from agents.policies.q_network import QNetwork
from arena import (
    LeagueAPPOConfig,
    LeagueBCConfig,
    LeagueCQLConfig,
    LeagueDQNConfig,
    LeagueEnvRunner,
    LeagueIMPALAConfig,
    LeagueMARWILConfig,
    LeaguePPO,
    LeaguePPOConfig,
    LeagueSACConfig,
)
from arena.training.algorithms.ppo import OWN
from arena.training.rllib_settings import ALLOWED, NO_EFFECT, NOT_STORED, STORED
from games import GameError, make_game
from leagues.records import LeagueError
from leagues.setting_groups import rules

Change = Callable[[Any], Any]
BEHIND = {"train_batch_size_per_learner"}
"""A property of RLlib's config."""

CHANGES: list[tuple[Change, str]] = [
    (lambda c: c.multi_agent(policies={"a", "b"}), r"policies=\['a', 'b'\] .*\.league\(roles="),
    (lambda c: c.multi_agent(policy_mapping_fn=lambda *a, **k: "main"), r"policy_mapping_fn=.*\.league\(roles="),
    (lambda c: c.multi_agent(policies_to_train=["other"]), r"policies_to_train=\['other'\]"),
    (lambda c: c.multi_agent(count_steps_by="env_steps"), "count_steps_by"),
    (lambda c: c.environment("CartPole-v1"), r"env='CartPole-v1' .*\.game\("),
    (lambda c: c.environment(clip_rewards=True), "clip_rewards=True"),
    (lambda c: c.environment(normalize_actions=False), "normalize_actions=False"),
    (lambda c: c.environment(env_config={"game": "tic_tac_toe", "board": 4}), r"\['board'\] of env_config"),
    (lambda c: c.environment(env_config={"game": "kuhn_poker"}), "one game"),
    (lambda c: c.training(use_gae=False), r"use_gae=False .*lambda_=1\.0"),
    (lambda c: c.training(train_batch_size=9), "train_batch_size_per_learner"),
    (lambda c: c.training(model={"fcnet_hiddens": [8]}), r"rl_module\(model_config"),
    (lambda c: c.env_runners(explore=False), "explore=False"),
    (lambda c: c.env_runners(observation_filter="MeanStdFilter"), "observation_filter"),
    (lambda c: c.env_runners(batch_mode="truncate_episodes"), "batch_mode"),
    (lambda c: c.env_runners(rollout_fragment_length=77), "rollout_fragment_length=77"),
    (lambda c: c.env_runners(sample_timeout_s=9.0), "sample_timeout_s"),
    (lambda c: c.env_runners(gym_env_vectorize_mode="ASYNC"), "gym_env_vectorize_mode"),
    (lambda c: c.env_runners(env_runner_cls=MultiAgentEnvRunner), "env_runner_cls must be a LeagueEnvRunner"),
    (lambda c: c.env_runners(module_to_env_connector=lambda env: []), "module_to_env_connector.*RLModule"),
    (lambda c: c.training(learner_connector=lambda *a: []), "learner_connector"),
    (lambda c: c.env_runners(merge_env_runner_states=False), "merge_env_runner_states"),
    (lambda c: c.fault_tolerance(restart_failed_sub_environments=True), "ends at its own table"),
    (lambda c: c.framework(torch_skip_nan_gradients=True), "always skipped"),
    (lambda c: c.reporting(metrics_num_episodes_for_smoothing=7), "last iteration"),
    (lambda c: c.resources(num_gpus=1), "num_gpus_per_learner"),
    (lambda c: c.rl_module(model_config={"lstm_use_prev_action": True}), "lstm_use_prev_action=True"),
    (lambda c: c.rl_module(model_config={"network": "gru", "use_lstm": True}), "`network` is 'gru'; drop one of them"),
    (lambda c: c.rl_module(model_config=DefaultModelConfig(head_fcnet_hiddens=[9])), r"head_fcnet_hiddens=\[9\]"),
]


@pytest.mark.parametrize(("change", "message"), CHANGES, ids=[message for _, message in CHANGES])
def test_a_setting_without_effect_is_refused(change: Change, message: str) -> None:
    config = change(small())
    with pytest.raises(ValueError, match=message) as raised:
        config.validate()
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "change", [lambda c: c.multi_agent(policies={"a"}), lambda c: c.multi_agent(policy_mapping_fn=lambda *a, **k: "a")]
)
def test_the_order_of_calls_does_not_matter(change: Change) -> None:
    config = change(LeaguePPOConfig()).game("tic_tac_toe").league(module_per_seat=True)
    with pytest.raises(ValueError, match="has no effect in a league"):
        config.validate()


def test_every_field_of_rllibs_model_config_is_read_or_refused() -> None:
    for name, field in DefaultModelConfig.__dataclass_fields__.items():
        config = small().rl_module(model_config={name: "something else"})
        if name in MaskedNetwork.SETTINGS:
            config.validate()
            continue
        with pytest.raises(ValueError, match=f"`model_config` has {name}="):
            config.validate()
        if field.default in (None, False, True):
            small().rl_module(model_config={name: field.default}).validate()


@pytest.mark.parametrize(
    ("league", "rllib", "own"),
    [
        (LeaguePPOConfig, PPOConfig, OWN),
        (LeagueAPPOConfig, APPOConfig, LeagueAPPOConfig.own),
        (LeagueIMPALAConfig, IMPALAConfig, LeagueIMPALAConfig.own),
        (LeagueDQNConfig, DQNConfig, LeagueDQNConfig.own),
        (LeagueSACConfig, SACConfig, LeagueSACConfig.own),
        (LeagueBCConfig, BCConfig, LeagueBCConfig.own),
        (LeagueMARWILConfig, MARWILConfig, LeagueMARWILConfig.own),
        (LeagueCQLConfig, DQNConfig, LeagueCQLConfig.own),
    ],
)
def test_every_setting_of_rllib_is_classified_once(league: Any, rllib: Any, own: set[str]) -> None:
    settings = rules(league.settings_class)
    stored = STORED | {"_train_batch_size_per_learner" if name in BEHIND else name for name in settings}
    tables = [set(NO_EFFECT), set(league.no_effect), set(NOT_STORED), set(ALLOWED), stored - {"overlap"}]
    names = [name for table in tables for name in table]
    assert len(names) == len(set(names))
    assert set(names) == set(vars(rllib())) | set(vars(AlgorithmConfig())) | own


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda c: c.multi_agent(algorithm_config_overrides_per_module={"main": PPOConfig.overrides(lr=0.5)}),
            "does not store the setting algorithm_config_overrides_per_module=",
        ),
        (lambda c: c.experimental(_torch_lr_scheduler_classes=[dict]), "set .training.lr=..0, 1e-3"),
        (lambda c: c.experimental(_torch_grad_scaler_class=dict), "precision"),
    ],
)
def test_a_setting_that_leagues_do_not_store_is_refused(change: Change, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        change(small()).validate()


def test_defaults_and_what_has_an_effect_pass() -> None:
    config = small().environment(env_config={"game": "tic_tac_toe"}).env_runners(explore=True).training(use_gae=True)
    config.rl_module(model_config={"fcnet_hiddens": [8], "fcnet_activation": "tanh", "use_lstm": False})
    config.training(lr=1e-4, grad_clip=1.0).fault_tolerance(restart_failed_env_runners=False)
    config.evaluation(evaluation_interval=1, evaluation_config={"explore": False})
    config.validate()
    config.validate()
    assert config.get_evaluation_config_object().validated().explore is False


def test_module_per_seat_is_a_switch() -> None:
    with pytest.raises(LeagueError, match="module_per_seat must be a switch"):
        small(module_per_seat={"player_0": "a"})


class Recurrent(QNetwork):
    """A network that remembers, of a kind that learns from single steps."""

    def get_initial_state(self) -> dict[str, Any]:
        return {"h": torch.zeros(1)}


@pytest.mark.parametrize(
    ("algorithm", "spec", "message"),
    [
        ("dqn", RLModuleSpec(module_class=Recurrent), "'dqn' learns from single steps, but Recurrent remembers"),
        ("sac", RLModuleSpec(model_config={"network": "lstm"}), r"`network` must be one of .* but got 'lstm'"),
        ("ppo", RLModuleSpec(model_config={"lstm_cell_size": 9}), "`lstm_cell_size` is for networks that remember"),
        ("ppo", RLModuleSpec(model_config={"network": "gru", "burn_in_len": 20}), "burn_in_len < max_seq_len"),
        (
            "ppo",
            RLModuleSpec(model_config={"network": "lstm", "orientation": "tic_tac_toe"}),
            "`orientation` turns each position by itself",
        ),
    ],
)
def test_a_memory_that_cannot_be_learned_is_refused_and_leaves_no_folder(
    tmp_path: Any, algorithm: str, spec: RLModuleSpec, message: str
) -> None:
    config = small("tic_tac_toe", tmp_path / "league", algorithm=algorithm).rl_module(rl_module_spec=spec)
    with pytest.raises(LeagueError, match=message):
        config.build_algo()
    assert not (tmp_path / "league").exists()


def test_exact_exploitability_is_not_measured_of_a_network_that_remembers() -> None:
    config = small("kuhn_poker").rl_module(model_config={"network": "gru"})
    config.validate()
    assert config.league_evaluation_settings.exploitability_every == 0
    with pytest.raises(LeagueError, match="this one remembers earlier steps; set it to 0"):
        small("kuhn_poker", exploitability_every=5).rl_module(model_config={"use_lstm": True}).validate()


def test_a_game_is_taken_as_a_game_too() -> None:
    game = make_game("leduc_poker(players=3)")
    assert LeaguePPOConfig().game(game).game_spec == game.spec
    with pytest.raises(GameError, match="kuhn_poker"):
        LeaguePPOConfig().game(pyspiel.load_game("kuhn_poker"))


def test_a_config_that_is_not_validated_is_whole() -> None:
    config = LeaguePPOConfig().game("kuhn_poker").league(module_per_seat=True)
    runner = LeagueEnvRunner(config=config)
    assert set(runner.module.keys()) == {"main.player_0", "main.player_1"}
    episodes = runner.sample(num_episodes=3)
    assert len(episodes) == 3
    assert Columns.VF_PREDS in next(iter(episodes[0].agent_episodes.values())).extra_model_outputs
    spec = config.get_multi_rl_module_spec(spaces=runner.get_spaces())
    assert set(spec.rl_module_specs) == {"main.player_0", "main.player_1"}
    assert config.num_envs_per_env_runner is None  # the runner's copy is filled in, not this one
    config.league(roles={"main": 1, "main_exploiter": 1}, module_per_seat=False)
    assert set(config.get_multi_rl_module_spec(spaces=runner.get_spaces()).rl_module_specs) == {
        "main",
        "main_exploiter",
    }


def test_a_config_without_a_game_is_an_error_everywhere() -> None:
    for call in (
        lambda: LeaguePPOConfig().validate(),
        lambda: LeagueEnvRunner(config=LeaguePPOConfig()),
        lambda: LeaguePPOConfig().get_multi_rl_module_spec(spaces={}),
        lambda: LeaguePPO(config={}),
    ):
        with pytest.raises(ValueError, match="needs a game, but none is set"):
            call()


@pytest.mark.parametrize("settings", [{"game_spec": "kuhn_poker"}, {"env_config": {"game": "kuhn_poker"}}])
def test_a_dict_is_a_whole_config(local_ray: Any, settings: dict[str, Any]) -> None:
    small_batch = {"train_batch_size_per_learner": 256, "minibatch_size": 64, "num_epochs": 1, "log_level": "ERROR"}
    algorithm = LeaguePPO(config=settings | small_batch)
    try:
        assert algorithm.train()["league"]["iteration"] == 1
    finally:
        algorithm.stop()


def test_stock_ppo_keeps_its_own_settings() -> None:
    """The runner refuses nothing for algorithms that are not a league's."""
    config = (
        PPOConfig()
        .environment(env_config={"game": "kuhn_poker"})
        .env_runners(explore=False, batch_mode="truncate_episodes")
    )
    config.multi_agent(policies={"a"}, policy_mapping_fn=lambda *a, **k: "a")
    config.rl_module(rl_module_spec=RLModuleSpec(module_class=MaskedNetwork))
    assert len(LeagueEnvRunner(config=config).sample(num_episodes=2)) == 2
