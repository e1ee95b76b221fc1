"""A small game of two teams of two: all four seats move at once, and each sees only what it needs itself."""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
from pettingzoo import ParallelEnv


def spec(luck: float) -> str:
    """The game with this weight of luck."""
    return f"pairs_game:Pairs(luck={luck},teams=0011)"


class Pairs(ParallelEnv):
    """In each of two rounds, a seat sees a cue and a sign. Partners both earn 1 if both of them name their cues.

    They also earn the product of their signs times ``luck``. Neither of them can foretell it alone, both together can,
    and no action changes it.
    """

    metadata: ClassVar = {"name": "pairs", "render_modes": []}

    def __init__(self, luck: float = 0.0) -> None:
        self.luck = luck
        self.possible_agents = ["a_0", "a_1", "b_0", "b_1"]
        self.render_mode = None

    def observation_space(self, agent: str) -> gym.Space[Any]:
        return gym.spaces.Box(-1.0, 1.0, (2,), np.float32)

    def action_space(self, agent: str) -> gym.Space[Any]:
        return gym.spaces.Discrete(2)

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, Any]:
        self.agents = self.possible_agents[:]
        self.rng, self.round = np.random.default_rng(seed), 0
        return self._show(), {agent: {} for agent in self.agents}

    def _show(self) -> dict[str, Any]:
        self.seen = {agent: self.rng.choice([-1.0, 1.0], 2).astype(np.float32) for agent in self.agents}
        return self.seen

    def step(self, actions: dict[str, Any]) -> tuple[Any, ...]:
        right = {agent: int(action) == (self.seen[agent][0] > 0) for agent, action in actions.items()}
        rewards = {}
        for one, other in (("a_0", "a_1"), ("b_0", "b_1")):
            luck = self.luck * float(self.seen[one][1] * self.seen[other][1])
            rewards |= dict.fromkeys((one, other), luck + float(right[one] and right[other]))
        self.round += 1
        playing, over = self.agents, self.round == 2
        seen = self._show()
        if over:
            self.agents = []
        return seen, rewards, dict.fromkeys(playing, over), dict.fromkeys(playing, False), {}

    def close(self) -> None:
        pass
