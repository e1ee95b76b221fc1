"""Which of RLlib's callbacks a config has set: some cost an episode object for every game."""

from __future__ import annotations

from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.callbacks.callbacks import RLlibCallback
from ray.rllib.utils import force_list


def has_callback(config: AlgorithmConfig, name: str) -> bool:
    """Whether the callback of this name would do anything: a class overrides it, or a function is given for it."""
    overridden = any(
        getattr(cls, name) is not getattr(RLlibCallback, name) for cls in force_list(config.callbacks_class)
    )
    return overridden or bool(force_list(getattr(config, f"callbacks_{name}")))
