"""Environments as games: PettingZoo's AEC and Parallel ones, RLlib's ``MultiAgentEnv``, Gymnasium's ``Env``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from games.contract import Tables
from games.environments.adapters import Style
from games.environments.recipes import Recipe
from games.environments.rules import EnvironmentRules
from games.environments.specs import pettingzoo_recipe
from games.environments.states import AECState, AgentDictsState, EnvironmentState, ParallelState
from games.errors import GameError
from games.tables import StateTables


class EnvironmentGame(EnvironmentRules):
    """An environment as a game. Made by :func:`games.make_game`; pickles as its recipe.

    :func:`games.environments.spaces.sight` says how observations become rows. If the seats' shapes differ, rows are
    flat and padded with zeros. :func:`games.environments.spaces.choices` says how actions are numbered. If seats have
    different numbers of actions, masks tell them apart; if continuous actions differ in size, shorter ones ignore the
    components that they lack. Chance is hidden in the environment, and its seed repeats it.

    Raises:
        GameError: two agent IDs are equal as text, a space cannot be translated, or the seats' actions do not fit
            together.
    """

    def __reduce__(self) -> tuple[type[EnvironmentGame], tuple[Recipe]]:
        return EnvironmentGame, (self.recipe,)

    def new_state(self, seed: int, chance: Sequence[int] = ()) -> EnvironmentState:
        if chance:
            raise GameError(f"{self.spec!r} takes no recorded chance, but got outcomes {list(chance)}; pass none")
        return _STATES[self.style](self, seed)

    def tables(self, size: int) -> Tables:
        return StateTables(self, size)


_STATES: Mapping[Style, Callable[[Any, int], EnvironmentState]] = {
    "aec": AECState,
    "parallel": ParallelState,
    "agent_dicts": AgentDictsState,
}


def pettingzoo_game(text: str) -> EnvironmentGame:
    """One of PettingZoo's own games, from its spec without ``pettingzoo:``.

    Raises:
        UnknownGameError, GameError: as :func:`games.make_game`.
    """
    return EnvironmentGame(pettingzoo_recipe(text))
