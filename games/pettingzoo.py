"""PettingZoo environments, AEC and Parallel, as games: Discrete actions, Box or Discrete observations."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import gymnasium as gym

from games.contract import FloatArray, Game, GameError
from games.pettingzoo_specs import CLASSIC, Recipe, Traits, custom_recipe, is_parallel, pettingzoo_recipe
from games.pettingzoo_states import AECState, ParallelState, PettingZooState, copied
from games.specs import GameInfo
from games.tables import StateTables


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
        self._public_moves = self.perfect_information or traits.public_moves
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
    def _template(self) -> Any:
        """An environment to copy, which is much quicker than to make one."""
        return self.recipe.make()

    @cached_property
    def copyable(self) -> bool:
        """Whether a running environment can be copied; clones of others replay their history."""
        env = self.recipe.make()
        env.reset(seed=0)
        try:
            copied(env)
        except Exception:  # a process, a socket, a C++ object: they raise whatever they like
            return False
        return True

    def environment(self) -> Any:
        """A new environment, not reset yet."""
        return copied(self._template) if self.copyable else self.recipe.make()

    @property
    def public_moves(self) -> bool:
        return self._public_moves

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
