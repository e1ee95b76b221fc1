"""A PettingZoo environment that pays every seat at every step, to test which seat a reward belongs to."""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
from pettingzoo import AECEnv


class Toll(AECEnv):
    """Two drivers move in turn, and a clerk never moves. Step ``n`` pays each driver ``n`` and the clerk ``10 n``.

    Args:
        steps: steps of a game.
        limited: number of seats, counted from the last, that are truncated at the end; the others are terminated.
    """

    metadata: ClassVar = {"name": "toll", "render_modes": [], "is_parallelizable": False}

    def __init__(self, steps: int = 5, limited: int = 0) -> None:
        super().__init__()
        self.possible_agents = ["first", "second", "clerk"]
        self.steps = steps
        self.limited = limited
        self.render_mode = None

    def observation_space(self, agent: str) -> gym.Space[Any]:
        return gym.spaces.Box(0, 100, (1,), np.float32)

    def action_space(self, agent: str) -> gym.Space[Any]:
        return gym.spaces.Discrete(2)

    def observe(self, agent: str) -> np.ndarray:
        return np.array([self.taken], np.float32)

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        self.taken = 0
        self.agents = self.possible_agents[:]
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos = {agent: {} for agent in self.agents}
        self.agent_selection = "first"

    def step(self, action: int | None) -> None:
        if self.terminations[self.agent_selection] or self.truncations[self.agent_selection]:
            self._was_dead_step(action)
            return
        self._cumulative_rewards[self.agent_selection] = 0.0
        self.taken += 1
        self.rewards = {"first": self.taken, "second": self.taken, "clerk": 10.0 * self.taken}
        if self.taken == self.steps:
            for number, agent in enumerate(self.agents, start=1):
                endings = self.terminations if number <= len(self.agents) - self.limited else self.truncations
                endings[agent] = True
        self.agent_selection = self.possible_agents[self.taken % 2]
        self._accumulate_rewards()
        self._deads_step_first()
