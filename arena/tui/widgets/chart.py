"""A chart of curves, drawn in braille on Textual's line API.

A query makes a :class:`Plot`, an immutable value without colours; :meth:`Chart.show` draws it. Curves are kept as dots
until the data, the size or the palette changes, so that the cursor moves at the cost of composing lines.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import BindingType
from textual.color import Color
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from arena.tui.keys import CHART, bindings
from arena.tui.look import look
from arena.tui.widgets.canvas import BRAILLE, Canvas
from arena.tui.widgets.scale import Scale, short_number, span
from arena.view.text import plain
from arena.view.theme import Palette

POINT = "●"
_TINT = 0.16
"""How much of a curve's colour its band has."""
_GRID = "┈"
_SPARSE = 6
"""Points of a curve have this many columns or more between them on average where each is marked."""
_LEAST = (16, 4)
"""Columns and rows from which on there is room for axes."""


@dataclass(frozen=True, slots=True)
class Series:
    """A curve.

    Attributes:
        name: its name in the legend; it may be untrusted.
        xs, ys: its points, ``xs`` ascending. A ``y`` that is not a number leaves a gap. A chart draws all points, so
            thin out more than about 1,000 in the query.
        lows, highs: ends of the interval of each point; both empty without intervals.
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
        log: whether the y axis is logarithmic; points at 0 and below are left out then.
        x_range: ends of the x axis; None for those of the points.
        y_least: the y axis reaches at least down to this, such as 0; None for the lowest point.
        empty: what to say while there is no point.
    """

    series: tuple[Series, ...] = ()
    marks: tuple[Mark, ...] = ()
    levels: tuple[Level, ...] = ()
    x_name: str = "agent steps"
    log: bool = False
    x_range: tuple[float, float] | None = None
    y_least: float | None = None
    empty: str = "nothing to draw yet"


@dataclass(frozen=True, slots=True)
class _Drawn:
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


class Chart(Widget, can_focus=True):
    """Curves with axes, a legend that also reads values, and a cursor that moves by key and by mouse.

    Attributes:
        plot: what it shows.
        cursor: the x that is read; None where the newest values are.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(CHART)

    KEEPS_CURSOR: ClassVar[bool] = False
    """Whether the cursor stays when the focus goes elsewhere."""

    class Read(Message):
        """The person reads the values at ``x``; None: no longer. Charts side by side may follow each other."""

        def __init__(self, chart: Chart, x: float | None) -> None:
            super().__init__()
            self.chart = chart
            self.x = x

        @property
        def control(self) -> Chart:
            return self.chart

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.plot = Plot()
        self.cursor: float | None = None
        self._shown = 0  # plots so far
        self._drawn: _Drawn | None = None
        self._drawn_for: tuple[int, int, int, Palette] | None = None
        self._lines: list[Strip] | None = None

    def show(self, plot: Plot) -> None:
        """Show ``plot``. The cursor stays where it is."""
        if plot != self.plot:
            self.plot = plot
            self._shown += 1
            self._compose_again()

    def read(self, x: float | None) -> None:
        """Read the values at ``x``; None for the newest."""
        if x != self.cursor:
            self.cursor = x
            self._compose_again()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return 12

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        drawn_for = (self._shown, width, height, look())
        if self._drawn_for != drawn_for:
            self._drawn, self._drawn_for, self._lines = _draw(self.plot, width, height), drawn_for, None
        if self._lines is None:
            self._lines = self._compose_lines(self._drawn, width, height)
        return self._lines[y] if y < len(self._lines) else Strip.blank(width, self.rich_style)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._lines = None

    # The cursor

    def action_read(self, by: int) -> None:
        """Move the cursor by a number of points."""
        xs = sorted({x for each in self.plot.series for x in each.xs if self._in_range(x)})
        if not xs:
            return
        if self.cursor is None:
            place = len(xs) - 1 if by < 0 else 0
        else:
            here = bisect_left(xs, self.cursor)
            place = min(len(xs) - 1, max(0, here + by))
        self._read_by_person(xs[place])

    def action_read_newest(self) -> None:
        """Remove the cursor."""
        self._read_by_person(None)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        drawn, offset = self._drawn, event.get_content_offset(self)
        if drawn is None or offset is None or not 0 <= offset.x - drawn.gutter < drawn.canvas.width:
            return
        self._read_by_person(drawn.x.value(2 * (offset.x - drawn.gutter) + 0.5))

    def on_leave(self) -> None:
        self._read_by_person(None)

    def on_blur(self) -> None:
        if not self.KEEPS_CURSOR:
            self._read_by_person(None)

    def _read_by_person(self, x: float | None) -> None:
        if x != self.cursor:
            self.read(x)
            self.post_message(self.Read(self, x))

    def _in_range(self, x: float) -> bool:
        return self.plot.x_range is None or self.plot.x_range[0] <= x <= self.plot.x_range[1]

    def _compose_again(self) -> None:
        self._lines = None
        self.refresh()

    # Drawing

    def _compose_lines(self, drawn: _Drawn | None, width: int, height: int) -> list[Strip]:
        background = self.rich_style
        if drawn is None:
            return self._sentence(self.plot.empty, width, height)
        lines = [Strip(self._legend(width).render(_CONSOLE)).adjust_cell_length(width, background)]
        styles = _Styles(drawn.palette, self.background_colors[1])
        cursor = None if self.cursor is None else round(drawn.x.place()(self.cursor)) // 2
        levels = _levels(self.plot, drawn)
        for row in range(drawn.canvas.height):
            label = Segment(f"{drawn.rows.get(row, ''):>{max(0, drawn.gutter - 1)}} "[: drawn.gutter], styles.faint)
            cells = _row(drawn, row, styles, cursor, self.plot.series, levels.get(row, ""))
            lines.append(Strip([label, *cells]))
        if height > drawn.canvas.height + 1:
            lines.append(Strip(_axis(self.plot, drawn, styles, cursor)))
        if height > drawn.canvas.height + 2:
            lines.append(Strip([_x_labels(self.plot, drawn, styles)]))
        return [Strip(Segment.apply_style(line, background)).adjust_cell_length(width, background) for line in lines]

    def _sentence(self, sentence: str, width: int, height: int) -> list[Strip]:
        text = Text(sentence).wrap(_CONSOLE, max(1, width))
        above = max(0, (height - len(text)) // 2)
        lines = [Strip.blank(width)] * above
        for line in text:
            line.align("center", width)
            line.stylize(look().faint)
            lines.append(Strip(line.render(_CONSOLE)))
        return [Strip(Segment.apply_style(line, self.rich_style)).adjust_cell_length(width) for line in lines]

    def _legend(self, width: int) -> Text:
        """The curves with their values at the cursor, or the newest ones."""
        colours, line = look(), Text(end="")
        at = self.cursor
        if at is not None:
            marked = _near(self.plot.marks, at, self._drawn)
            line.append(f"{short_number(at)} {self.plot.x_name}", f"bold {colours.foreground}")
            line.append(f" {plain(marked)}" if marked else "", colours.secondary)
        for place, series in enumerate(self.plot.series):
            index = _index(series.xs, at)
            value = "" if index is None or math.isnan(series.ys[index]) else f" {short_number(series.ys[index])}"
            if index is not None and value and at is not None and series.lows:
                value += f" ({short_number(series.lows[index])} to {short_number(series.highs[index])})"
            part = Text("  " if line else "")
            part.append(f"{POINT} ", colours.lines[series.colour % len(colours.lines)])
            part.append(plain(series.name)).append(value, "bold")
            rest = len(self.plot.series) - place
            if line.cell_len + part.cell_len > width - (5 if rest > 1 else 0):
                line.append(f"  +{rest}", colours.faint)
                break
            line.append_text(part)
        return line


_CONSOLE = Console(width=10_000, color_system="truecolor", force_terminal=True, highlight=False)
"""Turns text into segments; it prints nothing."""


class _Styles:
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


def _draw(plot: Plot, width: int, height: int) -> _Drawn | None:
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
    labels = {rows - 1 - round(up(tick)) // 4: short_number(tick) for tick in ticks}
    gutter = 1 + max((len(label) for label in labels.values()), default=0) if axes else 0
    columns = max(1, width - gutter)
    x = Scale(left, right, 2 * columns)
    across = x.place()
    canvas, bottom = Canvas(columns, rows), 4 * rows - 1
    points: dict[int, tuple[int, bool]] = {}

    def down(value: float) -> float:
        return bottom - up(value) if value > 0 or not log else math.nan

    for series in reversed(plot.series):
        places, heights = [across(value) for value in series.xs], [down(value) for value in series.ys]
        if series.lows:
            tops, bottoms = [down(value) for value in series.highs], [down(value) for value in series.lows]
            canvas.band(places, tops, [bottom + 4 if value != value else value for value in bottoms], series.colour)
        canvas.curve(places, heights, series.colour)
        visible = sum(left <= value <= right for value in series.xs)
        marked = visible * _SPARSE <= columns
        for index, (place, depth) in enumerate(zip(places, heights, strict=True)):
            starred = index == series.starred
            if (marked or starred) and depth == depth and 0 <= place < 2 * columns and 0 <= depth <= bottom:
                points[round(depth) // 4 * columns + round(place) // 2] = series.colour, starred
    return _Drawn(look(), gutter, x, y, canvas, points, labels)


def _ends(plot: Plot) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """The ends of both axes. Intervals may widen the y axis, but never push the curves together."""
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
    room = (high - low) * 0.6
    return across, (min(low, max(min(reach), low - room)), max(high, min(max(reach), high + room)))


def _row(
    drawn: _Drawn, row: int, styles: _Styles, cursor: int | None, series: Sequence[Series], level: str
) -> list[Segment]:
    """A row of cells, equal styles in one segment."""
    canvas = drawn.canvas
    start, end = row * canvas.width, (row + 1) * canvas.width
    gridded = row in drawn.rows
    segments: list[Segment] = []
    text, style = "", styles.grid
    name_from = canvas.width - cell_len(level) if level and cell_len(level) < canvas.width // 2 else canvas.width
    for place in range(start, end):
        column = place - start
        here = column == cursor
        bits, tint = canvas.bits[place], canvas.tint[place]
        point = drawn.points.get(place)
        if point is not None:
            character = "◆" if point[1] else POINT
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
            if column >= name_from:
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


_LEVEL = "╌"


def _levels(plot: Plot, drawn: _Drawn) -> dict[int, str]:
    """Row of the canvas -> name of the level there."""
    up, rows = drawn.y.place(), drawn.canvas.height
    return {
        rows - 1 - round(up(each.y)) // 4: f" {plain(each.name)}"
        for each in plot.levels
        if drawn.y.low <= each.y <= drawn.y.high
    }


def _axis(plot: Plot, drawn: _Drawn, styles: _Styles, cursor: int | None) -> list[Segment]:
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


def _x_labels(plot: Plot, drawn: _Drawn, styles: _Styles) -> Segment:
    """The round numbers of the x axis, and what they count."""
    columns, across = drawn.canvas.width, drawn.x.place()
    name = plot.x_name if len(plot.x_name) < columns // 2 else ""
    line = [" "] * columns
    free, last = 0, columns - len(name) - (1 if name else 0)
    for tick in drawn.x.ticks(max(2, columns // 12)):
        label = short_number(tick)
        start = max(0, round(across(tick)) // 2 - len(label) // 2)
        if start >= free and start + len(label) <= last:
            line[start : start + len(label)] = label
            free = start + len(label) + 2
    line[columns - len(name) :] = name
    return Segment(" " * drawn.gutter + "".join(line), styles.faint)


def _index(xs: Sequence[float], at: float | None) -> int | None:
    """The point nearest to ``at``, or the last one; None beside the curve."""
    if not xs:
        return None
    if at is None:
        return len(xs) - 1
    place = bisect_left(xs, at)
    near = [each for each in (place - 1, place) if 0 <= each < len(xs)]
    return min(near, key=lambda each: abs(xs[each] - at))


def _near(marks: Sequence[Mark], at: float, drawn: _Drawn | None) -> str:
    """The name of the mark in the same cell as the cursor; empty where there is none."""
    if drawn is None:
        return ""
    across = drawn.x.place()
    here = [mark for mark in marks if abs(across(mark.x) - across(at)) < 2]
    return min(here, key=lambda mark: abs(mark.x - at)).name if here else ""
