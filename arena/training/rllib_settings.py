"""What a league does with each setting of RLlib's config: a table, and one check of a config.

A setting is stored with the league, refused, or allowed because it is of the machine, of the user's own code, or of
RLlib's own evaluation. RLlib takes them all without a word, so without this check a wrong setting would go unnoticed.
A setting is refused when its value differs from the default of the algorithm's own config.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig

from agents.registry import names_code
from arena.settings import Settings
from leagues.errors import LeagueError
from leagues.setting_groups import short

RESOURCES = {
    "env_runners": "num_env_runners",
    "overlap": "overlap",
    "learners": "num_learners",
    "gpus_per_learner": "num_gpus_per_learner",
    "gpus_per_env_runner": "num_gpus_per_env_runner",
}
"""Setting of the group ``resources`` -> attribute of the config."""

NOTHING = "nothing does that here"


def _table(hints: Mapping[str, str]) -> dict[str, str]:
    return {name: hint for hint, names in hints.items() for name in names.split()}


NO_EFFECT = _table(
    {
        "the lock-step runner steps games itself; set the game with .game(...)": """
            env observation_space action_space render_env action_mask_key disable_env_checking gym_env_vectorize_mode
            remote_worker_envs remote_env_batch_wait_ms env_task_fn
            create_env_on_local_worker _is_atari auto_wrap_old_gym_envs _disable_action_flattening""",
        "a game that breaks ends at its own table, and the others go on": "restart_failed_sub_environments",
        "rewards and actions are those of the game; make them different in the game": """
            clip_rewards normalize_actions clip_actions""",
        "the lock-step runner steps arrays without connectors; transform observations in your RLModule": """
            _env_to_module_connector _module_to_env_connector _learner_connector
            add_default_connectors_to_env_to_module_pipeline add_default_connectors_to_module_to_env_pipeline
            add_default_connectors_to_learner_pipeline merge_env_runner_states broadcast_env_runner_states
            use_env_runner_state_server env_runner_state_server_max_concurrency observation_filter preprocessor_pref
            update_worker_filter_stats use_worker_filter_stats compress_observations sample_collector observation_fn
            sync_filters_on_rollout_workers_timeout_s _dont_auto_sync_env_runner_states _disable_preprocessor_api
            enable_connectors synchronize_filters""",
        "training samples whole games and always draws actions; set .training(train_batch_size_per_learner=...)": """
            batch_mode rollout_fragment_length explore exploration_config episodes_to_numpy episode_lookback_horizon
            count_steps_by train_batch_size min_train_timesteps_per_iteration ignore_final_observation""",
        "a slow runner is waited for, so that long games are not thrown away": "sample_timeout_s",
        "frozen opponents are in a cache of each runner": """
            policy_map_capacity policy_states_are_swappable policy_map_cache""",
        "a league reads and writes Parquet files of its own; set .offline_data(input_=..., output=...)": """
            input_ input_config output output_config output_max_file_size output_max_rows_per_file output_write_method
            output_write_method_kwargs output_write_episodes output_write_remaining_data output_compress_columns
            output_filesystem output_filesystem_kwargs offline_data_class offline_sampling materialize_data
            input_read_method input_read_method_kwargs input_read_schema input_read_episodes input_read_sample_batches
            input_read_batch_size dataset_num_iters_per_learner prelearner_class postprocess_inputs shuffle_buffer_size
            offline_evaluation_interval num_offline_eval_runners off_policy_estimation_methods prelearner_buffer_class
            map_batches_kwargs iter_batches_kwargs actions_in_input_normalized input_spaces_jsonable
            input_compress_columns input_filesystem input_filesystem_kwargs input_evaluation materialize_mapped_data
            prelearner_buffer_kwargs prelearner_module_synch_period prelearner_use_recorded_module_states
            dataset_num_iters_per_eval_runner ope_split_batch_by_episode _is_online
            broadcast_offline_eval_runner_states callbacks_on_evaluate_offline_end
            callbacks_on_evaluate_offline_start callbacks_on_offline_eval_runners_recreated
            custom_resources_per_offline_eval_runner ignore_offline_eval_runner_failures
            max_num_offline_eval_runner_restarts max_requests_in_flight_per_offline_eval_runner
            num_cpus_per_offline_eval_runner num_gpus_per_offline_eval_runner offline_eval_batch_size_per_runner
            offline_eval_rl_module_inference_only offline_eval_runner_class offline_eval_runner_health_probe_timeout_s
            offline_eval_runner_restore_timeout_s offline_evaluation_duration offline_evaluation_parallel_to_training
            offline_evaluation_timeout_s offline_evaluation_type offline_loss_for_module_fn
            restart_failed_offline_eval_runners validate_offline_eval_runners_after_construction""",
        "networks and optimizers are set with .rl_module(model_config=...) and .training(lr=..., grad_clip=...)": """
            model optimizer""",
        "GPUs are given with .learners(num_gpus_per_learner=...) and .env_runners(num_gpus_per_env_runner=...)": """
            num_gpus""",
        "a league runs on torch and RLlib's new API stack": """
            framework_str enable_rl_module_and_learner enable_env_runner_and_connector_v2 eager_tracing
            eager_max_retraces local_tf_session_args torch_compile_worker export_native_model_files
            torch_compile_worker_dynamo_backend torch_compile_worker_dynamo_mode enable_tf1_exec_eagerly
            _tf_policy_handles_more_than_one_loss _disable_initialize_loss_from_dummy_batch""",
        "an update whose gradients are not finite is always skipped": "torch_skip_nan_gradients",
        "a league learns from each batch once, in the driver": """
            num_aggregator_actors_per_learner max_requests_in_flight_per_aggregator_actor
            max_requests_in_flight_per_learner replay_sequence_length""",
        "metrics are those of the last iteration": """
            metrics_num_episodes_for_smoothing metrics_episode_collection_timeout_s keep_per_episode_custom_metrics""",
        "RLlib no longer reads it": """
            _disable_execution_plan_api _enable_rl_module_api always_attach_evaluation_results buffer_size
            collect_metrics_timeout custom_async_evaluation_function enable_async_evaluation evaluation_num_episodes
            learning_starts metrics_smoothing_episodes min_iter_time_s min_sample_timesteps_per_reporting
            min_time_s_per_reporting min_train_timesteps_per_reporting monitor prioritized_replay
            prioritized_replay_alpha prioritized_replay_beta prioritized_replay_eps replay_batch_size replay_mode
            timesteps_per_iteration worker_cls""",
        "the config of a league is always checked": "_validate_config",
        NOTHING: "fake_sampler sampler_perf_stats_ema_coef",
    }
)
"""Attributes of an ``AlgorithmConfig`` that have no effect on a league -> what to do instead."""

NOT_STORED = _table(
    {
        "all modules of a league train with the same settings": """
            algorithm_config_overrides_per_module _per_module_overrides""",
        "set .training(lr=[[0, 1e-3], [1_000_000, 1e-4]]) for a schedule": "_torch_lr_scheduler_classes",
        'set .rl_module(model_config={"precision": "bfloat16"})': "_torch_grad_scaler_class",
    }
)
"""Attributes that change how learners train, but that leagues do not store -> what to do instead."""

ALLOWED = _table(
    {
        "of the machine: processes, resources, failures, logs and checkpoints": """
            _fake_gpus _use_msgpack_checkpoints checkpoint_trainable_policies_only create_local_env_runner
            custom_resources_for_main_process custom_resources_per_env_runner custom_resources_per_learner
            delay_between_env_runner_restarts_s env_runner_health_probe_timeout_s env_runner_restore_timeout_s
            extra_python_environs_for_driver extra_python_environs_for_worker ignore_env_runner_failures local_gpu_idx
            log_gradients log_level log_sys_usage max_num_env_runner_restarts max_requests_in_flight_per_env_runner
            min_sample_timesteps_per_iteration min_time_s_per_iteration num_consecutive_env_runner_failures_tolerance
            num_cpus_for_main_process num_cpus_per_env_runner num_cpus_per_learner placement_strategy
            restart_failed_env_runners torch_compile_learner torch_compile_learner_dynamo_backend
            torch_compile_learner_dynamo_mode torch_compile_learner_what_to_compile torch_ddp_kwargs
            validate_env_runners_after_construction""",
        "the user's own code: such a league goes on only from Python": """
            _learner_class learner_config_dict env_runner_cls callbacks_class callbacks_on_algorithm_init
            callbacks_on_checkpoint_loaded callbacks_on_env_runners_recreated callbacks_on_environment_created
            callbacks_on_episode_created callbacks_on_episode_end callbacks_on_episode_start callbacks_on_episode_step
            callbacks_on_evaluate_end callbacks_on_evaluate_start callbacks_on_sample_end callbacks_on_train_result
            stats_cls_lookup""",
        "RLlib's own evaluation, which a league does not need": """
            custom_evaluation_function evaluation_auto_duration_max_env_steps_per_sample
            evaluation_auto_duration_min_env_steps_per_sample evaluation_config evaluation_duration
            evaluation_duration_unit evaluation_error_after_n_consecutive_skips
            evaluation_force_reset_envs_before_iteration evaluation_interval evaluation_num_env_runners
            evaluation_parallel_to_training evaluation_sample_timeout_s evaluation_unhealthy_workers_timeout_s
            in_evaluation""",
        "set by the config itself, and checked there": """
            algo_class env_config policies policies_to_train policy_mapping_fn _is_frozen _prior_exploration_config""",
        "changed by RLlib itself": "simple_optimizer tf_session_args",
    }
)
"""Attributes that a user may set though leagues do not store them -> why."""

STORED = frozenset({"seed", "num_envs_per_env_runner", "_rl_module_spec", "_model_config", *RESOURCES.values()})
"""Attributes that every league stores, or that a run takes from its settings, beside those of its algorithm."""

IN_EVALUATION = {"batch_mode", "rollout_fragment_length", "explore"}
"""What an evaluation config may change: RLlib's ``evaluate()`` calls the runner's ``sample()``, which reads them."""


def refuse_settings(config: AlgorithmConfig, more: Mapping[str, str]) -> None:
    """Refuse the settings of a config that have no effect, and those that leagues do not store.

    Args:
        config: the config.
        more: further attributes without effect -> hints, of the algorithm.

    Raises:
        ValueError: there is such a setting; the message names it and what to do instead.
    """
    default = type(config)()
    for name, hint in {**NO_EFFECT, **more, **NOT_STORED}.items():
        value = getattr(config, name, None)
        if (config.in_evaluation and name in IN_EVALUATION) or _same(value, getattr(default, name, None)):
            continue
        if name in NOT_STORED:
            raise ValueError(f"a league does not store the setting {name}={short(value)}, so it is refused; {hint}")
        raise has_no_effect(name, value, hint)


def has_no_effect(name: str, value: Any, hint: str) -> ValueError:
    """The error for a setting without effect; ``hint`` says what to do instead."""
    return ValueError(f"the setting {name.lstrip('_')}={short(value)} has no effect in a league; {hint}")


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
            hint = "its settings are in docs/extending.md"
            return f"`model_config` has {name}={short(value)}, which the network does not read; {hint}"
    return None


def _same(one: Any, other: Any) -> bool:
    try:
        return one is other or bool(one == other)
    except ValueError:  # arrays
        return False


def refuse_code(settings: Settings) -> None:
    """Refuse settings that name code of the user's own.

    Raises:
        LeagueError: they do.
    """
    named = [settings.network.name, *(own.get("name") for own in settings.network.modules.values())]
    own = [name for name in named if name is not None and ":" in name]
    own += filter(names_code, (*settings.league.baselines, *(settings.evaluation.anchors or ())))
    if own:
        raise LeagueError(
            f"stored settings never import code, but these name {own}; "
            "resume from Python, with a LeaguePPOConfig that names them itself"
        )
