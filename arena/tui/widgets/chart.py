"""A chart of curves, drawn in braille on Textual's line API.

A query makes a :class:`~arena.tui.widgets.plot.Plot`; :meth:`Chart.show` draws it. Curves are kept as dots
until the data, the size or the palette changes, so that the cursor moves at the cost of composing lines.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import ClassVar

from rich.console import Console
from rich.segment import Segment
from rich.text import Text
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from arena.tui.keys import CHART, bindings
from arena.tui.look import look
from arena.tui.widgets.chart_drawing import Drawn, Styles, axis_of, draw, labels_of, levels_of, point_of, row_of
from arena.tui.widgets.plot import Mark, Plot
from arena.tui.widgets.scale import short_number
from arena.view.text import plain
from arena.view.theme import Palette

_CONSOLE = Console(width=10_000, color_system="truecolor", force_terminal=True, highlight=False)
"""Turns text into segments; it prints nothing."""


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
        self._drawn: Drawn | None = None
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
            self._drawn, self._drawn_for, self._lines = draw(self.plot, width, height), drawn_for, None
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
        self._read_at(event)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Read where the button is pressed: some terminals tell of no other move of the mouse."""
        self._read_at(event)

    def _read_at(self, event: events.MouseEvent) -> None:
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

    def _compose_lines(self, drawn: Drawn | None, width: int, height: int) -> list[Strip]:
        background = self.rich_style
        if drawn is None:
            return self._sentence(self.plot.empty, width, height)
        lines = [Strip(self._legend(width).render(_CONSOLE)).adjust_cell_length(width, background)]
        styles = Styles(drawn.palette, self.background_colors[1])
        cursor = None if self.cursor is None else round(drawn.x.place()(self.cursor)) // 2
        levels = levels_of(self.plot, drawn)
        for row in range(drawn.canvas.height):
            label = Segment(f"{drawn.rows.get(row, ''):>{max(0, drawn.gutter - 1)}} "[: drawn.gutter], styles.faint)
            cells = row_of(drawn, row, styles, cursor, self.plot.series, levels.get(row, ""))
            lines.append(Strip([label, *cells]))
        if height > drawn.canvas.height + 1:
            lines.append(Strip(axis_of(self.plot, drawn, styles, cursor)))
        if height > drawn.canvas.height + 2:
            lines.append(Strip([labels_of(self.plot, drawn, styles)]))
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
        """The curves with their values at the cursor, or the newest ones; and how many points are not drawn."""
        colours, line = look(), Text(end="")
        at = self.cursor
        hidden = Text(f"  {self.plot.left_out:,} ≤ 0 left out" if self.plot.left_out else "", colours.warm)
        width -= hidden.cell_len
        if at is not None:
            marked = _near(self.plot.marks, at, self._drawn)
            line.append(f"{short_number(at)} {self.plot.x_name}", f"bold {colours.foreground}")
            line.append(f" {plain(marked)}" if marked else "", colours.secondary)
        for place, series in enumerate(self.plot.series):
            index = _index(series.xs, at)
            value = "" if index is None or math.isnan(series.ys[index]) else f" {short_number(series.ys[index])}"
            if (
                index is not None
                and value
                and at is not None
                and series.lows
                and series.lows[index] == series.lows[index]
            ):
                value += f" ({short_number(series.lows[index])} to {short_number(series.highs[index])})"
            part = Text("  " if line else "")
            part.append(f"{point_of(series.colour)} ", colours.lines[series.colour % len(colours.lines)])
            part.append(plain(series.name)).append(value if series.name else value.lstrip(), "bold")
            rest = len(self.plot.series) - place
            if line.cell_len + part.cell_len > width - (5 if rest > 1 else 0):
                line.append(f"  +{rest}", colours.faint)
                break
            line.append_text(part)
        line.truncate(width, overflow="ellipsis")
        return line.append_text(hidden)


def _index(xs: Sequence[float], at: float | None) -> int | None:
    """The point nearest to ``at``, or the last one; None beside the curve."""
    if not xs:
        return None
    if at is None:
        return len(xs) - 1
    place = bisect_left(xs, at)
    near = [each for each in (place - 1, place) if 0 <= each < len(xs)]
    return min(near, key=lambda each: abs(xs[each] - at))


def _near(marks: Sequence[Mark], at: float, drawn: Drawn | None) -> str:
    """The name of the mark in the same cell as the cursor; empty where there is none."""
    if drawn is None:
        return ""
    across = drawn.x.place()
    here = [mark for mark in marks if abs(across(mark.x) - across(at)) < 2]
    return min(here, key=lambda mark: abs(mark.x - at)).name if here else ""
