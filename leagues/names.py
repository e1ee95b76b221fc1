"""Short names of roles, samplers and algorithms, as leagues store them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

from leagues.errors import LeagueError

T = TypeVar("T")


def register(known: dict[str, T], what: str, name: str, value: T) -> None:
    """Add a name to a registry.

    Args:
        known: the registry.
        what: what it registers, for the message.
        name: lowercase letters, digits and underscores, so that ``main-2`` can only be the second ``main``.
        value: what the name stands for.

    Raises:
        LeagueError: the name is malformed, or stands for something else.
    """
    if not re.fullmatch("[a-z][a-z0-9_]*", name):
        raise LeagueError(f"the name of {what} has lowercase letters, digits and underscores, but got {name!r}")
    if known.setdefault(name, value) != value:
        raise LeagueError(f"the {what.split(maxsplit=1)[1]} name {name!r} is taken; choose another")


def near(name: str, known: Iterable[str]) -> str:
    """A hint for a message: the known names near ``name``, or all of them."""
    # Imported here, because it loads NumPy, which takes a while.
    from games.specs import suggest

    return suggest(name, list(known)) or f"; there are {', '.join(known)}"
