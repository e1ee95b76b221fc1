"""Environments as games: PettingZoo's AEC and Parallel ones, RLlib's ``MultiAgentEnv``, Gymnasium's ``Env``."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from games.contract import FloatArray, Game
from games.drawing.environments import drawn_as_text
from games.environments.adapters import Style, style
from games.environments.copies import copied
from games.environments.recipes import FOREIGN_ERRORS, Recipe
from games.environments.spaces import BrokenRule, Choices, Sight, choices, sight
from games.environments.specs import CATALOGUE, Traits, pettingzoo_recipe
from games.environments.states import AECState, AgentDictsState, ParallelState, PettingZooState
from games.errors import GameError
from games.specs import GameInfo, parse_teams, with_teams
from games.tables import StateTables


class PettingZooGame(Game):
    """An environment as a game. Made by :func:`games.make_game`; pickles as its recipe.

    Observations are seen as :func:`games.environments.spaces.sight` says; where seats differ in shape, flat, with
    zeros up to the
    longest. Actions are those of :func:`games.environments.spaces.choices`; where seats have different numbers of
    actions, masks
    tell them apart, and where continuous actions have different sizes, the shorter ignore the rest. Chance lies hidden
    in the environment, which its seed repeats.

    Raises:
        GameError: two agent IDs are alike, a space is none that can be translated, or the seats' actions do not go
            together.
    """

    def __init__(self, recipe: Recipe) -> None:
        env = recipe.make()
        traits = CATALOGUE.get(recipe.name, Traits(recipe.name)) if recipe.listed else Traits(recipe.name)
        self.recipe = recipe.drawn_by(env)
        self.name = recipe.name
        self.style = style(env)
        agents = getattr(env, "possible_agents", None)
        if not agents:
            raise GameError(f"an environment must declare its possible_agents, but {recipe.spec!r} has none")
        self.agents = tuple(agents)
        self.agent_ids = tuple(map(str, agents))
        if len(set(self.agent_ids)) < len(agents):
            raise GameError(
                f"agent IDs must differ, as text too, but possible_agents of {recipe.spec!r} are {agents}; rename one"
            )
        self.seat_of = {agent: seat for seat, agent in enumerate(agents)}
        self.dynamics = "turn_based" if self.style == "aec" or len(agents) == 1 else "simultaneous"
        common = traits.utility == "common_payoff"
        self.utility = "general_sum" if common and recipe.parameters else traits.utility
        self.perfect_information = traits.information == "perfect"
        self._public_moves = self.perfect_information or traits.public_moves
        self._teams = _teams(self.agent_ids, traits)
        self.spec = recipe.spec
        if recipe.teams is not None and (named := parse_teams(recipe.teams, len(agents))) != self._teams:
            self._teams, self.spec = named, with_teams(recipe.spec, named)
        self.max_plies = None
        self.replayable = True
        try:
            self.sights = tuple(sight(env.observation_space(agent)) for agent in agents)
            self.choices = tuple(choices(env.action_space(agent)) for agent in agents)
            self.action_bounds = _common_bounds(self.choices)
        except GameError as error:
            raise GameError(f"{self.spec!r} cannot be played: {error}") from error
        shapes = {seen.shape for seen in self.sights}
        self._paints = (recipe.drawable or recipe.listed) and "rgb_array" in env.metadata.get("render_modes", ())
        self.pictorial = self._paints and not drawn_as_text(self.name) and self.recipe.render_mode != "ansi"
        self._padded = len(shapes) > 1
        self.observation_shape = (max(map(_size, self.sights)),) if self._padded else shapes.pop()
        self.num_actions = max(own.size for own in self.choices)
        self.all_legal = tuple(np.arange(self.num_actions) < own.size for own in self.choices)
        env.close()

    def __reduce__(self) -> tuple[type[PettingZooGame], tuple[Recipe]]:
        return PettingZooGame, (self.recipe,)

    @cached_property
    def _template(self) -> Any:
        """An environment to copy, which is much quicker than to make one."""
        return self.recipe.make()

    @cached_property
    def copyable(self) -> bool:
        """Whether a running environment can be copied; clones of others replay their history."""
        env = self.recipe.make()
        try:
            env.reset(seed=0)
            copied(env)
        except FOREIGN_ERRORS:  # a process, a socket, a C++ object
            return False
        return True

    @cached_property
    def painter(self) -> PettingZooGame | None:
        """The same game, whose environments draw pictures; None where they cannot."""
        if not self._paints:
            return None
        os.environ.setdefault("SDL_VIDEODRIVER", "dummy")  # most draw with SDL, which would look for a screen
        return PettingZooGame(replace(self.recipe, render_mode="rgb_array"))

    def environment(self) -> Any:
        """A new environment, not reset yet."""
        return copied(self._template) if self.copyable else self.recipe.make()

    @property
    def teams(self) -> tuple[int, ...]:
        return self._teams

    @property
    def public_moves(self) -> bool:
        return self._public_moves

    def new_state(self, seed: int, chance: Sequence[int] = ()) -> PettingZooState:
        if chance:
            raise GameError(f"{self.spec!r} keeps its chance to itself, but got outcomes {list(chance)}; pass none")
        return _STATES[self.style](self, seed)

    def tables(self, size: int) -> StateTables:
        return StateTables(self, size)

    def write(self, seat: int, seen: Any, observation: FloatArray) -> None:
        """Write what a seat is shown by the environment into a row.

        Raises:
            BrokenRule: it does not fit the seat's space, or is not finite.
        """
        own = self.sights[seat]
        if own.key is not None:
            try:
                seen = seen[own.key]
            except (KeyError, TypeError, IndexError):
                raise BrokenRule(
                    f"an observation must be a dict with {own.key!r}, but is {type(seen).__name__}"
                ) from None
        if self._padded:
            size = _size(own)
            observation[size:] = 0.0
            observation = observation[:size].reshape(own.shape)
        own.write(seen, observation)


_STATES: dict[Style, Callable[[PettingZooGame, int], PettingZooState]] = {
    "aec": AECState,
    "parallel": ParallelState,
    "agent_dicts": AgentDictsState,
}


def pettingzoo_game(text: str) -> PettingZooGame:
    """One of PettingZoo's own games, from its spec without ``pettingzoo:``.

    Raises:
        UnknownGameError, GameError: as :func:`games.make_game` says.
    """
    return PettingZooGame(pettingzoo_recipe(text))


def catalogue(names: Sequence[str]) -> list[GameInfo]:
    """One line for each of these games."""
    return [_listed(name, CATALOGUE[name]) for name in names]


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
        components=len(game.action_bounds[0]) if game and game.action_bounds else None,
        playable=game is not None,
        reason=reason,
        teams=game.teams if game else (),
    )


def _size(seen: Sight) -> int:
    return math.prod(seen.shape)


def _teams(agent_ids: Sequence[str], traits: Traits) -> tuple[int, ...]:
    """The team of each seat: the side that its ID begins with, or its own."""
    sides = [next((side for side in traits.sides if agent_id.startswith(side)), (agent_id,)) for agent_id in agent_ids]
    numbers = {side: team for team, side in enumerate(dict.fromkeys(sides))}
    return tuple(numbers[side] for side in sides)


def _common_bounds(own: Sequence[Choices]) -> tuple[FloatArray, FloatArray] | None:
    """The bounds of the longest continuous action, which all others must have as far as they go."""
    bounds = [each.bounds for each in own if each.bounds is not None]
    if not bounds:
        return None
    low, high = max(bounds, key=lambda pair: len(pair[0]))
    alike = all(np.array_equal(pair, (low[: len(pair[0])], high[: len(pair[0])])) for pair in bounds)
    if len(bounds) < len(own) or not alike:
        raise GameError("where one seat's actions are continuous, all must be, within the same bounds; but they differ")
    return low, high
