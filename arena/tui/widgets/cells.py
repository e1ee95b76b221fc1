"""Cells of tables. Names come from other people's files, so they are escaped."""

from __future__ import annotations

from rich.text import Text

from arena.view.text import plain


def right(text: str, style: str = "") -> Text:
    """A cell that is aligned to the right."""
    return Text(text, style=style, justify="right")


def name_cell(name: str, width: int, style: str = "") -> Text:
    """A name, cut to ``width`` columns."""
    text = Text(plain(name), style=style)
    text.truncate(width, overflow="ellipsis")
    return text
