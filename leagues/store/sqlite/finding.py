"""Finding matches: the numbers of those that a filter means, newest first, without reading all of a million matches.

The order of the numbers is that of time, and most filters mean many matches, so a page is filled by the newest few
thousand. What is rarer than that has a way of its own: the matches of an event lie between two numbers (``spans``), an
ending that is not the usual one has an index, and so has a lineup with its results. A length that few games have is
found by the events that have such games. What is left, such as a rare result of a learner in long games, is looked for
in all matches, which takes some tenths of a second.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from leagues.records import MatchFilter
from leagues.store import codec
from leagues.store.sqlite import queries, schema

_WINDOW = 20_000
"""The newest matches, which are looked at one by one before any index."""

_FEW = 5_000
"""A kind or lineups of which there are fewer matches are found by the index."""

_SHOWN = 5
"""Most matches that :func:`hidden` names."""

_BY_LINEUP, _BY_ENDING, _BY_ID = "INDEXED BY matches_by_lineup", "INDEXED BY matches_by_rare_ending", "NOT INDEXED"


@dataclass(frozen=True, slots=True)
class _Lineups:
    """The lineups in which all members of a filter have seats.

    Attributes:
        table: a query that gives them as the table ``mine``; with a result, also the seats that it is asked of.
        condition: what a match must fulfil beside its lineup.
        rare: whether they are few of all.
    """

    table: str
    condition: str
    rare: bool


def find(
    connection: Connection,
    where: MatchFilter,
    *,
    rows: Sequence[int],
    rare: bool,
    before: int | None,
    limit: int | None,
) -> list[int]:
    """The IDs of matches, newest first.

    Args:
        connection: a transaction.
        where: which matches are meant.
        rows: rows of the members of ``where.seated``, in their order.
        rare: whether one of them is likely to have few of all matches.
        before: only matches with a smaller ID.
        limit: at most this many; None for all.
    """
    lineups = _lineups(connection, where, rows, rare) if rows else None
    conditions = _conditions(where)
    if before is not None:
        conditions.append(f"m.id < {_number(before)}")
    most = "" if limit is None else f" LIMIT {max(_number(limit), 0)}"
    if where.event is not None:
        event = _number(where.event)
        span = connection.exec_driver_sql("SELECT first, last FROM spans WHERE event = ?", (event,)).first()
        if span is None:
            return []
        conditions += [f"m.event = {event}", f"m.id BETWEEN {_number(span.first)} AND {_number(span.last)}"]
        return _ids(connection, _BY_ID, lineups, conditions, most)
    if where.ending not in (None, schema.ENDINGS[0]):
        return _ids(connection, _BY_ENDING, lineups, ["m.ending != 0", *conditions], most)
    if limit is not None:
        newest = connection.exec_driver_sql("SELECT max(id) FROM matches").scalar() or 0
        end = newest + 1 if before is None else min(_number(before), newest + 1)
        found = _ids(connection, _BY_ID, lineups, [f"m.id >= {end - _WINDOW}", *conditions], most)
        if len(found) >= limit or end <= _WINDOW:
            return found
    if (lineups is not None and lineups.rare) or _few(connection, where, lineups):
        return _ids(connection, _BY_LINEUP, lineups, conditions, most)
    if where.min_plies is not None or where.max_plies is not None:
        return _ids(connection, _BY_ID, lineups, conditions, most, spans=_spans(where))
    return _ids(connection, _BY_ID, lineups, conditions, most)


def hidden(connection: Connection, teams: tuple[int, ...]) -> list[int]:
    """Matches that lie outside of the span of their event, or have other results than their returns say: a few."""
    spans = (
        "SELECT id FROM matches LEFT JOIN spans USING (event) WHERE NOT coalesce("
        f"id BETWEEN first AND last AND plies BETWEEN shortest AND longest, 0) LIMIT {_SHOWN}"
    )
    found = list(connection.exec_driver_sql(spans).scalars())
    results = "SELECT returns, fault, ending, results, min(id) FROM matches GROUP BY returns, fault, ending, results"
    for returns, fault, ending, letters, match in connection.exec_driver_sql(results):
        void = ending == schema.ENDINGS.index("crash") and fault is None
        if letters != queries.results_of(codec.unpack_returns(returns, len(teams)), fault, void, teams):
            found.append(match)
    return found[:_SHOWN]


def _conditions(where: MatchFilter) -> list[str]:
    kinds = schema.KINDS if where.kind is None else (where.kind,)
    # The index begins with the kind, so every query names it.
    conditions = [f"m.kind IN ({', '.join(str(schema.KINDS.index(kind)) for kind in kinds)})"]
    if where.ending is not None:
        conditions.append(f"m.ending = {schema.ENDINGS.index(where.ending)}")
    if where.min_plies is not None:
        conditions.append(f"m.plies >= {_number(where.min_plies)}")
    if where.max_plies is not None:
        conditions.append(f"m.plies <= {_number(where.max_plies)}")
    return conditions


def _spans(where: MatchFilter) -> str:
    """The events that have games of such a length."""
    bounds = []
    if where.min_plies is not None:
        bounds.append(f"s.longest >= {_number(where.min_plies)}")
    if where.max_plies is not None:
        bounds.append(f"s.shortest <= {_number(where.max_plies)}")
    return " AND ".join(bounds)


def _lineups(connection: Connection, where: MatchFilter, rows: Sequence[int], rare: bool) -> _Lineups:
    members = ", ".join(map(str, rows))
    table = (
        f"SELECT lineup FROM lineup_members WHERE member IN ({members}) GROUP BY lineup HAVING count(*) = {len(rows)}"
    )
    if where.result is None:
        return _Lineups(table, "", rare or len(rows) > 1)
    member, result = where.result
    row = rows[where.seated.index(member)]
    found = connection.exec_driver_sql(f"SELECT id, seats FROM lineups WHERE id IN ({table})")
    seats = [
        (lineup, seat + 1)
        for lineup, packed in found
        for seat, (sitting, _) in enumerate(codec.unpack_lineup(packed))
        if sitting == row
    ]
    # Numbers only, so they can stand in the query. Without the casts, SQLite makes no index of them for the join.
    columns = ", ".join(
        f"CAST(json_extract(value, '$[{k}]') AS INTEGER) AS {name}" for k, name in enumerate(("lineup", "seat"))
    )
    table = f"SELECT {columns} FROM json_each('{json.dumps(seats)}')"
    return _Lineups(table, f"substr(m.results, mine.seat, 1) = '{schema.RESULTS[result]}'", rare or len(rows) > 1)


def _few(connection: Connection, where: MatchFilter, lineups: _Lineups | None) -> bool:
    """Whether the kind and the lineups of a filter have few matches."""
    if where.kind is None and lineups is None:
        return False
    narrowed = MatchFilter(kind=where.kind)
    some = _query(_BY_LINEUP, lineups and replace(lineups, condition=""), _conditions(narrowed), f" LIMIT {_FEW}")
    return len(connection.exec_driver_sql(some).all()) < _FEW


def _ids(
    connection: Connection,
    index: str,
    lineups: _Lineups | None,
    conditions: Sequence[str],
    most: str,
    *,
    spans: str | None = None,
) -> list[int]:
    query = _query(index, lineups, conditions, f" ORDER BY m.id DESC{most}", spans)
    return list(connection.exec_driver_sql(query).scalars())


def _query(
    index: str, lineups: _Lineups | None, conditions: Sequence[str], ending: str, spans: str | None = None
) -> str:
    tables, conditions = [f"matches AS m {index}"], list(conditions)
    if spans is not None:
        tables.insert(0, "spans AS s")
        conditions += [spans, "m.id BETWEEN s.first AND s.last", "m.event = s.event"]
    if lineups is not None:
        # A cross join keeps the order of its tables: first what the index is asked for, or last what is only tested.
        tables.insert(0 if index == _BY_LINEUP else len(tables), "mine")
        conditions += ["m.lineup = mine.lineup", *filter(None, [lineups.condition])]
    table = "" if lineups is None else f"WITH mine AS MATERIALIZED ({lineups.table}) "
    return f"{table}SELECT DISTINCT m.id FROM {' CROSS JOIN '.join(tables)} WHERE {' AND '.join(conditions)}{ending}"


def _number(number: int) -> int:
    """The nearest number that SQLite can hold."""
    return min(max(int(number), -(2**62)), 2**62)
