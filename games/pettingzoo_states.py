"""Running PettingZoo environments: one agent at a time (AEC), or all at once (Parallel)."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np

from games.contract import BoolArray, Ending, FloatArray, Move, State
from games.digest import position_digest
from games.legality import check_joint_action, illegal_action
from games.pettingzoo_drawing import draw_environment, environment_action

if TYPE_CHECKING:
    from games.pettingzoo import PettingZooGame

_SEEDS = 2**32
"""Environments may seed NumPy's old generator, which takes 32 bits."""


class PettingZooState(State):
    """A running environment. Subclasses step it; this keeps what every game keeps.

    What the environment shows is copied when it is shown: environments may write into the arrays they gave.
    """

    def __init__(self, game: PettingZooGame, seed: int) -> None:
        self.game = game
        self._seed = seed
        self._moves: list[Move] = []
        self._returns = [0.0] * game.num_seats
        self._views: dict[int, FloatArray] = {}  # kept views by seat; never written to again
        self._masks: dict[int, BoolArray] = {}  # masks of the acting seats, as far as known; likewise
        self._terminated: dict[int, bool] = {}  # seats that are out: by the rules (True), or by a limit
        self._env = game.environment()
        self._reset(seed % _SEEDS)

    @abstractmethod
    def _reset(self, seed: int) -> None:
        """Start the environment."""

    @abstractmethod
    def _step(self, seats: tuple[int, ...], actions: list[int]) -> list[float]:
        """Step the environment and give the rewards of the step for every seat."""

    @abstractmethod
    def _see(self, seat: int, observation: FloatArray) -> None:
        """Write what a seat sees into the row, and make sure that its mask is known if it acts."""

    def observe(self, seat: int, observation: FloatArray, mask: BoolArray) -> None:
        self._see(seat, observation)
        mask[...] = self._masks[seat] if seat in self.acting() else False

    def _mask_in(self, seen: Any, info: Mapping[str, Any]) -> BoolArray:
        """The mask beside the observation, or in the info, or else all actions."""
        given = seen.get("action_mask") if isinstance(seen, dict) else None
        given = info.get("action_mask") if given is None else given
        if given is None:
            return np.ones(self.game.num_actions, np.bool_)
        return np.array(given).astype(np.bool_)

    def apply(self, actions: Sequence[Any]) -> tuple[float, ...]:
        seats = self.acting()
        check_joint_action(self.game, seats, actions)
        for seat, action in zip(seats, actions, strict=True):
            if seat not in self._masks:
                self._see(seat, np.empty(self.game.observation_shape, np.float32))
            if not (0 <= action < self.game.num_actions and self._masks[seat][action]):
                raise illegal_action(self.game, seat, action)
        self._masks = {}
        chosen = [int(action) for action in actions]
        rewards = self._step(seats, [action + self.game.first_action for action in chosen])
        self._moves += zip(seats, chosen, strict=True)
        self._returns = [total + reward for total, reward in zip(self._returns, rewards, strict=True)]
        return tuple(rewards)

    def ending(self) -> Ending | None:
        if self.acting():
            return None
        return "terminated" if all(self._terminated.values()) else "truncated"

    def seat_endings(self) -> tuple[Ending | None, ...]:
        # A seat that the environment never let in, or dropped without a word, ends with the game.
        others = self.ending()
        return tuple(
            others if seat not in self._terminated else "terminated" if self._terminated[seat] else "truncated"
            for seat in range(self.game.num_seats)
        )

    def returns(self) -> tuple[float, ...]:
        return tuple(self._returns)

    def history(self) -> tuple[Move, ...]:
        return tuple(self._moves)

    def draw(self, seat: int | None = None) -> str:
        everything = seat is None or self.game.perfect_information
        views = {}
        for viewer in range(self.game.num_seats) if seat is None or everything else (seat,):
            views[viewer] = np.zeros(self.game.observation_shape, np.float32)
            self._see(viewer, views[viewer])
        moves = self._moves if everything or self.game.public_moves else []
        return draw_environment(self.game.name, self._env, self.game.agent_ids, views, moves, everything=everything)

    def action_name(self, seat: int, action: int) -> str:
        return environment_action(self.game.name, self._env, seat, action)

    def digest(self) -> str:
        return position_digest(self.game, self)

    def clone(self) -> PettingZooState:
        if self.game.copyable:
            twin = copy.copy(self)
            twin._env = copied(self._env)
            twin._moves = self._moves[:]
            twin._views, twin._masks = dict(self._views), dict(self._masks)
            twin._terminated = dict(self._terminated)
            return twin
        twin = self.game.new_state(self._seed)
        at = 0
        while at < len(self._moves):
            count = len(twin.acting())
            twin.apply([action for _, action in self._moves[at : at + count]])
            at += count
        return twin


class AECState(PettingZooState):
    """One agent at a time. The dead are stepped with None at once, after their last view is kept."""

    def _reset(self, seed: int) -> None:
        self._env.reset(seed=seed)
        self._bury()

    def acting(self) -> tuple[int, ...]:
        return (self.game.agents.index(self._env.agent_selection),) if self._env.agents else ()

    def _see(self, seat: int, observation: FloatArray) -> None:
        if seat in self._views:
            observation[...] = self._views[seat]
            return
        agent = self.game.agents[seat]
        seen = self._env.observe(agent)
        self.game.write(seen, observation)
        self._masks[seat] = self._mask_in(seen, self._env.infos.get(agent, {}))

    def _step(self, seats: tuple[int, ...], actions: list[int]) -> list[float]:
        self._env.step(actions[0])
        # `rewards` are those of this step; `_cumulative_rewards` reach a seat only at its own next turn.
        rewards = [float(self._env.rewards.get(agent, 0.0)) for agent in self.game.agents]
        self._bury()
        return rewards

    def _bury(self) -> None:
        env = self._env
        for agent in env.agents:
            seat = self.game.agents.index(agent)
            if (env.terminations[agent] or env.truncations[agent]) and seat not in self._terminated:
                view = np.empty(self.game.observation_shape, np.float32)
                self._see(seat, view)
                self._views[seat] = view
                self._terminated[seat] = bool(env.terminations[agent])
        while env.agents and (env.terminations[env.agent_selection] or env.truncations[env.agent_selection]):
            env.step(None)


class ParallelState(PettingZooState):
    """All living agents at once."""

    def _reset(self, seed: int) -> None:
        # An agent that has not appeared yet sees nothing.
        self._views = {seat: np.zeros(self.game.observation_shape, np.float32) for seat in range(self.game.num_seats)}
        self._receive(*self._env.reset(seed=seed))

    def _receive(self, seen: Mapping[Any, Any], infos: Mapping[Any, Any]) -> None:
        for agent, view in seen.items():
            seat = self.game.agents.index(agent)
            self._views[seat] = np.empty(self.game.observation_shape, np.float32)
            self.game.write(view, self._views[seat])
            self._masks[seat] = self._mask_in(view, infos.get(agent, {}))
        living = (self.game.agents.index(agent) for agent in self._env.agents)
        self._alive = tuple(sorted(seat for seat in living if seat not in self._terminated))

    def acting(self) -> tuple[int, ...]:
        return self._alive

    def _see(self, seat: int, observation: FloatArray) -> None:
        observation[...] = self._views[seat]

    def _step(self, seats: tuple[int, ...], actions: list[int]) -> list[float]:
        agents = self.game.agents
        joint = {agents[seat]: action for seat, action in zip(seats, actions, strict=True)}
        seen, rewards, terminations, truncations, infos = self._env.step(joint)
        for seat in seats:
            terminated = bool(terminations.get(agents[seat], False))
            if terminated or truncations.get(agents[seat], False) or agents[seat] not in self._env.agents:
                self._terminated[seat] = terminated
        self._receive(seen, infos)
        return [float(rewards.get(agent, 0.0)) for agent in agents]


def copied(env: Any) -> Any:
    """A deep copy with the live attributes; gymnasium's EzPickle would give a new environment instead.

    Spaces are shared: they are large, and all that ever changes in them is the generator of ``sample()``, which
    ``reset(seed)`` does not reach, so that no seeded game may depend on it.
    """
    parts = [env]
    while inner := next((vars(parts[-1])[key] for key in ("env", "aec_env") if key in vars(parts[-1])), None):
        parts.append(inner)
    twins = {id(part): object.__new__(type(part)) for part in parts}
    memo: dict[int, Any] = dict(twins)
    for part in parts:
        for value in vars(part).values():
            for item in value.values() if isinstance(value, dict) else (value,):
                if isinstance(item, gym.Space):
                    memo[id(item)] = item
    for part in parts:
        twins[id(part)].__dict__.update(copy.deepcopy(vars(part), memo))
    return twins[id(env)]
