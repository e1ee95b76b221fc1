"""Drawings and pictures for a terminal: escaped, and coloured with ANSI escapes where colour is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from operator import itemgetter

from arena.view.text import plain
from games.drawing.engine import Role, spans

RESET = "\x1b[0m"
_COLOURS: Mapping[Role, str] = {
    "first": "\x1b[33m",
    "second": "\x1b[36m",
    "faint": "\x1b[2m",
    "red": "\x1b[31m",
    "changed": "\x1b[1;7m",
}


def painted(drawing: str, before: str | None = None) -> str:
    """A drawing, which may come from anyone's game, safe and coloured.

    Args:
        drawing: the drawing.
        before: the drawing one step earlier, to show what changed since.
    """
    text = plain(drawing, lines=True)
    codes = [""] * len(text)
    for start, end, role in spans(text, None if before is None else plain(before, lines=True)):
        for place in range(start, end):
            codes[place] += _COLOURS[role]
    runs = groupby(zip(codes, text, strict=True), key=itemgetter(0))
    return "".join(_coloured(code, "".join(character for _, character in run)) for code, run in runs)


def _coloured(code: str, text: str) -> str:
    return f"{code}{text}{RESET}" if code else text
