"""Roles by name: what the learners of a league are for.

A new role is a class that keeps :class:`leagues.roles.contract.Role`, made known by :func:`register_role`. The setting
``roles`` says how many learners of each role a league has.
"""

from __future__ import annotations

from collections.abc import Mapping

from leagues.errors import LeagueError
from leagues.names import near, register
from leagues.roles.best_response import BestResponse
from leagues.roles.contract import Branch, Role, is_due_against
from leagues.roles.league_exploiter import LeagueExploiter
from leagues.roles.main import Main
from leagues.roles.main_exploiter import MainExploiter
from leagues.roles.oracle import Oracle

__all__ = ["Branch", "Role", "is_due_against", "learner_ids", "make_role", "register_role"]

_ROLES: dict[str, type[Role]] = {
    "best_response": BestResponse,
    "league_exploiter": LeagueExploiter,
    "main": Main,
    "main_exploiter": MainExploiter,
    "oracle": Oracle,
}


def register_role(name: str, role: type[Role]) -> None:
    """Make a role known by a short name, which leagues store. Register it before each run that uses it.

    Raises:
        LeagueError: the name is malformed, or another role has it.
    """
    register(_ROLES, "a role", name, role)


def make_role(name: str) -> Role:
    """The role of this name.

    Raises:
        LeagueError: there is none.
    """
    if name not in _ROLES:
        raise LeagueError(f"there is no role {name!r}{near(name, _ROLES)}")
    return _ROLES[name]()


def learner_ids(roles: Mapping[str, int]) -> dict[str, str]:
    """Member ID -> role of the learners of a new league: the first of a role is called like it (``main``), the next
    ones ``main-2``, ``main-3``, ...

    Args:
        roles: role -> number of learners, the setting ``roles``.

    Raises:
        LeagueError: there is no such role, or no learner at all.
    """
    for name in roles:
        make_role(name)
    ids = {f"{name}-{k}" if k > 1 else name: name for name, count in roles.items() for k in range(1, count + 1)}
    if not ids:
        raise LeagueError(f"a league needs a learner, but got roles={dict(roles)}; add one, such as main=1")
    return ids
