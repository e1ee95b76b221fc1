"""Environments of other libraries, Gymnasium's ``Env`` and RLlib's ``MultiAgentEnv``, by the names PettingZoo uses.

They are told by what they are like: nothing of RLlib is loaded here.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Literal

import gymnasium as gym

Style = Literal["aec", "parallel", "agent_dicts"]
"""How an environment is stepped: one agent at a time, all living ones at once, or whoever was last shown something."""


class Foreign:
    """What both have in common: drawing and closing, done by the environment itself."""

    def __init__(self, env: Any) -> None:
        self.env = env
        self.metadata = getattr(env, "metadata", None) or {}

    @property
    def render_mode(self) -> str | None:
        """What ``render()`` gives."""
        mode: str | None = getattr(self.env, "render_mode", None)
        return mode

    def render(self) -> Any:
        """What the environment draws."""
        return self.env.render()

    def close(self) -> None:
        """Close the environment."""
        self.env.close()


class SingleAgent(Foreign):
    """A Gymnasium environment, whose one agent is ``player_0``, stepped as PettingZoo's ``ParallelEnv``."""

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
        """Start anew."""
        self.agents = ["player_0"]
        seen, info = self.env.reset(seed=seed)
        return {"player_0": seen}, {"player_0": info}

    def step(self, actions: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
        """One step."""
        seen, *outcome = self.env.step(actions["player_0"])
        if outcome[1] or outcome[2]:
            self.agents = []
        return tuple({"player_0": part} for part in (seen, *outcome))


class AgentDicts(Foreign):
    """An RLlib ``MultiAgentEnv``: its dicts name who is shown something, and so acts next; ``__all__`` is everybody."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        ids = getattr(env, "possible_agents", None) or getattr(env, "agents", None)
        self.possible_agents: tuple[Hashable, ...] = tuple(ids or getattr(env, "observation_spaces", None) or ())

    def observation_space(self, agent: Hashable) -> gym.Space[Any]:
        """Space of what ``agent`` sees."""
        return self._space("observation", agent)

    def action_space(self, agent: Hashable) -> gym.Space[Any]:
        """Space of what ``agent`` does."""
        return self._space("action", agent)

    def _space(self, what: str, agent: Hashable) -> gym.Space[Any]:
        ask = getattr(self.env, f"get_{what}_space", None)
        space: gym.Space[Any] = ask(agent) if ask is not None else getattr(self.env, f"{what}_spaces")[agent]
        return space

    def reset(self, seed: int) -> tuple[Mapping[Any, Any], Mapping[Any, Any]]:
        """Start anew."""
        seen, infos = self.env.reset(seed=seed)
        return seen, infos

    def step(self, actions: Mapping[Any, Any]) -> tuple[Mapping[Any, Any], ...]:
        """One step of those who act."""
        seen, rewards, terminated, truncated, infos = self.env.step(actions)
        return seen, rewards, terminated, truncated, infos


def adapted(env: Any) -> Any | None:
    """The environment by PettingZoo's names; itself if it is PettingZoo's, None if it is nothing we know."""
    from pettingzoo import AECEnv, ParallelEnv

    if isinstance(env, AECEnv | ParallelEnv):
        return env
    # RLlib's class is a Gymnasium environment by inheritance, but not by its methods.
    named = any(base.__name__ == "MultiAgentEnv" for base in type(env).__mro__)
    alike = all(hasattr(env, name) for name in ("reset", "step", "observation_spaces", "action_spaces"))
    if named or (alike and not isinstance(env, gym.Env)):
        return AgentDicts(env)
    return SingleAgent(env) if isinstance(env, gym.Env) else None


def style(env: Any) -> Style:
    """How an adapted environment is stepped."""
    from pettingzoo import AECEnv

    if isinstance(env, AgentDicts):
        return "agent_dicts"
    return "aec" if isinstance(env, AECEnv) else "parallel"
