"""The writing half of the store: every call is one transaction of the league's only writer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from leagues.records import Match, Member, Tally
from leagues.results.blocks import MOST_NUMBERS
from leagues.results.scoring import block_scores
from leagues.store.contract import BlobStore, LeagueInfo, Progress, StoreError, Writer
from leagues.store.sqlite import codec, database, migrations, schema
from leagues.store.sqlite.reader import EPOCH, MICROSECOND, MILLISECOND, SqlReader

_DIGEST_BYTES = 8


class SqlWriter(SqlReader, Writer):
    """The writer of a league in a folder, or of one in memory."""

    def __init__(self, engine: Engine, name: str, weights: BlobStore, lock: database.WriterLock | None = None) -> None:
        """Write through ``engine``. Snapshots' weights must be in ``weights``. ``lock`` is released at the end."""
        super().__init__(engine, name)
        self._weights = weights
        self._lock = lock
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
    ) -> list[int]:
        known = len(self._members)
        try:
            with self._transaction() as connection:
                self._load_members(connection)
                self._add_members(connection, members)
                ids = self._add_matches(connection, matches)
                self._add_block_scores(connection, matches)
                self._add_tallies(connection, tallies)
                if progress is not None:
                    _set_progress(connection, progress)
        except BaseException:
            self._forget_members(known)  # what was rolled back is not there
            raise
        self._commits += 1
        return ids

    def _forget_members(self, known: int) -> None:
        for member in self._members[known:]:
            del self._rows[member.id]
        del self._members[known:]

    def close(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            database.fold_log(self._engine)
        super().close()
        if lock is not None:
            lock.release()

    def _add_members(self, connection: Connection, members: Sequence[Member]) -> None:
        rows: list[dict[str, Any]] = []
        taken = set(self._rows)
        for row, member in enumerate(members, start=len(self._members) + 1):
            if member.id in taken:
                raise StoreError(f"a member's ID must be new to its league, but {member.id!r} is taken; choose another")
            if member.learner is not None and member.learner not in taken:
                raise StoreError(
                    f"a snapshot's learner must be in the league, but {member.id!r} is of {member.learner!r}; "
                    "add that first"
                )
            taken.add(member.id)
            self._check_weights(member)
            rows.append(
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
                }
            )
        if rows:
            connection.execute(insert(schema.members), rows)
            self._load_members(connection)

    def _check_weights(self, member: Member) -> None:
        if (member.kind == "snapshot") != (member.weights is not None):
            raise StoreError(
                f"snapshots, and only they, have frozen weights, but {member.id!r} is a {member.kind} with "
                f"weights={member.weights!r}; name the SHA-256 of a snapshot's file and None for others"
            )
        if member.weights is not None and not self._weights.has(member.weights):
            raise StoreError(
                f"the weights of {member.id!r}, {member.weights}, are not in the store; put them there before it joins"
            )

    def _add_matches(self, connection: Connection, matches: Sequence[Match]) -> list[int]:
        if not matches:
            return []
        packed = [self._pack_lineup(match) for match in matches]
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
                "ending": schema.VOID if match.void else schema.ENDINGS.index(match.ending) + (match.fault or 0),
                "plies": match.plies,
                "started_at": (match.started_at - EPOCH) // MILLISECOND,
                "duration": round(match.duration * 1000),
                "returns": codec.pack_returns(match.returns),
                "digest": _digest(match.digest),
                "actions": self._pack_moves(match),
            }
            for match_id, match, lineup in zip(ids, matches, packed, strict=True)
        ]
        connection.execute(insert(schema.matches), rows)
        c = schema.events.c
        connection.execute(
            update(schema.events).values(newest=func.max(c.newest, max(match.event for match in matches)))
        )
        return ids

    def _pack_lineup(self, match: Match) -> bytes:
        """Check that the match fits the league, and pack who sat where."""
        n = self._num_seats
        if not len(match.seats) == len(match.weights) == len(match.returns) == n:
            raise StoreError(f"a match of this league has {n} seats, weights and returns, but got {match.seats}")
        if not 0 <= match.seed < 2**63:
            raise StoreError(f"`0 <= seed < 2**63` must hold, but got a match with seed={match.seed}")
        if not (0 <= match.event < MOST_NUMBERS and 0 <= match.block < MOST_NUMBERS):
            raise StoreError(f"events and blocks are in 0..2**31-1, but got event={match.event}, block={match.block}")
        if match.fault is not None and (match.ending != "crash" or match.fault not in range(n)):
            raise StoreError(
                f"only a crash has a seat in 0..{n - 1} at fault, but got ending={match.ending!r} with "
                f"fault={match.fault}"
            )
        seats = []
        for name, weights in zip(match.seats, match.weights, strict=True):
            row = self._row(name)
            if weights is not None and weights != self._members[row - 1].weights:
                raise StoreError(
                    f"a match is played with its members' weights, but {name!r} had {weights!r}; use its own"
                )
            seats.append((row, weights is not None))
        return codec.pack_lineup(seats)

    def _pack_moves(self, match: Match) -> bytes:
        try:
            return codec.pack_moves(match.history, self._num_seats)
        except ValueError as error:
            raise StoreError(f"{error}; give the match of {match.seats} its own history") from error

    def _intern(self, connection: Connection, packed: Sequence[bytes]) -> dict[bytes, int]:
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
                    "member": self._row(score.member),
                    "opponent": self._row(score.opponent),
                    "wins": score.wins,
                    "draws": score.draws,
                    "losses": score.losses,
                }
                for score in block_scores(matches, self._teams)
            ],
        )

    def _add_tallies(self, connection: Connection, tallies: Sequence[Tally]) -> None:
        self._add_up(
            connection,
            schema.tallies,
            [
                {
                    "member": self._row(tally.member),
                    "opponent": self._row(tally.opponent),
                    "wins": tally.wins,
                    "draws": tally.draws,
                    "losses": tally.losses,
                }
                for tally in tallies
            ],
        )

    @staticmethod
    def _add_up(connection: Connection, table: Table[Any], rows: list[dict[str, int]]) -> None:
        """Insert the rows, adding to the sums of those that are there."""
        if rows:
            statement = upsert(table)
            sums = {name: table.c[name] + statement.excluded[name] for name in ("wins", "draws", "losses")}
            connection.execute(statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=sums), rows)


def _set_progress(connection: Connection, progress: Progress) -> None:
    connection.execute(delete(schema.progress).where(schema.progress.c.iteration == progress.iteration))
    connection.execute(
        insert(schema.progress).values(
            iteration=progress.iteration,
            agent_steps=progress.agent_steps,
            env_steps=progress.env_steps,
            games=progress.games,
            seconds=progress.seconds,
            rate=progress.rate,
            remaining=progress.remaining,
            metrics={module: dict(values) for module, values in progress.metrics.items()},
            at=(progress.at - EPOCH) // MICROSECOND,
        )
    )
    if progress.state is not None:
        c = schema.states.c
        connection.execute(insert(schema.states).values(digest=progress.state))
        newest = select(func.max(c.id)).scalar_subquery()
        connection.execute(delete(schema.states).where(c.id <= newest - schema.STATES_NAMED))
    resume = {"state": progress.state, "league": dict(progress.league)}
    connection.execute(
        upsert(schema.resume).values(id=1, **resume).on_conflict_do_update(index_elements=["id"], set_=resume)
    )


def _digest(digest: str) -> bytes:
    try:
        return bytes.fromhex(digest)[:_DIGEST_BYTES]
    except ValueError as error:
        raise StoreError(
            f"a match's digest is a hex SHA-256, but got {digest!r}; take it from the final state"
        ) from error


def build(path: Path, info: LeagueInfo) -> None:
    """Make the database of a new league at ``path``.

    Raises:
        StoreError: it cannot be written.
    """
    engine = database.writing_engine(path)
    try:
        fill(engine, str(path), info)
    finally:
        engine.dispose()


def fill(engine: Engine, name: str, info: LeagueInfo) -> None:
    """Make the tables of a new league."""
    row = {
        "id": 1,
        "game": info.game,
        "agent_ids": list(info.agent_ids),
        "seed": info.seed,
        "settings": dict(info.settings),
        "versions": dict(info.versions),
        "created_at": (info.created_at - EPOCH) // MICROSECOND,
        "teams": list(info.teams),
    }
    with database.transaction(engine, name) as connection:
        connection.exec_driver_sql(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        migrations.upgrade(connection)
        connection.execute(insert(schema.league), [row])


def open_writer(path: Path, weights: BlobStore, lock: database.WriterLock) -> SqlWriter:
    """A writer of the database at ``path``, brought up to date first; it releases ``lock`` when closed.

    Raises:
        StoreError: it is damaged, or a newer program made it.
    """
    engine = database.writing_engine(path)
    try:
        with database.transaction(engine, str(path)) as connection:
            found = database.revision(connection)
            database.check_not_newer(found, str(path))
            if found != schema.REVISION:
                migrations.upgrade(connection)
        database.keep_log(engine, str(path))
        return SqlWriter(engine, str(path), weights, lock)
    except BaseException:
        engine.dispose()
        raise
