"""The spec of the arena's network for a game, without a config around it, and what networks see."""

from __future__ import annotations

from typing import Any

import numpy as np
from ray.rllib.core.rl_module import RLModuleSpec

from agents.policies.agent import module_batch
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


def positions(game: Game, rows: int = 40, steps: int = 3) -> dict[str, Any]:
    """Positions of a turn-based game some random steps after its beginning, as a module's batch."""
    tables, rng = game.tables(rows), np.random.default_rng(0)
    tables.reset(range(rows), range(rows))
    for _ in range(steps):
        count = tables.observe()
        tables.step((tables.masks[:count] * rng.random((count, game.num_actions))).argmax(1))
    count = tables.observe()
    return module_batch(tables.observations[:count], tables.masks[:count], tables.seats[:count], game.num_seats)
