"""The tables, indexes and triggers that ``league.db`` may have.

A file from a stranger can have a view in the place of a table, which never ends, or triggers that act when somebody
writes. So all that the file declares is compared with :mod:`leagues.store.sqlite.schema` before any other query.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection, Table

from leagues.store.contract import StoreError
from leagues.store.sqlite import schema

_VERSION = "alembic_version"
_LISTING = "SELECT type, name, sql FROM sqlite_master"


def revision(connection: Connection, path: str) -> str:
    """The schema revision of the database at ``path``, all of whose tables, indexes and triggers are ours.

    Raises:
        StoreError: they are not, or a newer program made it.
    """
    declared = {(kind, name): sql for kind, name, sql in connection.exec_driver_sql(_LISTING)}
    _check_table(connection, path, _VERSION, {"version_num"}, declared.get(("table", _VERSION)))
    found = connection.exec_driver_sql(f"SELECT version_num FROM {_VERSION} LIMIT 2").scalars().all()
    known = [f"{number:04}" for number in range(1, int(schema.REVISION) + 1)]
    if len(found) != 1 or not isinstance(found[0], str) or not re.fullmatch("[0-9]{4}", found[0]):
        raise StoreError(f"{path} has the schema revisions {found}, but must have one; restore the league from a copy")
    if found[0] not in known:
        raise StoreError(
            f"{path} has schema {found[0]}, and this program knows {known[0]} to {known[-1]}; update this program"
        )
    _check(connection, path, found[0], declared)
    return found[0]


def _check(connection: Connection, path: str, version: str, declared: dict[tuple[str, str], str | None]) -> None:
    tables = {table.name: columns for table in schema.metadata.sorted_tables if (columns := _columns(table, version))}
    others = {("trigger", name): sql for name, sql in schema.triggers(version).items()} | {
        ("index", name): sql for name, sql in schema.indexes(version).items()
    }
    known = {("table", name) for name in (_VERSION, *tables)} | set(others)
    for kind, name in sorted(set(declared) - known):
        if not _is_of_sqlite(kind, declared[kind, name]):
            raise _foreign(path, f"the {kind} {name!r}, which no league has")
    for name, columns in tables.items():
        _check_table(connection, path, name, columns, declared.get(("table", name)))
    for (kind, name), sql in others.items():
        if _words(declared.get((kind, name))) != _words(sql):
            raise _foreign(path, f"another {kind} {name!r} than schema {version}, or none")


def _check_table(connection: Connection, path: str, name: str, columns: set[str], sql: str | None) -> None:
    """Check for a plain table with just these columns, none of them computed."""
    found = (
        {(column, hidden) for _, column, *_, hidden in connection.exec_driver_sql(f'PRAGMA table_xinfo("{name}")')}
        if _words(sql).startswith("create table ")
        else None
    )
    if found != {(column, 0) for column in columns}:
        raise _foreign(path, f"another table {name!r} than a league, or none")


def _is_of_sqlite(kind: str, sql: str | None) -> bool:
    """Whether SQLite itself has made this: the index of a unique column, or the statistics of ``ANALYZE``."""
    # The statement says what it is: in an altered file, the kind and the name beside it may be others.
    return sql is None if kind == "index" else _words(sql).startswith("create table sqlite_stat")


def _columns(table: Table[Any], version: str) -> set[str]:
    """The columns that a table has at a schema revision; none where there is no such table yet."""
    return {
        column.name for column in table.columns if column.info.get("since", table.info.get("since", version)) <= version
    }


def _words(sql: str | None) -> str:
    return " ".join((sql or "").lower().split())


def _foreign(path: str, what: str) -> StoreError:
    return StoreError(f"{path} has {what}; restore the league from a copy, or do not use it")
