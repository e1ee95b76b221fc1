"""The tables of ``league.db``. They are compact: a connect-four match takes about 97 bytes, indexes included.

- A *lineup* says which member has each seat, and with which weights. Each lineup is stored once, so that a match names
  it by a small number.
- ``matches.actions``, ``matches.returns`` and ``lineups.seats`` are byte strings of :mod:`leagues.store.codec`.
- ``matches.results`` has a letter of :data:`RESULTS` for each seat, so that matches are found by who won. They follow
  from the returns and the seat at fault.
- ``matches.digest`` has the first :data:`leagues.store.rules.DIGEST_BYTES` bytes of the digest.
- ``tallies``, ``block_scores`` and ``events`` are updated in the transaction that records their matches, so that
  matchmaking and ratings need not read a million matches. Tallies also count training games that are not recorded.
  Sums of returns are REAL; SQLite stores one that is whole as a small integer.
- Triggers keep ``matches``, frozen ``members`` and ``journal`` from being updated, deleted or replaced, and count the
  rows of tables that only grow.
- ``spans`` lets a filter pass over events. :mod:`leagues.store.sqlite.finding` uses it and the indexes.
- Times are UTC since 1970: microseconds in ``league``, ``progress`` and ``journal``, milliseconds in ``matches``.

A change here needs a new file in ``migrations/versions`` and its number in :data:`REVISION` and in ``info`` of what is
new: :mod:`leagues.store.sqlite.shape` refuses a database that has anything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Named,
    Table,
    Text,
    TypedColumns,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex

from leagues.records import MatchEnding, MatchKind, Result

REVISION = "0007"
"""The schema revision that this program reads and writes. Revisions are ascending numbers."""

APPLICATION_ID = 0x41524E41
"""``PRAGMA application_id`` of every league ("ARNA"), by which it differs from other SQLite files."""

KINDS: tuple[MatchKind, ...] = ("training", "evaluation", "human")
"""``matches.kind`` is a place in this tuple. SQLite stores 0 and 1 in no bytes."""

ENDINGS: tuple[MatchEnding, ...] = ("terminated", "truncated", "crash", "adjudicated", "illegal", "timeout", "stall")
"""``matches.ending`` is a place in this tuple."""

RESULTS: Mapping[Result | None, str] = {"won": "w", "drew": "d", "lost": "l", None: "-"}
"""The letters of ``matches.results``."""

STATES_NAMED = 8
"""Most rows of ``states``. A training keeps fewer states, so the state that it has yet to remove is always named here,
also after a crash."""

metadata = MetaData()


class LeagueColumns(TypedColumns):
    """A single row: what never changes in the league."""

    id = Column(Integer, CheckConstraint("id = 1"), primary_key=True)
    game: Named[str] = Column(Text)
    agent_ids: Named[list[str]] = Column(JSON)
    seed: Named[int] = Column(Integer)
    settings: Named[dict[str, Any]] = Column(JSON)
    versions: Named[dict[str, str]] = Column(JSON)
    created_at: Named[int] = Column(Integer)
    # None in leagues older than schema 0002: every seat plays for itself
    teams: Named[list[int] | None] = Column(JSON, info={"since": "0002"})
    graded: Named[int] = Column(Integer, info={"since": "0005"})


class MemberColumns(TypedColumns):
    """Members in the order they joined. ``name`` is what the rest of the program calls the member's ID."""

    id = Column(Integer, primary_key=True)
    name: Named[str] = Column(Text, unique=True)
    kind: Named[str] = Column(Text)
    role: Named[str] = Column(Text)
    generation: Named[int | None] = Column(Integer)
    modules: Named[dict[str, str]] = Column(JSON)
    weights: Named[str | None] = Column(Text)
    agent: Named[str | None] = Column(Text)
    learner: Named[str | None] = Column(Text, ForeignKey("members.name"))
    step: Named[int] = Column(Integer)
    origin: Named[str | None] = Column(Text, info={"since": "0005"})
    parent: Named[str | None] = Column(Text, ForeignKey("members.name"), info={"since": "0006"})


class LineupColumns(TypedColumns):
    """Which member has each seat: see ``codec.pack_lineup``."""

    id = Column(Integer, primary_key=True)
    seats: Named[bytes] = Column(LargeBinary, unique=True)


class LineupMemberColumns(TypedColumns):
    """The lineups of each member, to find its matches."""

    member: Named[int] = Column(Integer, ForeignKey("members.id"), primary_key=True)
    lineup: Named[int] = Column(Integer, ForeignKey("lineups.id"), primary_key=True)


class MatchColumns(TypedColumns):
    """A finished game."""

    id = Column(Integer, primary_key=True)
    lineup: Named[int] = Column(Integer, ForeignKey("lineups.id"))
    kind: Named[int] = Column(Integer)
    seed: Named[int] = Column(Integer)
    block: Named[int] = Column(Integer)
    event: Named[int] = Column(Integer, info={"since": "0004"})
    iteration: Named[int] = Column(Integer)
    ending: Named[int] = Column(Integer)
    fault: Named[int | None] = Column(Integer, info={"since": "0005"})
    opening: Named[int] = Column(Integer, info={"since": "0005"})
    plies: Named[int] = Column(Integer)
    started_at: Named[int] = Column(Integer)
    duration: Named[int] = Column(Integer)
    returns: Named[bytes] = Column(LargeBinary)
    results: Named[str] = Column(Text, info={"since": "0007"})
    digest: Named[bytes] = Column(LargeBinary)
    actions: Named[bytes] = Column(LargeBinary)


class TallyColumns(TypedColumns):
    """Training games of an ordered pair of members.

    ``squares`` is NULL, and stays NULL, where the returns of games from before schema 0005 are unknown.
    """

    member: Named[int] = Column(Integer, ForeignKey("members.id"), primary_key=True)
    opponent: Named[int] = Column(Integer, ForeignKey("members.id"), primary_key=True)
    wins: Named[int] = Column(Integer)
    draws: Named[int] = Column(Integer)
    losses: Named[int] = Column(Integer)
    returns: Named[float] = Column(Float, info={"since": "0005"})
    opponent_returns: Named[float] = Column(Float, info={"since": "0005"})
    squares: Named[float | None] = Column(Float, info={"since": "0005"})


class BlockScoreColumns(TypedColumns):
    """Evaluation games of a block between two members, from the view of the alphabetically first member."""

    event: Named[int] = Column(Integer, primary_key=True, info={"since": "0004"})
    block: Named[int] = Column(Integer, primary_key=True)
    member: Named[int] = Column(Integer, ForeignKey("members.id"), primary_key=True)
    opponent: Named[int] = Column(Integer, ForeignKey("members.id"), primary_key=True)
    wins: Named[int] = Column(Integer)
    draws: Named[int] = Column(Integer)
    losses: Named[int] = Column(Integer)
    returns: Named[float] = Column(Float, info={"since": "0005"})
    opponent_returns: Named[float] = Column(Float, info={"since": "0005"})


class LiveResultColumns(TypedColumns):
    """Training games of a learner against a frozen member in one iteration."""

    iteration: Named[int] = Column(Integer, primary_key=True)
    learner: Named[int] = Column(Integer, ForeignKey("members.id"), primary_key=True)
    opponent: Named[int] = Column(Integer, ForeignKey("members.id"), primary_key=True)
    wins: Named[int] = Column(Integer)
    draws: Named[int] = Column(Integer)
    losses: Named[int] = Column(Integer)
    returns: Named[float] = Column(Float)
    opponent_returns: Named[float] = Column(Float)


class MeasureColumns(TypedColumns):
    """Numbers measured of members in training."""

    name: Named[str] = Column(Text, primary_key=True)
    member: Named[int] = Column(Integer, ForeignKey("members.id"), primary_key=True)
    iteration: Named[int] = Column(Integer, primary_key=True)
    agent_steps: Named[int] = Column(Integer)
    value: Named[float] = Column(Float)


class ProgressColumns(TypedColumns):
    """One row per iteration. The newest has the highest ``id``."""

    id = Column(Integer, primary_key=True)
    iteration: Named[int] = Column(Integer, unique=True)
    agent_steps: Named[int] = Column(Integer)
    env_steps: Named[int] = Column(Integer)
    games: Named[int] = Column(Integer)
    seconds: Named[float] = Column(Float)
    rate: Named[float] = Column(Float)
    remaining: Named[float | None] = Column(Float)
    metrics: Named[dict[str, dict[str, float]]] = Column(JSON)
    at: Named[int] = Column(Integer)
    runtime: Named[dict[str, float]] = Column(JSON, info={"since": "0007"})


class ResumeColumns(TypedColumns):
    """A single row: the heavy part of the newest progress, from which a training resumes."""

    id = Column(Integer, CheckConstraint("id = 1"), primary_key=True)
    state: Named[str | None] = Column(Text)
    league: Named[dict[str, Any]] = Column(JSON)


class EventColumns(TypedColumns):
    """A single row: the highest event of all matches and calls; 0 before the first."""

    id = Column(Integer, CheckConstraint("id = 1"), primary_key=True)
    newest: Named[int] = Column(Integer)


class SpanColumns(TypedColumns):
    """The first and the last match of each event, between which all its matches are found, and the plies of its
    shortest and its longest match."""

    event: Named[int] = Column(Integer, primary_key=True)
    first: Named[int] = Column(Integer)
    last: Named[int] = Column(Integer)
    shortest: Named[int] = Column(Integer)
    longest: Named[int] = Column(Integer)


class CallColumns(TypedColumns):
    """Events that can be taken up again: see :class:`leagues.records.Event`."""

    event = Column(Integer, primary_key=True)
    command: Named[str] = Column(Text)
    arguments: Named[dict[str, Any]] = Column(JSON)
    finished: Named[int] = Column(Integer)


class JournalColumns(TypedColumns):
    """What happened to the league in training: see :class:`leagues.records.JournalEntry`."""

    id = Column(Integer, primary_key=True)
    kind: Named[str] = Column(Text)
    at: Named[int] = Column(Integer)
    iteration: Named[int] = Column(Integer)
    agent_steps: Named[int] = Column(Integer)
    subject: Named[int | None] = Column(Integer, ForeignKey("members.id"))
    detail: Named[dict[str, Any]] = Column(JSON)
    writer: Named[str] = Column(Text)


class RowCountColumns(TypedColumns):
    """How many rows were ever added to each of the :data:`COUNTED` tables, so that a deleted row is missed."""

    name: Named[str] = Column(Text, primary_key=True)
    rows: Named[int] = Column(Integer)


class StateColumns(TypedColumns):
    """The digests of the newest learner states, so that a later process knows which files it may remove."""

    id = Column(Integer, primary_key=True)
    digest: Named[str] = Column(Text)


league = Table("league", metadata, LeagueColumns)
members = Table("members", metadata, MemberColumns)
lineups = Table("lineups", metadata, LineupColumns)
lineup_members = Table("lineup_members", metadata, LineupMemberColumns, sqlite_with_rowid=False)
matches = Table("matches", metadata, MatchColumns)
tallies = Table("tallies", metadata, TallyColumns, sqlite_with_rowid=False)
block_scores = Table("block_scores", metadata, BlockScoreColumns, sqlite_with_rowid=False)
progress = Table("progress", metadata, ProgressColumns)
resume = Table("resume", metadata, ResumeColumns)
events = Table("events", metadata, EventColumns, info={"since": "0004"})
spans = Table("spans", metadata, SpanColumns, info={"since": "0007"})
states = Table("states", metadata, StateColumns, info={"since": "0004"})
calls = Table("calls", metadata, CallColumns, info={"since": "0005"})
live_results = Table("live_results", metadata, LiveResultColumns, sqlite_with_rowid=False, info={"since": "0005"})
measures = Table("measures", metadata, MeasureColumns, sqlite_with_rowid=False, info={"since": "0005"})
journal = Table("journal", metadata, JournalColumns, info={"since": "0006"})
row_counts = Table("row_counts", metadata, RowCountColumns, sqlite_with_rowid=False, info={"since": "0005"})

COUNTED_SINCE = "0005"
"""The first revision with ``row_counts``."""

COUNTED = (
    "members",
    "lineups",
    "lineup_members",
    "matches",
    "tallies",
    "progress",
    "calls",
    "live_results",
    "measures",
    "journal",
)
"""Tables from which no row is ever deleted. Triggers count their rows in ``row_counts``. The sums of ``block_scores``
need no count, because all of them follow from the matches."""

Index("matches_by_lineup", matches.c.kind, matches.c.lineup, matches.c.results, matches.c.plies)
Index("matches_by_rare_ending", matches.c.ending, sqlite_where=matches.c.ending != 0)

_INDEXES = {
    "0001": {"matches_by_kind_and_lineup": "CREATE INDEX matches_by_kind_and_lineup ON matches (kind, lineup)"},
    "0007": {str(index.name): str(CreateIndex(index).compile(dialect=sqlite.dialect())) for index in matches.indexes},
}
"""Revision -> the indexes that it brought, in the place of those before."""

_TRIGGERS = (
    "matches_refuse_update BEFORE UPDATE ON matches",
    "matches_refuse_delete BEFORE DELETE ON matches",
    "matches_refuse_replace BEFORE INSERT ON matches WHEN EXISTS (SELECT 1 FROM matches WHERE id = NEW.id)",
    "members_refuse_update BEFORE UPDATE ON members WHEN OLD.kind != 'learner'",
    "members_refuse_delete BEFORE DELETE ON members WHEN OLD.kind != 'learner'",
    "members_refuse_replace BEFORE INSERT ON members "
    "WHEN EXISTS (SELECT 1 FROM members WHERE (id = NEW.id OR name = NEW.name) AND kind != 'learner')",
    "journal_refuse_update BEFORE UPDATE ON journal",
    "journal_refuse_delete BEFORE DELETE ON journal",
    "journal_refuse_replace BEFORE INSERT ON journal WHEN EXISTS (SELECT 1 FROM journal WHERE id = NEW.id)",
)
_REFUSALS = {
    "matches": "matches are immutable",
    "members": "frozen members are immutable",
    "journal": "journal entries are immutable",
}


def indexes(version: str) -> dict[str, str]:
    """Index -> the statement that makes it, of a schema revision."""
    return _INDEXES[max(since for since in _INDEXES if since <= version)]


def triggers(version: str) -> dict[str, str]:
    """Trigger -> the statement that makes it, of a schema revision. The migrations have it too, because they never
    change. An upsert that finds its row counts none."""
    refusals = {
        when.split()[0]: f"CREATE TRIGGER {when} BEGIN SELECT RAISE(ABORT, '{_REFUSALS[table]}'); END"
        for when in _TRIGGERS
        if _since(table := when.split("_")[0]) <= version
    }
    counters = {
        f"{table}_count_insert": f"CREATE TRIGGER {table}_count_insert AFTER INSERT ON {table} "
        f"BEGIN UPDATE row_counts SET rows = rows + 1 WHERE name = '{table}'; END"
        for table in COUNTED
        if max(_since(table), COUNTED_SINCE) <= version
    }
    return refusals | counters


def _since(table: str) -> str:
    return str(metadata.tables[table].info.get("since", "0001"))
