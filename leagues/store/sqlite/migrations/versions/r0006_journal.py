"""The journal, and the parents of snapshots."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_GOES_ON = ("main", "best_response")
"""Roles whose learners went on after a snapshot. Others started over, or nobody knows what they did."""


def upgrade() -> None:
    """Add the journal, which begins empty, and the parent of each snapshot: the learner's previous one, where its role
    went on from there."""
    op.execute("ALTER TABLE members ADD COLUMN parent TEXT REFERENCES members (name)")
    op.execute("DROP TRIGGER members_refuse_update")
    op.execute(
        "UPDATE members SET parent = (SELECT name FROM members AS before "
        "WHERE before.learner = members.learner AND before.generation = members.generation - 1) "
        f"WHERE kind = 'snapshot' AND role IN {_GOES_ON}"
    )
    op.execute(
        "CREATE TRIGGER members_refuse_update BEFORE UPDATE ON members WHEN OLD.kind != 'learner' "
        "BEGIN SELECT RAISE(ABORT, 'frozen members are immutable'); END"
    )
    op.create_table(
        "journal",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", sa.Integer, nullable=False),
        sa.Column("iteration", sa.Integer, nullable=False),
        sa.Column("agent_steps", sa.Integer, nullable=False),
        sa.Column("subject", sa.Integer, sa.ForeignKey("members.id")),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("writer", sa.Text, nullable=False),
    )
    refuse = "BEGIN SELECT RAISE(ABORT, 'journal entries are immutable'); END"
    for act in ("UPDATE", "DELETE"):
        op.execute(f"CREATE TRIGGER journal_refuse_{act.lower()} BEFORE {act} ON journal {refuse}")
    # INSERT OR REPLACE deletes without firing DELETE triggers.
    op.execute(
        "CREATE TRIGGER journal_refuse_replace BEFORE INSERT ON journal "
        f"WHEN EXISTS (SELECT 1 FROM journal WHERE id = NEW.id) {refuse}"
    )
    op.execute("INSERT INTO row_counts VALUES ('journal', 0)")
    op.execute(
        "CREATE TRIGGER journal_count_insert AFTER INSERT ON journal "
        "BEGIN UPDATE row_counts SET rows = rows + 1 WHERE name = 'journal'; END"
    )
