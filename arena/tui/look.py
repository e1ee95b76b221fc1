"""The palette in use. Widgets ask for it whenever they make text, so that a change of theme reaches everything."""

from __future__ import annotations

import sys
from functools import cache

from rich.style import Style

from arena.view.theme import DARK, Palette

_in_use = DARK


def look() -> Palette:
    """The palette of the theme in use."""
    return _in_use


def colours_tell() -> bool:
    """Whether colours alone tell curves apart: not where there are none, nor where all dots look alike."""
    return _in_use.scaled and _writes_dots()


@cache
def _writes_dots() -> bool:
    """Whether the terminal's encoding has the characters of curves. Textual writes to this stream."""
    encoding = None if sys.__stderr__ is None else sys.__stderr__.encoding
    try:
        "●⣿".encode(encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def pressing(key: str) -> Style:
    """The style of text where a click presses ``key``."""
    return Style(meta={"@click": f"app.simulate_key({key!r})"})


def wear(palette: Palette) -> None:
    """Use another palette from now on."""
    global _in_use
    _in_use = palette
