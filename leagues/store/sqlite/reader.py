"""Reading ``league.db``: from rows back to records."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import numpy as np
from sqlalchemy import Connection, Engine, Row, Select, func, select

from leagues.records import (
    FAULTS,
    Event,
    JournalEntry,
    JournalKind,
    Kind,
    LiveResult,
    Match,
    MatchFilter,
    MatchKind,
    Measure,
    Member,
    Tally,
)
from leagues.results.blocks import BlockScores, Floats, Ints, merge
from leagues.store import codec, rules
from leagues.store.contract import Heartbeat, LeagueInfo, Progress, Reader, RunningGame, StoreError
from leagues.store.sqlite import database, finding, live, queries, schema
from leagues.store.sqlite.database import EPOCH
from leagues.store.sqlite.queries import MICROSECOND, MILLISECOND

_CHUNK = 2_000
"""Matches fetched at once by ``iter_matches``."""


_LOST = "SELECT '{0}', coalesce((SELECT rows FROM row_counts WHERE name = '{0}'), 0) - (SELECT count(*) FROM {0})"
"""The rows that a table should have, minus those that it has."""


class OlderSchemaError(StoreError):
    """The league has an older schema than this program reads."""


class SqlReader(Reader):
    """A reader over one SQLite connection.

    Args:
        engine: the connection.
        path: the database.
    """

    def __init__(self, engine: Engine, path: Path) -> None:
        self._engine = engine
        self._path, self._name = path, str(path)
        # Members stay and do not change, so each is fetched once.
        self._members: list[Member] = []
        self._rows: dict[str, int] = {}
        # Matches do not change either. All block scores are fetched once, then only blocks that had new matches.
        self._scores: tuple[Ints, Floats] = np.zeros((0, 7), np.int64), np.zeros((0, 2))
        self._scored = 0

    @cached_property
    def _sides(self) -> int:
        return self.info().graded_sides

    def _transaction(self) -> AbstractContextManager[Connection]:
        return database.reading(self._engine, self._name)

    def info(self) -> LeagueInfo:
        with self._transaction() as connection:
            row = connection.execute(select(schema.league)).one()
            queries.check_types(
                row, game=str, agent_ids=list, seed=int, settings=dict, versions=dict, teams=list | None, graded=int
            )
            seats, teams = len(row.agent_ids), row.teams or ()
            if row.seed < 0:
                raise ValueError(f"seed={row.seed}")
            if not (seats and {*map(type, row.agent_ids)} == {str}):
                raise ValueError(f"agent_ids={row.agent_ids!r}")
            if teams and not (len(teams) == seats and {*teams} == {*range(len({*teams}))}):
                raise ValueError(f"teams={teams!r} of {seats} seats")
            return LeagueInfo(
                row.game,
                tuple(row.agent_ids),
                row.seed,
                row.settings,
                row.versions,
                EPOCH + row.created_at * MICROSECOND,
                tuple(teams),
                bool(row.graded),
            )

    def version(self) -> int:
        with self._transaction() as connection:
            return int(connection.exec_driver_sql("PRAGMA data_version").scalar_one())

    def members(self) -> list[Member]:
        with self._transaction() as connection:
            self._load_members(connection)
        return list(self._members)

    def member(self, member_id: str) -> Member:
        with self._transaction() as connection:
            self._load_members(connection)
        return self._members[rules.find(member_id, self._rows) - 1]

    def progress(self) -> Progress | None:
        with self._transaction() as connection:
            row = connection.execute(select(schema.progress).order_by(schema.progress.c.id.desc()).limit(1)).first()
            resume = connection.execute(select(schema.resume)).first()
            if row is None or resume is None:
                return None
            queries.check_types(resume, state=str | None, league=dict)
            return replace(queries.progress_of(row), state=resume.state, league=resume.league)

    def history(self, *, since: int = 0, every: int = 1) -> list[Progress]:
        c = schema.progress.c
        found = select(schema.progress).where(queries.chosen(c.iteration, since, every)).order_by(c.id)
        with self._transaction() as connection:
            return [queries.progress_of(row) for row in connection.execute(found)]

    def find_matches(self, where: MatchFilter, *, before: int | None, limit: int | None) -> list[Match]:
        with self._transaction() as connection:
            self._load_members(connection)
            rows = [rules.find(member, self._rows) for member in where.seated]
            # A frozen member has few of all matches, a learner has many.
            rare = any(self._members[row - 1].frozen for row in rows)
            ids = finding.find(connection, where, rows=rows, rare=rare, before=before, limit=limit)
            found = queries.matches_of(connection, ids).all()
        return [self._match(row, b"") for row in found]

    def match(self, match_id: int) -> Match:
        query = queries.match_query(with_moves=True).where(schema.matches.c.id == queries.clamp(match_id))
        with self._transaction() as connection:
            self._load_members(connection)
            row = connection.execute(query).first()
            newest = connection.execute(select(func.max(schema.matches.c.id))).scalar()
        if row is None:
            raise rules.missing_match(match_id, newest or 0)
        return self._match(row, row.actions)

    def iter_matches(self) -> Iterator[Match]:
        last = 0
        while True:
            query = queries.match_query(with_moves=True).where(schema.matches.c.id > last)
            with self._transaction() as connection:
                self._load_members(connection)
                rows = connection.execute(query.order_by(schema.matches.c.id).limit(_CHUNK)).all()
            for row in rows:
                yield self._match(row, row.actions)
            if len(rows) < _CHUNK:
                return
            last = rows[-1].id

    def count_matches(self, kind: MatchKind | None = None) -> int:
        with self._transaction() as connection:
            if kind is None:  # the triggers count them, which is faster than to count a million rows anew
                counted = connection.exec_driver_sql("SELECT rows FROM row_counts WHERE name = 'matches'")
                return int(counted.scalar() or 0)
            of_kind = schema.matches.c.kind == schema.KINDS.index(kind)
            return connection.execute(select(func.count()).select_from(schema.matches).where(of_kind)).scalar_one()

    def seeds_met(self, members: Collection[str]) -> set[int]:
        of, c = schema.lineup_members.c, schema.matches.c
        with self._transaction() as connection:
            self._load_members(connection)
            asked = [rules.find(member, self._rows) for member in members]
            met = select(of.lineup).where(of.member.in_(asked)).group_by(of.lineup).having(func.count() > 1)
            evaluation = c.kind == schema.KINDS.index("evaluation")
            return set(connection.execute(select(c.seed).distinct().where(evaluation, c.lineup.in_(met))).scalars())

    def tallies(self) -> list[Tally]:
        with self._transaction() as connection:
            self._load_members(connection)
            rows = connection.execute(select(schema.tallies)).all()
            numbers = np.array([row[:5] for row in rows], np.int64).reshape(-1, 5)
            queries.check_numbers(numbers - (1, 1, 0, 0, 0), len(self._members), below=2**62)
            sums = [(row.returns, row.opponent_returns, 0.0 if row.squares is None else row.squares) for row in rows]
            queries.check_sums(np.array(sums, np.float64))
            names = [member.id for member in self._members]
            return [
                replace(
                    Tally(names[row[0] - 1], names[row[1] - 1], *row[2:7]),
                    squares=math.nan if row[7] is None else row[7],
                )
                for row in rows
            ]

    def block_scores(self) -> BlockScores:
        with self._transaction() as connection:
            self._load_members(connection)
            newest = connection.execute(select(func.max(schema.matches.c.id))).scalar() or 0
            if newest > self._scored:
                new = queries.block_rows(connection, self._scored)
                queries.check_numbers(new[0], len(self._members))
                queries.check_sums(new[1])
                self._scores = merge(self._scores, new)
                self._scored = newest
        return BlockScores(tuple(member.id for member in self._members), *self._scores, self._sides)

    def lost_rows(self) -> dict[str, int]:
        counts = " UNION ALL ".join(map(_LOST.format, schema.COUNTED))
        with self._transaction() as connection:
            return {name: lost for name, lost in connection.exec_driver_sql(counts) if lost != 0}

    def hidden_matches(self) -> list[int]:
        teams = self.info().teams
        with self._transaction() as connection:
            return finding.hidden(connection, teams)

    def next_event(self) -> int:
        with self._transaction() as connection:
            return connection.execute(select(schema.events.c.newest)).scalar_one() + 1

    def events(self) -> list[Event]:
        with self._transaction() as connection:
            return queries.all_events(connection)

    def live_results(self, *, since: int = 0, every: int = 1) -> list[LiveResult]:
        c = schema.live_results.c
        newer: Select[*tuple[Any, ...]] = select(schema.live_results).where(c.iteration > since)
        if every > 1:
            sums = [func.sum(column) for column in (c.wins, c.draws, c.losses, c.returns, c.opponent_returns)]
            newer = select(func.max(c.iteration), c.learner, c.opponent, *sums).where(c.iteration > since)
            newer = newer.group_by((c.iteration - 1) // every, c.learner, c.opponent)
        newer = newer.order_by(func.max(c.iteration) if every > 1 else c.iteration, c.learner, c.opponent)
        with self._transaction() as connection:
            self._load_members(connection)
            rows = connection.execute(newer).all()
            numbers = np.array([row[:6] for row in rows], np.int64).reshape(-1, 6)
            queries.check_numbers(numbers - (0, 1, 1, 0, 0, 0), len(self._members), below=2**62)
            queries.check_sums(np.array([row[6:] for row in rows], np.float64))
            names = [member.id for member in self._members]
            return [LiveResult(row[0], names[row[1] - 1], names[row[2] - 1], *row[3:]) for row in rows]

    def measures(self, name: str | None = None) -> list[Measure]:
        c = schema.measures.c
        query = select(schema.measures).order_by(c.iteration, c.name, c.member)
        if name is not None:
            query = query.where(c.name == name)
        with self._transaction() as connection:
            self._load_members(connection)
            found = []
            for row in connection.execute(query):
                queries.check_types(row, name=str, member=int, iteration=int, agent_steps=int, value=float | int)
                if not (0 < row.member <= len(self._members) and math.isfinite(row.value)):
                    raise ValueError(f"a measure {row.value} of member {row.member}")
                member = self._members[row.member - 1].id
                found.append(Measure(row.name, member, row.iteration, row.agent_steps, float(row.value)))
            return found

    def journal(
        self,
        *,
        kind: JournalKind | None = None,
        subject: str | None = None,
        before: int | None = None,
        limit: int | None = 100,
    ) -> list[JournalEntry]:
        with self._transaction() as connection:
            self._load_members(connection)
            names = [member.id for member in self._members]
            row = None if subject is None else rules.find(subject, self._rows)
            return queries.journal(connection, names, kind=kind, subject=row, before=before, limit=limit)

    def heartbeat(self) -> Heartbeat | None:
        return database.heartbeat(self._path.parent)

    def running(self) -> RunningGame | None:
        return live.shown(self._path.parent, len(self.info().agent_ids))

    def close(self) -> None:
        self._engine.dispose()

    def _load_members(self, connection: Connection) -> None:
        c = schema.members.c
        for row in connection.execute(select(schema.members).where(c.id > len(self._members)).order_by(c.id)):
            queries.check_types(
                row,
                name=str,
                role=str,
                generation=int | None,
                modules=dict,
                weights=str | None,
                agent=str | None,
                learner=str | None,
                step=int,
                origin=str | None,
                parent=str | None,
            )
            if row.id != len(self._members) + 1 or row.kind not in get_args(Kind):
                raise ValueError(f"member {row.id}, {row.name!r}, of the kind {row.kind!r}")
            if row.kind == "baseline" and row.agent is None:
                raise ValueError(f"the baseline {row.name!r} names no agent")
            if {*map(type, row.modules.values())} - {str}:
                raise ValueError(f"modules={row.modules!r}")
            self._rows[row.name] = row.id
            self._members.append(
                Member(
                    row.name,
                    row.kind,
                    row.role,
                    row.generation,
                    row.modules,
                    row.weights,
                    row.agent,
                    row.learner,
                    row.step,
                    row.origin,
                    row.parent,
                )
            )

    def _match(self, row: Row[Any], actions: bytes) -> Match:
        try:
            return self._decoded(row, actions)
        except Exception as error:  # a record that was altered can fail in any way
            raise StoreError(
                f"match {row.id} of {self._name} cannot be read ({type(error).__name__}: {error}); "
                "restore the league from a copy"
            ) from error

    def _decoded(self, row: Row[Any], actions: bytes) -> Match:
        members = codec.unpack_lineup(row.seats)
        if min(row.kind, row.ending, *(member - 1 for member, _ in members)) < 0:
            raise ValueError(f"kind {row.kind}, ending {row.ending} or a member of {members} does not exist")
        if {*map(type, (row.seed, row.event, row.block, row.iteration, row.plies, row.opening))} != {int}:
            raise TypeError("its seed, event, block, iteration, plies and opening must be whole numbers")
        ending, fault = schema.ENDINGS[row.ending], row.fault
        expected = range(len(members)) if ending in FAULTS else (None,)
        if fault not in expected and not (ending == "crash" and fault is None):
            raise ValueError(f"the ending is {ending} and seat {fault} of {len(members)} is at fault")
        returns = codec.unpack_returns(row.returns, len(members))
        lineup = [(self._members[member - 1], weights) for member, weights in members]
        return Match(
            seats=tuple(member.id for member, _ in lineup),
            weights=tuple(member.weights if weights else None for member, weights in lineup),
            seed=row.seed,
            event=row.event,
            block=row.block,
            kind=schema.KINDS[row.kind],
            history=codec.unpack_moves(actions, len(lineup)),
            returns=returns,
            ending=ending,
            plies=row.plies,
            digest=row.digest.hex(),
            started_at=EPOCH + row.started_at * MILLISECOND,
            duration=row.duration / 1000,
            fault=fault,
            iteration=row.iteration,
            opening=row.opening,
            id=row.id,
        )


def open_reader(path: Path) -> SqlReader:
    """A reader of the database at ``path``.

    Raises:
        OlderSchemaError: it has an older schema.
        StoreError: it is damaged, or a newer program made it.
    """
    engine, found = database.open_for_reading(path)
    if int(found) < int(schema.REVISION):
        engine.dispose()
        raise OlderSchemaError(f"{path} has schema {found}, and this program reads schema {schema.REVISION}")
    return SqlReader(engine, path)
