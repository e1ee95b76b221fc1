"""OpenSpiel games that a user's module registers, in Python or C++. An error in their code breaks only their game."""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from typing import Any

from games.contract import Tables
from games.errors import BrokenGameError, GameError
from games.foreign import FOREIGN_ERRORS, describe_error
from games.open_spiel.game import OpenSpielGame
from games.open_spiel.specs import canonical_spec
from games.open_spiel.state import OpenSpielState
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
        self._made_from = (spec, module, inner)

    def __reduce__(self) -> tuple[Any, ...]:
        return OwnOpenSpielGame, self._made_from

    def new_state(self, seed: int, chance: Sequence[int] = ()) -> OwnOpenSpielState:
        try:
            state = super().new_state(seed, chance)
        except GameError:
            raise
        except FOREIGN_ERRORS as error:
            raise BrokenGameError(
                f"{self.spec!r} cannot start a game: its code raises {describe_error(error)}"
            ) from error
        return OwnOpenSpielState(self, state.engine, state._chance)

    def tables(self, size: int) -> Tables:
        return StateTables(self, size)


class OwnOpenSpielState(OpenSpielState):
    """A running game. A step whose code fails is undone."""

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
                f"{self.game.spec!r} cannot make a legal step: its code raises {describe_error(error)}, given "
                f"{list(actions)} after {len(self.history())} moves"
            ) from error
        return rewards


def registered_game(module: str, text: str) -> OwnOpenSpielGame:
    """The game with the spec ``text`` within OpenSpiel, which ``module`` has registered there.

    Raises:
        GameError: its parameters break a rule.
    """
    inner = canonical_spec(text)
    return OwnOpenSpielGame(f"{module}:{inner}", module, inner)


def made_game(engine: Any, *, spec: str, module: str, teams: str | None) -> OwnOpenSpielGame:
    """The game of a callable that returned a ``pyspiel.Game``.

    Args:
        engine: the ``pyspiel.Game``.
        spec: the spec that names the callable, without teams.
        module: the callable's module.
        teams: the teams in the spec; None for the game's own.

    Raises:
        GameError: OpenSpiel does not know the game by name.
    """
    import pyspiel

    name = engine.get_type().short_name
    if name not in pyspiel.registered_names():
        raise GameError(
            f"{spec!r} makes the pyspiel game {name!r}, which is not registered; call pyspiel.register_game in its "
            "module"
        )
    inner = canonical_spec(str(engine))
    if teams is not None:
        numbers = parse_teams(teams, engine.num_players())
        inner, spec = canonical_spec(with_teams(inner, numbers)), with_teams(spec, numbers)
    return OwnOpenSpielGame(spec, module, inner)
