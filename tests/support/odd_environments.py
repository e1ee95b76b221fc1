"""Small PettingZoo environments with one peculiarity each."""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
from gymnasium.utils import EzPickle
from pettingzoo import AECEnv, ParallelEnv
from pettingzoo.utils.conversions import parallel_to_aec


class Countdown(AECEnv, EzPickle):
    """Three agents take 1 or 2 off a number in turn. Whoever takes the last gets -3 and is terminated, the others are
    truncated.

    Every step also pays: the mover gets what it took, and the next agent loses 0.25.
    """

    metadata: ClassVar = {"name": "countdown", "render_modes": ["ansi"], "is_parallelizable": False}

    def __init__(self, start: int = 7, render_mode: str | None = None) -> None:
        EzPickle.__init__(self, start, render_mode)
        super().__init__()
        self.start = start
        self.render_mode = render_mode
        self.possible_agents = ["ann", "bob", "cat"]

    def observation_space(self, agent: str) -> gym.Space[Any]:
        return gym.spaces.Box(0, 100, (2,), np.float64)

    def action_space(self, agent: str) -> gym.Space[Any]:
        return gym.spaces.Discrete(2, start=1)

    def observe(self, agent: str) -> np.ndarray:
        return np.array([self.left, self.possible_agents.index(agent)], np.float64)

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        self.left = self.start + int(np.random.default_rng(seed).integers(3))
        self.agents = self.possible_agents[:]
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self._give_infos()
        self.agent_selection = self.agents[0]

    def _give_infos(self) -> None:
        self.infos = {agent: {"action_mask": np.array([1, self.left >= 2], np.int8)} for agent in self.agents}

    def step(self, action: int | None) -> None:
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        assert action in (1, 2)
        assert action <= self.left, "more was taken than is left"
        self._clear_rewards()
        self._cumulative_rewards[agent] = 0.0
        following = self.agents[(self.agents.index(agent) + 1) % len(self.agents)]
        self.left -= action
        self.rewards[agent] = float(action)
        self.rewards[following] = -0.25
        if self.left == 0:
            self.rewards[agent] = -3.0
            self.terminations[agent] = True
            self.truncations.update({other: True for other in self.agents if other != agent})
        self.agent_selection = following
        self._give_infos()
        self._accumulate_rewards()
        self._deads_step_first()

    def render(self) -> str:
        return f"{self.left} left\n"


class Ante(Countdown):
    """:class:`Countdown` with rewards at reset: all agents but the last pay to sit down."""

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        super().reset(seed, options)
        self.rewards = {"ann": -0.5, "bob": -1.25, "cat": 0.0}
        self._accumulate_rewards()


class LastStanding(ParallelEnv):
    """Each round every living agent shows 0 or 1, and the minority leaves, until two or fewer agents are left."""

    metadata: ClassVar = {"name": "last_standing", "render_modes": []}

    def __init__(self, agents: int = 5, lives: int = 6) -> None:
        self.possible_agents = [f"p{number}" for number in range(agents)]
        self.lives = lives
        self.render_mode = None

    def observation_space(self, agent: str) -> gym.Space[Any]:
        return gym.spaces.Dict(
            {"observation": gym.spaces.Box(0, 10, (1, 2)), "action_mask": gym.spaces.Box(0, 1, (2,), np.int8)}
        )

    def action_space(self, agent: str) -> gym.Space[Any]:
        return gym.spaces.Discrete(2)

    def _views(self, agents: list[str]) -> dict[str, Any]:
        self.board[0, 0] = self.rounds
        self.board[0, 1] = len(self.agents)
        return {agent: {"observation": self.board, "action_mask": np.ones(2, np.int8)} for agent in agents}

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, Any]:
        self.board = np.zeros((1, 2), np.float32)  # one array, overwritten every round: clones must not share it
        self.rounds = 0
        self.agents = self.possible_agents[:]
        return self._views(self.agents), {agent: {} for agent in self.agents}

    def step(self, actions: dict[str, int]) -> tuple[Any, ...]:
        playing = self.agents[:]
        self.rounds += 1
        ones = sum(actions.values())
        loser = 1 if 2 * ones < len(playing) else 0
        out = [agent for agent in playing if actions[agent] == loser] if 0 < ones < len(playing) else []
        rest = [agent for agent in playing if agent not in out]
        decided = len(rest) <= 2
        late = self.rounds >= self.lives
        terminations = {agent: agent in out or decided for agent in playing}
        truncations = {agent: late and not terminations[agent] for agent in playing}
        rewards = {agent: -1.0 if agent in out else 0.5 for agent in playing}
        self.agents = [agent for agent in playing if not (terminations[agent] or truncations[agent])]
        return self._views(playing), rewards, terminations, truncations, {agent: {} for agent in playing}

    def render(self) -> None:
        return None


def in_turns(lives: int = 6) -> AECEnv:
    """:class:`LastStanding` in turns."""
    return parallel_to_aec(LastStanding(lives=lives))


class Unbounded(Countdown):
    """Actions are any real number: a box without bounds."""

    def action_space(self, agent: str) -> gym.Space[Any]:
        return gym.spaces.Box(-np.inf, np.inf, (1,))


class Piano(Countdown):
    """Actions are combinations of 13 keys, too many to number."""

    def action_space(self, agent: str) -> gym.Space[Any]:
        return gym.spaces.MultiBinary(13)


class Mixed(Countdown):
    """One seat has discrete actions, the others continuous ones."""

    def action_space(self, agent: str) -> gym.Space[Any]:
        return gym.spaces.Discrete(3) if agent == "ann" else gym.spaces.Box(-1, 1, (1,))


class Growing(Countdown):
    """Observations have no fixed size."""

    def observation_space(self, agent: str) -> gym.Space[Any]:
        return gym.spaces.Sequence(gym.spaces.Discrete(5))


class Guarded(Countdown):
    """Holds an object that cannot be copied."""

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        super().reset(seed, options)
        self.stream = (number for number in range(3))


def make_text() -> str:
    return "no environment"


def make_broken(size: int) -> AECEnv:
    raise RuntimeError(f"no board\nof size {size}")


class Toss(ParallelEnv):
    """Whoever calls the coin wins; or wins as much as the stake."""

    possible_agents = ("even", "odd")

    def __init__(self, graded: object, stakes: bool = False) -> None:
        self.metadata = {"name": "toss", "graded": graded}
        self.stakes = stakes

    def observation_space(self, agent: str) -> gym.spaces.Discrete:
        return gym.spaces.Discrete(1)

    def action_space(self, agent: str) -> gym.spaces.Discrete:
        return gym.spaces.Discrete(4)

    def reset(self, seed: int | None = None, options: object = None) -> tuple[dict[str, int], dict[str, object]]:
        self.agents = ["even", "odd"]
        return {"even": 0, "odd": 0}, {}

    def step(self, actions: dict[str, int]) -> tuple[object, ...]:
        self.agents = []
        won = (1 if (actions["even"] + actions["odd"]) % 2 else -1) * (actions["even"] + 1 if self.stakes else 1)
        return {"even": 0, "odd": 0}, {"even": won, "odd": -won}, dict.fromkeys(actions, True), {}, {}
