"""Every colour, style and mark that a person sees, in one place.

What the command line prints uses the 16 colours of the person's own terminal. The TUI, pictures and pages paint their
own background, so they have palettes of 24-bit colours; the styles in ``arena/tui`` use them as theme variables only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from arena.view.colours import contrast, shade

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
        frame: borders and scroll bars.
        raised, lit: behind what has just changed, and behind what has won.
        square: behind the squares of a chequered board that differ from the background: the light ones where that is
            dark, and the dark ones where it is light.
        first, second: pieces of the first and the second seat.
        low, middle, high: ends and middle of a scale, as in the heatmap of payoffs.
        dark: whether the background is dark.
        steps: all colours of the scale, from its low end, where a terminal has too few to mix them; a single one where
            colours say nothing and digits have to.
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
    frame: str
    raised: str
    lit: str
    square: str
    first: str
    second: str
    low: str
    middle: str
    high: str
    dark: bool = True
    steps: tuple[str, ...] = ()

    @property
    def scaled(self) -> bool:
        """Whether the colours of the scale differ."""
        return len(self.steps) != 1

    def scale(self, part: float, *, thin: bool = False) -> str:
        """Colour of a place -1..1 on the scale; ``thin``: of a value that is hardly known."""
        if self.steps:
            centre = len(self.steps) // 2
            return self.steps[centre + round(part * (_THIN if thin else 1) * centre)]
        colour = shade(self.middle, self.high if part > 0 else self.low, abs(part))
        return shade(self.background, colour, _THIN) if thin else colour

    def ink(self, background: str, *, thin: bool = False) -> str:
        """Colour of text on a colour of the scale, with a contrast of 4.5 at least; ``thin`` as of :meth:`scale`."""
        if thin and len(self.steps) < 2:  # where steps are few, even the first is too strong for faint text
            return self.faint
        return max(_INKS, key=lambda ink: contrast(ink, background))

    @property
    def lines(self) -> tuple[str, ...]:
        """Colours of curves; they repeat."""
        return (self.accent, self.warm, self.secondary, self.good, self.bad)

    def member(self, learner: int | None, role: str) -> str:
        """Colour of a member: that of its learner's curves, by the learner's place, or one for members without."""
        if learner is not None:
            return self.lines[learner % len(self.lines)]
        return self.faint if role == "anchor" else self.secondary

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
            "target": f"bold on {self.lit}",
            "cursor": f"bold {self.background} on {self.accent}",
        }.get(part, "")


_INKS = ("#ffffff", "#000000")
_THIN = 0.4
"""How strong the colour is of a value that is hardly known."""

DARK = Palette(
    accent="#7fd1c7",
    good="#9ccf7a",
    bad="#ec9a94",
    warm="#e8c07a",
    secondary="#9db1dd",
    faint="#a0a9b8",
    foreground="#d8dee9",
    background="#14171d",
    surface="#191d25",
    panel="#222833",
    frame="#4a5363",
    raised="#343c48",
    lit="#24402b",
    square="#1f242d",
    first="#e8c07a",
    second="#7fd1c7",
    low="#b4544f",
    middle="#2a303c",
    high="#34806a",
)
LIGHT = Palette(
    accent="#0d655c",
    good="#3a6a15",
    bad="#a83530",
    warm="#7a4f00",
    secondary="#35529b",
    faint="#525b69",
    foreground="#1d2330",
    background="#f6f7f9",
    surface="#ffffff",
    panel="#e6e9ef",
    frame="#a3abb8",
    raised="#dcded6",
    lit="#d3e9c5",
    square="#e9ebef",
    first="#7a4f00",
    second="#0d655c",
    low="#e5938c",
    middle="#ececea",
    high="#7fc4b0",
    dark=False,
)
CONTRAST = Palette(
    accent="#00ffff",
    good="#00ff66",
    bad="#ffb0a6",
    warm="#ffff00",
    secondary="#b3ccff",
    faint="#d0d0d0",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#262626",
    frame="#8c8c8c",
    raised="#303030",
    lit="#003d1d",
    square="#1c1c1c",
    first="#ffff00",
    second="#00ffff",
    low="#a00000",
    middle="#303030",
    high="#006233",
)
PALETTES: Mapping[str, Palette] = {"dark": DARK, "light": LIGHT, "contrast": CONTRAST}

_STEPS_OF_256: Mapping[str, tuple[str, ...]] = {
    "dark": (
        *("#d78787", "#af5f5f", "#870000", "#5f0000"),
        "#262626",
        *("#005f5f", "#00875f", "#5faf87", "#87d7af"),
    ),
    "light": (
        *("#d75f5f", "#ff8787", "#ffafaf", "#ffd7d7"),
        "#e4e4e4",
        *("#afd7af", "#87d7af", "#5faf87", "#00875f"),
    ),
    "contrast": (
        *("#ff8787", "#af0000", "#870000", "#5f0000"),
        "#262626",
        *("#005f00", "#00af5f", "#00d787", "#87ffd7"),
    ),
}
"""Scales in the 256 colours of a terminal, by the name of their palette."""


@cache
def palette_for(name: str, colours: str | None) -> Palette:
    """The palette ``name`` as a terminal can show it.

    Args:
        name: its name in ``PALETTES``.
        colours: what the terminal has, in rich's words: ``truecolor``, ``256``, ``standard`` for 16, or None.
    """
    palette = PALETTES[name]
    if colours == "truecolor":
        return palette
    if colours == "256":
        return replace(palette, steps=_STEPS_OF_256[name])
    if palette.dark and colours is not None:  # of the 16 colours, white is the nearest to most of the dark palette
        palette = replace(CONTRAST, bad="#ff5555")
    return replace(palette, steps=(palette.background,))


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
    "target": "\x1b[32;7m",
    "cursor": "\x1b[7m",
}
"""ANSI escapes by what a part of a drawing shows."""

SEAT_CODES = (PART_CODES["first"], PART_CODES["second"], "\x1b[34m", "\x1b[32m", "\x1b[35m", "\x1b[31m")
"""Colours of the seats in a printed replay of a game without pieces; they repeat in games of more seats."""
