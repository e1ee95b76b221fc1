"""Colours on a terminal of 256 colours."""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color as TerminalColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color, Lab, rgb_to_lab
from textual.filter import LineFilter


class Nearest(LineFilter):
    """Gives every colour the one of 256 that looks most alike. Rich goes by the numbers instead, which turns a dark
    grey into blue."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [Segment(text, None if style is None else _style(style), code) for text, style, code in segments]


@lru_cache(maxsize=4096)
def _style(style: Style) -> Style:
    return style + Style.from_color(nearest(style.color), nearest(style.bgcolor))


@lru_cache(maxsize=4096)
def nearest(colour: TerminalColor | None) -> TerminalColor | None:
    """The colour of 256 that looks most like ``colour``, by their distance in CIELAB."""
    if colour is None or colour.triplet is None:
        return colour
    wanted = rgb_to_lab(Color(*colour.triplet))
    return TerminalColor.from_ansi(min(_colours(), key=lambda each: _distance(each[1], wanted))[0])


@lru_cache(maxsize=1)
def _colours() -> list[tuple[int, Lab]]:
    """Number and place of the colours that are the same in every terminal; the first 16 are the person's own."""
    numbers = range(16, 256)
    return [(number, rgb_to_lab(Color(*TerminalColor.from_ansi(number).get_truecolor()))) for number in numbers]


def _distance(first: Lab, second: Lab) -> float:
    return (first.L - second.L) ** 2 + (first.a - second.a) ** 2 + (first.b - second.b) ** 2
