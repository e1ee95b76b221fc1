"""Cells of tables. Names come from other people's files, so they are escaped."""

from __future__ import annotations

from rich.text import Text

from arena.view.text import plain


def right(text: str, style: str = "") -> Text:
    """A cell that is aligned to the right."""
    return Text(text, style=style, justify="right")


def name_cell(name: str, width: int, style: str = "") -> Text:
    """A name, cut to ``width`` columns in front of its generation, which tells snapshots apart."""
    learner, at, generation = plain(name).rpartition("@")
    text, room = Text(learner if at else generation, style=style), width - len(at + generation)
    if at and room > 1:
        text.truncate(room, overflow="ellipsis")
        return text.append(at + generation)
    text = Text(plain(name), style=style)
    text.truncate(width, overflow="ellipsis")
    return text
