"""Cells and lines of lists. Names come from other people's files, so they are escaped."""

from __future__ import annotations

from collections.abc import Iterable

from rich.style import Style
from rich.text import Text
from textual.color import Color
from textual.strip import Strip
from textual.widget import Widget

from arena.tui.look import look
from arena.view.text import short_name

LIT = 0.16
"""How much of the accent is behind the row of the cursor."""


def name_cell(name: str, width: int, style: str = "") -> Text:
    """A name in at most ``width`` columns."""
    return Text(short_name(name, width), style=style)


def fitted(text: Text, width: int, *, right: bool = False) -> Text:
    """A cell of exactly ``width`` columns."""
    text.truncate(width, overflow="ellipsis")
    room = width - text.cell_len
    if right:
        text.pad_left(room)
    else:
        text.pad_right(room)
    return text


def joined(cells: Iterable[Text], gap: int = 2) -> Text:
    """A row of cells."""
    line = Text(no_wrap=True, end="")
    for index, cell in enumerate(cells):
        if index:
            line.append(" " * gap)
        line.append_text(cell)
    return line


def interval_bar(
    low: float | None,
    at: float | None,
    high: float | None,
    *,
    axis: tuple[float, float],
    mark: float,
    width: int,
    colour: str,
) -> Text:
    """An interval with its point on an axis.

    Args:
        low, high: the ends of the interval, which are cut off at those of the axis; None where it is unknown.
        at: the point; None draws none.
        axis: the values at its two ends.
        mark: the value at which a line stands, if the axis has it.
        width: in columns.
        colour: of the interval and the point.
    """
    left, right = axis
    scale = (width - 1) / (right - left)

    def column(value: float) -> int:
        return max(0, min(width - 1, round((value - left) * scale)))

    spans: list[tuple[str, str, int, int]] = []  # character, style, first column and the one after the last
    if left <= mark <= right:
        spans.append(("│", look().panel, column(mark), column(mark) + 1))
    if low is not None and high is not None:
        spans.append(("━", colour, column(low), column(high) + 1))
    if at is not None:
        spans.append(("●", f"bold {colour}", column(at), column(at) + 1))
    cells = [" "] * width
    for character, _, first, end in spans:
        cells[first:end] = character * (end - first)
    line = Text("".join(cells), no_wrap=True, end="")
    for _, style, first, end in spans:
        line.stylize(style, first, end)
    return line


def row_style(widget: Widget, *, here: bool = False) -> Style:
    """What lies behind a line of a list. ``here``: the cursor is on it."""
    style = widget.visual_style.rich_style
    if here:
        colours, behind = look(), widget.background_colors[1]
        lit = behind.blend(Color.parse(colours.accent), LIT).hex6 if widget.has_focus else colours.panel
        style += Style(bgcolor=lit)
    return style


def strip_of(widget: Widget, line: Text, width: int, *, here: bool = False) -> Strip:
    """A line of a list, shortened or filled to ``width``, with the style of :func:`row_style`."""
    line.stylize_before(line.style)  # a text without spans is rendered without its own style
    line.truncate(width, overflow="ellipsis", pad=True)
    line.end = ""
    return Strip(line.render(widget.app.console)).apply_style(row_style(widget, here=here))
