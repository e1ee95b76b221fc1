"""Makes a game from the spec that names it, and lists every game that can be made.

This file knows every library that games come from. It imports each of them only when a game needs it.
"""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase
from functools import cache

from games.contract import Game
from games.errors import GameError, UnknownGameError, UntrustedCodeError
from games.info import GameInfo
from games.neutral import NEUTRAL, NeutralGame
from games.specs import parse_spec, suggest

_PETTINGZOO = "pettingzoo:"

EXTERNAL = "external"
"""The name of a game that runs in clients, see :mod:`games.external.game`."""


def as_game(game: Game | str) -> Game:
    """The game itself, or the game that a spec names.

    Everything public that takes a game calls this first.

    Raises:
        UnknownGameError, GameError: as :func:`make_game`, or ``game`` is neither a spec nor a :class:`Game`.
    """
    if isinstance(game, Game):
        return game
    if isinstance(game, str):
        return make_game(game)
    raise _not_a_game(game)


def _not_a_game(given: object) -> GameError:
    pyspiel = sys.modules.get("pyspiel")
    if pyspiel is not None and isinstance(given, pyspiel.Game):
        return GameError(f"a pyspiel.Game is not a games.Game; pass its spec, {str(given).removesuffix('()')!r}")
    return GameError(
        f"{type(given).__name__!r} is not a game; pass a spec such as 'connect_four', or a Game made by make_game()"
    )


def make_game(spec: str, *, trust_code: bool = True) -> Game:
    """The game that a spec names.

    A spec with a colon, as the last one below, imports a module and calls the callable:
    ``os:system(command='...')`` runs a command. Pass ``trust_code=False`` for a spec from somebody else's file.

    Args:
        spec: ``connect_four``, ``leduc_poker(players=3,view=observation)``, ``misere(game=tic_tac_toe)`` (OpenSpiel),
            ``pettingzoo:rps_v2(max_cycles=5)``, ``neutral(game=kuhn_poker(players=3),player_2=random)``
            (:mod:`games.neutral`), ``external(observation=18,actions=9)`` for a game that runs in a client
            (:mod:`games.external.game`), or ``package.module:callable`` with optional parameters. The callable returns
            an environment (PettingZoo, RLlib or Gymnasium) or a ``pyspiel.Game``, or is a class of
            :class:`games.Game`.
        trust_code: whether the spec may name code to run.

    Returns:
        A game whose ``spec`` is canonical: ``make_game(game.spec) == game``.

    Raises:
        UnknownGameError: there is no such game, or it cannot be played here.
        UntrustedCodeError: the spec names code, and ``trust_code`` is False. None of the code has run.
        GameError: the parameters, or the environment behind the game, break a rule.
    """
    spec = spec.strip()
    if names_code(spec) and not trust_code:
        raise UntrustedCodeError(
            f"{spec!r} imports a module and calls it, and stored games may not run code by default; if you trust the "
            "author, pass trust_code=True, or --trust-code on the command line"
        )
    name, parameters = parse_spec(spec)
    if name == NEUTRAL:
        return _neutral_game(spec)
    if name == EXTERNAL:
        from games.external.game import external_game

        return external_game(parameters)
    if names_code(spec):
        return _custom_game(spec)
    if spec.startswith(_PETTINGZOO):
        from games.environments.game import pettingzoo_game

        return pettingzoo_game(spec.removeprefix(_PETTINGZOO))
    from games.environments.traits import TRAITS
    from games.open_spiel.game import OpenSpielGame
    from games.open_spiel.specs import canonical_spec, game_types

    if name not in (types := game_types()):
        near = suggest(name, [*types, *(_PETTINGZOO + other for other in TRAITS)])
        raise UnknownGameError(f"there is no game {name!r}{near}; `arena games` lists all games")
    return OpenSpielGame(canonical_spec(spec))


def names_code(spec: str) -> bool:
    """Whether :func:`make_game` imports and calls a module that the spec names."""
    name = _name(spec)
    while name == NEUTRAL:
        _, parameters = parse_spec(spec)
        spec = parameters.pop("game", "")
        if any(":" in script for script in parameters.values()):
            return True
        name = _name(spec)
    return ":" in name and not name.startswith(_PETTINGZOO)


def _name(spec: str) -> str:
    return spec.partition("(")[0].strip()


def _neutral_game(spec: str) -> Game:
    """The game of ``neutral(game=...,agent ID=script)``; any code in it is trusted."""
    _, parameters = parse_spec(spec)
    if "game" not in parameters:
        raise GameError(f"{NEUTRAL} names its game, such as {NEUTRAL}(game=kuhn_poker(players=3),player_2=random)")
    if _name(parameters["game"]) == NEUTRAL:
        raise GameError(
            f"one {NEUTRAL}(...) names the scripts of all neutral seats, but its game is another {NEUTRAL}(...)"
        )
    return NeutralGame(make_game(parameters.pop("game")), parameters)


def _custom_game(spec: str) -> Game:
    """The game of ``package.module:name(key=value,...)``.

    The name is a callable that returns an environment or a ``pyspiel.Game``, a class of :class:`Game`, or the short
    name of a game that the module registers with OpenSpiel.
    """
    from games.environments.recipes import custom_recipe, import_module

    path, _ = parse_spec(spec)
    module_name, _, name = path.partition(":")
    named = getattr(import_module(path, module_name), name, None)
    pyspiel = sys.modules.get("pyspiel")  # loaded by now if the module registers a game
    if not callable(named) and pyspiel is not None and name in pyspiel.registered_names():
        from games.open_spiel.own import registered_game

        return registered_game(module_name, spec.partition(":")[2])
    recipe = custom_recipe(spec)
    made: object = recipe.call()
    if isinstance(named, type) and isinstance(made, Game):
        return made
    pyspiel = sys.modules.get("pyspiel")  # the call may have loaded it
    if pyspiel is not None and isinstance(made, pyspiel.Game):
        from games.open_spiel.own import made_game

        return made_game(made, spec=recipe.spec, module=recipe.module, teams=recipe.teams)
    from games.environments.game import EnvironmentGame

    return EnvironmentGame(recipe)


def list_games(pattern: str = "") -> list[GameInfo]:
    """The catalogue: all of OpenSpiel at default parameters, then all of PettingZoo.

    A process makes each game for this at most once, and only the games that match.

    Args:
        pattern: only games whose spec or title contains this, or whose spec matches it as a shell pattern
            (``*poker*``). Case does not matter. Empty for all games.
    """
    from games.environments.traits import TRAITS
    from games.open_spiel.specs import game_types

    wanted = pattern.lower()

    def matches(spec: str, title: str) -> bool:
        return wanted in spec.lower() or wanted in title.lower() or fnmatchcase(spec.lower(), wanted)

    engines = [name for name, kind in sorted(game_types().items()) if matches(name, kind.long_name)]
    environments = [name for name, traits in TRAITS.items() if matches(_PETTINGZOO + name, traits.title)]
    return [*map(_openspiel_info, engines), *map(_pettingzoo_info, environments)]


@cache
def _openspiel_info(name: str) -> GameInfo:
    from games.open_spiel.catalogue import list_game

    return list_game(name)


@cache
def _pettingzoo_info(name: str) -> GameInfo:
    from games.environments.catalogue import list_game

    return list_game(name)
