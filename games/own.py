"""Anyone's own game, from the text that names a callable or a game of a module."""

from __future__ import annotations

import sys
from typing import Any

from games.contract import Game
from games.environments.game import PettingZooGame
from games.environments.recipes import custom_recipe, import_module
from games.specs import parse_spec


def own_game(text: str) -> Game:
    """The game of ``package.module:name(key=value,...)``.

    The name is a callable that gives an environment (PettingZoo's, RLlib's or Gymnasium's) or a ``pyspiel.Game``, a
    class of :class:`Game`, or a game that the module registers with OpenSpiel.

    Raises:
        UnknownGameError, GameError: as :func:`games.make_game` says.
    """
    path, _ = parse_spec(text)
    module_name, _, name = path.partition(":")
    module = import_module(path, module_name)
    named = getattr(module, name, None)
    if not callable(named) and _registered(name):
        from games.open_spiel.own import registered_game

        return registered_game(module_name, text.partition(":")[2])
    recipe = custom_recipe(text)
    made: Any = recipe.call()
    if isinstance(named, type) and issubclass(named, Game):
        game: Game = made
        return game
    pyspiel = sys.modules.get("pyspiel")
    if pyspiel is not None and isinstance(made, pyspiel.Game):
        from games.open_spiel.own import made_game

        return made_game(recipe, made)
    return PettingZooGame(recipe)


def _registered(name: str) -> bool:
    """Whether OpenSpiel knows the name; it does not while nobody has loaded it."""
    pyspiel = sys.modules.get("pyspiel")
    return pyspiel is not None and name in pyspiel.registered_names()
