"""Adapters that give Gymnasium's ``Env`` and RLlib's ``MultiAgentEnv`` the methods of PettingZoo's environments.

Environments are detected by duck typing, so RLlib need not be imported.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Literal

import gymnasium as gym

Style = Literal["aec", "parallel", "agent_dicts"]
"""How an environment is stepped: one agent at a time, all living agents at once, or the agents last observed."""


class Adapter:
    """What both adapters share: the environment itself draws and closes."""

    def __init__(self, env: Any) -> None:
        self.env = env
        self.metadata = getattr(env, "metadata", None) or {}

    @property
    def render_mode(self) -> str | None:
        """The mode of ``render()``."""
        mode: str | None = getattr(self.env, "render_mode", None)
        return mode

    def render(self) -> Any:
        """What the environment's ``render()`` returns."""
        return self.env.render()

    def close(self) -> None:
        """Close the environment."""
        self.env.close()


class SingleAgent(Adapter):
    """A Gymnasium environment with the one agent ``player_0``, stepped like PettingZoo's ``ParallelEnv``."""

    possible_agents = ("player_0",)

    def observation_space(self, agent: str) -> gym.Space[Any]:
        """Space of the observations."""
        space: gym.Space[Any] = self.env.observation_space
        return space

    def action_space(self, agent: str) -> gym.Space[Any]:
        """Space of the actions."""
        space: gym.Space[Any] = self.env.action_space
        return space

    def reset(self, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """Start a new episode."""
        self.agents = ["player_0"]
        seen, info = self.env.reset(seed=seed)
        return {"player_0": seen}, {"player_0": info}

    def step(self, actions: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
        """Step the environment."""
        seen, *outcome = self.env.step(actions["player_0"])
        if outcome[1] or outcome[2]:
            self.agents = []
        return tuple({"player_0": part} for part in (seen, *outcome))


class AgentDicts(Adapter):
    """An RLlib ``MultiAgentEnv``. Agents with an entry in the observations act next; ``__all__`` means all agents."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        ids = getattr(env, "possible_agents", None) or getattr(env, "agents", None)
        self.possible_agents: tuple[Hashable, ...] = tuple(ids or getattr(env, "observation_spaces", None) or ())

    def observation_space(self, agent: Hashable) -> gym.Space[Any]:
        """Space of the observations of ``agent``."""
        return self._space("observation", agent)

    def action_space(self, agent: Hashable) -> gym.Space[Any]:
        """Space of the actions of ``agent``."""
        return self._space("action", agent)

    def _space(self, what: str, agent: Hashable) -> gym.Space[Any]:
        ask = getattr(self.env, f"get_{what}_space", None)
        space: gym.Space[Any] = ask(agent) if ask is not None else getattr(self.env, f"{what}_spaces")[agent]
        return space

    def reset(self, seed: int) -> tuple[Mapping[Any, Any], Mapping[Any, Any]]:
        """Start a new episode."""
        seen, infos = self.env.reset(seed=seed)
        return seen, infos

    def step(self, actions: Mapping[Any, Any]) -> tuple[Mapping[Any, Any], ...]:
        """Step the environment with the actions of the acting agents."""
        seen, rewards, terminated, truncated, infos = self.env.step(actions)
        return seen, rewards, terminated, truncated, infos


def adapted(env: Any) -> Any | None:
    """The environment with PettingZoo's methods: itself if it is PettingZoo's; None if it is no environment."""
    from pettingzoo import AECEnv, ParallelEnv

    if isinstance(env, AECEnv | ParallelEnv):
        return env
    # RLlib's class inherits from Gymnasium's environment, but its methods differ.
    by_name = any(base.__name__ == "MultiAgentEnv" for base in type(env).__mro__)
    by_methods = all(hasattr(env, name) for name in ("reset", "step", "observation_spaces", "action_spaces"))
    if by_name or (by_methods and not isinstance(env, gym.Env)):
        return AgentDicts(env)
    return SingleAgent(env) if isinstance(env, gym.Env) else None


def style(env: Any) -> Style:
    """How an adapted environment is stepped."""
    from pettingzoo import AECEnv

    if isinstance(env, AgentDicts):
        return "agent_dicts"
    return "aec" if isinstance(env, AECEnv) else "parallel"
