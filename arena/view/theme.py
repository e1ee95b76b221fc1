"""Every colour, style and mark that a person sees, in one place.

What the command line prints uses the 16 colours of the person's own terminal. The TUI, pictures and pages paint their
own background, so they have palettes of 24-bit colours; ``arena.tcss`` uses them as theme variables only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it loads NumPy, which the first paint of the TUI need not wait for
    from arena.view.outcome import SeatResult
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
    accent="#11766c",
    good="#457c1b",
    bad="#b8403a",
    warm="#8a5a00",
    secondary="#3f5fae",
    faint="#626c7c",
    foreground="#1d2330",
    background="#f6f7f9",
    surface="#ffffff",
    panel="#e6e9ef",
    raised="#d2d4cc",
    lit="#cde5bd",
    first="#8a5a00",
    second="#11766c",
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


PART_CODES: Mapping[Part, str] = {
    "first": "\x1b[33m",
    "second": "\x1b[36m",
    "faint": DIM,
    "red": "\x1b[31m",
    "changed": "\x1b[1;7m",
    "winning": "\x1b[1;4m",
    "legal": "\x1b[32m",
    "cursor": "\x1b[7m",
}
"""ANSI escapes by what a part of a drawing shows."""

SEAT_CODES = (PART_CODES["first"], PART_CODES["second"], "\x1b[34m", "\x1b[32m", "\x1b[35m", "\x1b[31m")
"""Colours of the seats in a printed replay of a game without pieces; they repeat in games of more seats."""
