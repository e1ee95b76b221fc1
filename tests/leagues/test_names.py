"""Short names of roles, samplers and algorithms."""

from __future__ import annotations

import pytest

from leagues.errors import LeagueError
from leagues.names import register


@pytest.mark.parametrize("name", ["main-2", "Main", "2nd", "", "a b", "rôle", "a\n", "py:module:Role"])
def test_a_malformed_name_is_refused(name: str) -> None:
    known: dict[str, int] = {}
    with pytest.raises(LeagueError, match="the name of a role has lowercase letters, digits and underscores") as error:
        register(known, "a role", name, 1)
    assert not known
    assert "\n" not in str(error.value)


def test_a_name_stands_for_one_thing() -> None:
    known = {"main": 1}
    register(known, "a role", "main", 1)
    with pytest.raises(LeagueError, match="the role name 'main' is taken"):
        register(known, "a role", "main", 2)
    register(known, "a role", "own_2", 2)
    assert known == {"main": 1, "own_2": 2}
