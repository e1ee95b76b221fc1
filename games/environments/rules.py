"""An environment as a game: its spaces, teams and copies. States build on it."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from games.contract import FloatArray, Game
from games.drawing.environments import drawn_as_text
from games.environments.adapters import style
from games.environments.copies import copied
from games.environments.recipes import Recipe
from games.environments.spaces import Choices, Sight, choices, sight
from games.environments.traits import TRAITS, Traits
from games.errors import GameError
from games.foreign import FOREIGN_ERRORS, BrokenRule
from games.specs import parse_teams, with_teams


class EnvironmentRules(Game):
    """An environment's game without the methods that make states and tables.

    Attributes:
        recipe: how to make the environment.
        name: the game's name in PettingZoo, or the callable's name.
        style: how the environment is stepped.
        agents: the environment's own agents, by seat; ``agent_ids`` are their text.
        seat_of: the seat of each of ``agents``.
        sights: how each seat's observations become rows.
        choices: the actions of each seat.
        all_legal: for each seat the mask in which all of its actions are legal.
    """

    def __init__(self, recipe: Recipe) -> None:
        env = recipe.make()
        traits = TRAITS.get(recipe.name, Traits(recipe.name)) if recipe.listed else Traits(recipe.name)
        self.recipe = recipe.drawn_by(env)
        self.name = recipe.name
        self.style = style(env)
        agents = getattr(env, "possible_agents", None)
        if not agents:
            raise GameError(f"the environment {recipe.spec!r} has no possible_agents; declare them in it")
        self.agents = tuple(agents)
        self.agent_ids = tuple(map(str, agents))
        if len(set(self.agent_ids)) < len(agents):
            raise GameError(f"agent IDs must differ as text, but possible_agents of {recipe.spec!r} are {agents}")
        self.seat_of = {agent: seat for seat, agent in enumerate(agents)}
        self.dynamics = "turn_based" if self.style == "aec" or len(agents) == 1 else "simultaneous"
        common = traits.utility == "common_payoff"
        self.utility = "general_sum" if common and recipe.parameters else traits.utility
        self._graded = _graded(recipe.spec, env, traits.graded or self.utility not in ("zero_sum", "constant_sum"))
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

    @cached_property
    def _template(self) -> Any:
        """An environment to copy; copying is much faster than making one."""
        return self.recipe.make()

    @cached_property
    def copyable(self) -> bool:
        """Whether a running environment can be copied. Clones of other environments replay their history."""
        env = self.recipe.make()
        try:
            env.reset(seed=0)
            copied(env)
        except FOREIGN_ERRORS:  # it holds a process, a socket, or a C++ object
            return False
        return True

    @cached_property
    def painter(self) -> Self | None:
        """The same game with environments that draw pictures; None if they cannot."""
        if not self._paints:
            return None
        os.environ.setdefault("SDL_VIDEODRIVER", "dummy")  # most draw with SDL, which would look for a screen
        return type(self)(replace(self.recipe, render_mode="rgb_array"))

    def environment(self) -> Any:
        """A new environment before its reset."""
        return copied(self._template) if self.copyable else self.recipe.make()

    @property
    def graded(self) -> bool:
        return self._graded

    @property
    def teams(self) -> tuple[int, ...]:
        return self._teams

    @property
    def public_moves(self) -> bool:
        return self._public_moves

    def write(self, seat: int, seen: Any, observation: FloatArray) -> None:
        """Write what the environment shows a seat into a row.

        Raises:
            BrokenRule: it does not fit the seat's space, or is not finite.
        """
        own = self.sights[seat]
        if own.key is not None:
            try:
                seen = seen[own.key]
            except (KeyError, TypeError, IndexError):
                raise BrokenRule(
                    f"an observation must be a dict with {own.key!r}, but is a {type(seen).__name__}"
                ) from None
        if self._padded:
            size = _size(own)
            observation[size:] = 0.0
            observation = observation[:size].reshape(own.shape)
        own.write(seen, observation)


def _graded(spec: str, env: Any, usual: bool) -> bool:
    """Whether the game is graded: what the environment's metadata say, or the usual.

    Raises:
        GameError: the metadata say something else than True or False.
    """
    graded = env.metadata.get("graded", usual)
    if not isinstance(graded, bool):
        raise GameError(f"metadata['graded'] of {spec!r} must be True or False, but is {graded!r}")
    return graded


def _size(seen: Sight) -> int:
    return math.prod(seen.shape)


def _teams(agent_ids: Sequence[str], traits: Traits) -> tuple[int, ...]:
    """The team of each seat: the side that its agent ID starts with, or a separate team."""
    sides = [next((side for side in traits.sides if agent_id.startswith(side)), (agent_id,)) for agent_id in agent_ids]
    numbers = {side: team for team, side in enumerate(dict.fromkeys(sides))}
    return tuple(numbers[side] for side in sides)


def _common_bounds(own: Sequence[Choices]) -> tuple[FloatArray, FloatArray] | None:
    """The bounds of the longest continuous action. Shorter actions must have the same bounds in their components."""
    bounds = [each.bounds for each in own if each.bounds is not None]
    if not bounds:
        return None
    low, high = max(bounds, key=lambda pair: len(pair[0]))
    alike = all(np.array_equal(pair, (low[: len(pair[0])], high[: len(pair[0])])) for pair in bounds)
    if len(bounds) < len(own) or not alike:
        raise GameError("if one seat's actions are continuous, all seats' must be, with the same bounds; they differ")
    return low, high
