"""The spec of the arena's network for a game, without a config around it."""

from __future__ import annotations

from typing import Any

from ray.rllib.core.rl_module import RLModuleSpec

from agents.policies.network import MaskedNetwork, module_observation_space
from games.contract import Game


def masked_spec(game: Game, **model_config: Any) -> RLModuleSpec:
    """One spec for all seats: their spaces are equal."""
    return RLModuleSpec(
        module_class=MaskedNetwork,
        observation_space=module_observation_space(game, 0),
        action_space=game.action_space(0),
        model_config=model_config,
    )
