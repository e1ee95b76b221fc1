"""The tables of ``league.db``. Compact on purpose: a connect-four match takes under 100 bytes, indexes included.

- A *lineup* is who sits where with which weights. Lineups are interned, so that a match names one by a small number.
- ``matches.actions`` and ``lineups.seats`` are the byte strings of ``codec``.
- ``matches.digest`` keeps the first 8 bytes of the SHA-256 of the final position. That is a check against a replay
  that went another way by mistake (odds 2**-64), not a defence against forgery; 32 bytes would be a third of a match.
- ``tallies`` and ``block_scores`` are sums kept in the transaction that records their matches, so that matchmaking
  and ratings never have to read a million matches. Tallies also count training games that were not recorded.
- ``matches`` and frozen ``members`` refuse UPDATE and DELETE by triggers (in the first migration).
- Times are UTC since 1970: microseconds in ``league`` and ``progress``, milliseconds in ``matches``.

A change here needs a new file in ``migrations/versions`` and its number in :data:`REVISION`.
"""

from __future__ import annotations

from typing import Any, Literal

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

from leagues.records import MatchKind

REVISION = "0004"
"""The newest schema revision, which this program reads and writes. Revisions are ascending numbers."""

APPLICATION_ID = 0x41524E41
"""``PRAGMA application_id`` of every league ("ARNA"): tells a league from other SQLite files without opening it."""

KINDS: tuple[MatchKind, ...] = ("training", "evaluation")
"""``matches.kind`` holds the place in this tuple (0 and 1 take no byte in SQLite)."""

ENDINGS: tuple[Literal["terminated", "truncated", "crash"], ...] = ("terminated", "truncated", "crash")
"""``matches.ending`` holds the place in this tuple, plus the seat at fault after a crash; or :data:`VOID`."""

VOID = -1
"""``matches.ending`` of a crash that no seat is at fault of. It is a crash's place in :data:`ENDINGS`, too."""

STATES_NAMED = 8
"""Learner states that stay named in ``states``: more than are ever kept, so that a crash between a record and the
removal of old states leaves none behind."""

metadata = MetaData()


class LeagueColumns(TypedColumns):
    """The single row of what is fixed for the league's life."""

    id = Column(Integer, CheckConstraint("id = 1"), primary_key=True)
    game: Named[str] = Column(Text)
    agent_ids: Named[list[str]] = Column(JSON)
    seed: Named[int] = Column(Integer)
    settings: Named[dict[str, Any]] = Column(JSON)
    versions: Named[dict[str, str]] = Column(JSON)
    created_at: Named[int] = Column(Integer)
    teams: Named[list[int] | None] = Column(JSON)  # None in leagues older than teams: every seat plays for itself


class MemberColumns(TypedColumns):
    """Members in the order they joined; ``name`` is what the rest of the program calls the member's ID."""

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


class LineupColumns(TypedColumns):
    """Who sits where: see ``codec.pack_lineup``."""

    id = Column(Integer, primary_key=True)
    seats: Named[bytes] = Column(LargeBinary, unique=True)


class LineupMemberColumns(TypedColumns):
    """In which lineups a member sits, to find its matches."""

    member: Named[int] = Column(Integer, ForeignKey("members.id"), primary_key=True)
    lineup: Named[int] = Column(Integer, ForeignKey("lineups.id"), primary_key=True)


class MatchColumns(TypedColumns):
    """One finished game."""

    id = Column(Integer, primary_key=True)
    lineup: Named[int] = Column(Integer, ForeignKey("lineups.id"))
    kind: Named[int] = Column(Integer)
    seed: Named[int] = Column(Integer)
    block: Named[int] = Column(Integer)
    event: Named[int] = Column(Integer)  # since schema 0004, and therefore the last column in the file
    iteration: Named[int] = Column(Integer)
    ending: Named[int] = Column(Integer)
    plies: Named[int] = Column(Integer)
    started_at: Named[int] = Column(Integer)
    duration: Named[int] = Column(Integer)
    returns: Named[bytes] = Column(LargeBinary)
    digest: Named[bytes] = Column(LargeBinary)
    actions: Named[bytes] = Column(LargeBinary)


class TallyColumns(TypedColumns):
    """Training games of an ordered pair of members."""

    member: Named[int] = Column(Integer, ForeignKey("members.id"), primary_key=True)
    opponent: Named[int] = Column(Integer, ForeignKey("members.id"), primary_key=True)
    wins: Named[int] = Column(Integer)
    draws: Named[int] = Column(Integer)
    losses: Named[int] = Column(Integer)


class BlockScoreColumns(TypedColumns):
    """Evaluation games of a block between two members, seen from the one whose name sorts first."""

    event: Named[int] = Column(Integer, primary_key=True)
    block: Named[int] = Column(Integer, primary_key=True)
    member: Named[int] = Column(Integer, ForeignKey("members.id"), primary_key=True)
    opponent: Named[int] = Column(Integer, ForeignKey("members.id"), primary_key=True)
    wins: Named[int] = Column(Integer)
    draws: Named[int] = Column(Integer)
    losses: Named[int] = Column(Integer)


class ProgressColumns(TypedColumns):
    """One row per iteration; the newest is the one with the highest ``id``."""

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


class ResumeColumns(TypedColumns):
    """The single row that ``--resume`` starts from: the heavy part of the newest progress."""

    id = Column(Integer, CheckConstraint("id = 1"), primary_key=True)
    state: Named[str | None] = Column(Text)
    league: Named[dict[str, Any]] = Column(JSON)


class EventColumns(TypedColumns):
    """The single row with the highest event number of all matches; 0 before the first match."""

    id = Column(Integer, CheckConstraint("id = 1"), primary_key=True)
    newest: Named[int] = Column(Integer)


class StateColumns(TypedColumns):
    """The names of the newest learner states, so that old ones can be removed; see :data:`STATES_NAMED`."""

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
events = Table("events", metadata, EventColumns)
states = Table("states", metadata, StateColumns)

Index("matches_by_kind_and_lineup", matches.c.kind, matches.c.lineup)
