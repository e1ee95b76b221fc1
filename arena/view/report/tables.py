"""The tables of the page, and the facts of its head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from arena.settings import upgraded
from arena.settings_files import toml
from arena.view.course import Course, steps_text
from arena.view.journal import detail_text, kind_text, traceback_text
from arena.view.report.charts import interval_svg
from arena.view.report.html import Html, element, joined
from arena.view.text import (
    counted,
    duration,
    interval_text,
    newest_measured,
    outside_sentence,
    outside_text,
    rating_text,
)
from leagues.ratings.leaderboard import Standing, best
from leagues.records import JournalEntry, JournalKind
from leagues.store import Reader

MOST_RANKED = 100
"""Most members of the leaderboard."""

MOST_EVENTS = 100
"""Most entries of the journal."""

_ENDS: Mapping[str, str] = {
    "limit": "finished",
    "asked": "stopped",
    "interrupted": "stopped",
    "error": "crashed",
    "closed": "closed",
}
"""What a run is called by the reason of its end."""

_TURNS: tuple[JournalKind, ...] = ("start", "resume", "stop")


def facts(found: Course, reader: Reader) -> tuple[str, list[tuple[str, str]]]:
    """The state of the league in a sentence, and its facts by name."""
    progress, info = reader.progress(), found.info
    trained = progress is not None and progress.iteration > 0
    newest = reader.matches(limit=1)
    last = max(
        [each for each in (progress and progress.at, newest[0].started_at if newest else None) if each], default=None
    )
    until = "" if last is None else f" to {_moment(last)}"
    state = f"{_state(reader)} · {_moment(info.created_at)}{until} UTC"
    tiles: list[tuple[str, str]] = []
    top = best(found.standings)
    standing = next((each for each in found.standings if each.agent == top), None)
    if standing is not None:
        rating = f"{rating_text(standing.rating, standing.unit)} {standing.unit}"
        tiles.append(("best", f"{standing.agent}, {rating}"))
    measured = newest_measured(found.standings)
    if measured is not None and measured.outside is not None:
        tiles.append(("from outside", outside_sentence(measured.agent, measured.outside)))
    if trained and progress is not None:
        tiles += [
            ("agent steps", f"{progress.agent_steps:,}"),
            ("training games", f"{progress.games:,}"),
            ("iterations", f"{progress.iteration:,}"),
            ("time", f"{duration(progress.seconds)}, {progress.rate:,.0f} steps/s"),
        ]
    tiles += [
        ("members", f"{len(found.members):,}"),
        ("recorded matches", f"{reader.count_matches():,}"),
        ("seed", str(info.seed)),
    ]
    settings = info.settings if isinstance(info.settings, Mapping) else {}
    for name in ("algorithm", "preset"):
        if isinstance(settings.get(name), str):
            tiles.append((name, settings[name]))
    return state, tiles


def _state(reader: Reader) -> str:
    """How the newest run of training stands, by the journal."""
    turns = [entry for kind in _TURNS for entry in reader.journal(kind=kind, limit=1)]
    newest = max(turns, key=lambda entry: entry.id, default=None)
    if newest is None:
        return "Never trained" if reader.progress() is None else "Trained"
    if newest.kind != "stop":
        return "In training"
    return f"Training {_ENDS.get(str(newest.detail.get('reason')), 'ended')}"


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
            _cell(str(rank) if each.games else "–", "rank"),
            element("th", each.agent, scope="row", class_="name"),
            _cell(each.role.replace("_", " "), "extra"),
            _cell(rating_text(each.rating, each.unit) if each.games else "–", "number strong"),
            _cell(bar, "bar"),
            _cell(interval_text(each.low, each.high, each.unit) if each.games else "–", "number extra"),
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
            _cell(f"{entry.at:%m-%d %H:%M:%S}", "number"),
            _cell(steps_text(float(f"{entry.agent_steps:.3g}")), "number extra"),
            _cell(kind_text(entry), "bad" if entry.kind == "crash" else "strong"),
            _cell(entry.subject or "", "name"),
            element("td", *why),
        ]
        rows.append(element("tr", *cells))
    heads = [("UTC", "number"), ("agent steps", "number extra"), ("what", ""), ("member", ""), ("why", "")]
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


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
