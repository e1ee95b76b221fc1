"""Writing ``league.db``: every call is one transaction of the league's only writer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from leagues.records import Event, JournalEntry, LiveResult, Match, Measure, Member, Tally
from leagues.results.scoring import block_scores
from leagues.store import codec, rules
from leagues.store.contract import BlobStore, Progress, Writer
from leagues.store.sqlite import database, schema
from leagues.store.sqlite.database import EPOCH
from leagues.store.sqlite.queries import MICROSECOND, MILLISECOND, recorded_event, results_of
from leagues.store.sqlite.reader import SqlReader


class SqlWriter(SqlReader, Writer):
    """The writer of a league.

    Args:
        engine: connection to its database.
        path: the database.
        weights: must have the weights of snapshots that join.
        lock: released when this is closed.
    """

    def __init__(self, engine: Engine, path: Path, weights: BlobStore, lock: database.WriterLock) -> None:
        super().__init__(engine, path)
        self._weights = weights
        self._lock: database.WriterLock | None = lock
        self._commits = 0
        info = self.info()
        self._num_seats = len(info.agent_ids)
        self._teams = info.teams

    def version(self) -> int:
        return super().version() + self._commits

    def add_members(self, members: Sequence[Member]) -> None:
        self.record(members=members)

    def record(
        self,
        *,
        matches: Sequence[Match] = (),
        tallies: Sequence[Tally] = (),
        members: Sequence[Member] = (),
        progress: Progress | None = None,
        earlier: Sequence[Progress] = (),
        event: Event | None = None,
        live: Sequence[LiveResult] = (),
        measures: Sequence[Measure] = (),
        journal: Sequence[JournalEntry] = (),
    ) -> list[int]:
        known = len(self._members)
        try:
            with database.transaction(self._engine, self._name) as connection:
                self._load_members(connection)
                self._add_members(connection, members)
                ids = self._add_matches(connection, matches)
                self._add_block_scores(connection, matches)
                self._add_tallies(connection, tallies)
                self._add_measures(connection, live, measures)
                self._add_journal(connection, journal)
                for each in earlier:
                    _add_history(connection, each)
                if progress is not None:
                    _add_history(connection, progress)
                    _set_resume(connection, progress)
                if event is not None:
                    _set_event(connection, event)
        except BaseException:
            self._forget_members(known)  # they were rolled back
            raise
        self._commits += 1
        return ids

    def _forget_members(self, known: int) -> None:
        for member in self._members[known:]:
            del self._rows[member.id]
        del self._members[known:]

    def close(self) -> None:
        if self._lock is None:
            return  # closed already
        lock, self._lock = self._lock, None
        try:
            database.fold_log(self._engine)
        finally:
            super().close()
            lock.release()

    def _add_members(self, connection: Connection, members: Sequence[Member]) -> None:
        rules.check_members(members, self._rows, self._weights)
        rows = [
            {
                "id": row,
                "name": member.id,
                "kind": member.kind,
                "role": member.role,
                "generation": member.generation,
                "modules": dict(member.modules),
                "weights": member.weights,
                "agent": member.agent,
                "learner": member.learner,
                "step": member.step,
                "origin": member.origin,
                "parent": member.parent,
            }
            for row, member in enumerate(members, start=len(self._members) + 1)
        ]
        if rows:
            connection.execute(insert(schema.members), rows)
            self._load_members(connection)

    def _add_matches(self, connection: Connection, matches: Sequence[Match]) -> list[int]:
        if not matches:
            return []
        weights_of = {member.id: member.weights for member in self._members}
        packed = [self._pack_lineup(match, weights_of) for match in matches]
        lineups = self._intern(connection, packed)
        first = (connection.execute(select(func.max(schema.matches.c.id))).scalar() or 0) + 1
        ids = list(range(first, first + len(matches)))
        rows = [
            {
                "id": match_id,
                "lineup": lineups[lineup],
                "kind": schema.KINDS.index(match.kind),
                "seed": match.seed,
                "event": match.event,
                "block": match.block,
                "iteration": match.iteration,
                "ending": schema.ENDINGS.index(match.ending),
                "fault": match.fault,
                "opening": match.opening,
                "plies": match.plies,
                "started_at": (match.started_at - EPOCH) // MILLISECOND,
                "duration": round(match.duration * 1000),
                "returns": codec.pack_returns(match.returns),
                "results": results_of(tuple(map(float, match.returns)), match.fault, match.void, self._teams),
                "digest": rules.pack_digest(match),
                "actions": rules.pack_history(match),
            }
            for match_id, match, lineup in zip(ids, matches, packed, strict=True)
        ]
        connection.execute(insert(schema.matches), rows)
        _see_event(connection, max(match.event for match in matches))
        self._add_spans(connection, dict(zip(ids, matches, strict=True)))
        return ids

    @staticmethod
    def _add_spans(connection: Connection, matches: Mapping[int, Match]) -> None:
        """Widen the spans of the events of new matches, by ID."""
        spans: dict[int, tuple[int, int, int, int]] = {}
        for match_id, match in matches.items():
            first, _, shortest, longest = spans.get(match.event, (match_id, match_id, match.plies, match.plies))
            spans[match.event] = first, match_id, min(shortest, match.plies), max(longest, match.plies)
        old, new = schema.spans.c, (statement := upsert(schema.spans)).excluded
        widened = {
            "last": new.last,
            "shortest": func.min(old.shortest, new.shortest),
            "longest": func.max(old.longest, new.longest),
        }
        connection.execute(
            statement.on_conflict_do_update(index_elements=["event"], set_=widened),
            [dict(zip(schema.spans.c.keys(), (event, *span), strict=True)) for event, span in spans.items()],
        )

    def _pack_lineup(self, match: Match, weights_of: Mapping[str, str | None]) -> bytes:
        rules.check_match(match, self._num_seats, weights_of)
        seats = zip(match.seats, match.weights, strict=True)
        return codec.pack_lineup([(self._rows[name], weights is not None) for name, weights in seats])

    def _intern(self, connection: Connection, packed: Sequence[bytes]) -> dict[bytes, int]:
        """Lineup -> its row, added if it is new."""
        c = schema.lineups.c
        distinct = list(dict.fromkeys(packed))
        ids: dict[bytes, int] = {}
        for start in range(0, len(distinct), 500):  # SQLite bounds the variables of one statement
            some = distinct[start : start + 500]
            ids.update(
                (row.seats, row.id) for row in connection.execute(select(c.seats, c.id).where(c.seats.in_(some)))
            )
        new = [seats for seats in distinct if seats not in ids]
        if new:
            first = (connection.execute(select(func.max(c.id))).scalar() or 0) + 1
            ids.update(zip(new, range(first, first + len(new)), strict=True))
            connection.execute(insert(schema.lineups), [{"id": ids[seats], "seats": seats} for seats in new])
            sitting = [
                (member, ids[seats]) for seats in new for member in {row for row, _ in codec.unpack_lineup(seats)}
            ]
            connection.execute(
                insert(schema.lineup_members), [{"member": member, "lineup": lineup} for member, lineup in sitting]
            )
        return ids

    def _add_block_scores(self, connection: Connection, matches: Sequence[Match]) -> None:
        self._add_up(
            connection,
            schema.block_scores,
            [
                {
                    "event": score.event,
                    "block": score.block,
                    "member": self._rows[score.member],
                    "opponent": self._rows[score.opponent],
                    "wins": score.wins,
                    "draws": score.draws,
                    "losses": score.losses,
                    "returns": score.returns,
                    "opponent_returns": score.opponent_returns,
                }
                for score in block_scores(matches, self._teams)
            ],
        )

    def _add_tallies(self, connection: Connection, tallies: Sequence[Tally]) -> None:
        rules.check_tallies(tallies, self._rows)
        self._add_up(
            connection,
            schema.tallies,
            [
                {
                    "member": self._rows[tally.member],
                    "opponent": self._rows[tally.opponent],
                    "wins": tally.wins,
                    "draws": tally.draws,
                    "losses": tally.losses,
                    "returns": tally.returns,
                    "opponent_returns": tally.opponent_returns,
                    "squares": tally.squares,
                }
                for tally in tallies
            ],
        )

    def _add_measures(self, connection: Connection, live: Sequence[LiveResult], measures: Sequence[Measure]) -> None:
        rules.check_live(live, {name: self._members[row - 1] for name, row in self._rows.items()} if live else {})
        rules.check_measures(measures, self._rows)
        results = [
            {
                "iteration": result.iteration,
                "learner": self._rows[result.learner],
                "opponent": self._rows[result.opponent],
                "wins": result.wins,
                "draws": result.draws,
                "losses": result.losses,
                "returns": result.returns,
                "opponent_returns": result.opponent_returns,
            }
            for result in live
        ]
        numbers = [
            {
                "name": each.name,
                "member": self._rows[each.member],
                "iteration": each.iteration,
                "agent_steps": each.agent_steps,
                "value": each.value,
            }
            for each in measures
        ]
        for table, rows in ((schema.live_results, results), (schema.measures, numbers)):
            if rows:
                new = upsert(table)
                values = {column.name: new.excluded[column.name] for column in table.c if not column.primary_key}
                connection.execute(new.on_conflict_do_update(index_elements=list(table.primary_key), set_=values), rows)

    def _add_journal(self, connection: Connection, journal: Sequence[JournalEntry]) -> None:
        rows = [
            {
                "kind": entry.kind,
                "at": (entry.at - EPOCH) // MICROSECOND,
                "iteration": entry.iteration,
                "agent_steps": entry.agent_steps,
                "subject": None if entry.subject is None else self._rows[entry.subject],
                "detail": dict(entry.detail),
                "writer": entry.writer,
            }
            for entry in rules.checked_journal(journal, self._rows)
        ]
        if rows:
            connection.execute(insert(schema.journal), rows)

    @staticmethod
    def _add_up(connection: Connection, table: Table[Any], rows: list[dict[str, Any]]) -> None:
        """Insert the rows, or add them to the sums that are there."""
        if rows:
            statement = upsert(table)
            sums = {
                column.name: column + statement.excluded[column.name] for column in table.c if not column.primary_key
            }
            connection.execute(statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=sums), rows)


def _see_event(connection: Connection, number: int) -> None:
    """Let the next event have a higher number than this."""
    connection.execute(update(schema.events).values(newest=func.max(schema.events.c.newest, number)))


def _set_event(connection: Connection, event: Event) -> None:
    known = recorded_event(connection, event.number)
    plain = rules.checked_event(event, known)
    values = {"command": plain.command, "arguments": plain.arguments, "finished": int(plain.finished)}
    connection.execute(
        upsert(schema.calls)
        .values(event=plain.number, **values)
        .on_conflict_do_update(index_elements=["event"], set_=values)
    )
    _see_event(connection, plain.number)


def _add_history(connection: Connection, progress: Progress) -> None:
    newest = select(func.coalesce(func.max(schema.progress.c.id), 0) + 1).scalar_subquery()
    values = {
        "id": newest,
        "agent_steps": progress.agent_steps,
        "env_steps": progress.env_steps,
        "games": progress.games,
        "seconds": progress.seconds,
        "rate": progress.rate,
        "remaining": progress.remaining,
        "metrics": {module: dict(values) for module, values in progress.metrics.items()},
        "at": (progress.at - EPOCH) // MICROSECOND,
        "runtime": dict(progress.runtime),
    }
    connection.execute(
        upsert(schema.progress)
        .values(iteration=progress.iteration, **values)
        .on_conflict_do_update(index_elements=["iteration"], set_=values)
    )


def _set_resume(connection: Connection, progress: Progress) -> None:
    if progress.state is not None:
        c = schema.states.c
        connection.execute(insert(schema.states).values(digest=progress.state))
        newest = select(func.max(c.id)).scalar_subquery()
        connection.execute(delete(schema.states).where(c.id <= newest - schema.STATES_NAMED))
    resume = {"state": progress.state, "league": dict(progress.league)}
    connection.execute(
        upsert(schema.resume).values(id=1, **resume).on_conflict_do_update(index_elements=["id"], set_=resume)
    )
