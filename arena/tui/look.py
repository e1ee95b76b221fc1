"""The palette in use. Widgets ask for it whenever they make text, so that a change of theme reaches everything."""

from __future__ import annotations

from rich.style import Style

from arena.view.theme import DARK, Palette

_in_use = DARK


def look() -> Palette:
    """The palette of the theme in use."""
    return _in_use


def pressing(key: str) -> Style:
    """The style of text where a click presses ``key``."""
    return Style(meta={"@click": f"app.simulate_key({key!r})"})


def wear(palette: Palette) -> None:
    """Use another palette from now on."""
    global _in_use
    _in_use = palette
