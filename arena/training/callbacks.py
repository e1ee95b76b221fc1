"""RLlib's callbacks as the league's env runner calls them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.callbacks.callbacks import RLlibCallback
from ray.rllib.callbacks.utils import make_callback
from ray.rllib.env.env_context import EnvContext
from ray.rllib.env.env_runner import EnvRunner
from ray.rllib.env.multi_agent_episode import MultiAgentEpisode
from ray.rllib.utils import force_list


def has_callback(config: AlgorithmConfig, name: str) -> bool:
    """Whether a class or a function of the config defines this callback."""
    overridden = any(
        getattr(cls, name) is not getattr(RLlibCallback, name) for cls in force_list(config.callbacks_class)
    )
    return overridden or bool(force_list(getattr(config, f"callbacks_{name}")))


def call_on_environment_created(runner: EnvRunner) -> None:
    """Call ``on_environment_created``."""
    context = EnvContext(
        runner.config.env_config, worker_index=runner.worker_index or 0, num_workers=runner.num_workers
    )
    _call(runner, "on_environment_created", env=runner.env, env_context=context)


def call_on_episode_end(runner: EnvRunner, episodes: Sequence[MultiAgentEpisode]) -> None:
    """Call ``on_episode_end`` for every episode."""
    for episode in episodes:
        _call(
            runner,
            "on_episode_end",
            episode=episode,
            prev_episode_chunks=[],
            env=runner.env,
            rl_module=runner.module,
            env_index=0,
        )


def call_on_sample_end(runner: EnvRunner, samples: Any) -> None:
    """Call ``on_sample_end``."""
    _call(runner, "on_sample_end", samples=samples)


def _call(runner: EnvRunner, name: str, **arguments: Any) -> None:
    make_callback(
        name,
        callbacks_objects=runner._callbacks,
        callbacks_functions=getattr(runner.config, f"callbacks_{name}"),
        kwargs={"env_runner": runner, "metrics_logger": runner.metrics, **arguments},
    )
