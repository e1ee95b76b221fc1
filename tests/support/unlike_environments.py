"""Small environments with unusual seats, spaces or styles. Some keep the actions they receive."""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
from pettingzoo import ParallelEnv

ACTIONS: dict[str, dict[str, gym.Space[Any]]] = {
    "sizes": {"a": gym.spaces.Discrete(2, start=3), "b": gym.spaces.Discrete(5)},
    "multi": dict.fromkeys("ab", gym.spaces.MultiDiscrete([3, 2], start=[1, 0])),
    "bits": dict.fromkeys("ab", gym.spaces.MultiBinary((2, 2))),
    "boxes": {"a": gym.spaces.Box(-1, 2, (2, 2)), "b": gym.spaces.Box(-1, 2, (1,), np.float64)},
}
SIGHTS: dict[str, dict[str, gym.Space[Any]]] = {
    "shapes": {"a": gym.spaces.Box(0, 9, (2, 2)), "b": gym.spaces.Discrete(3, start=1)},
    "dicts": dict.fromkeys(
        "ab",
        gym.spaces.Dict(
            {
                "near": gym.spaces.Box(0, 9, (2,), np.int64),
                "pair": gym.spaces.Tuple((gym.spaces.Discrete(2), gym.spaces.MultiBinary(2))),
            }
        ),
    ),
    "image": dict.fromkeys("ab", gym.spaces.Box(0, 255, (4, 5, 3), np.uint8)),
    "scalar": dict.fromkeys("ab", gym.spaces.Box(0, 1, ())),
}


class Unlike(ParallelEnv):
    """Three rounds. Each checks and keeps the actions, and shows random observations."""

    metadata: ClassVar = {"name": "unlike", "render_modes": []}

    def __init__(self, actions: str = "sizes", sights: str = "shapes", masks: bool = False) -> None:
        self.possible_agents = ["a", "b"]
        self.actions, self.sights, self.masks = ACTIONS[actions], SIGHTS[sights], masks
        self.render_mode = None
        self.given: list[dict[str, Any]] = []

    def observation_space(self, agent: str) -> gym.Space[Any]:
        return self.sights[agent]

    def action_space(self, agent: str) -> gym.Space[Any]:
        return self.actions[agent]

    def _show(self) -> tuple[Any, Any]:
        self.shown = {}
        for agent, space in self.sights.items():
            space.seed(int(self.rng.integers(2**31)))
            self.shown[agent] = space.sample()
        mask = {"action_mask": ([1, 0, 1], [0, 1])} if self.masks else {}
        return self.shown, dict.fromkeys("ab", mask)

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, Any]:
        self.rng = np.random.default_rng(seed)
        self.agents = ["a", "b"]
        return self._show()

    def step(self, actions: dict[str, Any]) -> tuple[Any, ...]:
        assert all(self.actions[agent].contains(action) for agent, action in actions.items()), actions
        self.given.append(actions)
        over = len(self.given) == 3
        self.agents = [] if over else self.agents
        views, infos = self._show()
        return views, dict.fromkeys("ab", 0.0), dict.fromkeys("ab", over), dict.fromkeys("ab", False), infos


class Births(ParallelEnv):
    """One agent is born each round, and from round two on the oldest dies with a last reward. ``ghost`` never acts."""

    metadata: ClassVar = {"name": "births", "render_modes": []}

    def __init__(self) -> None:
        self.possible_agents = ["eve", "cain", "abel", "seth", "ghost"]
        self.render_mode = None

    def observation_space(self, agent: str) -> gym.Space[Any]:
        return gym.spaces.Discrete(6)

    def action_space(self, agent: str) -> gym.Space[Any]:
        return gym.spaces.Discrete(2)

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, Any]:
        self.round, self.agents = 0, ["eve"]
        return {"eve": 0}, {"eve": {}}

    def step(self, actions: dict[str, Any]) -> tuple[Any, ...]:
        playing = [*self.agents]
        self.round += 1
        born = self.possible_agents[self.round : self.round + 1] if self.round < 4 else []
        dies = playing[:1] if self.round > 1 else []
        # Agents that act earn 1, dying ones 5 more; the next to be born earns 10 before its first observation.
        rewards = {agent: 1.0 + 5.0 * (agent in dies) for agent in playing}
        rewards |= dict.fromkeys(self.possible_agents[self.round + 1 : self.round + 2], 10.0)
        seen = [*playing, *born]
        self.agents = [agent for agent in seen if agent not in dies]
        terminations = {agent: agent in dies for agent in seen}
        return dict.fromkeys(seen, self.round), rewards, terminations, dict.fromkeys(seen, False), {}


class MultiAgentEnv:
    """Stands for RLlib's class, which is recognised by its name."""


class TakeTurns(MultiAgentEnv):
    """``first`` and ``second`` add 1 or 2 in turn; the keys of the observations say whose turn it is.

    The agent that reaches seven gets 1, and the other gets -1 in the same step.
    """

    def __init__(self, sleepy: bool = False) -> None:
        self.possible_agents = ["first", "second"]
        self.observation_spaces = dict.fromkeys(self.possible_agents, gym.spaces.Box(0, 9, (1,)))
        self.action_spaces = dict.fromkeys(self.possible_agents, gym.spaces.Discrete(2, start=1))
        self.sleepy = sleepy

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, Any]:
        self.sum, self.turn = int(np.random.default_rng(seed).integers(3)), 0
        return {"first": np.array([self.sum], np.float32)}, {"first": {}}

    def step(self, actions: dict[str, Any]) -> tuple[Any, ...]:
        ((agent, added),) = actions.items()
        assert agent == self.possible_agents[self.turn]
        self.sum += added
        self.turn = 1 - self.turn
        other = self.possible_agents[self.turn]
        seen = np.array([self.sum], np.float32)
        if self.sum >= 7:
            return {agent: seen, other: seen}, {agent: 1.0, other: -1.0}, {"__all__": True}, {"__all__": False}, {}
        shown = {} if self.sleepy else {other: seen}
        return shown, {agent: 0.0}, {"__all__": False}, {"__all__": False}, {}

    def close(self) -> None:
        pass


def make_cart() -> gym.Env[Any, Any]:
    return gym.make("CartPole-v1")


def make_pendulum() -> gym.Env[Any, Any]:
    return gym.make("Pendulum-v1")
