"""What was measured of the runtime of an iteration, and what finds matches by their results, endings and events."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from alembic import op

from leagues.store.sqlite.migrations.old_records import result_letters, unpack_returns

revision = "0007"
down_revision = "0006"

_CRASH = 2
"""``matches.ending`` of a crash."""


def upgrade() -> None:
    """Add the columns, compute the results of all matches from their returns, and replace the index of the matches."""
    op.execute("ALTER TABLE progress ADD COLUMN runtime JSON DEFAULT '{}' NOT NULL")
    op.execute("ALTER TABLE matches ADD COLUMN results TEXT DEFAULT '' NOT NULL")
    op.execute("DROP TRIGGER matches_refuse_update")
    _fill(op.get_bind())
    op.execute(
        "CREATE TRIGGER matches_refuse_update BEFORE UPDATE ON matches "
        "BEGIN SELECT RAISE(ABORT, 'matches are immutable'); END"
    )
    op.execute("DROP INDEX matches_by_kind_and_lineup")
    op.execute("CREATE INDEX matches_by_lineup ON matches (kind, lineup, results, plies)")
    op.execute("CREATE INDEX matches_by_rare_ending ON matches (ending) WHERE ending != 0")
    op.create_table(
        "spans",
        sa.Column("event", sa.Integer, primary_key=True),
        sa.Column("first", sa.Integer, nullable=False),
        sa.Column("last", sa.Integer, nullable=False),
        sa.Column("shortest", sa.Integer, nullable=False),
        sa.Column("longest", sa.Integer, nullable=False),
    )
    op.execute("INSERT INTO spans SELECT event, min(id), max(id), min(plies), max(plies) FROM matches GROUP BY event")


def _fill(connection: sa.Connection) -> None:
    """Compute the results row by row, so that a league of millions of different returns takes no memory."""
    row = connection.exec_driver_sql("SELECT agent_ids, teams FROM league").first()
    if row is None:
        return
    seats, teams = len(json.loads(row.agent_ids)), tuple(json.loads(row.teams or "null") or ())
    failures: list[Exception] = []

    @lru_cache(maxsize=4096)
    def letters(packed: bytes, fault: int | None, ending: int) -> str:
        return result_letters(unpack_returns(packed, seats), fault, ending == _CRASH and fault is None, teams)

    def results_of(packed: bytes, fault: int | None, ending: int) -> str:
        try:
            return letters(packed, fault, ending)
        except Exception as error:  # SQLite only tells that there was one
            failures.append(error)
            raise

    driver: Any = connection.connection.dbapi_connection
    driver.create_function("results_of", 3, results_of, deterministic=True)
    try:
        op.execute("UPDATE matches SET results = results_of(returns, fault, ending)")
    except sa.exc.DBAPIError as error:
        raise (failures or [error])[0] from error
    finally:
        driver.create_function("results_of", 3, None)
