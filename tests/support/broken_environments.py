"""A small environment, sound by default, that breaks one rule on demand."""

from __future__ import annotations

import sys
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
from pettingzoo import AECEnv, ParallelEnv

FAULTS = (
    "raise",
    "raise_in_reset",
    "nan_reward",
    "reward_of_a_stranger",
    "nan_observation",
    "wrong_shape",
    "wrong_dtype",
    "no_legal_action",
    "short_mask",
    "mask_of_counts",
    "mask_of_nan",
    "stranger",
    "exit",
    "huge_reward",
    "unpaid",
    "ending_of_a_stranger",
)


class Pair(ParallelEnv):
    """Two agents show 0 or 1 for ``rounds`` rounds. An agent that alone shows 1 gets a point.

    Args:
        fault: which rule it breaks, one of :data:`FAULTS`; None for none.
        at: the round whose step breaks the rule.
        rounds: rounds of a game.
        share: percentage of seeds whose games break the rule.
    """

    metadata: ClassVar = {"name": "pair", "render_modes": []}

    def __init__(self, fault: str | None = None, at: int = 2, rounds: int = 4, share: int = 100) -> None:
        assert fault in (None, *FAULTS)
        self.possible_agents = ["a", "b"]
        self.fault, self.at, self.rounds, self.share = fault, at, rounds, share
        self.render_mode = None

    def observation_space(self, agent: str) -> gym.Space[Any]:
        return gym.spaces.Box(0, 100, (2,), np.float64)

    def action_space(self, agent: str) -> gym.Space[Any]:
        return gym.spaces.Discrete(2)

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, Any]:
        self.round = 0
        self.breaks = self.fault if np.random.default_rng(seed).integers(100) < self.share else None
        if self.breaks == "raise_in_reset":
            raise RuntimeError("no board")
        self.agents = ["a", "b"]
        return self._views(), {"a": {}, "b": {}}

    def _views(self) -> dict[str, Any]:
        return {agent: np.array([self.round, at], np.float64) for at, agent in enumerate(("a", "b"))}

    def step(self, actions: dict[str, int]) -> tuple[Any, ...]:
        self.round += 1
        rewards = {agent: float(shown > min(actions.values())) for agent, shown in actions.items()}
        views, infos = self._views(), {"a": {}, "b": {}}
        if self.round >= self.rounds:
            self.agents = []
        if self.round == self.at:
            views, rewards, infos = self._broken(views, rewards, infos)
        over = self.round >= self.rounds
        terminations = dict.fromkeys("ab", over)
        if self.round == self.at and self.breaks == "ending_of_a_stranger":
            terminations["zoe"] = True
        return views, rewards, terminations, dict.fromkeys("ab", False), infos

    def _broken(self, views: dict[str, Any], rewards: dict[str, float], infos: dict[str, Any]) -> tuple[Any, Any, Any]:
        match self.breaks:
            case "raise":
                raise ZeroDivisionError("the dice\nare gone")
            case "exit":
                sys.exit("no more")
            case "huge_reward":
                rewards["b"] = 1e39
            case "unpaid":
                del rewards["b"]
            case "nan_reward":
                rewards["b"] = float("nan")
            case "reward_of_a_stranger":
                rewards["zoe"] = 1.0
            case "nan_observation":
                views["b"] = np.array([np.nan, 0.0])
            case "wrong_shape":
                views["a"] = np.zeros(3)
            case "wrong_dtype":
                views["a"] = np.array(["x", "y"])
            case "no_legal_action":
                infos["a"]["action_mask"] = np.zeros(2, np.int8)
            case "short_mask":
                infos["a"]["action_mask"] = np.ones(1, np.int8)
            case "mask_of_counts":
                infos["a"]["action_mask"] = np.array([1, 5])
            case "mask_of_nan":
                infos["a"]["action_mask"] = np.array([1.0, np.nan])
            case "stranger":
                self.agents = ["a", "b", "zoe"]
        return views, rewards, infos


class Returning(Pair):
    """``b`` leaves after the first round and may come back after the second.

    Args:
        word: ``b`` is terminated when it leaves; otherwise it only vanishes from ``agents``.
        back: ``b`` comes back.
    """

    def __init__(self, word: bool = True, back: bool = True) -> None:
        super().__init__()
        self.word, self.back = word, back

    def step(self, actions: dict[str, int]) -> tuple[Any, ...]:
        views, rewards, terminations, truncations, infos = super().step({"b": 0, **actions})
        if self.round == 1:
            self.agents = ["a"]
            terminations["b"] = self.word
        elif self.round == 2 and self.back:
            self.agents = ["a", "b"]
        return views, rewards, terminations, truncations, infos


class Leaving(AECEnv):
    """One round in which ``a`` acts; then both agents vanish from ``agents`` without being terminated or truncated."""

    metadata: ClassVar = {"name": "leaving", "render_modes": []}
    possible_agents: ClassVar = ["a", "b"]
    render_mode = None

    def observation_space(self, agent: str) -> gym.Space[Any]:
        return gym.spaces.Box(0, 1, (1,))

    def action_space(self, agent: str) -> gym.Space[Any]:
        return gym.spaces.Discrete(2)

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        self.agents, self.agent_selection = ["a", "b"], "a"
        self.rewards, self._cumulative_rewards = {"a": 0.0, "b": 0.0}, {"a": 0.0, "b": 0.0}
        self.terminations, self.truncations = {"a": False, "b": False}, {"a": False, "b": False}
        self.infos = {"a": {}, "b": {}}

    def observe(self, agent: str) -> Any:
        return np.zeros(1, np.float32)

    def step(self, action: int | None) -> None:
        self.agents = []


class Forgetful(Pair):
    """The first game allows two actions in its first round, later games one. The second round fails."""

    games = 0

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, Any]:
        views, infos = super().reset(seed)
        Forgetful.games += 1
        infos["a"]["action_mask"] = np.array([Forgetful.games == 1, True])
        return views, infos

    def step(self, actions: dict[str, int]) -> tuple[Any, ...]:
        if self.round == 1:
            raise RuntimeError("no second round")
        return super().step(actions)


class InTurn(AECEnv):
    """:class:`Pair` in turns, with two more faults that need turns.

    Args:
        fault: one of :data:`FAULTS`, ``undying`` (dead agents stay) or ``unknown_turn`` (an unknown agent's turn).
    """

    metadata: ClassVar = {"name": "in_turn", "render_modes": [], "is_parallelizable": True}

    def __init__(self, fault: str | None = None) -> None:
        self.fault = fault
        self.pair = Pair(fault if fault in FAULTS else None)
        self.possible_agents = ["a", "b"]
        self.render_mode = None

    def observation_space(self, agent: str) -> gym.Space[Any]:
        return self.pair.observation_space(agent)

    def action_space(self, agent: str) -> gym.Space[Any]:
        return self.pair.action_space(agent)

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        self.views, self.infos = self.pair.reset(seed)
        self.agents = self.pair.agents[:]
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.agent_selection, self.first = "a", 0

    def observe(self, agent: str) -> Any:
        return self.views[agent]

    def step(self, action: int | None) -> None:
        if self.terminations[self.agent_selection]:
            if self.fault != "undying":
                self._was_dead_step(action)
            return
        self.rewards = dict.fromkeys(self.agents, 0.0)
        if self.agent_selection == "a":
            self.first, self.agent_selection = action or 0, "b"
            return
        self.views, self.rewards, self.terminations, self.truncations, self.infos = self.pair.step(
            {"a": self.first, "b": action or 0}
        )
        if self.pair.agents:
            self.agents = self.pair.agents[:]
        self.agent_selection = "zoe" if self.fault == "unknown_turn" else "a"
