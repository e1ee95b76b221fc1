"""RLlib settings that have no effect on a league: a table of what to do instead, and one check of a config.

Nothing here is an error in RLlib, so without this check a wrong setting would go unnoticed. A setting is refused when
its value differs from the default of the algorithm's own config.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig

NOTHING = "nothing does that here"
_TABLE: dict[str, str] = {
    "the lock-step runner steps games itself; set the game with .game(...)": (
        "env observation_space action_space render_env action_mask_key disable_env_checking "
        "gym_env_vectorize_mode remote_worker_envs remote_env_batch_wait_ms restart_failed_sub_environments "
        "env_task_fn create_env_on_local_worker"
    ),
    "rewards and actions are those of the game; make them different in the game": (
        "clip_rewards normalize_actions clip_actions"
    ),
    "the lock-step runner steps arrays without connectors; transform observations in your RLModule": (
        "env_to_module_connector module_to_env_connector learner_connector "
        "add_default_connectors_to_env_to_module_pipeline add_default_connectors_to_module_to_env_pipeline "
        "add_default_connectors_to_learner_pipeline merge_env_runner_states broadcast_env_runner_states "
        "use_env_runner_state_server env_runner_state_server_max_concurrency observation_filter preprocessor_pref "
        "update_worker_filter_stats use_worker_filter_stats compress_observations sample_collector observation_fn "
        "sync_filters_on_rollout_workers_timeout_s"
    ),
    "training samples whole games, and always draws its actions; set .training(train_batch_size_per_learner=...)": (
        "batch_mode rollout_fragment_length explore exploration_config episodes_to_numpy episode_lookback_horizon "
        "count_steps_by train_batch_size min_train_timesteps_per_iteration"
    ),
    "a slow runner is waited for, so that long games are not thrown away": "sample_timeout_s",
    "frozen opponents are in a cache of each runner": "policy_map_capacity policy_states_are_swappable",
    "a league stores its own matches; read them with arena.open_league(...)": (
        "input_ input_config output output_config output_max_file_size output_max_rows_per_file output_write_method "
        "output_write_method_kwargs output_write_episodes output_write_remaining_data output_compress_columns "
        "output_filesystem output_filesystem_kwargs offline_data_class offline_sampling materialize_data "
        "input_read_method input_read_method_kwargs input_read_schema input_read_episodes input_read_sample_batches "
        "input_read_batch_size dataset_num_iters_per_learner prelearner_class postprocess_inputs shuffle_buffer_size "
        "offline_evaluation_interval num_offline_eval_runners off_policy_estimation_methods "
        "prelearner_buffer_class map_batches_kwargs iter_batches_kwargs"
    ),
    "networks and optimizers are set with .rl_module(model_config=...) and .training(lr=..., grad_clip=...)": (
        "model optimizer"
    ),
    "GPUs are given with .learners(num_gpus_per_learner=...) and .env_runners(num_gpus_per_env_runner=...)": "num_gpus",
    "a league runs on torch and RLlib's new API stack": (
        "framework_str enable_rl_module_and_learner enable_env_runner_and_connector_v2 eager_tracing "
        "eager_max_retraces tf_session_args local_tf_session_args torch_compile_worker export_native_model_files"
    ),
    "an update whose gradients are not finite is always skipped": "torch_skip_nan_gradients",
    "a league learns from each batch once, in the driver": (
        "num_aggregator_actors_per_learner max_requests_in_flight_per_aggregator_actor "
        "max_requests_in_flight_per_learner"
    ),
    "metrics are those of the last iteration": (
        "metrics_num_episodes_for_smoothing metrics_episode_collection_timeout_s keep_per_episode_custom_metrics"
    ),
    NOTHING: "fake_sampler sampler_perf_stats_ema_coef",
}
IN_EVALUATION = {"batch_mode", "rollout_fragment_length", "explore"}
"""What an evaluation config may change: RLlib's ``evaluate()`` calls the runner's ``sample()``, which reads them."""

NO_EFFECT = {name: hint for hint, names in _TABLE.items() for name in names.split()}
"""Attribute of an ``AlgorithmConfig`` -> what to do instead."""

_PRIVATE = {"env_to_module_connector", "module_to_env_connector", "learner_connector"}
_NETWORK = {
    "use_lstm": "recurrent networks are not supported",
    "conv_filters": 'set network="residual", conv_channels and conv_blocks for a convolutional network',
}


def refuse_no_effect(config: AlgorithmConfig, more: Mapping[str, str]) -> None:
    """Refuse the settings of a config that have no effect.

    Args:
        config: the config.
        more: further attributes -> hints, of the algorithm.

    Raises:
        ValueError: a setting has no effect; the message names it and what to do instead.
    """
    table = {**NO_EFFECT, **more}
    default = type(config)()
    for name, hint in table.items():
        value = getattr(config, _attribute(name), None)
        if config.in_evaluation and name in IN_EVALUATION:
            continue
        if not _same(value, getattr(default, _attribute(name), None)):
            raise has_no_effect(name, value, hint)


def has_no_effect(name: str, value: Any, hint: str) -> ValueError:
    """The error for a setting without effect; ``hint`` says what to do instead."""
    return ValueError(f"the setting {name}={shown(value)} has no effect in a league; {hint}")


def refused_model_setting(name: str, value: Any) -> str | None:
    """Why a setting of RLlib's ``DefaultModelConfig`` that ``MaskedNetwork`` does not read is refused, if it is.

    Args:
        name: the setting.
        value: its value; RLlib's default is accepted, since it changes nothing.

    Returns:
        The reason; None for a default, and for what is no setting of RLlib's.
    """
    for each in fields(DefaultModelConfig):
        if each.name == name:
            default = each.default if each.default_factory is MISSING else each.default_factory()
            if _same(value, default):
                return None
            hint = _NETWORK.get(name, "its settings are in docs/extending.md")
            return f"`model_config` has {name}={shown(value)}, which the network does not read; {hint}"
    return None


def _attribute(name: str) -> str:
    return f"_{name}" if name in _PRIVATE else name


def _same(one: Any, other: Any) -> bool:
    try:
        return one is other or bool(one == other)
    except ValueError:  # arrays
        return False


def shown(value: Any) -> str:
    """A value in a message: a name, or its start."""
    text = getattr(value, "__name__", None) or repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
