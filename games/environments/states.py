"""Running environments: one agent at a time (AEC), all at once (Parallel), or the observed ones (RLlib)."""

from __future__ import annotations

import copy
import warnings
from abc import abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Self

import numpy as np

from games.contract import Action, BoolArray, Ending, FloatArray, Move, PictureArray, State
from games.digest import position_digest
from games.drawing.environments import draw_environment, environment_action, environment_route
from games.environments.copies import copied
from games.environments.rules import EnvironmentRules
from games.environments.spaces import read_mask
from games.errors import BrokenGameError, GameError
from games.foreign import FOREIGN_ERRORS, BrokenRule, check_rewards, describe_failure
from games.legality import check_joint_action, continuous_action, discrete_action

_SEEDS = 2**31
"""Seeds are taken modulo this. NumPy's old generator takes 32 bits only, and some environments use a C++ int."""


class EnvironmentState(State):
    """A running environment. Subclasses step it; this class keeps the history and checks what the environment returns.

    Observations are copied at once, because environments may write into arrays that they have returned. A step that
    fails is undone by replaying the game from its seed. If the replay fails too, or differs, history, returns and
    observations of acting seats are still those before the step, but the environment and its drawing are not.
    """

    def __init__(self, game: EnvironmentRules, seed: int) -> None:
        self.game = game
        self._seed = seed
        self._moves: list[Move] = []
        self._returns = [0.0] * game.num_seats
        self._views: dict[int, FloatArray] = {}  # kept observations by seat; never written to again
        self._masks: dict[int, BoolArray] = {}  # masks of the acting seats; never written to again
        self._terminated: dict[int, bool] = {}  # seats that have ended: True by the rules, False by a limit
        self._acting: tuple[int, ...] = ()
        self._painted: EnvironmentState | None = None  # the same game with pictures
        try:
            self._env = game.environment()
            self._reset(seed % _SEEDS)
        except FOREIGN_ERRORS as error:
            raise self._broken("reset", error) from error

    @abstractmethod
    def _reset(self, seed: int) -> None:
        """Start the environment."""

    @abstractmethod
    def _step(self, joint: Mapping[int, Any]) -> list[float]:
        """Step the environment with its own action for every acting seat; return the reward of every seat."""

    @abstractmethod
    def _see(self, seat: int, observation: FloatArray) -> None:
        """Write the observation of a seat into the row."""

    def acting(self) -> tuple[int, ...]:
        return self._acting

    def observe(self, seat: int, observation: FloatArray, mask: BoolArray) -> None:
        self._see(seat, observation)
        mask[...] = self._masks[seat] if seat in self._acting else False

    def apply(self, actions: Sequence[Any]) -> tuple[float, ...]:
        game, seats = self.game, self._acting
        check_joint_action(game, seats, actions)
        moves: list[Move] = []
        joint = {}
        for seat, action in zip(seats, actions, strict=True):
            chosen: Action
            if game.action_bounds is not None:
                chosen = continuous_action(game, seat, action)
            else:
                chosen = discrete_action(game, seat, action, self._masks[seat])
            moves.append((seat, chosen))
            joint[seat] = game.choices[seat].decode(chosen)
        try:
            rewards = self._step(joint)
        except FOREIGN_ERRORS as error:
            broken = self._broken(f"step({dict(moves)})", error)
            # Half a step cannot be undone, so replay the game; keep the state as it is if the replay differs.
            with suppress(GameError):
                self.__dict__.update(self._replayed().__dict__)
            raise broken from error
        self._moves += moves
        self._returns = [total + reward for total, reward in zip(self._returns, rewards, strict=True)]
        return tuple(rewards)

    def _broken(self, doing: str, error: BaseException) -> BrokenGameError:
        return BrokenGameError(
            f"{self.game.spec!r} breaks the contract in {doing}, after {len(self._moves)} moves of seed {self._seed}: "
            f"{describe_failure(error)}"
        )

    def _seat(self, agent: Any) -> int:
        try:
            return self.game.seat_of[agent]
        except (KeyError, TypeError):
            known = ", ".join(self.game.agent_ids)
            raise BrokenRule(f"agents must be among possible_agents ({known}), but {agent!r} is not") from None

    def _looked(self, seat: int, seen: Any) -> FloatArray:
        view = np.empty(self.game.observation_shape, np.float32)
        self.game.write(seat, seen, view)
        return view

    def _mask(self, seat: int, seen: Any, info: Mapping[str, Any] | None) -> BoolArray:
        """The mask in the observation or in the info; all actions if there is none."""
        given = seen.get("action_mask") if isinstance(seen, dict) else None
        if given is None and info:
            given = info.get("action_mask")
        if given is None or self.game.action_bounds is not None:
            return self.game.all_legal[seat]
        mask = np.empty(self.game.num_actions, np.bool_)
        read_mask(given, self.game.choices[seat], mask)
        if not mask.any():
            raise BrokenRule(f"an acting agent must have a legal action, but {self.game.agents[seat]!r} has none")
        return mask

    def _rewards(self, given: Mapping[Any, Any], owed: Iterable[Any] = ()) -> list[float]:
        """The rewards of all seats, in their order. Agents in ``owed`` must have one."""
        game = self.game
        self._check_known(given)
        for agent in owed:
            if agent not in given:
                raise BrokenRule(f"a living agent must get a reward, even if it is 0, but {agent!r} gets none")
        rewards = [float(given.get(agent, 0.0)) for agent in game.agents]
        check_rewards(rewards, game.agent_ids)
        return rewards

    def _check_known(self, agents: Collection[Any]) -> None:
        if not self.game.seat_of.keys() >= set(agents):
            for agent in agents:
                self._seat(agent)

    def ending(self) -> Ending | None:
        if self._acting:
            return None
        return "terminated" if all(self._terminated.values()) else "truncated"

    def seat_endings(self) -> tuple[Ending | None, ...]:
        # A seat that never appeared ends with the game.
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

    def picture(self) -> PictureArray | None:
        # Pictures come from a second game that follows this one: drawing environments are slow, and few can be copied.
        if self.game.painter is None:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # for example about missing fonts
            if self._painted is None:
                self._painted = type(self)(self.game.painter, self._seed)
            self._painted._follow(self._moves)
            try:
                picture = np.array(self._painted._env.render())
                if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or not picture.size:
                    raise BrokenRule(
                        f"a picture must be (height, width, 3) uint8, but is {picture.shape} {picture.dtype}"
                    )
                return picture
            except FOREIGN_ERRORS as error:
                raise self._broken("render", error) from error

    def action_name(self, seat: int, action: int) -> str:
        return environment_action(self.game.name, self._env, seat, action)

    def action_route(self, seat: int, action: Any) -> str:
        return environment_route(self.game.name, self._env, seat, action)

    def digest(self) -> str:
        return position_digest(self.game, self)

    def clone(self) -> Self:
        if not self.game.copyable:
            return self._replayed()
        twin = copy.copy(self)
        twin._env = copied(self._env)
        twin._moves = self._moves[:]
        twin._views, twin._masks = dict(self._views), dict(self._masks)
        twin._terminated = dict(self._terminated)
        twin._painted = None
        return twin

    def _replayed(self) -> Self:
        """A new game replayed to this position."""
        twin = type(self)(self.game, self._seed)
        twin._follow(self._moves)
        return twin

    def _follow(self, moves: Sequence[Move]) -> None:
        """Apply those of ``moves`` that this game has not made yet."""
        while (at := len(self._moves)) < len(moves):
            self.apply([action for _, action in moves[at : at + len(self._acting)]])


class AECState(EnvironmentState):
    """One agent at a time. Dead agents are stepped with None at once, after their last observation is kept.

    An agent that disappears from ``agents`` neither terminated nor truncated counts as truncated.
    """

    def _reset(self, seed: int) -> None:
        env = self._env
        env.reset(seed=seed)
        self._returns = self._rewards(env.rewards, env.agents)
        self._next()

    def _step(self, joint: Mapping[int, Any]) -> list[float]:
        env, before = self._env, self._env.agents[:]
        env.step(*joint.values())
        # `rewards` are those of this step; a seat gets `_cumulative_rewards` only at its next turn.
        rewards = self._rewards(env.rewards, [agent for agent in before if agent in env.agents])
        for agent in before:
            if agent not in env.agents:
                self._terminated.setdefault(self._seat(agent), bool(env.terminations.get(agent, False)))
        self._next()
        return rewards

    def _see(self, seat: int, observation: FloatArray) -> None:
        view = self._views.get(seat)
        if view is not None:
            observation[...] = view
            return
        agent = self.game.agents[seat]
        if agent not in self._env.agents:  # an agent that has not appeared yet sees zeros
            observation[...] = 0.0
            return
        try:
            self.game.write(seat, self._env.observe(agent), observation)
        except FOREIGN_ERRORS as error:
            raise self._broken(f"observe of {agent!r}", error) from error

    def _next(self) -> None:
        """Remove the dead agents, then read observation and mask of the next agent."""
        for seat in self._acting:
            self._views.pop(seat, None)
        self._remove_dead()
        env = self._env
        if not env.agents:
            self._acting, self._masks = (), {}
            return
        agent = env.agent_selection
        seat = self._seat(agent)
        seen = env.observe(agent)
        self._views[seat] = self._looked(seat, seen)
        self._masks = {seat: self._mask(seat, seen, env.infos.get(agent))}
        self._acting = (seat,)

    def _remove_dead(self) -> None:
        env = self._env
        terminations, truncations = env.terminations, env.truncations
        self._check_known({*terminations, *truncations})
        for agent in env.agents:
            seat = self._seat(agent)
            if (terminations[agent] or truncations[agent]) and seat not in self._terminated:
                self._views[seat] = self._looked(seat, env.observe(agent))
                self._terminated[seat] = bool(terminations[agent])
        while env.agents:
            agent = env.agent_selection
            if agent not in env.agents:
                raise BrokenRule(f"agent_selection must be one of agents ({env.agents}), but is {agent!r}")
            if not (env.terminations[agent] or env.truncations[agent]):
                return
            env.step(None)
            if agent in env.agents:
                raise BrokenRule(f"a dead agent must leave agents when stepped with None, but {agent!r} stays")


class ParallelState(EnvironmentState):
    """All living agents at once.

    An agent that disappears from ``agents`` neither terminated nor truncated counts as truncated.
    """

    def _reset(self, seed: int) -> None:
        # An agent that has not appeared yet sees zeros.
        self._views = dict.fromkeys(range(self.game.num_seats), np.zeros(self.game.observation_shape, np.float32))
        seen, infos = self._env.reset(seed=seed)
        self._receive(seen, infos, self._env.agents)

    def _step(self, joint: Mapping[int, Any]) -> list[float]:
        agents, before = self.game.agents, set(self._env.agents)
        seen, given, terminations, truncations, infos = self._env.step(
            {agents[seat]: action for seat, action in joint.items()}
        )
        living = self._env.agents
        rewards = self._rewards(given, [agents[seat] for seat in joint if agents[seat] in living])
        self._check_known({*terminations, *truncations})
        for agent in living:
            if agent not in before and self._seat(agent) in self._terminated:
                raise BrokenRule(f"an agent that has ended must not return to agents, but {agent!r} does")
        for seat in joint:
            terminated = bool(terminations.get(agents[seat], False))
            if terminated or truncations.get(agents[seat], False) or agents[seat] not in living:
                self._terminated[seat] = terminated
        self._receive(seen, infos, living)
        return rewards

    def _receive(self, seen: Mapping[Any, Any], infos: Mapping[Any, Any], acting: Collection[Any]) -> None:
        """Keep the observations of all seats, and the masks of those that act next."""
        seats = sorted(seat for seat in map(self._seat, acting) if seat not in self._terminated)
        for agent, view in seen.items():
            seat = self._seat(agent)
            self._views[seat] = self._looked(seat, view)
        self._masks = {}
        for seat in seats:
            agent = self.game.agents[seat]
            if agent not in seen:
                raise BrokenRule(f"an acting agent must get an observation, but {agent!r} gets none")
            self._masks[seat] = self._mask(seat, seen[agent], infos.get(agent))
        self._acting = tuple(seats)

    def _see(self, seat: int, observation: FloatArray) -> None:
        observation[...] = self._views[seat]


class AgentDictsState(ParallelState):
    """The agents that get an observation act next, as in RLlib's ``MultiAgentEnv``."""

    def _reset(self, seed: int) -> None:
        self._views = dict.fromkeys(range(self.game.num_seats), np.zeros(self.game.observation_shape, np.float32))
        seen, infos = self._env.reset(seed=seed)
        self._show(seen, infos, over=False)

    def _step(self, joint: Mapping[int, Any]) -> list[float]:
        agents = self.game.agents
        seen, given, terminations, truncations, infos = self._env.step(
            {agents[seat]: action for seat, action in joint.items()}
        )
        rewards = self._rewards(given)
        ending = {*terminations, *truncations} - {"__all__"}
        self._check_known(ending)
        for agent in ending:
            if terminations.get(agent) or truncations.get(agent):
                self._terminated[self._seat(agent)] = bool(terminations.get(agent))
        over = bool(terminations.get("__all__") or truncations.get("__all__"))
        if over:
            for seat in range(self.game.num_seats):
                self._terminated.setdefault(seat, bool(terminations.get("__all__")))
        self._show(seen, infos, over)
        return rewards

    def _show(self, seen: Mapping[Any, Any], infos: Mapping[Any, Any], over: bool) -> None:
        self._receive(seen, infos, seen)
        if not self._acting and not over and len(self._terminated) < self.game.num_seats:
            raise BrokenRule("some agent must get an observation, and so act, until __all__ is True; none does")
