"""The tables of the page, and the facts of its head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from arena.old_settings import upgraded
from arena.settings_files import toml
from arena.view.course.curves import steps_text
from arena.view.course.league import Course
from arena.view.journal import detail_text, kind_text, traceback_text
from arena.view.report.charts import interval_svg
from arena.view.report.html import Html, element, joined
from arena.view.run_state import run_state
from arena.view.text import (
    duration,
    interval_text,
    moment,
    outside_news,
    outside_text,
    rating_text,
)
from leagues.ratings.leaderboard import Standing, best
from leagues.records import JournalEntry
from leagues.store import LeagueInfo, Reader

MOST_RANKED = 100
"""Most members of the leaderboard."""

MOST_EVENTS = 100
"""Most entries of the journal."""


class Fact(NamedTuple):
    """Something of the head of the page; ``long`` ones take more room."""

    name: str
    value: str
    long: bool = False


def state_text(info: LeagueInfo, reader: Reader) -> str:
    """The state of the league and its time in a line: ``Finished · 2026-01-02 03:04:05 UTC to ...``."""
    progress, newest = reader.progress(), reader.matches(limit=1)
    first = info.created_at
    last = max([first, *([progress.at] if progress else []), *(match.started_at for match in newest)])
    state = run_state(reader).text
    until = f" to {moment(last)}" if last > first else ""
    return f"{state[:1].upper()}{state[1:]} · {moment(first)}{until}"


def facts(found: Course, reader: Reader) -> list[Fact]:
    """The league in a few numbers."""
    progress = reader.progress()
    result: list[Fact] = []
    top = best(found.standings)
    standing = next((each for each in found.standings if each.agent == top), None)
    if standing is not None:
        rating = f"{rating_text(standing.rating, standing.unit)} {standing.unit}"
        result.append(Fact("best", f"{standing.agent}, {rating}", long=True))
    if outside := outside_news(found.standings):
        result.append(Fact("from outside", outside, long=True))
    if progress is not None:
        result += [
            Fact("agent steps", f"{progress.agent_steps:,}"),
            Fact("training games", f"{progress.games:,}"),
            Fact("iterations", f"{progress.iteration:,}"),
            Fact("time of training", duration(progress.seconds)),
        ]
    result += [Fact("members", f"{len(found.members):,}"), Fact("recorded matches", f"{reader.count_matches():,}")]
    if progress is not None:
        settings = found.info.settings
        names = [name for name in ("algorithm", "preset") if isinstance(settings.get(name), str)]
        result += [Fact(name, settings[name]) for name in names]
    return result


def leaderboard_table(standings: Sequence[Standing]) -> Html:
    """The best members with their intervals on one axis."""
    shown = standings[:MOST_RANKED]
    played = [each for each in shown if each.games]
    left, right = min((each.low for each in played), default=0.0), max((each.high for each in played), default=0.0)
    unit = shown[0].unit
    measured = any(each.outside is not None for each in shown)
    rows = []
    for rank, each in enumerate(shown, 1):
        bar = interval_svg(each.low, each.rating, each.high, left=left, right=right) if each.games else ""
        cells = [
            _cell(str(rank) if each.games else "-", "rank"),
            element("th", each.agent, scope="row", class_="name"),
            _cell(each.role.replace("_", " "), "extra"),
            _cell(rating_text(each.rating, each.unit) if each.games else "-", "number strong"),
            _cell(bar, "bar"),
            _cell(
                interval_text(each.low, each.high, each.unit) if each.low < each.high and each.games else "-",
                "number extra",
            ),
            *([_cell(outside_text(each.outside), "extra")] if measured else []),
            _cell(f"{each.games:,}", "number"),
            _cell(f"{each.wins:,} / {each.draws:,} / {each.losses:,}", "number extra"),
        ]
        rows.append(element("tr", *cells, class_="quiet" if each.role in ("baseline", "anchor") else None))
    heads = [("", "rank"), ("agent", ""), ("role", "extra"), ("Elo" if unit == "Elo" else "returns/game", "number")]
    heads += [("", "bar"), ("95% interval", "number extra"), *([("outside", "extra")] if measured else [])]
    heads += [("games", "number"), ("W / D / L", "number extra")]
    rest = len(standings) - len(shown)
    more = [element("p", f"The best {MOST_RANKED} of {len(standings):,} members.", class_="quiet")] if rest else []
    return joined(_table(heads, rows, "Ratings"), *more)


def events_table(entries: Sequence[JournalEntry]) -> Html:
    """What happened in training; a crash unfolds its traceback."""
    rows = []
    for entry in entries:
        why: list[str] = [detail_text(entry)]
        if entry.kind == "crash":
            why.append(
                element("details", element("summary", "traceback"), element("pre", traceback_text(entry.detail)))
            )
        cells = [
            _cell(moment(entry.at, brief=True), "time"),
            _cell(steps_text(float(f"{entry.agent_steps:.3g}")), "number extra"),
            _cell(kind_text(entry), "bad" if entry.kind == "crash" else "strong"),
            _cell(entry.subject or "", "name"),
            element("td", *why),
        ]
        rows.append(element("tr", *cells))
    heads = [("UTC", "time"), ("agent steps", "number extra"), ("what", ""), ("member", ""), ("why", "")]
    return _table(heads, rows, "Events")


def settings_text(stored: Mapping[str, Any]) -> str:
    """All settings as TOML.

    Raises:
        LeagueError: they are of no known version, or damaged.
    """
    return toml(upgraded(stored)) if stored else ""


def _table(heads: Sequence[tuple[str, str]], rows: Sequence[Html], label: str) -> Html:
    head = element("tr", *(element("th", text, scope="col", class_=style or None) for text, style in heads))
    table = element("table", element("thead", head), element("tbody", *rows), aria_label=label)
    return element("div", table, class_="scroll", tabindex="0", role="group", aria_label=label)


def _cell(content: str, style: str = "") -> Html:
    return element("td", content, class_=style or None)
