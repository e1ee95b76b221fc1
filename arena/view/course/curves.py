"""Curves and charts as values, and what can be done with them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Literal

from leagues.records import Member

MOST_NUMBER = 1e100
"""Greatest number that a curve shows. The losses of a training that diverges pass every bound."""

MOST_POINTS = 200
"""Most points of a curve that is drawn once."""

Kind = Literal["ratings", "outside", "training", "detail"]
"""What a chart is about: ratings, how good members are by other measures, how the training goes, or details of it that
only the training screen has room for."""


@dataclass(frozen=True, slots=True)
class Point:
    """A number after so many agent steps.

    Attributes:
        step: the agent steps.
        value: the number.
        low, high: ends of its 95% interval; None without one.
        name: the snapshot that it is about; empty for others.
    """

    step: int
    value: float
    low: float | None = None
    high: float | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """The points of one name, ascending by step; at least one.

    Attributes:
        name: the learner, module, opponent, stage, ... It may be untrusted, and is empty for the only curve of a chart
            whose title says all.
        points: the points.
        place: says which colour it has. A learner has the same in all charts.
    """

    name: str
    points: tuple[Point, ...]
    place: int = 0


@dataclass(frozen=True, slots=True)
class Chart:
    """Curves that share a picture, over the agent steps.

    Attributes:
        kind: what it is about.
        title: what it shows, in a few words; safe to show.
        axis: what the numbers count.
        curves: at least one.
        levels: names and numbers that do not change with the steps, such as the ratings of baselines.
        from_zero: whether the axis of the numbers begins at 0 or below.
        logarithmic: whether that axis is better logarithmic; it has no 0 then.
    """

    kind: Kind
    title: str
    axis: str
    curves: tuple[Curve, ...]
    levels: tuple[tuple[str, float], ...] = ()
    from_zero: bool = False
    logarithmic: bool = False

    @property
    def unit(self) -> str:
        """What the numbers count, where the title does not say it; otherwise empty."""
        return "" if self.axis.lower() == self.title.lower() else self.axis

    def numbers(self) -> list[float]:
        """All numbers that have to fit the axis; infinite ends of intervals are left out."""
        found = [each.value for curve in self.curves for each in curve.points] + [value for _, value in self.levels]
        ends = [end for curve in self.curves for each in curve.points for end in (each.low, each.high)]
        return found + [end for end in ends if end is not None and math.isfinite(end)]

    def last_step(self) -> int:
        """The greatest step of a point."""
        return max(point.step for curve in self.curves for point in curve.points)


def chart_of(
    kind: Kind,
    title: str,
    curves: Mapping[str, Sequence[Point]],
    *,
    axis: str = "",
    levels: tuple[tuple[str, float], ...] = (),
    from_zero: bool = False,
    logarithmic: bool = False,
) -> Chart | None:
    """The chart of all curves that have points, by name; None without any. Points beyond :data:`MOST_NUMBER` are left
    out. ``axis`` is the title where it is empty."""
    shown = {name: [each for each in points if abs(each.value) <= MOST_NUMBER] for name, points in curves.items()}
    named = [(name, points) for name, points in shown.items() if points]
    drawn = tuple(Curve(name, tuple(points), place) for place, (name, points) in enumerate(named))
    capital = title[:1].upper() + title[1:]
    return Chart(kind, capital, axis or title, drawn, levels, from_zero, logarithmic) if drawn else None


def in_order(charts: Iterable[Chart | None], members: Iterable[Member]) -> tuple[Chart, ...]:
    """The charts with the curves of learners first, in their order, which also says which colours they have. What else
    members are measured by, such as anchors, has other colours than the learners beside it."""
    learners = (member.id for member in members if not member.frozen)
    places = {name: place for place, name in enumerate(learners)}
    ordered = []
    for chart in charts:
        if chart is not None:
            first = len(places) if chart.kind == "outside" else 0
            curves = [replace(curve, place=places.get(curve.name, first + curve.place)) for curve in chart.curves]
            ordered.append(replace(chart, curves=tuple(sorted(curves, key=lambda curve: curve.place))))
    return tuple(ordered)


def thinned(chart: Chart, most: int = MOST_POINTS) -> Chart:
    """The chart with at most ``most`` points a curve, above 0, so that noise does not fill a small picture: means of
    equally many neighbours, each at the step of the last, and the newest point as it is. A curve that is thinned has no
    intervals."""
    return replace(chart, curves=tuple(_thinned(curve, most) for curve in chart.curves))


def _thinned(curve: Curve, most: int) -> Curve:
    points = curve.points
    size = -(-len(points) // most)
    if size <= 1:
        return curve
    groups = (points[start : start + size] for start in range(0, len(points), size))
    means = [Point(group[-1].step, fmean(each.value for each in group)) for group in groups]
    newest = Point(points[-1].step, points[-1].value)  # a screen says this number
    return replace(curve, points=(*means[:-1], newest))


def smoothed(chart: Chart, weight: float) -> Chart:
    """The chart with exponential moving averages instead of values, without intervals.

    Args:
        chart: the chart.
        weight: of what was before, 0 to below 1. The first values count as much as there are (Kingma and Ba 2015,
            "Adam", section 3: the correction of the bias).
    """
    if not weight:
        return chart
    return replace(chart, curves=tuple(_smoothed(curve, weight) for curve in chart.curves))


def _smoothed(curve: Curve, weight: float) -> Curve:
    mean, known = 0.0, 0.0
    points = []
    for point in curve.points:
        mean, known = weight * mean + (1 - weight) * point.value, weight * known + (1 - weight)
        points.append(Point(point.step, mean / known, name=point.name))
    return replace(curve, points=tuple(points))


def steps_text(steps: float) -> str:
    """A number of steps as ``0``, ``250k`` or ``1.5M``."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(steps) >= size:
            return f"{steps / size:g}{letter}"
    return f"{steps:g}"
