"""The other way round: any game as a PettingZoo environment, ``AECEnv`` or ``ParallelEnv``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from pettingzoo import AECEnv, ParallelEnv

from games.contract import Game, State
from games.errors import GameError
from games.legality import continuous_action, discrete_action
from games.registry import as_game

RENDER_MODES = ("ansi", "human")


def aec_env(game: Game | str, render_mode: str | None = None) -> GameAECEnv:
    """Any game as a PettingZoo ``AECEnv``: its agents act one after another.

    An observation is PettingZoo's dict of ``observation``, float32 of ``game.observation_shape``, and ``action_mask``,
    int8 ``(n,)``, which is all 0 unless the agent acts; the mask is in the agent's info too. Where actions are
    continuous there are no masks, and an observation is the plain array. Those who act at once are asked in order, see
    nothing of each other's choice, and are rewarded when the last one has chosen. ``rewards`` are those of the last
    step. ``reset(seed=s)`` begins the game of ``game.new_state(s)``; a reset without a seed begins one that follows
    from the last seed given (a game that is not ``replayable`` draws chance that no seed repeats). ``step`` refuses an
    illegal action; PettingZoo's ``TerminateIllegalWrapper`` makes it a loss instead.

    Args:
        game: the game, or its spec.
        render_mode: ``"ansi"``: ``render()`` gives the position as text; ``"human"``: every position is printed.

    Raises:
        GameError: the game cannot be made, or there is no such render mode.
    """
    return GameAECEnv(as_game(game), render_mode)


def parallel_env(game: Game | str, render_mode: str | None = None) -> GameParallelEnv:
    """A simultaneous game as a PettingZoo ``ParallelEnv``.

    All is as in :func:`aec_env`, but every agent that is still in the game sees every step. Where not all of them act,
    the others' masks are all 0 and their actions, if they give any, do not count.

    Args:
        game: the game, or its spec.
        render_mode: as in :func:`aec_env`.

    Raises:
        GameError: as :func:`aec_env`, or the game is turn-based.
    """
    return GameParallelEnv(as_game(game), render_mode)


class _View:
    """What both kinds share: spaces, seeds, what is seen, and the drawing."""

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
        self._seeds = np.random.default_rng()
        self._state: State | None = None

    @property
    def position(self) -> State:
        """The position; read or clone it only.

        Raises:
            GameError: no game has begun.
        """
        return begun(self._state)

    def observation_space(self, agent: str) -> gym.Space[Any]:
        """Space of the observations of ``agent``, always the same object."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> gym.Space[Any]:
        """Space of the actions of ``agent``, always the same object."""
        return self.action_spaces[agent]

    def render(self) -> str | None:
        """The position as text in the mode ``"ansi"``; printed in the mode ``"human"``."""
        return rendered(self)

    def close(self) -> None:
        """Nothing is held."""

    def _observation_space(self, agent: str) -> gym.Space[Any]:
        seen, actions = self.game.observation_space(self.seat_of[agent]), self.action_spaces[agent]
        if not isinstance(actions, gym.spaces.Discrete):
            return seen
        mask = gym.spaces.Box(0, 1, (int(actions.n),), np.int8)
        return gym.spaces.Dict({"observation": seen, "action_mask": mask})

    def _begin(self, seed: int | None) -> None:
        if seed is None:
            seed = int(self._seeds.integers(2**63))
        else:
            self._seeds = np.random.default_rng(seed)
        self._state = self.game.new_state(seed)
        self.agents = self.possible_agents[:]

    def _look(self, agent: str) -> tuple[Any, dict[str, Any]]:
        """Observation and info of an agent, in arrays of their own."""
        seat, actions = self.seat_of[agent], self.action_spaces[agent]
        observation = np.empty(self.game.observation_shape, np.float32)
        mask = np.empty(self.game.num_actions, np.bool_)
        self.position.observe(seat, observation, mask)
        if not isinstance(actions, gym.spaces.Discrete):
            return observation, {}
        legal = mask[: int(actions.n)].astype(np.int8)
        return {"observation": observation, "action_mask": legal}, {"action_mask": legal.copy()}

    def _endings(self) -> tuple[dict[str, bool], dict[str, bool]]:
        """Who is out by the rules, and who by a limit, of those who were in the game."""
        endings = self.position.seat_endings()
        return (
            {agent: endings[self.seat_of[agent]] == "terminated" for agent in self.agents},
            {agent: endings[self.seat_of[agent]] == "truncated" for agent in self.agents},
        )

    def _show(self) -> None:
        if self.render_mode == "human":
            self.render()


class GameAECEnv(_View, AECEnv):
    """One game, agent by agent; made by :func:`aec_env`."""

    def __init__(self, game: Game, render_mode: str | None) -> None:
        super().__init__(game, render_mode)
        self._chosen: list[Any] = []  # actions of those who act at once, until the last one has chosen
        self.infos: dict[str, dict[str, Any]] = {}

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Begin a game."""
        self._begin(seed)
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.agent_selection = self.agents[0]
        self._skip_agent_selection = None
        self._settle(self.position.returns())

    def last(self, observe: bool = True) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """What the selected agent sees, its rewards since its last turn, whether it is out, and its info.

        Raises:
            GameError: no game has begun, or the game is over and all have left.
        """
        begun(self._state)
        if not self.agents:
            raise GameError("last() needs a running game, but this one is over; call reset()")
        seen: tuple[Any, float, bool, bool, dict[str, Any]] = super().last(observe)
        return seen

    def observe(self, agent: str) -> Any:
        """What ``agent`` sees now."""
        return self._look(agent)[0]

    def step(self, action: Any) -> None:
        """The selected agent's action; None when it is out.

        Raises:
            IllegalActionError: the action is not legal; nothing has changed.
            GameError: no game has begun, or the game is over.
        """
        position = self.position
        if not self.agents:
            raise GameError("a step needs a running game, but this one is over; call reset()")
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        seat = self.seat_of[agent]
        if self.game.action_bounds is not None:
            action = continuous_action(self.game, seat, action)
        else:
            action = discrete_action(self.game, seat, action, self.infos[agent]["action_mask"])
        acting = position.acting()
        chosen = [*self._chosen, action]
        if len(chosen) < len(acting):
            self._chosen = chosen
            rewards = None
        else:
            rewards = position.apply(chosen)
        self._cumulative_rewards[agent] = 0.0
        self._clear_rewards()
        if rewards is None:
            self.agent_selection = self.possible_agents[acting[len(chosen)]]
        else:
            self._settle(rewards)

    def _settle(self, rewards: tuple[float, ...]) -> None:
        """Give out the rewards of a step, its endings and infos, and find who acts next."""
        self._chosen = []
        for agent in self.agents:
            self.rewards[agent] = float(rewards[self.seat_of[agent]])
        self._accumulate_rewards()
        self.terminations, self.truncations = self._endings()
        self.infos = {agent: self._look(agent)[1] for agent in self.agents}
        if acting := self.position.acting():
            self.agent_selection = self.possible_agents[acting[0]]
        self._deads_step_first()
        self._show()


class GameParallelEnv(_View, ParallelEnv):
    """One simultaneous game, all agents at once; made by :func:`parallel_env`."""

    def __init__(self, game: Game, render_mode: str | None) -> None:
        if game.dynamics != "simultaneous":
            raise GameError(f"a parallel environment needs a simultaneous game, but {game.spec!r} is not; use aec_env")
        super().__init__(game, render_mode)
        self._owed: tuple[float, ...] = ()

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, Any]:
        """Begin a game; every agent's observation and info. What this pays already is paid with the first step."""
        self._begin(seed)
        self._owed = self.position.returns()
        self._show()
        return self._seen(self.agents)

    def step(self, actions: Mapping[str, Any]) -> tuple[Any, Any, Any, Any, Any]:
        """One action for every acting agent: observations, rewards, terminations, truncations and infos of all that
        were in the game.

        Raises:
            IllegalActionError: an action is not legal; nothing has changed.
            GameError: an agent's action is missing, or the game is over.
        """
        acting = [self.possible_agents[seat] for seat in self.position.acting()]
        if missing := [agent for agent in acting if agent not in actions]:
            raise GameError(f"every acting agent needs an action, but there is none for {', '.join(missing)}")
        rewards = self.position.apply([actions[agent] for agent in acting])
        terminations, truncations = self._endings()
        playing = self.agents
        self.agents = [agent for agent in playing if not (terminations[agent] or truncations[agent])]
        self._show()
        observations, infos = self._seen(playing)
        earned = {agent: float(rewards[seat] + self._owed[seat]) for agent, seat in self.seat_of.items()}
        self._owed = (0.0,) * self.game.num_seats
        return observations, {agent: earned[agent] for agent in playing}, terminations, truncations, infos

    def _seen(self, agents: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
        seen = {agent: self._look(agent) for agent in agents}
        return {agent: view for agent, (view, _) in seen.items()}, {agent: info for agent, (_, info) in seen.items()}


def check_render_mode(mode: str | None) -> str | None:
    """The render mode.

    Raises:
        GameError: there is none of this name.
    """
    if mode is not None and mode not in RENDER_MODES:
        raise GameError(f"a render mode must be one of {', '.join(RENDER_MODES)}, but got {mode!r}")
    return mode


def begun(state: State | None) -> State:
    """The state of an environment.

    Raises:
        GameError: there is none before the first reset.
    """
    if state is None:
        raise GameError("an environment must be reset before it is used, but it never was; call reset()")
    return state


def rendered(env: Any) -> str | None:
    """What ``render()`` gives in the mode of ``env``: its position as text, or nothing once that is printed."""
    if env.render_mode is None:
        gym.logger.warn("render() needs a mode, but there is none; make the environment with render_mode='ansi'")
        return None
    text: str = env.position.draw()
    if env.render_mode == "human":
        print(text)
        return None
    return text
