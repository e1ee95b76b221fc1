"""Cells of tables. Names come from other people's files, so they are escaped."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text

from arena.view.text import short_name


def right(text: str, style: str = "") -> Text:
    """A cell that is aligned to the right."""
    return Text(text, style=style, justify="right")


def name_cell(name: str, width: int, style: str = "") -> Text:
    """A name in at most ``width`` columns."""
    return Text(short_name(name, width), style=style)


def fitted(text: Text, width: int, *, right: bool = False) -> Text:
    """A cell of exactly ``width`` columns."""
    text.truncate(width, overflow="ellipsis")
    room = width - text.cell_len
    if right:
        text.pad_left(room)
    else:
        text.pad_right(room)
    return text


def joined(cells: Iterable[Text], gap: int = 2) -> Text:
    """A row of cells."""
    line = Text(no_wrap=True, end="")
    for index, cell in enumerate(cells):
        if index:
            line.append(" " * gap)
        line.append_text(cell)
    return line
