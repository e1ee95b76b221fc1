"""How migrations read the matches of old leagues."""

from __future__ import annotations

import ast
import struct
import sys
from collections.abc import Sequence

import pytest

from leagues.store.sqlite import migrations
from leagues.store.sqlite.migrations.old_records import pair_returns, result_letters, unpack_lineup, unpack_returns

NO_TEAMS: tuple[int, ...] = ()


def test_returns_and_lineups_are_unpacked() -> None:
    assert unpack_returns(b"\x01\xff", 2) == (1.0, -1.0)
    assert unpack_returns(struct.pack("<2d", 0.5, -200.0), 2) == (0.5, -200.0)
    assert unpack_lineup(b"\x02\x05") == [1, 2]
    assert unpack_lineup(b"\x81\x02\x04") == [128, 2]


@pytest.mark.parametrize(
    ("returns", "fault", "void", "teams", "letters"),
    [
        ((1.0, -1.0), None, False, NO_TEAMS, "wl"),
        ((0.0, 0.0), None, False, NO_TEAMS, "dd"),
        ((0.0, 0.0), 1, False, NO_TEAMS, "wl"),
        ((1.0, -1.0), None, True, NO_TEAMS, "--"),
        ((3.0,), None, False, NO_TEAMS, "-"),
        ((3.0,), 0, False, NO_TEAMS, "l"),
        ((2.0, 2.0, 1.0), None, False, (0, 1, 2), "wwl"),
        ((3.0, 0.0, 1.0, 1.0), None, False, (0, 1, 0, 1), "wlwl"),
        ((0.0, 0.0, 0.0, 0.0), 2, False, (0, 1, 0, 1), "-wlw"),
        ((0.1, 0.1), None, False, (0, 0), "dd"),
    ],
)
def test_every_seat_has_a_letter(
    returns: Sequence[float], fault: int | None, void: bool, teams: Sequence[int], letters: str
) -> None:
    assert result_letters(returns, fault, void, teams) == letters


@pytest.mark.parametrize(
    ("seats", "returns", "fault", "teams", "pairs"),
    [
        ("ab", (1.0, -1.0), None, NO_TEAMS, [("a", "b", 1.0, -1.0)]),
        ("aa", (1.0, -1.0), None, NO_TEAMS, []),
        ("abc", (2.0, 1.0, 0.0), 1, NO_TEAMS, [("a", "b", 2.0, 1.0), ("b", "c", 1.0, 0.0)]),
        ("abab", (3.0, 0.0, 1.0, 0.0), None, (0, 1, 0, 1), [("a", "b", 2.0, 0.0)]),
        ("abcd", (0.0,) * 4, 2, (0, 1, 0, 1), [("c", "b", 0.0, 0.0), ("c", "d", 0.0, 0.0)]),
    ],
)
def test_every_pair_that_counts_has_its_returns(
    seats: str,
    returns: Sequence[float],
    fault: int | None,
    teams: Sequence[int],
    pairs: list[tuple[str, str, float, float]],
) -> None:
    assert list(pair_returns(seats, returns, fault, teams)) == pairs


def test_migrations_use_no_code_that_may_change() -> None:
    versions = sorted((migrations.FOLDER / "versions").glob("r*.py"))
    assert len(versions) > 6
    for file in (*versions, migrations.FOLDER / "old_records.py"):
        nodes = list(ast.walk(ast.parse(file.read_text())))
        names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
        names += [str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)]
        own = {name for name in names if name.split(".")[0] not in {"alembic", "sqlalchemy", *sys.stdlib_module_names}}
        assert own <= {"leagues.store.sqlite.migrations.old_records"}
