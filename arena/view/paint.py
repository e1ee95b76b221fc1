"""Text drawings for a terminal: escaped, and coloured with ANSI escapes."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter

from arena.view.pieces import pieces
from arena.view.text import plain
from arena.view.theme import PART_CODES, RESET, SEAT_CODES
from games.drawing.spans import spans


def painted(drawing: str, before: str | None = None) -> str:
    """The drawing with unsafe characters escaped and its parts coloured. Drawings may come from anybody's game.

    Args:
        drawing: the drawing.
        before: the drawing one step earlier, to mark what changed since.
    """
    text = plain(drawing, lines=True)
    codes = [""] * len(text)
    for start, end, part in spans(text, None if before is None else plain(before, lines=True)):
        for place in range(start, end):
            codes[place] += PART_CODES[part]
    runs = groupby(zip(codes, text, strict=True), key=itemgetter(0))
    return "".join(_coloured(code, "".join(character for _, character in run)) for code, run in runs)


def _coloured(code: str, text: str) -> str:
    return f"{code}{text}{RESET}" if code else text


def seat_code(spec: str, seat: int) -> str:
    """The ANSI escape of a seat's name in the game ``spec``: that of its pieces, or one for its number."""
    own = pieces(spec)
    return PART_CODES[own[seat].part] if seat < len(own) else SEAT_CODES[seat % len(SEAT_CODES)]
