"""Code of the person's own that a call names: games, agents, networks.

A call that names any finds modules in the current directory too, as ``python -m`` does, but after all others.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from arena.cli.errors import CallError

if TYPE_CHECKING:
    from games import Game


def look_here() -> None:
    """Let modules be found in the current directory."""
    if (here := os.getcwd()) not in sys.path:
        sys.path.append(here)


def named_game(spec: str) -> Game:
    """The game that the person names.

    Raises:
        GameError: as :func:`games.make_game`.
    """
    from games import make_game, names_code

    if names_code(spec):
        look_here()
    return make_game(spec)


def prepare(agents: Iterable[str] = (), *, trust_code: bool) -> None:
    """Make ready to import what these agents, or a league that is trusted, need."""
    from agents.registry import names_code

    if trust_code or any(map(names_code, agents)):
        look_here()


def named_networks(names: Sequence[str]) -> dict[str, type[Any]]:
    """The RLModule classes that the person names, by what a weights' card calls them.

    Args:
        names: ``package.module:Class`` each. A script that trains calls its own classes ``__main__:Class``, so a
            class goes by that name too.

    Raises:
        CallError: there is no such class.
    """
    if names:
        look_here()
    classes = {}
    for name in names:
        found = _network(name)
        classes[f"__main__:{found.__qualname__}"] = classes[f"{found.__module__}:{found.__qualname__}"] = found
    return classes


def _network(name: str) -> type[Any]:
    from ray.rllib.core.rl_module import RLModule

    module, _, path = name.partition(":")
    rule = f"--module must name an RLModule as PACKAGE.MODULE:CLASS, but got {name!r}"
    try:
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as error:
        raise CallError(f"{rule}: {error}") from error
    if not (isinstance(found, type) and issubclass(found, RLModule)):
        raise CallError(f"{rule}, which is a {type(found).__name__}")
    return found
