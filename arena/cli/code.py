"""A person's own code that a call names: games, agents and network classes.

When a call names such code, modules in the current directory can be imported too, as with ``python -m``. They are
found after all other modules.
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


def load_game(spec: str) -> Game:
    """The game called ``spec``.

    Raises:
        GameError: as :func:`games.make_game`.
    """
    from games import make_game, names_code

    if names_code(spec):
        _import_from_here()
    return make_game(spec)


def allow_imports(agents: Iterable[str] = (), *, trust_code: bool) -> None:
    """Allow imports from the current directory if one of ``agents`` is own code, or if a league is trusted."""
    from agents.registry import names_code

    if trust_code or any(map(names_code, agents)):
        _import_from_here()


def load_networks(names: Sequence[str]) -> dict[str, type[Any]]:
    """RLModule classes by the names that weights files have for them.

    Args:
        names: ``package.module:Class`` each. A training script calls its own classes ``__main__:Class``, so each class
            is listed under that name too.

    Raises:
        CallError: there is no such class.
    """
    if names:
        _import_from_here()
    classes = {}
    for name in names:
        network = _load_network(name)
        classes[f"__main__:{network.__qualname__}"] = network
        classes[f"{network.__module__}:{network.__qualname__}"] = network
    return classes


def _import_from_here() -> None:
    if (here := os.getcwd()) not in sys.path:
        sys.path.append(here)


def _load_network(name: str) -> type[Any]:
    from ray.rllib.core.rl_module import RLModule

    module, _, path = name.partition(":")
    rule = f"--module must name an RLModule as PACKAGE.MODULE:CLASS, but got {name!r}"
    try:
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except Exception as error:  # the module is the person's own code, which may raise anything
        raise CallError(f"{rule}: {error}") from error
    if not (isinstance(found, type) and issubclass(found, RLModule)):
        raise CallError(f"{rule}, which is a {type(found).__name__}")
    return found
