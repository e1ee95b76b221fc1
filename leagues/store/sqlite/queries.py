"""Queries and checks of the rows of ``league.db``: any value can stand in any column of a file from a stranger."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import timedelta
from types import UnionType
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, CursorResult, Row, Select, Text, func, select

from leagues.records import JOURNAL_KINDS, Event, JournalEntry
from leagues.results.blocks import MOST_NUMBERS, Floats, Ints
from leagues.results.scoring import seat_results
from leagues.store.contract import Progress
from leagues.store.rules import MOST_DETAIL, MOST_WRITER
from leagues.store.sqlite import schema
from leagues.store.sqlite.database import EPOCH

MICROSECOND = timedelta(microseconds=1)
MILLISECOND = timedelta(milliseconds=1)


def clamp(number: int) -> int:
    """The nearest number that SQLite can hold and that is not negative."""
    return min(max(number, 0), 2**63 - 1)


def block_rows(connection: Connection, since: int) -> tuple[Ints, Floats]:
    """Block scores, ``(M, 7)`` and ``(M, 2)``, members counted from 0, of the blocks that have matches newer than
    ``since``."""
    names = [column.name for column in schema.block_scores.c]
    ordered = f"SELECT {', '.join(names)} FROM block_scores"
    if since:  # "+kind" keeps SQLite from finding all evaluation matches by the index
        ordered += f" WHERE (event, block) IN (SELECT event, block FROM matches WHERE id > {since} AND +kind = 1)"
    ordered += " ORDER BY event, block, member, opponent"
    # SQLite gives each column of an event as one text: a million numbers as Python objects take three times as long.
    # Only sums of returns that are not whole need all their digits.
    whole = [*names[1:7], *(f"CAST({name} AS INTEGER)" for name in names[7:])]
    broken = " OR ".join(f"typeof({name}) != 'real' OR {name} != CAST({name} AS INTEGER)" for name in names[7:])
    concatenated = ", ".join(f"group_concat({name})" for name in whole)
    found = connection.exec_driver_sql(
        f"SELECT event, count(*), max({broken}), {concatenated} FROM ({ordered}) GROUP BY event"
    )
    events, counts, exact, *columns = list(zip(*found, strict=True)) or [()] * 11
    numbers = [np.fromstring(",".join(column), np.int64, sep=",") for column in columns]
    rows = np.stack([np.repeat(np.array(events, np.int64), np.array(counts, np.int64)), *numbers[:6]], axis=1)
    rows[:, 2:4] -= 1
    returns = np.stack(numbers[6:], axis=1).astype(np.float64)
    if any(exact):
        each = connection.exec_driver_sql(f"SELECT {', '.join(names[7:])} FROM ({ordered})").all()
        returns = np.array([tuple(row) for row in each], np.float64)
    return rows, returns


def chosen(iteration: ColumnElement[int], since: int, every: int) -> ColumnElement[bool]:
    """Whether an iteration is after ``since`` and a multiple of ``every``."""
    newer = iteration > since
    return newer if every == 1 else newer & (iteration % every == 0)


def all_events(connection: Connection) -> list[Event]:
    """The calls that are recorded, ascending by number."""
    return [_event(row) for row in connection.execute(select(schema.calls).order_by(schema.calls.c.event))]


def recorded_event(connection: Connection, number: int) -> Event | None:
    """The call with this number; None if none is recorded."""
    row = connection.execute(select(schema.calls).where(schema.calls.c.event == number)).first()
    return None if row is None else _event(row)


def _event(row: Row[Any]) -> Event:
    check_types(row, event=int, command=str, arguments=dict, finished=int)
    return Event(row.event, row.command, row.arguments, bool(row.finished))


def journal(
    connection: Connection,
    names: Sequence[str],
    *,
    kind: str | None,
    subject: int | None,
    before: int | None,
    limit: int | None,
) -> list[JournalEntry]:
    """Entries of the journal, newest first; ``names`` are the IDs of all members in the order of their rows, and
    ``subject`` is a row."""
    c = schema.journal.c
    # A row from a stranger may be huge; no more of it is fetched than a detail can have.
    text = [func.substr(c[name], 1, MOST_DETAIL + 1, type_=Text).label(name) for name in ("kind", "detail", "writer")]
    numbers = (c.id, c.at, c.iteration, c.agent_steps, c.subject)
    query: Select[*tuple[Any, ...]] = select(*numbers, *text).order_by(c.id.desc())
    if kind is not None:
        query = query.where(c.kind == kind)
    if subject is not None:
        query = query.where(c.subject == subject)
    if before is not None:
        query = query.where(c.id < clamp(before))
    if limit is not None:
        query = query.limit(clamp(limit))
    return [_entry(row, names) for row in connection.execute(query)]


def _entry(row: Row[Any], names: Sequence[str]) -> JournalEntry:
    check_types(row, at=int, iteration=int, agent_steps=int, subject=int | None, detail=str, writer=str)
    if row.kind not in JOURNAL_KINDS or (row.subject is not None and not 0 < row.subject <= len(names)):
        raise ValueError(f"entry {row.id} of the journal has the kind {row.kind!r} and the subject {row.subject}")
    if len(row.detail) > MOST_DETAIL or len(row.writer) > MOST_WRITER:
        raise ValueError(f"entry {row.id} of the journal is too long")
    detail = json.loads(row.detail, parse_constant=_refuse)
    if not isinstance(detail, dict):
        raise TypeError(f"detail={detail!r}")
    about = None if row.subject is None else names[row.subject - 1]
    return JournalEntry(
        row.kind,
        EPOCH + row.at * MICROSECOND,
        row.iteration,
        row.agent_steps,
        about,
        detail,
        row.writer,
        row.id,
    )


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")


def results_of(returns: tuple[float, ...], fault: int | None, void: bool, teams: tuple[int, ...]) -> str:
    """The letters of ``matches.results``; arguments as of :func:`leagues.results.scoring.seat_results`."""
    return "".join([schema.RESULTS[result] for result in seat_results(returns, fault, void, teams)])


def match_query(*, with_moves: bool) -> Select[*tuple[Any, ...]]:
    columns: Sequence[Any] = [column for column in schema.matches.c if with_moves or column.name != "actions"]
    return select(*columns, schema.lineups.c.seats).join(schema.lineups, schema.lineups.c.id == schema.matches.c.lineup)


def matches_of(connection: Connection, ids: Sequence[int]) -> CursorResult[Any]:
    """The matches with these IDs without their moves, newest first."""
    c = schema.matches.c
    asked = func.json_each(json.dumps(list(ids))).table_valued("value")
    return connection.execute(
        match_query(with_moves=False).where(c.id.in_(select(asked.c.value))).order_by(c.id.desc())
    )


def check_types(row: Row[Any], **types: type | UnionType) -> None:
    """Check the types of some columns: SQLite stores any value in any column.

    Raises:
        TypeError: one is wrong.
    """
    for name, kind in types.items():
        if not isinstance(value := getattr(row, name), kind):
            raise TypeError(f"{name}={value!r}")


def check_sums(sums: Floats) -> None:
    """Check that sums of returns are numbers.

    Raises:
        ValueError: they are not.
    """
    if not np.isfinite(sums).all():
        raise ValueError("a sum of returns is no number")


def check_numbers(rows: Ints, members: int, *, below: int = MOST_NUMBERS) -> None:
    """Check the numbers of tallies or block scores; the last five columns are two members, counted from 0, and results.

    Raises:
        ValueError: there is no such member, or a number is negative or huge.
    """
    if len(rows) and not (rows.min() >= 0 and rows.max() < below and rows[:, -5:-3].max() < members):
        wrong = rows[((rows < 0) | (rows >= below)).any(1) | (rows[:, -5:-3] >= members).any(1)][0]
        raise ValueError(f"results {wrong.tolist()} with {members} members")


def progress_of(row: Row[Any]) -> Progress:
    check_types(
        row,
        iteration=int,
        agent_steps=int,
        env_steps=int,
        games=int,
        seconds=float | int,
        rate=float | int,
        remaining=float | int | None,
        metrics=dict,
        runtime=dict,
    )
    if not all(isinstance(value, int | float) and math.isfinite(value) for value in row.runtime.values()):
        raise ValueError(f"runtime={row.runtime!r}")
    if not all(map(math.isfinite, (row.seconds, row.rate, row.remaining or 0.0))):
        raise ValueError(f"seconds={row.seconds}, rate={row.rate}, remaining={row.remaining}")
    return Progress(
        iteration=row.iteration,
        agent_steps=row.agent_steps,
        env_steps=row.env_steps,
        games=row.games,
        seconds=row.seconds,
        rate=row.rate,
        at=EPOCH + row.at * MICROSECOND,
        remaining=row.remaining,
        metrics={module: _numbers(values) for module, values in row.metrics.items()},
        runtime=row.runtime,
    )


def _numbers(values: object) -> dict[str, float]:
    """Metrics of one module. A training that diverges has some that are not finite."""
    if not isinstance(values, dict) or not all(isinstance(value, int | float) for value in values.values()):
        raise TypeError(f"metrics={values!r}")
    return {name: float(value) for name, value in values.items()}
