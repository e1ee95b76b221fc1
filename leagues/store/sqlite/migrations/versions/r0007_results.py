"""What was measured of the runtime of an iteration, and what finds matches by their results, endings and events."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from leagues.results.scoring import seat_results
from leagues.store import codec

revision = "0007"
down_revision = "0006"

_CRASH = 2
"""``matches.ending`` of a crash."""

_LETTERS = {"won": "w", "drew": "d", "lost": "l", None: "-"}


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
    row = connection.exec_driver_sql("SELECT agent_ids, teams FROM league").first()
    if row is None:
        return
    seats, teams = len(json.loads(row.agent_ids)), tuple(json.loads(row.teams or "null") or ())
    op.execute("CREATE TEMP TABLE found (returns, fault, ending, results, PRIMARY KEY (returns, fault, ending))")
    distinct = connection.exec_driver_sql("SELECT DISTINCT returns, coalesce(fault, -1), ending FROM matches").all()
    found = []
    for packed, fault, ending in distinct:
        returns, at_fault = codec.unpack_returns(packed, seats), fault if fault >= 0 else None
        results = seat_results(returns, at_fault, ending == _CRASH and at_fault is None, teams)
        found.append((packed, fault, ending, "".join(_LETTERS[result] for result in results)))
    if found:
        connection.exec_driver_sql("INSERT INTO found VALUES (?, ?, ?, ?)", found)
    op.execute(
        "UPDATE matches SET results = (SELECT results FROM found WHERE found.returns = matches.returns "
        "AND found.fault = coalesce(matches.fault, -1) AND found.ending = matches.ending)"
    )
    op.execute("DROP TABLE found")
