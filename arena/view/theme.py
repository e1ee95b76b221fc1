"""Every colour, style and mark that a person sees, in one place.

There are two palettes. What the command line prints uses the 16 colours of the person's own terminal. The TUI paints
its own background, so it has 24-bit colours; ``arena.tcss`` uses them as theme variables only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from arena.view.outcome import SeatResult
from games.drawing.spans import Part

# 24-bit colours of the TUI.
ACCENT = "#7fd1c7"
GOOD = "#9ccf7a"
BAD = "#e88a83"
WARM = "#e8c07a"
FAINT = "#7b8494"
SECONDARY = "#8fa6d8"
FOREGROUND = "#d8dee9"
BACKGROUND = "#14171d"
SURFACE = "#191d25"
PANEL = "#222833"

PAGE_DARK: Mapping[str, str] = {
    "background": BACKGROUND,
    "surface": SURFACE,
    "panel": PANEL,
    "text": FOREGROUND,
    "faint": "#8b94a4",
    "accent": ACCENT,
    "warm": WARM,
    "secondary": SECONDARY,
    "good": GOOD,
    "bad": BAD,
}
"""Colours of a web page on a dark screen."""

PAGE_LIGHT: Mapping[str, str] = {
    "background": "#f6f7f9",
    "surface": "#ffffff",
    "panel": "#e6e9ef",
    "text": "#1d2330",
    "faint": "#626c7c",
    "accent": "#11766c",
    "warm": "#b36b00",
    "secondary": "#3f5fae",
    "good": "#47801c",
    "bad": "#b8403a",
}
"""The same on a light screen and on paper. Text of each colour stands out on its surface by 4.5:1 or more, except
``warm``, which is for shapes."""

LINES = (ACCENT, WARM, SECONDARY, GOOD, BAD)
"""Colours of the curves in a picture; they repeat."""

# ANSI escapes of the command line.
RESET = "\x1b[0m"
BOLD = "\x1b[1m"
DIM = "\x1b[2m"
SEAT_CODES = ("\x1b[31m", "\x1b[33m", "\x1b[34m", "\x1b[32m", "\x1b[35m", "\x1b[36m")
"""Colours of the seats in a printed replay; they repeat in games of more seats."""

# Styles of the command line's tables.
NAME_STYLE = "bold"
QUIET_STYLE = "dim"
WARNING_STYLE = "yellow"
ERROR_STYLE = "red"
BAR_STYLE = "cyan"
ABOVE_STYLE = "green"
BELOW_STYLE = "red"

# Marks.
LIVE = "●"
SILENT = "○"
TO_MOVE = "▸"
PLAYING = "▶"
WARNED = "!"


class PartStyle(NamedTuple):
    """How a part of a drawing looks: an ANSI escape for the command line, a style for the TUI."""

    code: str
    style: str


PARTS: Mapping[Part, PartStyle] = {
    "first": PartStyle("\x1b[33m", WARM),
    "second": PartStyle("\x1b[36m", ACCENT),
    "faint": PartStyle(DIM, FAINT),
    "red": PartStyle("\x1b[31m", BAD),
    "changed": PartStyle("\x1b[1;7m", "bold reverse"),
}
"""Styles by what a part of a drawing shows."""

SEATS: Mapping[SeatResult, str] = {
    "won": GOOD,
    "drew": "",
    "lost": FAINT,
    "played": "",
    "at fault": BAD,
    "void": "",
}
"""Colour of a seat in the TUI by what the match was for it."""
