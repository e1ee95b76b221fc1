"""The course of a league as a picture: ratings, exploitability and scores against anchors over the training."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arena.view import theme
from arena.view.text import measure_text, plain
from leagues.errors import LeagueError
from leagues.ratings.leaderboard import leaderboard
from leagues.records import Measure, Member
from leagues.results.payoff_table import PayoffTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from leagues.ratings.leaderboard import Standing
    from leagues.store import Reader

FORMATS = (".pdf", ".png", ".svg")
"""File names end in one of these."""

WIDE = 10
"""A curve that falls to less than one part in this many of its start has a logarithmic axis."""

MOST = 1e100
"""Numbers beyond this, as an altered record may have them, are not drawn: an axis overflows."""

_WIDTH, _HEIGHT, _DPI = 9.0, 3.4, 150
"""Inches of a panel, and pixels of a PNG file for each."""

_PARAMETERS = {"text.parse_math": False, "svg.hashsalt": "arena", "font.size": 10.0}
"""Names are no formulas; equal leagues give equal SVG files."""


def plot_league(reader: Reader, path: Path) -> None:
    """Draw the course of a league into a file.

    There is a panel for each of these that the league has: the ratings of frozen members with their 95% intervals,
    what was measured of the learners (NashConv), and the scores of snapshots against the anchors.

    Args:
        reader: of the league.
        path: a PNG, SVG or PDF file; it is replaced.

    Raises:
        LeagueError: the name ends in no known format, or there is nothing to draw yet.
        OSError: the file cannot be written.
    """
    if path.suffix.lower() not in FORMATS:
        raise LeagueError(f"a picture is a file that ends in {', '.join(FORMATS)}, but got {str(path)!r}")
    members, scores, info = reader.members(), reader.block_scores(), reader.info()
    standings = [each for each in leaderboard(members, scores) if each.games]
    learners = {member.id for member in members if not member.frozen}
    measures = [each for each in reader.measures() if each.member in learners]  # snapshots lie on the same curves
    numbers = [each.value for each in measures] + [end for each in standings for end in (each.low, each.high)]
    if max(map(abs, numbers), default=0.0) > MOST:
        raise LeagueError("the league has numbers that are too large to be drawn; see what `arena verify` says")
    table = PayoffTable.of_blocks(scores)
    points = "returns per game" if info.graded else "score"
    panels: list[Callable[[Axes], None]] = []
    trained = {member.id for member in members if member.learner is not None}  # others have no steps to be drawn over
    if any(each.agent in trained for each in standings):
        panels.append(partial(_ratings, members=members, standings=standings))
    for name in dict.fromkeys(each.name for each in measures):
        panels += [partial(_measures, measures=[each for each in measures if each.name == name])]
    if _anchor_scores(members, table):
        panels.append(partial(_anchors, members=members, table=table, unit=points))
    if not panels:
        raise LeagueError(
            "there is nothing to draw: the league has no rated snapshots and no measures, which training makes"
        )
    _draw(panels, f"{plain(info.game)}", path)


def _draw(panels: Sequence[Callable[[Axes], None]], title: str, path: Path) -> None:
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context(_PARAMETERS):  # type: ignore[arg-type]  # the stub lists every name of a parameter
        figure = Figure(figsize=(_WIDTH, _HEIGHT * len(panels) + 0.4), dpi=_DPI, layout="constrained")
        FigureCanvasAgg(figure)
        figure.set_facecolor(theme.BACKGROUND)
        figure.suptitle(_label(title), color=theme.FOREGROUND)
        everything = figure.subplots(len(panels), squeeze=False, sharex=True)[:, 0]
        for axes, draw in zip(everything, panels, strict=True):
            _style(axes)
            draw(axes)
            legend = axes.legend(facecolor=theme.PANEL, edgecolor=theme.FAINT, fontsize=8, loc="best")
            for text in legend.get_texts():
                text.set_color(theme.FOREGROUND)
        everything[-1].set_xlabel("agent steps", color=theme.FOREGROUND)
        everything[-1].set_xlim(left=0)
        _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    """Write the file in one go, so that a failure leaves the old one."""
    kind = path.suffix.lower()[1:]
    undated = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
    fresh = path.with_name(f".{path.name}.new")
    try:
        figure.savefig(fresh, format=kind, metadata=undated, facecolor=figure.get_facecolor())
        fresh.replace(path)
    except OSError as error:
        error.filename = str(path)  # the name that the caller knows
        raise
    finally:
        fresh.unlink(missing_ok=True)


def _style(axes: Axes) -> None:
    axes.set_facecolor(theme.SURFACE)
    axes.grid(color=theme.PANEL)
    axes.tick_params(colors=theme.FOREGROUND)
    axes.xaxis.set_major_formatter(_steps)
    for spine in axes.spines.values():
        spine.set_color(theme.FAINT)


def _ratings(axes: Axes, members: Iterable[Member], standings: Sequence[Standing]) -> None:
    """Snapshots with intervals, one line for each learner; all others as levels."""
    by_id = {member.id: member for member in members}
    rows = {each.agent: each for each in standings}
    for number, (learner, snapshots) in enumerate(_by_learner(by_id.values()).items()):
        rated = [member for member in snapshots if member.id in rows]
        if not rated:
            continue
        ratings = [rows[member.id] for member in rated]
        points = [(each.rating, each.low, each.high) for each in ratings]
        _curve(axes, [member.step for member in rated], points, number, learner)
    others = [each for each in standings if each.generation is None and by_id[each.agent].role != "guest"]
    for each, style in zip(others, _dashes(), strict=False):
        axes.axhline(each.rating, color=theme.FAINT, linestyle=style, linewidth=1, label=_label(each.agent))
    axes.set_ylabel(f"rating, 95% intervals ({standings[0].unit})", color=theme.FOREGROUND)


def _measures(axes: Axes, measures: Sequence[Measure]) -> None:
    """One measure, a line for each learner."""
    for number, learner in enumerate(dict.fromkeys(each.member for each in measures)):
        own = [each for each in measures if each.member == learner]
        steps, values = [each.agent_steps for each in own], [each.value for each in own]
        axes.plot(steps, values, color=_colour(number), marker=".", label=_label(learner))
    lowest, highest = min(each.value for each in measures), max(each.value for each in measures)
    if 0 < lowest < highest / WIDE:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=min(0.0, lowest))
    axes.set_ylabel(measure_text(measures[0].name), color=theme.FOREGROUND)


def _anchors(axes: Axes, members: Sequence[Member], table: PayoffTable, unit: str) -> None:
    """Scores of the snapshots of main learners against each anchor, with intervals."""
    for number, (anchor, met) in enumerate(_anchor_scores(members, table).items()):
        points = [(payoff.score, payoff.low, payoff.high) for _, payoff in met]
        _curve(axes, [member.step for member, _ in met], points, number, f"against {anchor}")
    axes.set_ylabel(f"main's {unit}, 95% intervals", color=theme.FOREGROUND)


def _curve(
    axes: Axes,
    steps: Sequence[int],
    points: Sequence[tuple[float, float | None, float | None]],
    number: int,
    label: str,
) -> None:
    """A line through points ``(value, low, high)`` with their intervals."""
    values = [value for value, _, _ in points]
    below = [0.0 if low is None else max(0.0, value - low) for value, low, _ in points]
    above = [0.0 if high is None else max(0.0, high - value) for value, _, high in points]
    axes.errorbar(
        steps,
        values,
        yerr=[below, above],
        color=_colour(number),
        marker=".",
        capsize=2,
        elinewidth=0.8,
        label=_label(label),
    )


def _anchor_scores(members: Iterable[Member], table: PayoffTable) -> dict[str, list[tuple[Member, Any]]]:
    """The snapshots of main learners that have met an anchor, with their payoffs, by anchor; the oldest first."""
    members = list(members)
    mains = sorted((each for each in members if each.kind == "snapshot" and each.role == "main"), key=_step)
    found = {}
    for anchor in (each.id for each in members if each.role == "anchor"):
        met = [(member, payoff) for member in mains if (payoff := table.get(member.id, anchor)) is not None]
        if met:
            found[anchor] = met
    return found


def _by_learner(members: Iterable[Member]) -> dict[str, list[Member]]:
    """The snapshots of each learner, the oldest first."""
    snapshots: dict[str, list[Member]] = {}
    for member in sorted((each for each in members if each.learner is not None), key=_step):
        snapshots.setdefault(str(member.learner), []).append(member)
    return snapshots


def _step(member: Member) -> int:
    return member.step


def _colour(number: int) -> str:
    return theme.LINES[number % len(theme.LINES)]


def _dashes() -> tuple[Any, ...]:
    """Line styles that tell levels of one colour apart."""
    return "--", ":", "-.", (0, (1, 4)), (0, (6, 3)), (0, (4, 2, 1, 2)), (0, (8, 2)), (0, (2, 2))


def _label(name: str) -> str:
    """A name as a picture's text: every font has ASCII, and a leading underscore would hide it from the legend."""
    shown = plain(name).encode("ascii", "backslashreplace").decode()
    return f" {shown}" if shown.startswith("_") else shown


def _steps(value: float, position: float) -> str:
    """A number of steps as ``0``, ``250k`` or ``1.5M``."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"
