"""The first schema. It never changes: a change of the tables is a new revision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table, and the triggers that keep matches and frozen members from being rewritten."""
    op.create_table(
        "league",
        sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1"), primary_key=True),
        sa.Column("game", sa.Text, nullable=False),
        sa.Column("agent_ids", sa.JSON, nullable=False),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("versions", sa.JSON, nullable=False),
        sa.Column("created_at", sa.Integer, nullable=False),
    )
    op.create_table(
        "members",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("generation", sa.Integer),
        sa.Column("modules", sa.JSON, nullable=False),
        sa.Column("weights", sa.Text),
        sa.Column("agent", sa.Text),
        sa.Column("learner", sa.Text, sa.ForeignKey("members.name")),
        sa.Column("step", sa.Integer, nullable=False),
    )
    op.create_table(
        "lineups",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("seats", sa.LargeBinary, nullable=False, unique=True),
    )
    op.create_table(
        "lineup_members",
        sa.Column("member", sa.Integer, sa.ForeignKey("members.id"), primary_key=True),
        sa.Column("lineup", sa.Integer, sa.ForeignKey("lineups.id"), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "matches",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("lineup", sa.Integer, sa.ForeignKey("lineups.id"), nullable=False),
        sa.Column("kind", sa.Integer, nullable=False),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("block", sa.Integer, nullable=False),
        sa.Column("iteration", sa.Integer, nullable=False),
        sa.Column("ending", sa.Integer, nullable=False),
        sa.Column("plies", sa.Integer, nullable=False),
        sa.Column("started_at", sa.Integer, nullable=False),
        sa.Column("duration", sa.Integer, nullable=False),
        sa.Column("returns", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("actions", sa.LargeBinary, nullable=False),
    )
    op.create_index("matches_by_kind_and_lineup", "matches", ["kind", "lineup"])
    op.create_table(
        "tallies",
        sa.Column("member", sa.Integer, sa.ForeignKey("members.id"), primary_key=True),
        sa.Column("opponent", sa.Integer, sa.ForeignKey("members.id"), primary_key=True),
        *_outcomes(),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "block_scores",
        sa.Column("block", sa.Integer, primary_key=True),
        sa.Column("member", sa.Integer, sa.ForeignKey("members.id"), primary_key=True),
        sa.Column("opponent", sa.Integer, sa.ForeignKey("members.id"), primary_key=True),
        *_outcomes(),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "progress",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("iteration", sa.Integer, nullable=False, unique=True),
        sa.Column("agent_steps", sa.Integer, nullable=False),
        sa.Column("env_steps", sa.Integer, nullable=False),
        sa.Column("games", sa.Integer, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("rate", sa.Float, nullable=False),
        sa.Column("remaining", sa.Float),
        sa.Column("metrics", sa.JSON, nullable=False),
        sa.Column("at", sa.Integer, nullable=False),
    )
    op.create_table(
        "resume",
        sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1"), primary_key=True),
        sa.Column("state", sa.Text),
        sa.Column("league", sa.JSON, nullable=False),
    )
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER matches_refuse_{act.lower()} BEFORE {act} ON matches "
            "BEGIN SELECT RAISE(ABORT, 'matches are immutable'); END"
        )
        op.execute(
            f"CREATE TRIGGER members_refuse_{act.lower()} BEFORE {act} ON members WHEN OLD.kind != 'learner' "
            "BEGIN SELECT RAISE(ABORT, 'frozen members are immutable'); END"
        )
    # INSERT OR REPLACE deletes without firing DELETE triggers.
    op.execute(
        "CREATE TRIGGER matches_refuse_replace BEFORE INSERT ON matches "
        "WHEN EXISTS (SELECT 1 FROM matches WHERE id = NEW.id) "
        "BEGIN SELECT RAISE(ABORT, 'matches are immutable'); END"
    )
    op.execute(
        "CREATE TRIGGER members_refuse_replace BEFORE INSERT ON members "
        "WHEN EXISTS (SELECT 1 FROM members WHERE (id = NEW.id OR name = NEW.name) AND kind != 'learner') "
        "BEGIN SELECT RAISE(ABORT, 'frozen members are immutable'); END"
    )


def _outcomes() -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer, nullable=False) for name in ("wins", "draws", "losses")]
