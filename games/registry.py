"""Makes games from specs, and lists every game that can be made."""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase
from functools import cache

from games.contract import Game
from games.errors import GameError, UntrustedCodeError
from games.specs import GameInfo

__all__ = ["GameInfo", "as_game", "list_games", "make_game", "names_code"]

_PETTINGZOO = "pettingzoo:"


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
    """The game a spec names.

    Making a game of the last form imports the module and calls the callable, so ``os:system(command='...')`` runs a
    command. Whoever names such a game wants that; a spec out of somebody's file must be made with
    ``trust_code=False``.

    Args:
        spec: ``connect_four``, ``leduc_poker(players=3,view=observation)``, ``misere(game=tic_tac_toe)`` (OpenSpiel),
            ``pettingzoo:rps_v2(max_cycles=5)``, or ``package.module:callable`` with optional parameters, the callable
            giving an environment of PettingZoo, RLlib or Gymnasium or a ``pyspiel.Game``, or being a class of
            :class:`games.Game`.
        trust_code: whether the spec may name code to run.

    Returns:
        A game whose ``spec`` is canonical: ``make_game(game.spec) == game``.

    Raises:
        UnknownGameError: there is no such game, or it cannot be played here; one line says why and what to do.
        UntrustedCodeError: it names code, which is not trusted; none of it has run.
        GameError: its parameters, or the environment behind it, break a rule.
    """
    if names_code(spec):
        if not trust_code:
            raise UntrustedCodeError(
                f"a stored game must not run code unasked, but {spec!r} imports a module and calls it; if you trust "
                "who made it, say so by trust_code=True, on the command line by --trust-code"
            )
        from games.own import own_game

        return own_game(spec.strip())
    if spec.strip().startswith(_PETTINGZOO):
        from games.environments.game import pettingzoo_game

        return pettingzoo_game(spec.strip().removeprefix(_PETTINGZOO))
    from games.open_spiel.game import OpenSpielGame
    from games.open_spiel.specs import canonical_spec

    return OpenSpielGame(canonical_spec(spec))


def names_code(spec: str) -> bool:
    """Whether making this game imports and calls a module that the spec names."""
    name = spec.partition("(")[0].strip()
    return ":" in name and not name.startswith(_PETTINGZOO)


def list_games(pattern: str = "") -> list[GameInfo]:
    """The catalogue: all of OpenSpiel at default parameters, then all of PettingZoo.

    A process makes each game for this once, and only those asked for.

    Args:
        pattern: only games whose spec or title contains this, or whose spec matches it as a shell pattern
            (``*poker*``); letters in any case. Empty for all.
    """
    from games.environments.specs import CATALOGUE
    from games.open_spiel.specs import game_types

    wanted = pattern.lower()

    def matches(spec: str, title: str) -> bool:
        return wanted in spec.lower() or wanted in title.lower() or fnmatchcase(spec.lower(), wanted)

    engines = [name for name, kind in sorted(game_types().items()) if matches(name, kind.long_name)]
    environments = [name for name, traits in CATALOGUE.items() if matches(_PETTINGZOO + name, traits.title)]
    return [*map(_openspiel_info, engines), *map(_pettingzoo_info, environments)]


@cache
def _openspiel_info(name: str) -> GameInfo:
    from games.open_spiel.catalogue import catalogue

    return catalogue([name])[0]


@cache
def _pettingzoo_info(name: str) -> GameInfo:
    from games.environments.game import catalogue

    return catalogue([name])[0]
