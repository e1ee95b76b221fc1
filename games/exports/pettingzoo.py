"""Any game as a PettingZoo environment, ``AECEnv`` or ``ParallelEnv``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from pettingzoo import AECEnv, ParallelEnv

from games.contract import Game, State
from games.errors import GameError
from games.exports.episode import RENDER_MODES, Episode, check_render_mode, render
from games.legality import continuous_action, discrete_action
from games.registry import as_game


def aec_env(game: Game | str, render_mode: str | None = None) -> GameAECEnv:
    """Any game as a PettingZoo ``AECEnv``: its agents act one after another.

    An observation is PettingZoo's dict of ``observation``, float32 of ``game.observation_shape``, and ``action_mask``,
    int8 ``(n,)``, which is all 0 unless the agent acts. The agent's info has the mask too. If actions are continuous
    there are no masks, and an observation is the plain array. Agents that act at once are asked in order, do not see
    each other's choices, and get their rewards when the last of them has chosen. ``rewards`` are those of the last
    step. ``reset(seed=s)`` begins the game of ``game.new_state(s)``. A reset without a seed begins a game that follows
    from the last seed, but a game that is not ``replayable`` draws chance that no seed repeats. ``step`` refuses an
    illegal action; PettingZoo's ``TerminateIllegalWrapper`` turns it into a loss.

    Args:
        game: the game, or its spec.
        render_mode: ``"ansi"``: ``render()`` returns the position as text; ``"human"``: every position is printed.

    Raises:
        GameError: the game cannot be made, or there is no such render mode.
    """
    return GameAECEnv(as_game(game), render_mode)


def parallel_env(game: Game | str, render_mode: str | None = None) -> GameParallelEnv:
    """A simultaneous game as a PettingZoo ``ParallelEnv``.

    It is like :func:`aec_env`, but every agent that is still in the game gets an observation at every step. If only
    some of them act, the masks of the others are all 0, and their actions are ignored.

    Args:
        game: the game, or its spec.
        render_mode: as in :func:`aec_env`.

    Raises:
        GameError: as :func:`aec_env`, or the game is turn-based.
    """
    return GameParallelEnv(as_game(game), render_mode)


class _Export:
    """What both environments share: spaces, observations and drawings."""

    def __init__(self, game: Game, render_mode: str | None) -> None:
        self.game = game
        self.render_mode = check_render_mode(render_mode)
        self.metadata = {
            "name": game.spec,
            "render_modes": list(RENDER_MODES),
            "is_parallelizable": game.dynamics == "simultaneous",
        }
        self.possible_agents = list(game.agent_ids)
        self.agents: list[str] = []
        self.seat_of = {agent: seat for seat, agent in enumerate(game.agent_ids)}
        self.action_spaces = {agent: game.action_space(seat) for agent, seat in self.seat_of.items()}
        self.observation_spaces = {agent: self._observation_space(agent) for agent in self.possible_agents}
        self._episode = Episode(game)

    @property
    def position(self) -> State:
        """The position, to read or clone.

        Raises:
            GameError: no game has begun.
        """
        return self._episode.state

    def observation_space(self, agent: str) -> gym.Space[Any]:
        """The space of the observations of ``agent``, always the same object."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> gym.Space[Any]:
        """The space of the actions of ``agent``, always the same object."""
        return self.action_spaces[agent]

    def render(self) -> str | None:
        """The position as text in the mode ``"ansi"``; printed in the mode ``"human"``."""
        return render(self.render_mode, self._episode)

    def close(self) -> None:
        """Do nothing; the environment holds no resources."""

    def _observation_space(self, agent: str) -> gym.Space[Any]:
        seen, actions = self.game.observation_space(self.seat_of[agent]), self.action_spaces[agent]
        if not isinstance(actions, gym.spaces.Discrete):
            return seen
        mask = gym.spaces.Box(0, 1, (int(actions.n),), np.int8)
        return gym.spaces.Dict({"observation": seen, "action_mask": mask})

    def _begin(self, seed: int | None) -> None:
        self._episode.reset(seed)
        self.agents = self.possible_agents[:]

    def _look(self, agent: str) -> tuple[Any, dict[str, Any]]:
        """Observation and info of an agent, in new arrays."""
        observation, mask = self._episode.observe(self.seat_of[agent])
        actions = self.action_spaces[agent]
        if not isinstance(actions, gym.spaces.Discrete):
            return observation, {}
        legal = mask[: int(actions.n)].astype(np.int8)
        return {"observation": observation, "action_mask": legal}, {"action_mask": legal.copy()}

    def _endings(self) -> tuple[dict[str, bool], dict[str, bool]]:
        """Which of the agents in the game the rules have ended, and which a limit."""
        endings = self._episode.seat_endings()
        return (
            {agent: endings[self.seat_of[agent]] == "terminated" for agent in self.agents},
            {agent: endings[self.seat_of[agent]] == "truncated" for agent in self.agents},
        )

    def _show(self) -> None:
        if self.render_mode == "human":
            self.render()


class GameAECEnv(_Export, AECEnv):
    """One game, agent by agent; made by :func:`aec_env`."""

    def __init__(self, game: Game, render_mode: str | None) -> None:
        super().__init__(game, render_mode)
        self._chosen: list[Any] = []  # actions of agents that act at once, until the last one has chosen
        self.infos: dict[str, dict[str, Any]] = {}

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Begin a game."""
        self._begin(seed)
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.agent_selection = self.agents[0]
        self._skip_agent_selection = None
        self._settle()

    def last(self, observe: bool = True) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Observation of the selected agent, its rewards since its last turn, its two endings, and its info.

        Raises:
            GameError: no game has begun, or the game is over and all agents have left.
        """
        self._check_running()
        seen: tuple[Any, float, bool, bool, dict[str, Any]] = super().last(observe)
        return seen

    def observe(self, agent: str) -> Any:
        """The observation of ``agent`` now."""
        return self._look(agent)[0]

    def step(self, action: Any) -> None:
        """Take the selected agent's action; None if it is dead.

        Raises:
            IllegalActionError: the action is not legal. Nothing has changed.
            GameError: no game has begun, or the game is over.
        """
        self._check_running()
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        seat = self.seat_of[agent]
        if self.game.action_bounds is not None:
            action = continuous_action(self.game, seat, action)
        else:
            action = discrete_action(self.game, seat, action, self.infos[agent]["action_mask"])
        acting = self._episode.acting()
        chosen = [*self._chosen, action]
        complete = len(chosen) == len(acting)
        if complete:
            self._episode.step(chosen)
        self._cumulative_rewards[agent] = 0.0
        self._clear_rewards()
        if complete:
            self._settle()
        else:
            self._chosen = chosen
            self.agent_selection = self.possible_agents[acting[len(chosen)]]

    def _check_running(self) -> None:
        if not self.agents:
            self._episode.check_running()

    def _settle(self) -> None:
        """Pay the rewards of a step, set endings and infos, and select the agent that acts next."""
        self._chosen = []
        rewards = self._episode.pay(range(self.game.num_seats))
        for agent in self.agents:
            self.rewards[agent] = rewards[self.seat_of[agent]]
        self._accumulate_rewards()
        self.terminations, self.truncations = self._endings()
        self.infos = {agent: self._look(agent)[1] for agent in self.agents}
        if acting := self._episode.acting():
            self.agent_selection = self.possible_agents[acting[0]]
        self._deads_step_first()
        self._show()


class GameParallelEnv(_Export, ParallelEnv):
    """One simultaneous game, all agents at once; made by :func:`parallel_env`."""

    def __init__(self, game: Game, render_mode: str | None) -> None:
        if game.dynamics != "simultaneous":
            raise GameError(f"{game.spec!r} is turn-based, so it is no parallel environment; use aec_env")
        super().__init__(game, render_mode)

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, Any]:
        """Begin a game, and return every agent's observation and info. The first step pays the reset's rewards."""
        self._begin(seed)
        self._show()
        return self._seen(self.agents)

    def step(self, actions: Mapping[str, Any]) -> tuple[Any, Any, Any, Any, Any]:
        """Take one action for every acting agent.

        Returns:
            Observations, rewards, terminations, truncations and infos of all agents that were in the game.

        Raises:
            IllegalActionError: an action is not legal. Nothing has changed.
            GameError: an agent's action is missing, no game has begun, or the game is over.
        """
        acting = [self.possible_agents[seat] for seat in self._episode.acting()]
        if missing := [agent for agent in acting if agent not in actions]:
            raise GameError(f"every acting agent needs an action, but {', '.join(missing)} has none")
        self._episode.step([actions[agent] for agent in acting])
        terminations, truncations = self._endings()
        playing = self.agents
        self.agents = [agent for agent in playing if not (terminations[agent] or truncations[agent])]
        self._show()
        observations, infos = self._seen(playing)
        rewards = self._episode.pay(range(self.game.num_seats))
        earned = {agent: rewards[self.seat_of[agent]] for agent in playing}
        return observations, earned, terminations, truncations, infos

    def _seen(self, agents: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
        seen = {agent: self._look(agent) for agent in agents}
        return {agent: view for agent, (view, _) in seen.items()}, {agent: info for agent, (_, info) in seen.items()}
