"""What a chart shows, as an immutable value without colours that a query can make."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arena.view.text import LOADING

if TYPE_CHECKING:
    from arena.view.course.curves import Chart, Point

MOST_CURVES = 12
"""Most curves of a plot."""

MOST_LEVELS = 5
"""Most levels of a plot, the highest."""


@dataclass(frozen=True, slots=True)
class Series:
    """A curve.

    Attributes:
        name: its name in the legend; it may be untrusted.
        xs, ys: its points, ``xs`` ascending. A ``y`` that is not a number leaves a gap. A chart draws all points, so
            thin out more than about 1,000 in the query.
        lows, highs: ends of the interval of each point, NaN where one is not known; both empty without intervals.
        colour: its place among the palette's colours of curves (:attr:`arena.view.theme.Palette.lines`).
        starred: index of a point that stands out; None without one.
    """

    name: str
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    lows: tuple[float, ...] = ()
    highs: tuple[float, ...] = ()
    colour: int = 0
    starred: int | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on the x axis, such as a snapshot. ``colour`` as of :class:`Series`."""

    x: float
    name: str
    colour: int = 0


@dataclass(frozen=True, slots=True)
class Level:
    """A height that curves are held against, such as the rating of an anchor."""

    y: float
    name: str


@dataclass(frozen=True, slots=True)
class Plot:
    """All that a chart shows.

    Attributes:
        series: the curves, the most important first: it lies above the others.
        marks: places on the x axis.
        levels: heights.
        x_name: what ``x`` counts, such as ``agent steps``.
        log: whether the y axis is logarithmic; points at 0 and below are left out then, see :attr:`left_out`.
        x_range: ends of the x axis; None for those of the points.
        y_least: the y axis reaches at least down to this, such as 0; None for the lowest point.
        empty: what to say while there is no point to draw.
    """

    series: tuple[Series, ...] = ()
    marks: tuple[Mark, ...] = ()
    levels: tuple[Level, ...] = ()
    x_name: str = "agent steps"
    log: bool = False
    x_range: tuple[float, float] | None = None
    y_least: float | None = None
    empty: str = LOADING

    @property
    def left_out(self) -> int:
        """Number of points that the logarithmic axis cannot show."""
        return sum(y <= 0 for each in self.series for y in each.ys) if self.log else 0


def plot_of(chart: Chart, *, only: Collection[str] = (), starred: int | None = None) -> Plot:
    """A chart of a league's course as a plot.

    Args:
        chart: the chart.
        only: names of the curves to draw; all where none of them is there.
        starred: the step at which points stand out.
    """
    curves = [curve for curve in chart.curves if curve.name in only] or list(chart.curves)
    series, marks = [], []
    for curve in curves[:MOST_CURVES]:
        steps = tuple(float(point.step) for point in curve.points)
        lows, highs = _intervals(curve.points)
        values = tuple(point.value for point in curve.points)
        star = next((k for k, step in enumerate(steps) if step == starred), None)
        series.append(Series(curve.name, steps, values, lows, highs, curve.place, star))
        marks += [Mark(point.step, point.name, curve.place) for point in curve.points if point.name]
    levels = sorted(chart.levels, key=lambda level: -level[1])[:MOST_LEVELS]
    return Plot(
        tuple(series),
        tuple(marks),
        tuple(Level(value, name) for name, value in levels),
        log=chart.logarithmic,
        x_range=(0.0, float(chart.last_step() or 1)),
        y_least=0.0 if chart.from_zero and not chart.logarithmic else None,
        empty="no point has a number",
    )


def _intervals(points: Sequence[Point]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The ends of the intervals, NaN where one is not known; both empty where none is."""
    if all(point.low is None or point.high is None for point in points):
        return (), ()
    lows, highs = (
        [math.nan if end is None else end for end in ends]
        for ends in zip(*((p.low, p.high) for p in points), strict=True)
    )
    return tuple(lows), tuple(highs)
