"""A database that declares something else than a league is refused before any of it runs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from operator import methodcaller
from pathlib import Path

import pytest
from leaguekit import raw

from leagues.store import Store, StoreError, open_store

OLD_LEAGUE = Path(__file__).parents[3] / "data/league_0003"
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT {} FROM n"
USES = [methodcaller("reader"), methodcaller("writer"), methodcaller("check")]

CHANGES = {
    "an endless view of the revision": (
        "DROP TABLE alembic_version",
        f"CREATE VIEW alembic_version AS {ENDLESS.format('x AS version_num')}",
    ),
    "an endless view": (
        "DROP TABLE resume",
        f"CREATE VIEW resume AS {ENDLESS.format('1 AS id, x AS state, x AS league')}",
    ),
    "a computed column": (
        "DROP TABLE resume",
        "CREATE TABLE resume (id INTEGER PRIMARY KEY, state TEXT, league AS (hex(zeroblob(400000000))))",
    ),
    "a virtual table": ("DROP TABLE resume", "CREATE VIRTUAL TABLE resume USING fts5(state, league)"),
    "a column too many": ("ALTER TABLE resume ADD COLUMN more",),
    "a table too few": ("DROP TABLE resume",),
    "a table too many": ("CREATE TABLE more (x)",),
    "a view too many": (f"CREATE VIEW more AS {ENDLESS.format('x')}",),
    "a trigger too many": ("CREATE TRIGGER more AFTER UPDATE ON alembic_version BEGIN DELETE FROM progress; END",),
    "a trigger under the name of a table": (
        "CREATE TRIGGER more AFTER UPDATE ON alembic_version BEGIN DELETE FROM progress; END",
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET type = 'table', name = 'sqlite_more' WHERE name = 'more'",
    ),
    "another trigger": (
        "DROP TRIGGER matches_refuse_delete",
        "CREATE TRIGGER matches_refuse_delete BEFORE DELETE ON matches BEGIN DELETE FROM progress; END",
    ),
    "a trigger too few": ("DROP TRIGGER matches_refuse_delete",),
    "another index": (
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = sql || ' WHERE kind = 9' WHERE name LIKE 'matches_by_%lineup'",
    ),
    "no revision": ("DELETE FROM alembic_version",),
    "a revision that is no number": ("UPDATE alembic_version SET version_num = 'new'",),
    "a revision before the first": ("UPDATE alembic_version SET version_num = '0000'",),
}


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A league of an older schema, which is brought up to date when it is opened."""
    return Path(shutil.copytree(OLD_LEAGUE, tmp_path / "older"))


@pytest.mark.parametrize("place", ["folder", "older"])
@pytest.mark.parametrize("use", USES, ids=["reader", "writer", "check"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_database_of_another_shape_is_refused_unread(
    request: pytest.FixtureRequest, place: str, use: Callable[[Store], object], change: tuple[str, ...]
) -> None:
    folder: Path = request.getfixturevalue(place)
    with raw(folder) as connection:
        for statement in change:
            connection.execute(statement)
    before = (folder / "league.db").read_bytes()
    with pytest.raises(StoreError, match=r"league\.db (has |cannot be used: malformed)") as caught:
        use(open_store(folder))
    assert "\n" not in str(caught.value)
    assert (folder / "league.db").read_bytes() == before


def test_statistics_of_sqlite_do_no_harm(folder: Path) -> None:
    with raw(folder) as connection:
        connection.execute("ANALYZE")
    with open_store(folder).reader() as reader:
        assert reader.count_matches() == 1
