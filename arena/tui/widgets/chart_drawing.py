"""How a plot becomes dots, and dots become lines of the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from arena.tui.look import colours_tell, look
from arena.tui.widgets.canvas import BRAILLE, Canvas
from arena.tui.widgets.plot import Plot, Series
from arena.tui.widgets.scale import Scale, short_number, span
from arena.view.text import plain
from arena.view.theme import Palette

_POINTS = "●○◇▲▼"
"""Points of curves, which have to tell curves apart where colours cannot; the first one where they can."""
_GRID, _LEVEL = "┈", "╌"
_TINT = 0.16
"""How much of a curve's colour its band has."""
_SPARSE = 6
"""Points of a curve have this many columns or more between them on average where each is marked."""
_LEAST = (16, 4)
"""Columns and rows from which on there is room for axes."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A plot in dots.

    Attributes:
        palette: that it was drawn for.
        gutter: columns left of the plot.
        x, y: the axes, in dots.
        canvas: the curves.
        points: place of a marked point in the canvas -> number of its curve and whether it stands out.
        rows: row of the canvas -> label of the y axis.
    """

    palette: Palette
    gutter: int
    x: Scale
    y: Scale
    canvas: Canvas
    points: dict[int, tuple[int, bool]]
    rows: dict[int, str]


class Styles:
    """Styles of cells in the palette in use, each made once."""

    def __init__(self, palette: Palette, background: Color) -> None:
        self.palette = palette
        self.faint = Style(color=palette.faint)
        self.grid = Style(color=background.blend(Color.parse(palette.faint), 0.45).hex6)
        self.cursor = Style(color=palette.foreground)
        self._background = background
        self._made: dict[tuple[int, int, bool], Style] = {}

    def curve(self, owner: int, tint: int, *, here: bool = False) -> Style:
        """Of a cell of the curve ``owner`` on the band of ``tint``, either -1 for none; ``here``: under the cursor."""
        key = owner, tint, here
        if key not in self._made:
            lines = self.palette.lines
            behind = self._background
            if tint >= 0:
                behind = behind.blend(Color.parse(lines[tint % len(lines)]), _TINT)
            if here:
                behind = behind.blend(Color.parse(self.palette.foreground), 0.15)
            colour = lines[owner % len(lines)] if owner >= 0 else self.grid.color
            self._made[key] = Style(color=colour, bgcolor=behind.hex6 if tint >= 0 or here else None)
        return self._made[key]

    def level(self, tint: int) -> Style:
        """Of a cell of a level on the band of ``tint``, -1 for none."""
        behind = self.curve(-1, tint)
        return self.faint if tint < 0 else Style(color=self.palette.faint, bgcolor=behind.bgcolor)


def point_of(colour: int) -> str:
    """How a point of a curve looks, by its place among the colours of curves."""
    return _POINTS[0 if colours_tell() else colour % len(_POINTS)]


def draw(plot: Plot, width: int, height: int) -> Drawn | None:
    """The plot in dots; None without a point."""
    ends = _ends(plot)
    if ends is None or width < 4 or height < 2:
        return None
    (left, right), (low, high) = ends
    log = plot.log
    axes = width >= _LEAST[0] and height >= _LEAST[1]
    rows = max(1, height - 1 - (2 if height >= 6 else 1 if axes else 0))
    y = Scale(low, high, 4 * rows, log)
    ticks = y.ticks(max(2, min(8, rows // 2))) if axes else []
    up = y.place()
    if axes and len(ticks) < 2:  # a single number says nothing about the height of the others
        ticks = sorted({low, *ticks, high})
    labels = {rows - 1 - round(up(tick)) // 4: short_number(tick) for tick in ticks}
    gutter = 1 + max((len(label) for label in labels.values()), default=0) if axes else 0
    columns = max(1, width - gutter)
    x = Scale(left, right, 2 * columns)
    across = x.place()
    canvas, bottom = Canvas(columns, rows), 4 * rows - 1
    points: dict[int, tuple[int, bool]] = {}

    def down(value: float) -> float:
        return bottom - up(value) if value > 0 or not log else math.nan

    signs = not colours_tell()
    for series in reversed(plot.series):
        places, heights = [across(value) for value in series.xs], [down(value) for value in series.ys]
        if series.lows:
            tops, bottoms = [down(value) for value in series.highs], [down(value) for value in series.lows]
            canvas.band(places, tops, [bottom + 4 if value != value else value for value in bottoms], series.colour)
        canvas.curve(places, heights, series.colour)
        visible = sum(left <= value <= right for value in series.xs)
        every = max(1, -(-visible * _SPARSE // columns))
        for index, (place, depth) in enumerate(zip(places, heights, strict=True)):
            starred = index == series.starred
            marked = every == 1 or (signs and index % every == 0)
            if (marked or starred) and depth == depth and 0 <= place < 2 * columns and 0 <= depth <= bottom:
                points[round(depth) // 4 * columns + round(place) // 2] = series.colour, starred
    return Drawn(look(), gutter, x, y, canvas, points, labels)


def _ends(plot: Plot) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """The ends of both axes. Intervals may widen the y axis: so far that the narrowest one fits, and further where that
    does not push the curves together."""
    across = plot.x_range or span(x for each in plot.series for x in each.xs)
    if across is None:
        return None

    def seen(each: Series, values: Sequence[float]) -> Iterable[float]:
        return (value for x, value in zip(each.xs, values, strict=True) if across[0] <= x <= across[1])

    values = [*(value for each in plot.series for value in seen(each, each.ys)), *(each.y for each in plot.levels)]
    if plot.y_least is not None:
        values.append(plot.y_least)
    ends = span(values, log=plot.log)
    if ends is None:
        return None
    low, high = ends
    if plot.y_least is not None and min(values) >= plot.y_least:
        low = plot.y_least
    reach = [v for each in plot.series if each.lows for end in (each.lows, each.highs) for v in seen(each, end)]
    reach = [value for value in reach if math.isfinite(value) and (value > 0 or not plot.log)] or [low, high]
    if plot.log:
        return across, (min(low, max(min(reach), low / 3)), max(high, min(max(reach), high * 3)))
    widths = (
        end - start
        for each in plot.series
        if each.lows
        for start, end in zip(seen(each, each.lows), seen(each, each.highs), strict=True)
    )
    narrowest = min((width for width in widths if math.isfinite(width) and width > 0), default=0.0)
    room = max((high - low) * 0.6, narrowest)
    return across, (min(low, max(min(reach), low - room)), max(high, min(max(reach), high + room)))


def row_of(
    drawn: Drawn, row: int, styles: Styles, cursor: int | None, series: Sequence[Series], level: str
) -> list[Segment]:
    """A row of cells, equal styles in one segment."""
    canvas = drawn.canvas
    start, end = row * canvas.width, (row + 1) * canvas.width
    gridded = row in drawn.rows
    segments: list[Segment] = []
    text, style = "", styles.grid
    name_from = _free(drawn, start, cell_len(level)) if level else canvas.width
    for place in range(start, end):
        column = place - start
        here = column == cursor
        bits, tint = canvas.bits[place], canvas.tint[place]
        point = drawn.points.get(place)
        if point is not None:
            character = "◆" if point[1] else point_of(point[0])
            now = styles.curve(point[0], tint, here=here)
        elif bits:
            character, now = chr(BRAILLE + bits), styles.curve(canvas.owner[place], tint, here=here)
        elif here:
            character, now = "│", styles.cursor if tint < 0 else styles.curve(-1, tint)
        elif level:
            if column == name_from:  # the name is written where no curve is
                segments.append(Segment(text, style))
                text, style = "", styles.faint
            character, now = _LEVEL, styles.level(tint)
            if name_from <= column < name_from + len(level):
                character, now = level[column - name_from : column - name_from + 1], styles.faint
        else:
            character = _GRID if gridded else " "
            now = styles.curve(-1, tint) if tint >= 0 else styles.grid
        if now is not style:
            segments.append(Segment(text, style))
            text, style = "", now
        text += character
    segments.append(Segment(text, style))
    return segments


def _free(drawn: Drawn, start: int, length: int) -> int:
    """The column from which on a text of ``length`` columns covers no curve in the row of cells that begins at
    ``start``: the last one in the right half; the width of the canvas where there is none."""
    canvas, width = drawn.canvas, drawn.canvas.width
    taken = [bool(canvas.bits[place]) or place in drawn.points for place in range(start, start + width)]
    return next((at for at in range(width - length, width // 2, -1) if not any(taken[at : at + length])), width)


def levels_of(plot: Plot, drawn: Drawn) -> dict[int, str]:
    """Row of the canvas -> name of the level there."""
    up, rows = drawn.y.place(), drawn.canvas.height
    return {
        rows - 1 - round(up(each.y)) // 4: f" {plain(each.name)}"
        for each in plot.levels
        if drawn.y.low <= each.y <= drawn.y.high
    }


def axis_of(plot: Plot, drawn: Drawn, styles: Styles, cursor: int | None) -> list[Segment]:
    """The line below the plot, with its marks."""
    across, columns = drawn.x.place(), drawn.canvas.width
    marks = {round(across(mark.x)) // 2: mark.colour for mark in plot.marks}
    if 3 * len(marks) > columns:  # so many say nothing
        marks = {}
    segments = [Segment(" " * drawn.gutter)]
    for column in range(columns):
        if column in marks:
            segments.append(Segment("┻", styles.curve(marks[column], -1)))
        elif column == cursor:
            segments.append(Segment("┴", styles.cursor))
        else:
            segments.append(Segment("─", styles.grid))
    return segments


def labels_of(plot: Plot, drawn: Drawn, styles: Styles) -> Segment:
    """The round numbers of the x axis, and what they count."""
    columns = drawn.canvas.width
    name = plot.x_name if len(plot.x_name) < columns // 2 else ""
    room = columns - len(name) - (1 if name else 0)
    usual = max(2, columns // 12)
    labels = _placed(drawn.x, usual, room)
    if len(labels) < 2:  # the name is in the way of the others
        labels = _placed(drawn.x, 2 * usual, room)
    line = [" "] * columns
    for start, label in labels.items():
        line[start : start + len(label)] = label
    line[columns - len(name) :] = name
    return Segment(" " * drawn.gutter + "".join(line), styles.faint)


def _placed(x: Scale, most: int, room: int) -> dict[int, str]:
    """First column -> label of those of at most ``most`` round numbers that stand apart in ``room`` columns."""
    across, found, free = x.place(), dict[int, str](), 0
    for tick in x.ticks(most):
        label = short_number(tick)
        start = max(0, round(across(tick)) // 2 - len(label) // 2)
        if free <= start <= room - len(label):
            found[start] = label
            free = start + len(label) + 2
    return found
