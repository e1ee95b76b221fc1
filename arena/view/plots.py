"""The course of a league as a picture: ratings, payoffs, exploitability and the curves of training."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from arena.view.course.curves import Chart, Curve, steps_text
from arena.view.course.league import Course, Heatmap, course, is_thin
from arena.view.files import replacing
from arena.view.text import counted, plain, short_name
from arena.view.theme import DARK
from leagues.errors import LeagueError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from leagues.store import Reader

FORMATS = (".pdf", ".png", ".svg")
"""File names end in one of these."""

_WIDTH, _DPI = 11.0, 150
"""Inches of the figure, and pixels of a PNG file for each."""

_FIRST, _OTHER = 3.9, 2.9
"""Inches of height: of the first chart, which is as wide as the figure, and of the others, two side by side."""

_TITLE, _LETTER = 0.6, 0.075
"""Inches: height of the title, and width of a letter of a heatmap's labels."""

_NAME = 24
"""Columns of a name beside the heatmap."""

_UPRIGHT = 8
"""Most members of a heatmap whose names stand side by side below it."""

_MOST_DIGITS = 24
"""Most members of a heatmap whose cells have room for digits."""

_MOST_LABELS = 10
"""Most curves and levels that a legend names."""

_PARAMETERS = {"text.parse_math": False, "svg.hashsalt": "arena", "font.size": 9.5, "axes.titlesize": 11.0}
"""Names are no formulas; equal leagues give equal SVG files."""

_DASHES: tuple[Any, ...] = ("--", ":", "-.", (0, (1, 4)), (0, (6, 3)), (0, (4, 2, 1, 2)), (0, (8, 2)), (0, (2, 2)))
"""Line styles that tell levels of one colour apart."""


def plot_league(reader: Reader, path: Path) -> None:
    """Draw the course of a league into a file.

    There is a panel for each of these that the league has: the ratings of snapshots with their 95% intervals, what was
    measured of the learners (NashConv), the scores of snapshots against the anchors, the scores of training games, the
    metrics of learning, the speed, and a heatmap of the payoffs.

    Args:
        reader: of the league.
        path: a PNG, SVG or PDF file; it is replaced.

    Raises:
        LeagueError: the name ends in no known format, or there is nothing to draw yet.
        OSError: the file cannot be written.
    """
    if path.suffix.lower() not in FORMATS:
        raise LeagueError(f"a picture is a file that ends in {', '.join(FORMATS)}, but got {str(path)!r}")
    found = course(reader)
    if not found.charts and found.heatmap is None:
        raise LeagueError("there is nothing to draw: the league has no evaluation matches and no training yet")
    _draw(found, path)


def _draw(found: Course, path: Path) -> None:
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    charts = found.charts
    right = max((chart.last_step() for chart in charts), default=0)
    # Places are computed here: matplotlib's layouts differ in the last digits from call to call.
    places: list[tuple[_Room, Callable[[Axes], None]]] = []
    top = _TITLE
    for start in (0, *range(1, len(charts), 2)):
        row = charts[start : start + (2 if start else 1)]
        height = _OTHER if start else _FIRST
        for place, chart in enumerate(row):
            room = _Room(place * _WIDTH / len(row), top, _WIDTH / len(row), height)
            places.append((room.inside(), partial(_chart, chart=chart, right=right)))
        top += height if row else 0
    if found.heatmap is not None:
        labels = _LETTER * max(len(short_name(_label(name), _NAME)) for name in found.heatmap.members) + 0.2
        room = _Room(0, top, _WIDTH, _heatmap_height(found.heatmap) + labels)
        below = labels if len(found.heatmap.members) > _UPRIGHT else 0.4
        places.append((room.inside(left=labels, below=below), partial(_heatmap, heatmap=found.heatmap)))
        top += room.height
    with mpl.rc_context(_PARAMETERS):  # type: ignore[arg-type]  # the stub lists every name of a parameter
        figure = Figure(figsize=(_WIDTH, top), dpi=_DPI)
        FigureCanvasAgg(figure)
        figure.set_facecolor(DARK.background)
        title = _label(plain(found.info.game))
        figure.suptitle(
            title, y=1 - _TITLE / 2 / top, color=DARK.foreground, fontsize=15, fontweight="bold", va="center"
        )
        for room, panel in places:
            height = room.height / top
            axes = figure.add_axes((room.left / _WIDTH, 1 - room.top / top - height, room.width / _WIDTH, height))
            axes.set_facecolor(DARK.surface)
            axes.tick_params(colors=DARK.foreground, length=0)
            axes.spines[:].set_visible(False)
            panel(axes)
        _save(figure, path)


class _Room(NamedTuple):
    """A rectangle of the figure in inches, from its left upper corner."""

    left: float
    top: float
    width: float
    height: float

    def inside(self, left: float = 0.85, below: float = 0.65) -> _Room:
        """What is left of it for a panel whose labels take ``left`` and ``below``."""
        return _Room(self.left + left, self.top + 0.35, self.width - left - 0.25, self.height - 0.35 - below)


def _save(figure: Figure, path: Path) -> None:
    """Write the file in one go, so that a failure leaves the old one."""
    kind = path.suffix.lower()[1:]
    undated = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
    with replacing(path) as fresh:
        figure.savefig(fresh, format=kind, metadata=undated, facecolor=figure.get_facecolor())


def _chart(axes: Axes, chart: Chart, right: int) -> None:
    """Curves with bands, and levels as dashed lines; ``right`` is the end of the axis of steps."""
    for curve in chart.curves:
        _curve(axes, curve, DARK.lines[curve.place % len(DARK.lines)])
    for (name, value), style in zip(chart.levels, _DASHES, strict=False):
        axes.axhline(value, color=DARK.faint, linestyle=style, linewidth=1, label=_label(name))
    axes.grid(color=DARK.panel)
    axes.set_axisbelow(True)
    axes.set_title(chart.title, color=DARK.foreground, loc="left")
    axes.set_ylabel(chart.axis, color=DARK.foreground)
    axes.set_xlabel("agent steps", color=DARK.faint)
    axes.xaxis.set_major_formatter(lambda value, _: steps_text(value))
    axes.set_xlim(0, 1.02 * right or 1)
    if chart.logarithmic:
        axes.set_yscale("log")
    elif chart.from_zero:
        axes.set_ylim(bottom=min(0.0, *axes.get_ylim()))
    handles, labels = axes.get_legend_handles_labels()
    legend = axes.legend(
        handles[:_MOST_LABELS], labels[:_MOST_LABELS], facecolor=DARK.panel, edgecolor=DARK.panel, fontsize=8
    )
    for text in legend.get_texts():
        text.set_color(DARK.foreground)


def _curve(axes: Axes, curve: Curve, colour: str) -> None:
    steps, values = [point.step for point in curve.points], [point.value for point in curve.points]
    few = len(values) <= 60
    axes.plot(steps, values, color=colour, marker="." if few else "", linewidth=1.6, label=_label(curve.name))
    ends = [(point.step, point.low, point.high) for point in curve.points]
    band = [(step, low, high) for step, low, high in ends if low is not None and high is not None]
    if band:
        at, low, high = (list(column) for column in zip(*band, strict=True))
        axes.fill_between(at, low, high, color=colour, alpha=0.16, linewidth=0)
    if band and few:
        axes.vlines(at, low, high, color=colour, alpha=0.6, linewidth=0.8)


def _heatmap_height(heatmap: Heatmap) -> float:
    return min(9.0, 1.2 + 0.34 * len(heatmap.members))


def _heatmap(axes: Axes, heatmap: Heatmap) -> None:
    """Scores of the member of a row against those of the columns, thin ones dimmed."""
    from matplotlib.colors import to_rgba

    count = len(heatmap.members)
    cells = [[to_rgba(DARK.surface)] * count for _ in heatmap.members]
    for i, row in enumerate(heatmap.rows):
        for j, payoff in enumerate(row):
            if payoff is None:
                continue
            thin = is_thin(payoff)
            colour = DARK.scale(heatmap.heat(payoff), thin=thin)
            cells[i][j] = to_rgba(colour)
            if count <= _MOST_DIGITS:
                ink = DARK.ink(colour, thin=thin)
                axes.text(j, i, heatmap.digits(payoff), color=ink, ha="center", va="center", fontsize=8)
    axes.imshow(cells, aspect="auto", interpolation="nearest")
    names = [short_name(_label(name), _NAME) for name in heatmap.members]
    axes.set_xticks(range(count), names, rotation=90 if count > _UPRIGHT else 0, fontsize=8)
    axes.set_yticks(range(count), names, fontsize=8)
    axes.set_xticks([each - 0.5 for each in range(1, count)], minor=True)
    axes.set_yticks([each - 0.5 for each in range(1, count)], minor=True)
    axes.grid(which="minor", color=DARK.background, linewidth=1.5)
    axes.tick_params(which="minor", length=0)
    axes.set_title(f"Payoffs: {heatmap_caption(heatmap)}", color=DARK.foreground, loc="left")


def heatmap_caption(heatmap: Heatmap) -> str:
    """What a heatmap shows, in a sentence without its full stop."""
    unit = "returns per game" if heatmap.graded else "scores in percent"
    left_out = f"; {counted(heatmap.left_out, 'member')} with fewer games left out" if heatmap.left_out else ""
    return f"{unit} of the row against the column, by rating; few games dimmed{left_out}"


def _label(name: str) -> str:
    """A name as a picture's text: every font has ASCII, and a leading underscore would hide it from the legend."""
    shown = plain(name).encode("ascii", "backslashreplace").decode()
    return f" {shown}" if shown.startswith("_") else shown
