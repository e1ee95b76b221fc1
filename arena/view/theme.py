"""Every colour, style and mark that a person sees, in one place.

There are two palettes. What the command line prints uses the 16 colours of the person's own terminal. The TUI paints
its own background, so it has 24-bit colours; ``arena.tcss`` uses them as theme variables only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from arena.view.outcome import SeatResult
from arena.view.pieces import pieces
from games.drawing.spans import Part


@dataclass(frozen=True, slots=True)
class Palette:
    """24-bit colours of the TUI and of pictures.

    Attributes:
        accent, good, bad, warm, secondary: what stands out, is better, is worse, needs attention, comes second.
        faint: what matters less; still readable on the background.
        foreground, background, surface, panel: text, and what lies behind it.
        raised, lit: behind what has just changed, and behind what has won.
        first, second: pieces of the first and the second seat.
        low, middle, high: ends and middle of a scale, as in the heatmap of payoffs.
        dark: whether the background is dark.
    """

    accent: str
    good: str
    bad: str
    warm: str
    secondary: str
    faint: str
    foreground: str
    background: str
    surface: str
    panel: str
    raised: str
    lit: str
    first: str
    second: str
    low: str
    middle: str
    high: str
    dark: bool = True

    @property
    def lines(self) -> tuple[str, ...]:
        """Colours of curves; they repeat."""
        return (self.accent, self.warm, self.secondary, self.good, self.bad)

    @property
    def seats(self) -> tuple[str, ...]:
        """Colours of the seats, in their order; they repeat in games of more seats."""
        return (self.first, self.second, self.secondary, self.good, self.bad)

    def result(self, result: SeatResult) -> str:
        """Colour of a seat by what the match was for it."""
        return {"won": self.good, "lost": self.faint, "at fault": self.bad}.get(result, "")

    def part(self, part: Part) -> str:
        """Style of a part of a drawing."""
        return {
            "first": self.first,
            "second": self.second,
            "faint": self.faint,
            "red": self.bad,
            "changed": f"bold on {self.raised}",
            "winning": f"bold on {self.lit}",
            "legal": f"bold {self.good}",
            "cursor": f"bold {self.background} on {self.accent}",
        }.get(part, "")


DARK = Palette(
    accent="#7fd1c7",
    good="#9ccf7a",
    bad="#e88a83",
    warm="#e8c07a",
    secondary="#8fa6d8",
    faint="#7b8494",
    foreground="#d8dee9",
    background="#14171d",
    surface="#191d25",
    panel="#222833",
    raised="#39424f",
    lit="#2f4a35",
    first="#e8c07a",
    second="#7fd1c7",
    low="#b4544f",
    middle="#2a303c",
    high="#3f8f78",
)
LIGHT = Palette(
    accent="#0f766e",
    good="#3f7d20",
    bad="#b3261e",
    warm="#8a5a00",
    secondary="#3b57a0",
    faint="#667080",
    foreground="#1f2530",
    background="#fbfbf9",
    surface="#f2f2ee",
    panel="#e4e5e0",
    raised="#d2d4cc",
    lit="#cde5bd",
    first="#8a5a00",
    second="#0f766e",
    low="#e5938c",
    middle="#ececea",
    high="#7fc4b0",
    dark=False,
)
CONTRAST = Palette(
    accent="#00ffff",
    good="#00ff66",
    bad="#ff6666",
    warm="#ffff00",
    secondary="#99bbff",
    faint="#c8c8c8",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#303030",
    raised="#505050",
    lit="#006b3a",
    first="#ffff00",
    second="#00ffff",
    low="#a00000",
    middle="#303030",
    high="#006b3a",
)
PALETTES: Mapping[str, Palette] = {"dark": DARK, "light": LIGHT, "contrast": CONTRAST}

ACCENT = DARK.accent
GOOD = DARK.good
BAD = DARK.bad
WARM = DARK.warm
FAINT = DARK.faint
SECONDARY = DARK.secondary
FOREGROUND = DARK.foreground
BACKGROUND = DARK.background
SURFACE = DARK.surface
PANEL = DARK.panel
LINES = DARK.lines

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
    "changed": PartStyle("\x1b[1;7m", f"bold on {DARK.raised}"),
    "winning": PartStyle("\x1b[1;4m", f"bold on {DARK.lit}"),
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
