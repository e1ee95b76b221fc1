"""Matches and block scores name the event that planned them, and blocks are numbered inside it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_MOST = 2**31
"""Block numbers stay below this."""


def upgrade() -> None:
    """Give every match an event.

    Until now a block's number was either a counter or the seed of its matches, and a counter that followed a seed went
    on from there. Counters keep their number, in event 1; those too large are numbered anew. Blocks numbered by their
    seed become the blocks 1, 2, ... of event 2. Training matches become event 1, block 0. A block stays one block, so
    ratings do not change.
    """
    op.execute("DROP TRIGGER IF EXISTS matches_refuse_update")
    op.execute("ALTER TABLE matches ADD COLUMN event INTEGER DEFAULT 1 NOT NULL")
    op.execute("CREATE TEMP TABLE blocks (old INTEGER PRIMARY KEY, by_seed INTEGER, first INTEGER)")
    op.execute("INSERT INTO blocks SELECT block, min(block = seed), min(id) FROM matches WHERE kind = 1 GROUP BY block")
    op.execute("CREATE TEMP TABLE renumbered (old INTEGER PRIMARY KEY, event INTEGER, block INTEGER)")
    op.execute("INSERT INTO renumbered SELECT old, 2, row_number() OVER (ORDER BY first) FROM blocks WHERE by_seed")
    op.execute(
        "INSERT INTO renumbered SELECT old, 1, row_number() OVER (ORDER BY old) + "
        f"(SELECT coalesce(max(old), 0) FROM blocks WHERE NOT by_seed AND old < {_MOST}) "
        f"FROM blocks WHERE NOT by_seed AND old >= {_MOST}"
    )
    op.execute(
        "UPDATE matches SET (event, block) = (SELECT event, block FROM renumbered WHERE old = matches.block) "
        "WHERE kind = 1 AND block IN (SELECT old FROM renumbered)"
    )
    op.execute("UPDATE matches SET block = 0 WHERE kind = 0 AND block != 0")
    op.execute(
        "CREATE TRIGGER matches_refuse_update BEFORE UPDATE ON matches "
        "BEGIN SELECT RAISE(ABORT, 'matches are immutable'); END"
    )
    op.rename_table("block_scores", "old_block_scores")
    op.create_table(
        "block_scores",
        sa.Column("event", sa.Integer, primary_key=True),
        sa.Column("block", sa.Integer, primary_key=True),
        sa.Column("member", sa.Integer, sa.ForeignKey("members.id"), primary_key=True),
        sa.Column("opponent", sa.Integer, sa.ForeignKey("members.id"), primary_key=True),
        *[sa.Column(name, sa.Integer, nullable=False) for name in ("wins", "draws", "losses")],
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO block_scores SELECT coalesce(renumbered.event, 1), coalesce(renumbered.block, old.block), "
        "member, opponent, wins, draws, losses "
        "FROM old_block_scores old LEFT JOIN renumbered ON renumbered.old = old.block"
    )
    op.drop_table("old_block_scores")
    op.execute("DROP TABLE blocks")
    op.execute("DROP TABLE renumbered")
    op.create_table(
        "events",
        sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1"), primary_key=True),
        sa.Column("newest", sa.Integer, nullable=False),
    )
    op.execute("INSERT INTO events SELECT 1, coalesce(max(event), 0) FROM matches")
    op.create_table(
        "states",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
    )
    # The older of the two states on the disk is named nowhere, so it stays there: the file could be anybody's.
    op.execute("INSERT INTO states (digest) SELECT state FROM resume WHERE state IS NOT NULL")
