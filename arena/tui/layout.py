"""The screens by number, and how the TUI adapts to the terminal's size; the styles use the sizes as classes."""

from __future__ import annotations

from typing import Literal

Size = Literal["slim", "narrow", "wide", "huge"]
SIZES: tuple[tuple[int, Size], ...] = ((0, "slim"), (80, "narrow"), (110, "wide"), (170, "huge"))
"""The columns from which on a terminal has each size."""

HEIGHTS = ((0, "short"), (20, "tall"))
"""The rows from which on a terminal has each height."""

LEAST = (56, 14)
"""Columns and rows of the smallest terminal that the TUI supports."""

ROOMY = ("wide", "huge")
"""Sizes that have room for every column."""


NUMBERED = ("Leaderboard", "Payoffs", "Matches", "Training", "Events", "Agent")
"""Titles of the screens of the keys 1, 2, ... The class ``PayoffsScreen`` stands in ``screens/payoffs.py``, and so
on. It is loaded once the league has been read: most screens load NumPy, which the first paint need not wait for."""


SHORT = ("Board", "Payoffs", "Matches", "Train", "Events", "Agent")
"""The same titles where a terminal has too few columns for them."""


def size_of(columns: int) -> Size:
    """The size of a terminal with this number of columns."""
    return next(name for width, name in reversed(SIZES) if columns >= width)
