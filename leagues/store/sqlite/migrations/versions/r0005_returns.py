"""Returns beside wins, draws and losses; guests, faults apart, openings, calls, live results, measures, row counts."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import islice

import sqlalchemy as sa
from alembic import op

from leagues.store.sqlite.migrations.old_records import pair_returns, unpack_lineup, unpack_returns

revision = "0005"
down_revision = "0004"

_FIRST_CRASH = 2
"""Until now, the ending of a crash was this number plus the seat at fault, and -1 without one."""
_CRASH = 2
"""The ending of every crash from now on."""

_GRADED = re.compile(
    r"\b(battleship|bridge|dou_dizhu|euchre|gin_rummy|kuhn_poker|leduc_poker|matrix_brps|repeated_leduc_poker|"
    r"repeated_poker|skat|tiny_bridge_4p|universal_poker|returns_type=(point|total)|scoring_type=full)"
)
"""OpenSpiel's zero-sum games with more than three different utilities, for leagues without matches that show it."""

_COUNTED = (
    "members", "lineups", "lineup_members", "matches", "tallies", "progress", "calls", "live_results", "measures",
)  # fmt: skip
"""Tables whose rows are counted."""

_BATCH = 50_000
"""Block scores updated at once."""


def upgrade() -> None:
    """Add the columns and tables, and compute the returns of block scores from the matches.

    A match's ending and its seat at fault become two columns. Tallies keep their wins, draws and losses; the returns of
    training games that were not recorded are unknown. A league is graded if its matches have more than three different
    returns, or if its game is one of OpenSpiel's that can have them; no code of the game runs.
    """
    for table, column in (
        ("members", "origin TEXT"),
        ("matches", "fault INTEGER"),
        ("matches", "opening INTEGER DEFAULT 0 NOT NULL"),
        ("league", "graded INTEGER DEFAULT 0 NOT NULL"),
        *((table, f"{name} FLOAT DEFAULT 0 NOT NULL")
          for table in ("tallies", "block_scores") for name in ("returns", "opponent_returns")),
        ("tallies", "squares FLOAT"),  # NULL: the returns are unknown
    ):  # fmt: skip
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
    op.execute("DROP TRIGGER IF EXISTS matches_refuse_update")
    op.execute(f"UPDATE matches SET fault = ending - {_FIRST_CRASH}, ending = {_CRASH} WHERE ending >= {_FIRST_CRASH}")
    op.execute(f"UPDATE matches SET ending = {_CRASH} WHERE ending = -1")
    op.execute(
        "CREATE TRIGGER matches_refuse_update BEFORE UPDATE ON matches "
        "BEGIN SELECT RAISE(ABORT, 'matches are immutable'); END"
    )
    _create_tables()
    connection = op.get_bind()
    row = connection.exec_driver_sql("SELECT game, agent_ids, teams FROM league").first()
    if row is not None:
        seats = len(json.loads(row.agent_ids))
        _fill(connection, seats, tuple(json.loads(row.teams or "null") or ()))
        found: set[float] = set()
        for (packed,) in connection.exec_driver_sql("SELECT DISTINCT returns FROM matches LIMIT 4096"):
            found.update(unpack_returns(packed, seats))
        graded = len(found) > 3 or _GRADED.search(row.game) is not None
        connection.exec_driver_sql("UPDATE league SET graded = ?", (int(graded),))
    _count_rows()


def _fill(connection: sa.Connection, seats: int, teams: tuple[int, ...]) -> None:
    """Sum the returns of all evaluation matches in the block scores."""
    lineups: dict[int, bytes] = dict(connection.exec_driver_sql("SELECT id, seats FROM lineups").all())

    @cache
    def results(lineup: int, fault: int | None, packed: bytes) -> list[tuple[int, int, float, float]]:
        """The returns of each pair that counts: member < opponent by name."""
        players = [names[member] for member in unpack_lineup(lineups[lineup])]
        pairs = []
        for a, b, ours, theirs in pair_returns(players, unpack_returns(packed, seats), fault, teams):
            pairs.append((rows[a], rows[b], ours, theirs) if a < b else (rows[b], rows[a], theirs, ours))
        return pairs

    names: dict[int, str] = dict(connection.exec_driver_sql("SELECT id, name FROM members").all())
    rows = {name: row for row, name in names.items()}
    sums: defaultdict[tuple[int, int, int, int], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for event, block, lineup, ending, fault, packed in connection.exec_driver_sql(
        "SELECT event, block, lineup, ending, fault, returns FROM matches WHERE kind = 1 ORDER BY id"
    ):
        if ending != _CRASH or fault is not None:
            for member, opponent, ours, theirs in results(lineup, fault, packed):
                of_pair = sums[event, block, member, opponent]
                of_pair[0] += ours
                of_pair[1] += theirs
    update = (
        "UPDATE block_scores SET returns = ?, opponent_returns = ? "
        "WHERE event = ? AND block = ? AND member = ? AND opponent = ?"
    )
    each: Iterator[tuple[float, ...]] = ((*returns, *key) for key, returns in sums.items() if any(returns))
    while batch := list(islice(each, _BATCH)):
        connection.exec_driver_sql(update, batch)


def _create_tables() -> None:
    results = [sa.Column(name, sa.Integer, nullable=False) for name in ("wins", "draws", "losses")]
    op.create_table(
        "calls",
        sa.Column("event", sa.Integer, primary_key=True),
        sa.Column("command", sa.Text, nullable=False),
        sa.Column("arguments", sa.JSON, nullable=False),
        sa.Column("finished", sa.Integer, nullable=False),
    )
    op.create_table(
        "live_results",
        sa.Column("iteration", sa.Integer, primary_key=True),
        sa.Column("learner", sa.Integer, sa.ForeignKey("members.id"), primary_key=True),
        sa.Column("opponent", sa.Integer, sa.ForeignKey("members.id"), primary_key=True),
        *results,
        sa.Column("returns", sa.Float, nullable=False),
        sa.Column("opponent_returns", sa.Float, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "measures",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("member", sa.Integer, sa.ForeignKey("members.id"), primary_key=True),
        sa.Column("iteration", sa.Integer, primary_key=True),
        sa.Column("agent_steps", sa.Integer, nullable=False),
        sa.Column("value", sa.Float, nullable=False),
        sqlite_with_rowid=False,
    )


def _count_rows() -> None:
    """Count the rows of tables that only grow, from now on by triggers."""
    op.create_table(
        "row_counts",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("rows", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    for table in _COUNTED:
        op.execute(f"INSERT INTO row_counts SELECT '{table}', count(*) FROM {table}")
        op.execute(
            f"CREATE TRIGGER {table}_count_insert AFTER INSERT ON {table} "
            f"BEGIN UPDATE row_counts SET rows = rows + 1 WHERE name = '{table}'; END"
        )
