"""PettingZoo environments, AEC and Parallel, as games: Discrete actions, Box or Discrete observations."""

from __future__ import annotations

import copy
import warnings
from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import gymnasium as gym
import numpy as np

from games.contract import BoolArray, Ending, FloatArray, Game, GameError, Move, State
from games.digest import position_digest
from games.drawing import cell_name, draw_views
from games.legality import check_joint_action, illegal_action
from games.pettingzoo_specs import CLASSIC, Recipe, Traits, custom_recipe, is_parallel, pettingzoo_recipe
from games.specs import GameInfo
from games.tables import StateTables

_SEEDS = 2**32
"""Environments may seed NumPy's old generator, which takes 32 bits."""


class PettingZooGame(Game):
    """A PettingZoo environment as a game. Made by :func:`games.make_game`; pickles as its recipe.

    Discrete observations are seen one-hot. Chance lies hidden in the environment, which its seed repeats.

    Raises:
        GameError: seats differ in their spaces, or a space is none of those above.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        env = recipe.make()
        traits = CLASSIC.get(recipe.name, Traits(recipe.name))
        self.spec = recipe.spec
        self.name = recipe.name
        self.parallel = is_parallel(env)
        agents = getattr(env, "possible_agents", None)
        if not agents:
            raise GameError(f"an environment must declare its possible_agents, but {self.spec!r} has none")
        self.agents = tuple(agents)
        self.agent_ids = tuple(map(str, agents))
        self.dynamics = "simultaneous" if self.parallel else "turn_based"
        self.utility = traits.utility
        self.perfect_information = traits.information == "perfect"
        self.max_plies = None
        self.replayable = True
        self._sight = _sight(self.spec, self._same("observation", env.observation_space))
        self.observation_shape = _shape(self._sight)
        actions = self._same("action", env.action_space)
        if not isinstance(actions, gym.spaces.Discrete):
            raise GameError(f"actions must be Discrete for now, but {self.spec!r} has {actions}")
        self.num_actions = int(actions.n)
        self.first_action = int(actions.start)
        env.close()

    def __reduce__(self) -> tuple[type[PettingZooGame], tuple[Recipe]]:
        return PettingZooGame, (self.recipe,)

    def _same(self, what: str, space_of: Callable[[Any], gym.Space[Any]]) -> gym.Space[Any]:
        """The one space of all seats."""
        first, *others = (space_of(agent) for agent in self.agents)
        for agent, space in zip(self.agents[1:], others, strict=True):
            if space != first:
                raise GameError(
                    f"all seats need one {what} space for now, but in {self.spec!r} {self.agents[0]} has {first} "
                    f"and {agent} has {space}"
                )
        return first

    @cached_property
    def copyable(self) -> bool:
        """Whether a running environment can be copied; clones of others replay their history."""
        env = self.recipe.make()
        env.reset(seed=0)
        try:
            _copied(env)
        except Exception:  # a process, a socket, a C++ object: they raise whatever they like
            return False
        return True

    def new_state(self, seed: int, chance: Sequence[int] = ()) -> PettingZooState:
        if chance:
            raise GameError(f"{self.spec!r} keeps its chance to itself, but got outcomes {list(chance)}; pass none")
        return (ParallelState if self.parallel else AECState)(self, seed)

    def tables(self, size: int) -> StateTables:
        return StateTables(self, size)

    def write(self, seen: Any, observation: FloatArray) -> None:
        """Write an observation of the environment into a row."""
        value = seen["observation"] if isinstance(seen, dict) else seen
        if isinstance(self._sight, gym.spaces.Discrete):
            observation[...] = 0.0
            observation[int(value) - int(self._sight.start)] = 1.0
        else:
            observation[...] = value


class PettingZooState(State):
    """A running environment. Subclasses step it; this keeps what every game keeps."""

    def __init__(self, game: PettingZooGame, seed: int) -> None:
        self.game = game
        self._seed = seed
        self._moves: list[Move] = []
        self._returns = [0.0] * game.num_seats
        self._last: dict[int, Any] = {}  # what seats saw last, once they are out
        self._terminated: list[bool] = []  # of the seats that are out: by the rules, or by a limit
        self._masks: dict[int, BoolArray] = {}  # of the acting seats, as far as asked for
        self._env = game.recipe.make()
        self._reset(seed % _SEEDS)

    @abstractmethod
    def _reset(self, seed: int) -> None:
        """Start the environment."""

    @abstractmethod
    def _step(self, seats: tuple[int, ...], actions: list[int]) -> list[float]:
        """Step the environment and give the rewards of the step for every seat."""

    @abstractmethod
    def _look(self, seat: int) -> tuple[Any, Any]:
        """What a seat sees now, and the mask it was given outside its observation (None when none)."""

    def observe(self, seat: int, observation: FloatArray, mask: BoolArray) -> None:
        seen, beside = self._look(seat)
        self.game.write(seen, observation)
        if seat in self.acting():
            self._masks[seat] = self._mask_in(seen, beside)
            mask[...] = self._masks[seat]
        else:
            mask[...] = False

    def _mask_in(self, seen: Any, beside: Any) -> BoolArray:
        given = seen.get("action_mask", beside) if isinstance(seen, dict) else beside
        if given is None:
            return np.ones(self.game.num_actions, np.bool_)
        return np.asarray(given).astype(np.bool_)

    def apply(self, actions: Sequence[int]) -> tuple[float, ...]:
        seats = self.acting()
        check_joint_action(self.game, seats, actions)
        for seat, action in zip(seats, actions, strict=True):
            if seat not in self._masks:
                self._masks[seat] = self._mask_in(*self._look(seat))
            if not (0 <= action < self.game.num_actions and self._masks[seat][action]):
                raise illegal_action(self.game, seat, action)
        chosen = [int(action) for action in actions]
        rewards = self._step(seats, [action + self.game.first_action for action in chosen])
        self._masks = {}
        self._moves += zip(seats, chosen, strict=True)
        for seat, reward in enumerate(rewards):
            self._returns[seat] += reward
        return tuple(rewards)

    def ending(self) -> Ending | None:
        if self.acting():
            return None
        return "terminated" if all(self._terminated) else "truncated"

    def returns(self) -> tuple[float, ...]:
        return tuple(self._returns)

    def history(self) -> tuple[Move, ...]:
        return tuple(self._moves)

    def draw(self, seat: int | None = None) -> str:
        if seat is None and getattr(self._env, "render_mode", None) == "ansi":
            return str(self._env.render()).strip("\n") or "(nothing on the table yet)"
        views = {}
        mask = np.zeros(self.game.num_actions, np.bool_)
        for viewer in range(self.game.num_seats) if seat is None else (seat,):
            views[viewer] = np.zeros(self.game.observation_shape, np.float32)
            self.observe(viewer, views[viewer], mask)
        open_to_all = seat is None or self.game.perfect_information
        return draw_views(self.game.name, self.game.agent_ids, views, self._moves if open_to_all else [])

    def action_name(self, seat: int, action: int) -> str:
        return cell_name(self.game.name, action) or f"action {action}"

    def digest(self) -> str:
        return position_digest(self.game, self)

    def clone(self) -> PettingZooState:
        if self.game.copyable:
            return self._copy()
        twin = self.game.new_state(self._seed)
        at = 0
        while at < len(self._moves):
            count = len(twin.acting())
            twin.apply([action for _, action in self._moves[at : at + count]])
            at += count
        return twin

    def _copy(self) -> PettingZooState:
        twin = copy.copy(self)
        twin._env = _copied(self._env)
        twin._moves, twin._returns, twin._terminated = self._moves[:], self._returns[:], self._terminated[:]
        twin._last, twin._masks = dict(self._last), dict(self._masks)
        return twin


class AECState(PettingZooState):
    """One agent at a time. The dead are stepped with None at once, after their last view is kept."""

    def _reset(self, seed: int) -> None:
        self._env.reset(seed=seed)
        self._bury()

    def acting(self) -> tuple[int, ...]:
        return (self.game.agents.index(self._env.agent_selection),) if self._env.agents else ()

    def _look(self, seat: int) -> tuple[Any, Any]:
        if seat in self._last:
            return self._last[seat], None
        agent = self.game.agents[seat]
        return self._env.observe(agent), self._env.infos.get(agent, {}).get("action_mask")

    def _step(self, seats: tuple[int, ...], actions: list[int]) -> list[float]:
        self._env.step(actions[0])
        # `rewards` are those of this step; `_cumulative_rewards` reach a seat only at its own next turn.
        rewards = [float(self._env.rewards.get(agent, 0.0)) for agent in self.game.agents]
        self._bury()
        return rewards

    def _bury(self) -> None:
        env = self._env
        dead = [agent for agent in env.agents if env.terminations[agent] or env.truncations[agent]]
        for agent in dead:
            seat = self.game.agents.index(agent)
            if seat not in self._last:
                self._last[seat] = env.observe(agent)
                self._terminated.append(bool(env.terminations[agent]))
        while env.agents and (env.terminations[env.agent_selection] or env.truncations[env.agent_selection]):
            env.step(None)


class ParallelState(PettingZooState):
    """All living agents at once."""

    def _reset(self, seed: int) -> None:
        self._seen, self._infos = self._env.reset(seed=seed)
        self._alive = self._living()

    def _living(self) -> tuple[int, ...]:
        living = (self.game.agents.index(agent) for agent in self._env.agents)
        return tuple(sorted(seat for seat in living if seat not in self._last))

    def acting(self) -> tuple[int, ...]:
        return self._alive

    def _look(self, seat: int) -> tuple[Any, Any]:
        if seat in self._last:
            return self._last[seat], None
        agent = self.game.agents[seat]
        return self._seen[agent], self._infos.get(agent, {}).get("action_mask")

    def _step(self, seats: tuple[int, ...], actions: list[int]) -> list[float]:
        agents = self.game.agents
        joint = {agents[seat]: action for seat, action in zip(seats, actions, strict=True)}
        self._seen, rewards, terminations, truncations, self._infos = self._env.step(joint)
        for seat in seats:
            agent = agents[seat]
            terminated = bool(terminations.get(agent, False))
            if terminated or truncations.get(agent, False) or agent not in self._env.agents:
                self._last[seat] = self._seen[agent]
                self._terminated.append(terminated)
        self._alive = self._living()
        return [float(rewards.get(agent, 0.0)) for agent in agents]

    def _copy(self) -> PettingZooState:
        twin = super()._copy()
        assert isinstance(twin, ParallelState)
        # An environment may go on writing into the arrays it gave.
        twin._seen, twin._infos = copy.deepcopy((self._seen, self._infos))
        return twin


def pettingzoo_game(text: str) -> PettingZooGame:
    """One of PettingZoo's own games, from its spec without ``pettingzoo:``.

    Raises:
        UnknownGameError, GameError: as :func:`games.make_game` says.
    """
    return PettingZooGame(pettingzoo_recipe(text))


def custom_game(text: str) -> PettingZooGame:
    """The game of ``package.module:callable``.

    Raises:
        UnknownGameError, GameError: as :func:`games.make_game` says.
    """
    return PettingZooGame(custom_recipe(text))


def catalogue(names: Sequence[str]) -> list[GameInfo]:
    """One line for each of these classic games."""
    return [_listed(name, CLASSIC[name]) for name in names]


def _listed(name: str, traits: Traits) -> GameInfo:
    game, reason = None, ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # who reads a list cannot mend an environment
        try:
            game = pettingzoo_game(name)
        except GameError as error:
            reason = str(error)
    return GameInfo(
        spec=f"pettingzoo:{name}",
        title=traits.title,
        library="pettingzoo",
        seats=game.num_seats if game else 0,
        dynamics=game.dynamics if game else "turn_based",
        information=traits.information,
        utility=traits.utility,
        chance=traits.chance,
        observation=game.observation_shape if game else None,
        actions=game.num_actions if game else 0,
        playable=game is not None,
        reason=reason,
    )


def _shape(sight: gym.spaces.Box | gym.spaces.Discrete[Any]) -> tuple[int, ...]:
    return (int(sight.n),) if isinstance(sight, gym.spaces.Discrete) else sight.shape


def _sight(spec: str, space: gym.Space[Any]) -> gym.spaces.Box | gym.spaces.Discrete[Any]:
    """The Box or Discrete that a seat sees, inside or outside a dict with an action mask."""
    inner = space.spaces.get("observation", space) if isinstance(space, gym.spaces.Dict) else space
    if not isinstance(inner, gym.spaces.Box | gym.spaces.Discrete):
        raise GameError(f"observations must be a Box or Discrete for now, but {spec!r} has {space}")
    return inner


def _copied(env: Any) -> Any:
    """A deep copy with the live attributes; gymnasium's EzPickle would give a new environment instead."""
    parts = [env]
    while inner := next(
        (vars(parts[-1])[key] for key in ("env", "aec_env", "par_env") if key in vars(parts[-1])), None
    ):
        parts.append(inner)
    twins = {id(part): object.__new__(type(part)) for part in parts}
    memo: dict[int, Any] = dict(twins)
    for part in parts:
        twins[id(part)].__dict__.update(copy.deepcopy(vars(part), memo))
    return twins[id(env)]
