"""The page: its frame, its sections, and the file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path

from arena.view.course.curves import Chart
from arena.view.course.league import Course, course
from arena.view.files import replacing
from arena.view.report.charts import chart_svg, colour, heatmap_svg, icon
from arena.view.report.html import Html, data, element, joined, raw
from arena.view.report.replays import Replay, replays
from arena.view.report.tables import MOST_EVENTS, events_table, facts, leaderboard_table, settings_text, state_text
from arena.view.text import counted
from arena.view.theme import DARK, LIGHT, Palette
from leagues.ratings.notes import NOTED_MATCHES, Note, notes
from leagues.store import Reader

_BUTTONS = (
    ("first", "To the start (Home)", "M3 3h2v10H3zM13 3v10L6 8z"),
    ("back", "One step back (Left)", "M11 3v10L4 8z"),
    ("play", "Play or pause (Space)", "M4 2.5v11L13 8z", "M4 3h3v10H4zM9 3h3v10H9z"),
    ("on", "One step on (Right)", "M5 3v10l7-5z"),
    ("last", "To the end (End)", "M11 3h2v10h-2zM3 3v10l7-5z"),
)
"""What the buttons of a replay do, say, and show."""


_KEYS = (("←", ""), ("→", "step"), ("Home", ""), ("End", "ends"), ("Space", "plays"), ("N", ""), ("P", "matches"))


def write_report(reader: Reader, path: Path, *, trust_code: bool = False) -> None:
    """Write a league as one web page: ratings, replays, payoffs, the curves of training, and what happened.

    The page loads nothing from anywhere. Equal leagues give equal pages.

    Args:
        reader: of the league.
        path: an .html file; it is replaced.
        trust_code: whether a game that is the league maker's own code, ``package.module:callable``, may run. Otherwise
            the page says why it has no replays of it.

    Raises:
        LeagueError: the league has numbers that are too large to be drawn.
        StoreError: a record cannot be read.
        OSError: the file cannot be written.
    """
    text = report_page(reader, trust_code=trust_code)
    with replacing(path) as fresh:
        fresh.write_text(text, encoding="utf-8", newline="\n")


def report_page(reader: Reader, *, trust_code: bool = False) -> str:
    """The page as text; the arguments and errors are those of :func:`write_report`."""
    found = course(reader)
    members, scores = found.members, reader.block_scores()
    warned = notes(members, scores, matches=reader.matches(kind="evaluation", limit=NOTED_MATCHES))
    shown = replays(reader, trust_code=trust_code)
    right = max((chart.last_step() for chart in found.charts), default=1) or 1
    drawn: dict[tuple[str, str], Html | None] = {
        ("ratings", "Ratings"): _ratings(found, warned, right),
        ("replays", "Replays"): _replays(shown),
        ("payoffs", "Payoffs"): _payoffs(found),
        ("training", "Training"): _figures([each for each in found.charts if each.kind == "training"], right),
        ("events", "Events"): _events(reader),
        ("settings", "Settings"): _settings(found),
    }
    sections = {name: content for name, content in drawn.items() if content is not None}
    body = [
        _header(found, reader, list(sections)),
        element("main", *(_section(name, title, content) for (name, title), content in sections.items())),
        element("footer", f"Written by arena from the league's records. {_made_by(found.info.versions)}"),
        data("data", {"replays": shown, "charts": [_points(chart) for chart in found.charts]}),
    ]
    return _document(f"{found.info.game}: a league", body)


def _document(title: str, body: Sequence[Html]) -> str:
    style, script = _style(), _resource("report.js")
    policy = (
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"style-src 'sha256-{_digest(style)}'; script-src 'sha256-{_digest(script)}'"
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        element("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name_="color-scheme", content="light dark"),
        element("meta", name_="referrer", content="no-referrer"),
        element("title", title),
        raw("style", style),
    )
    page = element("html", head, element("body", *body, raw("script", script)), lang="en")
    return f"<!DOCTYPE html>\n{page}\n"


def _style() -> str:
    """The style sheet, after the colours of light and dark pages."""

    def colours(palette: Palette) -> str:
        named = {name: value for name, value in asdict(palette).items() if isinstance(value, str)}
        named |= {f"line{place}": value for place, value in enumerate(palette.lines)}
        named |= {f"seat{place}": value for place, value in enumerate(palette.seats)}
        return f":root{{{''.join(f'--{name}:{value};' for name, value in named.items())}}}"

    dark = f"@media screen and (prefers-color-scheme: dark){{{colours(DARK)}}}"
    names = [f"line{place}" for place in range(len(DARK.lines))] + [f"seat{place}" for place in range(len(DARK.seats))]
    classes = "".join(f".{name}{{--line:var(--{name})}}" for name in names)
    return f"{colours(LIGHT)}{dark}{classes}\n{_resource('report.css')}"


def _resource(name: str) -> str:
    return files("arena.view.report").joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """The SHA-256 of a text as a content security policy names it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _header(found: Course, reader: Reader, sections: Sequence[tuple[str, str]]) -> Html:
    tiles = [
        element("div", element("dt", fact.name), element("dd", fact.value), class_="long" if fact.long else None)
        for fact in facts(found, reader)
    ]
    links = [element("a", title, href=f"#{name}") for name, title in sections]
    return element(
        "header",
        element("h1", found.info.game),
        element("p", state_text(found.info, reader), class_="state"),
        element("nav", *links, aria_label="Sections"),
        element("dl", *tiles),
    )


def _section(name: str, title: str, content: Html) -> Html:
    heading = element("h2", title, id=f"{name}-title")
    return element("section", heading, content, id=name, aria_labelledby=f"{name}-title")


def _quiet(text: str) -> Html:
    return element("p", text, class_="quiet")


def _ratings(found: Course, warned: Sequence[Note], right: int) -> Html:
    if not found.standings:
        return _quiet("No ratings yet: the league has no snapshots and no baselines.")
    warnings = [element("p", element("b", "Note"), f" {note.text}.", class_="warning") for note in warned]
    strength = _figures([chart for chart in found.charts if chart.kind != "training"], right)
    return joined(*warnings, leaderboard_table(found.standings), strength or "")


def _figures(charts: Sequence[Chart], right: int) -> Html | None:
    """Charts side by side; None without any. The ratings take the whole width, and have a narrow form for narrow
    screens."""
    if not charts:
        return None
    drawn = []
    for chart in charts:
        wide = chart.kind == "ratings"
        pictures = [chart_svg(chart, right=right, name="narrow" if wide else "")]
        pictures += [chart_svg(chart, right=right, width=960, height=320, name="wide")] if wide else []
        keys = [
            element(
                "span",
                element("i"),
                element("span", curve.name, class_="name"),
                element("b"),
                class_=f"key {colour(curve)}",
            )
            for curve in chart.curves
        ]
        heading = element("h3", chart.title, element("small", chart.unit) if chart.unit else "")
        caption = element("figcaption", *keys, element("span", class_="at"))
        drawn.append(element("figure", heading, *pictures, caption, class_="wide" if wide else None))
    return element("div", *drawn, class_="figures")


def _points(chart: Chart) -> list[list[list[float | int]]]:
    """The points of each curve as ``[step, value]`` with four digits, for reading them under the pointer."""
    return [[[point.step, float(f"{point.value:.4g}")] for point in curve.points] for curve in chart.curves]


def _payoffs(found: Course) -> Html | None:
    heatmap = found.heatmap
    if heatmap is None:
        return None
    unit = "mean returns per game" if heatmap.graded else "percent of the points, a draw counting one half"
    left_out = f" {counted(heatmap.left_out, 'member')} with fewer games left out." if heatmap.left_out else ""
    about = (
        f"Evaluation matches only, the best member first: what the row scores against the column, in {unit}. "
        f"Pairs with few games are dimmed.{left_out}"
    )
    table = element("div", heatmap_svg(heatmap), class_="scroll", tabindex="0", role="group", aria_label="Payoffs")
    return joined(_quiet(about), table)


def _replays(shown: Sequence[Replay]) -> Html | None:
    if not shown:
        return None
    listed = [
        element(
            "li",
            element(
                "button",
                element("b", replay["title"], class_="name"),
                element("small", f"{replay['outcome']}, {replay['about'].split(',')[0].lower()}"),
                type="button",
                data_replay=str(place),
            ),
        )
        for place, replay in enumerate(shown)
    ]
    buttons = [
        element("button", *map(icon, shapes), type="button", data_do=does, aria_label=label, title=label)
        for does, label, *shapes in _BUTTONS
    ]
    viewer = element(
        "div",
        element("p", class_="about quiet"),
        element("div", class_="seats"),
        element("div", class_="board", role="img", aria_label="The position"),
        element("p", class_="moves", aria_live="polite"),
        element("input", type="range", min="0", value="0", aria_label="Position"),
        element("div", *buttons, class_="buttons", role="group", aria_label="Steps"),
        element("p", *(joined(element("kbd", key), f" {does} ") for key, does in _KEYS), class_="keys quiet"),
        id="viewer",
        tabindex="0",
        role="group",
        aria_label="Replay: the arrow keys step, Home and End go to the ends, Space plays",
    )
    return joined(
        element("noscript", _quiet("Replays need JavaScript, which is off.")),
        element("div", element("ol", *listed, class_="matches"), viewer, class_="replays"),
    )


def _events(reader: Reader) -> Html | None:
    entries = reader.journal(limit=MOST_EVENTS)
    if not entries:
        return None
    newest = f"The newest {MOST_EVENTS} are here. " if len(entries) == MOST_EVENTS else ""
    return joined(_quiet(f"{newest}Newest first, times in UTC."), events_table(entries))


def _settings(found: Course) -> Html:
    text = settings_text(found.info.settings)
    details = element("details", element("summary", "All settings"), element("pre", text, tabindex="0"))
    return joined(_quiet(f"Seed {found.info.seed}."), details if text else "")


def _made_by(versions: Mapping[str, str]) -> str:
    return f"Made with {', '.join(f'{name} {version}' for name, version in versions.items())}." if versions else ""
