"""Charts, intervals and heatmaps as SVG. Classes name the colours, so that the page chooses them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from arena.view.course.curves import Chart, Curve, steps_text
from arena.view.course.league import Heatmap, is_thin
from arena.view.report.html import Html, element, joined, number
from arena.view.text import counted, short_name
from arena.view.theme import DARK

_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 14.0, 10.0, 26.0
"""Room around the curves, in pixels."""

_UNIT = 90.0
"""Pixels at the end of the axis of steps that say what it counts."""

_TICKS = 5
"""About as many ticks has an axis."""

_DOTS = 60
"""Most points of a curve that has dots."""

_CELL, _LARGE_CELL, _HEATMAP = 30.0, 56.0, 640.0
"""Pixels of a heatmap: of its cells, and of all of them together while they can be larger."""

_CHARACTER = 6.6
"""Width of a character of a label."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where a chart's numbers stand in its picture."""

    width: float
    height: float
    right: int
    low: float
    high: float
    scale: Callable[[float], float]

    def x(self, step: float) -> float:
        return _LEFT + (self.width - _LEFT - _RIGHT) * step / self.right

    def y(self, value: float) -> float:
        low, high = self.scale(self.low), self.scale(self.high)
        share = (self.scale(value) - low) / (high - low)
        return self.height - _BOTTOM - (self.height - _TOP - _BOTTOM) * max(-1.0, min(2.0, share))


def chart_svg(chart: Chart, *, right: int, width: float = 460, height: float = 230, name: str = "") -> Html:
    """A chart: curves with bands over the agent steps, and levels as dashed lines.

    Args:
        chart: what to draw.
        right: the last step of the axis, at least 1.
        width, height: of the picture in pixels.
        name: class of the picture.
    """
    ticks = _ticks(*_ends(chart), logarithmic=chart.logarithmic)
    frame = _Frame(width, height, right, ticks[0], ticks[-1], math.log10 if chart.logarithmic else float)
    parts = []
    for value in ticks:
        y = frame.y(value)
        parts += [
            element("line", x1=_LEFT, x2=width - _RIGHT, y1=y, y2=y, class_="grid"),
            element("text", _tick_text(value), x=_LEFT - 8, y=y + 3.5, text_anchor="end"),
        ]
    for step in _ticks(0, right)[:-1] if right > 1 else [0.0]:
        text = steps_text(step)
        if frame.x(step) < width - _RIGHT - _UNIT:
            parts.append(
                element("text", text, x=frame.x(step), y=height - 8, text_anchor="middle" if step else "start")
            )
    parts.append(element("text", "agent steps", x=width - _RIGHT, y=height - 8, text_anchor="end"))
    for level, value in chart.levels:
        y = frame.y(value)
        parts += [
            element("line", x1=_LEFT, x2=width - _RIGHT, y1=y, y2=y, class_="level"),
            element("text", level, x=width - _RIGHT, y=y - 4, text_anchor="end", class_="name"),
        ]
    parts += [_curve(curve, frame) for curve in chart.curves]
    parts.append(element("line", y1=_TOP, y2=height - _BOTTOM, class_="cursor"))
    view = f"0 0 {number(width)} {number(height)}"
    shown = {"data_left": _LEFT / width, "data_right": (width - _RIGHT) / width, "data_steps": float(right)}
    return element(
        "svg", *parts, viewBox=view, class_=f"chart {name}", role="img", aria_label=described(chart), **shown
    )


def described(chart: Chart) -> str:
    """A chart in a sentence, for those who cannot see it."""
    courses = [
        f"{curve.name} goes from {curve.points[0].value:.4g} to {curve.points[-1].value:.4g}"
        f" in {counted(len(curve.points), 'point')}"
        for curve in chart.curves
    ]
    return f"{chart.title}, {chart.axis}, over the agent steps: {'; '.join(courses)}"


def colour(curve: Curve) -> str:
    """The class of the colour of a curve."""
    return f"line{curve.place % len(DARK.lines)}"


def icon(shape: str) -> Html:
    """A small picture for a button: the path of a shape in a square of 16 pixels."""
    return element("svg", element("path", d=shape), viewBox="0 0 16 16", class_="icon", aria_hidden="true")


def _curve(curve: Curve, frame: _Frame) -> Html:
    line = [(frame.x(point.step), frame.y(point.value)) for point in curve.points]
    known = [
        (frame.x(point.step), frame.y(point.low), frame.y(point.high))
        for point in curve.points
        if point.low is not None and point.high is not None
    ]
    parts = []
    if len(known) > 1:
        edge = [(x, low) for x, low, _ in known] + [(x, high) for x, _, high in reversed(known)]
        parts.append(element("path", d=f"{_path(edge)}Z", class_="band"))
    if len(known) <= _DOTS:
        parts += [element("line", x1=x, x2=x, y1=low, y2=high, class_="whisker") for x, low, high in known]
    parts.append(element("path", d=_path(line), class_="curve"))
    if len(line) <= _DOTS:
        parts += [element("circle", cx=x, cy=y, r=2.4) for x, y in line]
    return element("g", *parts, class_=colour(curve))


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)


def _ends(chart: Chart) -> tuple[float, float]:
    numbers = chart.numbers()
    low, high = min(numbers), max(numbers)
    if chart.logarithmic:
        return min(value for value in numbers if value > 0), high
    return (min(0.0, low), max(0.0, high)) if chart.from_zero else (low, high)


def _ticks(low: float, high: float, *, logarithmic: bool = False) -> list[float]:
    """Round numbers, at least two, from below ``low`` to above ``high``."""
    if logarithmic:
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        return [10.0**power for power in range(first, max(last, first + 1) + 1)]
    if not high > low:
        room = abs(low) / 2 or 1.0
        low, high = low - room, high + room
    rough = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [place * step for place in range(first, max(last, first + 1) + 1)]


def _tick_text(value: float) -> str:
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e6 else f"{value:.4g}"


def interval_svg(low: float, at: float, high: float, *, left: float, right: float) -> Html:
    """The interval ``low..high`` with the point ``at`` on an axis ``left..right``."""
    width, height, edge = 160.0, 16.0, 5.0
    scale = (width - 2 * edge) / (right - left) if right > left else 0.0
    first, point, last = (edge + (value - left) * scale for value in (low, at, high))
    return element(
        "svg",
        element("line", x1=edge, x2=width - edge, y1=height / 2, y2=height / 2, class_="grid"),
        element("line", x1=first, x2=last, y1=height / 2, y2=height / 2, class_="whisker"),
        element("circle", cx=point, cy=height / 2, r=3.6),
        viewBox=f"0 0 {number(width)} {number(height)}",
        class_="interval line0",
        aria_hidden="true",
    )


def heatmap_svg(heatmap: Heatmap) -> Html:
    """What members score against each other; a title at each cell tells all of it."""
    names = [short_name(name, 24) for name in heatmap.members]
    room = 16 + _CHARACTER * max(map(len, names))
    side = max(_CELL, min(_LARGE_CELL, _HEATMAP / len(names)))
    parts = []
    for place, name in enumerate(names):
        middle = room + (place + 0.5) * side
        parts += [
            element("text", name, x=room - 8, y=middle + 4, text_anchor="end", class_="name"),
            element(
                "text", name, transform=f"translate({number(middle + 4)} {number(room - 8)}) rotate(-90)", class_="name"
            ),
        ]
    for i, row in enumerate(heatmap.rows):
        for j, payoff in enumerate(row):
            at = {
                "x": room + j * side + 1,
                "y": room + i * side + 1,
                "width": side - 2,
                "height": side - 2,
                "rx": 4.0,
            }
            if payoff is None:
                parts.append(element("rect", class_="same" if i == j else "unmet", **at))
                continue
            heat = heatmap.heat(payoff)
            known = "" if payoff.low is None or payoff.high is None else f" ({payoff.low:.3g} to {payoff.high:.3g})"
            told = (
                f"{payoff.member} against {payoff.opponent}: {payoff.score:.3g}{known} in "
                f"{counted(payoff.games, 'game')}, {payoff.wins}/{payoff.draws}/{payoff.losses}"
            )
            ink = "digits strong" if abs(heat) > 0.6 else "digits"
            parts.append(
                element(
                    "g",
                    element("title", told),
                    element("rect", class_="panel", **at),
                    element("rect", class_="above" if heat > 0 else "below", fill_opacity=abs(heat) * 0.9, **at),
                    element(
                        "text",
                        heatmap.digits(payoff),
                        x=at["x"] + at["width"] / 2,
                        y=at["y"] + at["height"] / 2 + 3.5,
                        text_anchor="middle",
                        class_=ink,
                    ),
                    class_="thin" if is_thin(payoff) else None,
                )
            )
    size = room + side * len(names)
    label = f"Payoffs of {counted(len(names), 'member')}; the table of ratings has their order"
    return joined(
        element(
            "svg",
            *parts,
            viewBox=f"0 0 {number(size)} {number(size)}",
            width=size,
            height=size,
            class_="heatmap large" if side > 40 else "heatmap",
            role="img",
            aria_label=label,
        )
    )
