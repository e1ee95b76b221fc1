"""Running environments: one agent at a time (AEC), all at once (Parallel), or whoever is shown something (RLlib)."""

from __future__ import annotations

import copy
import warnings
from abc import abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from games.contract import Action, BoolArray, Ending, FloatArray, Move, PictureArray, State
from games.digest import position_digest
from games.drawing.environments import draw_environment, environment_action
from games.environments.copies import copied
from games.environments.recipes import FOREIGN_ERRORS, said
from games.environments.spaces import BrokenRule, check_rewards, read_mask
from games.errors import BrokenGameError, GameError
from games.legality import check_joint_action, continuous_action, discrete_action

if TYPE_CHECKING:
    from games.environments.game import PettingZooGame

_SEEDS = 2**31
"""Environments may seed NumPy's old generator, which takes 32 bits, or keep their seed in a C++ int."""


class PettingZooState(State):
    """A running environment. Subclasses step it; this keeps what every game keeps, and checks what it is given.

    What the environment shows is copied when it is shown: environments may write into the arrays they gave. A step
    that breaks is taken back by playing the game again from its seed. Where that breaks too, or goes another way, what
    is kept here (history, returns, the views of those who act) still is that of the position before, but the
    environment, and so its drawing, stays where the broken step left it.
    """

    def __init__(self, game: PettingZooGame, seed: int) -> None:
        self.game = game
        self._seed = seed
        self._moves: list[Move] = []
        self._returns = [0.0] * game.num_seats
        self._views: dict[int, FloatArray] = {}  # kept views by seat; never written to again
        self._masks: dict[int, BoolArray] = {}  # masks of the acting seats; likewise
        self._terminated: dict[int, bool] = {}  # seats that are out: by the rules (True), or by a limit
        self._acting: tuple[int, ...] = ()
        self._painted: PettingZooState | None = None  # the same game, drawing pictures
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
        """Step the environment with an action of its own for every acting seat, and give every seat's reward."""

    @abstractmethod
    def _see(self, seat: int, observation: FloatArray) -> None:
        """Write what a seat sees into the row."""

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
            broken = self._broken(f"step, given {dict(moves)}", error)
            # Half a step cannot be taken back, only the game be played again, unless it goes another way this time.
            with suppress(GameError):
                self.__dict__.update(self._replayed().__dict__)
            raise broken from error
        self._moves += moves
        self._returns = [total + reward for total, reward in zip(self._returns, rewards, strict=True)]
        return tuple(rewards)

    def _broken(self, doing: str, error: BaseException) -> BrokenGameError:
        what = str(error) if isinstance(error, BrokenRule) else f"its code must not raise, but raises {said(error)}"
        return BrokenGameError(
            f"{self.game.spec!r} breaks a rule of environments in {doing}, after {len(self._moves)} moves of seed "
            f"{self._seed}: {what}"
        )

    def _seat(self, agent: Any) -> int:
        try:
            return self.game.seat_of[agent]
        except (KeyError, TypeError):
            known = ", ".join(self.game.agent_ids)
            raise BrokenRule(f"an agent must be one of possible_agents, {known}, but there is {agent!r}") from None

    def _looked(self, seat: int, seen: Any) -> FloatArray:
        view = np.empty(self.game.observation_shape, np.float32)
        self.game.write(seat, seen, view)
        return view

    def _mask(self, seat: int, seen: Any, info: Mapping[str, Any] | None) -> BoolArray:
        """The mask beside the observation, or in the info, or else all actions."""
        given = seen.get("action_mask") if isinstance(seen, dict) else None
        if given is None and info:
            given = info.get("action_mask")
        if given is None or self.game.action_bounds is not None:
            return self.game.all_legal[seat]
        mask = np.empty(self.game.num_actions, np.bool_)
        read_mask(given, self.game.choices[seat], mask)
        if not mask.any():
            raise BrokenRule(f"an agent that acts must have a legal action, but {self.game.agents[seat]!r} has none")
        return mask

    def _rewards(self, given: Mapping[Any, Any], owed: Iterable[Any] = ()) -> list[float]:
        """The rewards of all seats, in their order; those owed one must have it."""
        game = self.game
        self._check_known(given)
        for agent in owed:
            if agent not in given:
                raise BrokenRule(f"an agent that lives must be given a reward, if only 0, but {agent!r} is not")
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
        # A seat that the environment never let in ends with the game.
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
        # A game of its own that follows this one: environments that draw are slow, and few of them can be copied.
        if self.game.painter is None:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as of fonts that are not there
            if self._painted is None:
                self._painted = self.game.painter.new_state(self._seed)
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

    def digest(self) -> str:
        return position_digest(self.game, self)

    def clone(self) -> PettingZooState:
        if not self.game.copyable:
            return self._replayed()
        twin = copy.copy(self)
        twin._env = copied(self._env)
        twin._moves = self._moves[:]
        twin._views, twin._masks = dict(self._views), dict(self._masks)
        twin._terminated = dict(self._terminated)
        twin._painted = None
        return twin

    def _replayed(self) -> PettingZooState:
        """A new game brought to this position."""
        twin = self.game.new_state(self._seed)
        twin._follow(self._moves)
        return twin

    def _follow(self, moves: Sequence[Move]) -> None:
        """Make the moves that come after those made here."""
        while (at := len(self._moves)) < len(moves):
            self.apply([action for _, action in moves[at : at + len(self._acting)]])


class AECState(PettingZooState):
    """One agent at a time. The dead are stepped with None at once, after their last view is kept.

    An agent that is gone from ``agents`` without a word, neither terminated nor truncated, is truncated.
    """

    def _reset(self, seed: int) -> None:
        env = self._env
        env.reset(seed=seed)
        self._returns = self._rewards(env.rewards, env.agents)
        self._next()

    def _step(self, joint: Mapping[int, Any]) -> list[float]:
        env, before = self._env, self._env.agents[:]
        env.step(*joint.values())
        # `rewards` are those of this step; `_cumulative_rewards` reach a seat only at its own next turn.
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
        if agent not in self._env.agents:  # an agent that has not appeared yet sees nothing
            observation[...] = 0.0
            return
        try:
            self.game.write(seat, self._env.observe(agent), observation)
        except FOREIGN_ERRORS as error:
            raise self._broken(f"observe of {agent!r}", error) from error

    def _next(self) -> None:
        """Bury the dead, and look at the board as the next agent does."""
        for seat in self._acting:
            self._views.pop(seat, None)
        self._bury()
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

    def _bury(self) -> None:
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
                raise BrokenRule(f"the agent selected must be one of agents, {env.agents}, but is {agent!r}")
            if not (env.terminations[agent] or env.truncations[agent]):
                return
            env.step(None)
            if agent in env.agents:
                raise BrokenRule(f"a dead agent must leave when it is stepped with None, but {agent!r} stays")


class ParallelState(PettingZooState):
    """All living agents at once.

    An agent that is gone from ``agents`` without a word, neither terminated nor truncated, is truncated.
    """

    def _reset(self, seed: int) -> None:
        # An agent that has not appeared yet sees nothing.
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
                raise BrokenRule(f"an agent that is out must stay out of agents, but {agent!r} is back")
        for seat in joint:
            terminated = bool(terminations.get(agents[seat], False))
            if terminated or truncations.get(agents[seat], False) or agents[seat] not in living:
                self._terminated[seat] = terminated
        self._receive(seen, infos, living)
        return rewards

    def _receive(self, seen: Mapping[Any, Any], infos: Mapping[Any, Any], acting: Collection[Any]) -> None:
        """Take in what was shown, to those who act next and to others."""
        seats = sorted(seat for seat in map(self._seat, acting) if seat not in self._terminated)
        for agent, view in seen.items():
            seat = self._seat(agent)
            self._views[seat] = self._looked(seat, view)
        self._masks = {}
        for seat in seats:
            agent = self.game.agents[seat]
            if agent not in seen:
                raise BrokenRule(f"an agent that acts must be shown something, but {agent!r} is not")
            self._masks[seat] = self._mask(seat, seen[agent], infos.get(agent))
        self._acting = tuple(seats)

    def _see(self, seat: int, observation: FloatArray) -> None:
        observation[...] = self._views[seat]


class AgentDictsState(ParallelState):
    """Whoever was shown something acts next, as in RLlib's ``MultiAgentEnv``."""

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
        told = {*terminations, *truncations} - {"__all__"}
        self._check_known(told)
        for agent in told:
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
            raise BrokenRule("somebody must be shown something, and so act, until __all__ is True; but nobody is")
