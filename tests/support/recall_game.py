"""A game of memory: each seat sees a cue once, and must name it some of its own steps later."""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
from pettingzoo import AECEnv

CUES = 2
SHOWN, WAITS, NAMES = range(3)


class Recall(AECEnv):
    """Three seats move in turn. A seat is paid 1 if it names its cue, and -1 if not; then it is out.

    Seats wait for different times between the two, and those that wait are passed over at random. So seats skip steps,
    and leave while others go on.

    Args:
        delay: rounds between seeing and naming; the last seat waits for one less. At the first round and the last, no
            seat is passed over.
    """

    metadata: ClassVar = {"name": "recall", "render_modes": [], "is_parallelizable": False}

    def __init__(self, delay: int = 3) -> None:
        super().__init__()
        self.possible_agents = ["first", "second", "third"]
        self.delay = delay
        self.render_mode = None

    def observation_space(self, agent: str) -> gym.Space[Any]:
        return gym.spaces.Box(0.0, 1.0, (CUES + 1,), np.float32)

    def action_space(self, agent: str) -> gym.Space[Any]:
        return gym.spaces.Discrete(CUES)

    def observe(self, agent: str) -> np.ndarray:
        row = np.zeros(CUES + 1, np.float32)
        if self.schedule and self.schedule[0][0] == agent:
            phase = self.schedule[0][1]
            if phase == SHOWN:
                row[self.cues[agent]] = 1.0
            row[CUES] = phase == NAMES
        return row

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        rng = np.random.default_rng(seed)
        self.agents = self.possible_agents[:]
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos = {agent: {} for agent in self.agents}
        self.cues = dict(zip(self.agents, rng.integers(CUES, size=3).tolist(), strict=True))
        rounds = {"first": self.delay, "second": self.delay, "third": self.delay - 1}
        self.schedule = [(agent, SHOWN) for agent in self.agents]
        for turn in range(1, self.delay + 1):
            for agent, last in rounds.items():
                if turn == last:
                    self.schedule.append((agent, NAMES))
                elif turn < last and rng.random() < 0.7:
                    self.schedule.append((agent, WAITS))
        self.agent_selection = self.schedule[0][0]

    def step(self, action: int | None) -> None:
        agent = self.agent_selection
        if self.terminations[agent]:
            self._was_dead_step(action)
            return
        self._cumulative_rewards[agent] = 0.0
        self._clear_rewards()
        _, phase = self.schedule.pop(0)
        if phase == NAMES:
            self.rewards[agent] = 1.0 if action == self.cues[agent] else -1.0
            self.terminations[agent] = True
        if self.schedule:
            self.agent_selection = self.schedule[0][0]
        self._accumulate_rewards()
        self._deads_step_first()
