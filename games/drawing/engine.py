"""How positions and moves are told to people: which drawing a game has, and what to colour in it.

Drawings are plain text, fit for logs, pipes and tests. Whoever shows one on a screen colours the :func:`spans` of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from games.drawing.boards import BOARDS

Role = Literal["first", "second", "faint", "red", "changed"]
"""What a part of a drawing shows: a piece of the first or the second seat, an empty cell or a line between cells, a
red suit, what the last step changed."""

_SPANS: tuple[tuple[str, Role], ...] = (
    (r"[●◆✕♚♛♜♝♞♟]", "first"),
    (r"[○◇♔♕♖♗♘♙]", "second"),
    (r"[·│─┼]", "faint"),
    (r"\w[♥♦]", "red"),
)
_MOST_CHANGED = 6
"""More changed characters than this are no move that can be pointed at."""

_ANSI = re.compile(r"\x1b\[[\d;]*m")
_WRAPPERS = ("misere", "start_at")
"""OpenSpiel's games that are another one, but for its goal or its start."""


def spans(drawing: str, before: str | None = None) -> list[tuple[int, int, Role]]:
    """What to colour in a drawing.

    Args:
        drawing: the drawing, as it is shown.
        before: the drawing one step earlier; without, nothing counts as changed.

    Returns:
        ``(start, end, role)`` of parts of ``drawing``; parts of role ``changed`` come last and may cover others.
    """
    found = [(part.start(), part.end(), role) for pattern, role in _SPANS for part in re.finditer(pattern, drawing)]
    # Only a drawing that keeps its shape shows a move by what differs; any other would light up all over.
    if before is not None and [*map(len, before.split("\n"))] == [*map(len, drawing.split("\n"))]:
        board = [place for place, (old, new) in enumerate(zip(before, drawing, strict=True)) if old != new]
        changed = [place for place in board if not drawing[place].isspace()]
        if len(changed) <= _MOST_CHANGED:
            found += [(place, place + 1, "changed") for place in changed]
    return found


def drawn_as(name: str, parameters: Mapping[str, Any]) -> str:
    """The OpenSpiel game whose text and moves the game ``name`` with ``parameters`` has."""
    while name in _WRAPPERS:
        parameters = parameters["game"]
        name = parameters["name"]
    return name


def draw_engine(name: str, text: str) -> str:
    """A position, or what a seat sees of it, from OpenSpiel's text: a board where we know better, else the text."""
    text = _ANSI.sub("", text).rstrip()  # some engines colour by themselves
    return BOARDS.get(name, str)(text).strip("\n") or "(nothing on the table yet)"


def engine_move(name: str, action: int, text: str) -> str:
    """What people call an action of an OpenSpiel game that calls it ``text``."""
    return _MOVES[name](action, text) if name in _MOVES else text


def _bet(action: int, text: str) -> str:
    """``player=0 move=Bet300`` is a bet of 300."""
    return re.sub(r"(\d+)", r" \1", text.rpartition("=")[2]).lower().replace("allin", "all-in").replace("pot", " pot")


def _small_board(action: int, text: str) -> str:
    """``Local board 1: x(2,0)``, the board in the middle of the upper three, is d3."""
    found = re.fullmatch(r"Local board (\d): [xo]\((\d),(\d)\)", text)
    if found is None:
        return text.lower().replace("choose local ", "")
    board, row, column = map(int, found.groups())
    return f"{'abcdefghi'[board % 3 * 3 + column]}{board // 3 * 3 + row + 1}"


def _point(action: int, text: str) -> str:
    """``B d4`` is D4; the name of a pass keeps no colour either."""
    point = text.split()[-1]
    return point.lower() if point == "PASS" else point.upper()


_MOVES: Mapping[str, Callable[[int, str], str]] = {
    "backgammon": lambda action, text: text.partition(" - ")[2] or text,
    "connect_four": lambda action, text: f"column {action}",
    "go": _point,
    "kuhn_poker": lambda action, text: text.lower(),
    "leduc_poker": lambda action, text: text.lower(),
    "goofspiel": lambda action, text: text.rpartition("]")[2].lower().replace(":", ""),
    "phantom_go": _point,
    "phantom_ttt": lambda action, text: f"square {action}",
    "tic_tac_toe": lambda action, text: f"square {action}",
    "ultimate_tic_tac_toe": _small_board,
    "universal_poker": _bet,
}
