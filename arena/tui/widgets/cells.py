"""Cells of tables. Names come from other people's files, so they are escaped."""

from __future__ import annotations

from rich.text import Text

from arena.view.text import short_name


def right(text: str, style: str = "") -> Text:
    """A cell that is aligned to the right."""
    return Text(text, style=style, justify="right")


def name_cell(name: str, width: int, style: str = "") -> Text:
    """A name in at most ``width`` columns."""
    return Text(short_name(name, width), style=style)
