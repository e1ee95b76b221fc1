"""What to colour in a drawing. Drawings are plain text; whoever shows one on a screen colours its :func:`spans`."""

from __future__ import annotations

import re
from typing import Literal

Part = Literal["first", "second", "faint", "red", "changed", "winning", "legal", "target", "cursor"]
"""What a span shows: a piece of the first or the second seat, an empty cell or a line between cells, a red suit, a
change since the last step. On boards that :mod:`games.drawing.grids` draws also a cell of the line that has won, a cell
that a legal action names, one to which the chosen piece may go, and the cell under a person's cursor."""

_PATTERNS: tuple[tuple[str, Part], ...] = (
    (r"[●◆✕♚♛♜♝♞♟]", "first"),
    (r"[○◇♔♕♖♗♘♙]", "second"),
    (r"[·•│─┼╭╮╰╯]", "faint"),
    (r"\w[♥♦]", "red"),
)

_PIECES: tuple[tuple[str, Part], ...] = _PATTERNS[:2]

_MOST_CHANGED = 6
"""If more characters change, the drawing is not a board whose changes show the move."""


def spans(drawing: str, before: str | None = None) -> list[tuple[int, int, Part]]:
    """What to colour in a drawing.

    Args:
        drawing: the drawing as it is shown.
        before: the drawing one step earlier; without it nothing counts as changed.

    Returns:
        ``(start, end, part)`` of pieces of ``drawing``. ``changed`` ones come last and may overlap others.
    """
    found = [
        (match.start(), match.end(), part) for pattern, part in _PATTERNS for match in re.finditer(pattern, drawing)
    ]
    # Changes are only meaningful if the drawing keeps its shape; otherwise all of it would count as changed.
    if before is not None and [*map(len, before.split("\n"))] == [*map(len, drawing.split("\n"))]:
        differing = [place for place, (old, new) in enumerate(zip(before, drawing, strict=True)) if old != new]
        changed = [place for place in differing if not drawing[place].isspace()]
        if len(changed) <= _MOST_CHANGED:
            found += [(place, place + 1, "changed") for place in changed]
    return found


def piece_part(character: str) -> Part | None:
    """The part that a character of a board is; None if it is no piece."""
    return next((part for pattern, part in _PIECES if re.fullmatch(pattern, character)), None)
