"""OpenSpiel games that somebody's own module registers, in Python or C++: their code may break, and only their game."""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from typing import Any

from games.environments.recipes import FOREIGN_ERRORS, Recipe, said
from games.errors import BrokenGameError, GameError
from games.open_spiel.game import OpenSpielGame, OpenSpielState
from games.open_spiel.specs import canonical_spec
from games.specs import parse_teams, with_teams
from games.tables import StateTables


class OwnOpenSpielGame(OpenSpielGame):
    """A game that OpenSpiel knows once a module is imported.

    Args:
        spec: the canonical spec, which names the module.
        module: the module.
        inner: the spec of the game within OpenSpiel.
    """

    def __init__(self, spec: str, module: str, inner: str) -> None:
        importlib.import_module(module)
        super().__init__(inner)
        self.spec = spec
        self._made_of = (spec, module, inner)

    def __reduce__(self) -> Any:
        return OwnOpenSpielGame, self._made_of

    def new_state(self, seed: int, chance: Sequence[int] = ()) -> OwnOpenSpielState:
        try:
            bare = super().new_state(seed, chance)
        except GameError:
            raise
        except FOREIGN_ERRORS as error:
            raise BrokenGameError(f"{self.spec!r} must begin, but its code raises {said(error)}") from error
        return OwnOpenSpielState(self, bare.engine, bare._chance)

    def tables(self, size: int) -> StateTables:  # type: ignore[override]
        return StateTables(self, size)


class OwnOpenSpielState(OpenSpielState):
    """A running game; a step that breaks is taken back."""

    __slots__ = ()

    def apply(self, actions: Sequence[Any]) -> tuple[float, ...]:
        before = self.engine.clone(), self._chance.copy()
        try:
            rewards = super().apply(actions)
            if not math.isfinite(sum(rewards)):
                raise ValueError(f"rewards must be finite numbers, but are {rewards}")
        except GameError:
            raise
        except FOREIGN_ERRORS as error:
            self.engine, self._chance = before
            raise BrokenGameError(
                f"{self.game.spec!r} must make a legal step, but its code raises {said(error)}, given {list(actions)} "
                f"after {len(self.history())} moves"
            ) from error
        return rewards


def registered_game(module: str, text: str) -> OwnOpenSpielGame:
    """The game with the spec ``text`` within OpenSpiel that ``module`` has registered there.

    Raises:
        GameError: its parameters break a rule.
    """
    inner = canonical_spec(text)
    return OwnOpenSpielGame(f"{module}:{inner}", module, inner)


def made_game(recipe: Recipe, engine: Any) -> OwnOpenSpielGame:
    """The game of a callable that has given a ``pyspiel.Game``.

    Raises:
        GameError: OpenSpiel does not know the game by name.
    """
    import pyspiel

    name = engine.get_type().short_name
    if name not in pyspiel.registered_names():
        raise GameError(
            f"a pyspiel game must be registered, but {recipe.spec!r} makes {name!r}, which is not; "
            "call pyspiel.register_game in its module"
        )
    inner, spec = canonical_spec(str(engine)), recipe.spec
    if recipe.teams is not None:
        teams = parse_teams(recipe.teams, engine.num_players())
        inner, spec = canonical_spec(with_teams(inner, teams)), with_teams(spec, teams)
    return OwnOpenSpielGame(spec, recipe.module, inner)
