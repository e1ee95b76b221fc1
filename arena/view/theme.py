"""Every colour, style and mark that a person sees, in one place.

There are two palettes. What the command line prints uses the 16 colours of the person's own terminal. The TUI paints
its own background, so it has 24-bit colours; ``arena.tcss`` uses them as theme variables only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from arena.view.outcome import SeatResult
from arena.view.pieces import pieces
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
RAISED = "#39424f"
GOOD_DARK = "#2f4a35"

LINES = (ACCENT, WARM, SECONDARY, GOOD, BAD)
"""Colours of the curves in a picture; they repeat."""

# ANSI escapes of the command line.
RESET = "\x1b[0m"
BOLD = "\x1b[1m"
DIM = "\x1b[2m"
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
    "changed": PartStyle("\x1b[1;7m", f"bold on {RAISED}"),
    "winning": PartStyle("\x1b[1;4m", f"bold on {GOOD_DARK}"),
    "legal": PartStyle("\x1b[32m", f"bold {GOOD}"),
    "cursor": PartStyle("\x1b[7m", "reverse"),
}
"""Styles by what a part of a drawing shows."""

SEAT_CODES = (PARTS["first"].code, PARTS["second"].code, "\x1b[34m", "\x1b[32m", "\x1b[35m", "\x1b[31m")
"""Colours of the seats in a printed replay of a game without pieces; they repeat in games of more seats."""

SEATS: Mapping[SeatResult, str] = {
    "won": GOOD,
    "drew": "",
    "lost": FAINT,
    "played": "",
    "at fault": BAD,
    "void": "",
}
"""Colour of a seat in the TUI by what the match was for it."""


def seat_style(spec: str, seat: int) -> PartStyle | None:
    """How the name of a seat looks in the game ``spec``: as its pieces; None in games without pieces."""
    found = pieces(spec)
    return PARTS[found[seat].part] if seat < len(found) else None


def seat_code(spec: str, seat: int) -> str:
    """The ANSI escape of a seat's name: that of its pieces, or one of :data:`SEAT_CODES`."""
    style = seat_style(spec, seat)
    return SEAT_CODES[seat % len(SEAT_CODES)] if style is None else style.code
