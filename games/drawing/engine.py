"""Drawings and action names of OpenSpiel's games, made from OpenSpiel's own text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from games.drawing.boards import BOARDS, FILES
from games.drawing.grids import cell_label, piece_moved, read_grid

_ANSI = re.compile(r"\x1b\[[\d;]*m")
_UNSOURCED = ("antichess", "chess", "dark_chess")
"""Games that name moves in the algebraic notation of chess, such as ``Nf3``."""

_WRAPPERS = ("misere", "start_at")
"""OpenSpiel's games that change only the goal or the start of another game."""


def drawn_as(name: str, parameters: Mapping[str, Any]) -> str:
    """The OpenSpiel game with the same text and actions as the game ``name`` with ``parameters``."""
    while name in _WRAPPERS:
        parameters = parameters["game"]
        name = parameters["name"]
    return name


def draw_engine(name: str, text: str) -> str:
    """Draw a position, or what a seat sees of it, from OpenSpiel's text: as one of :data:`BOARDS`, or as the text."""
    text = _ANSI.sub("", text).rstrip()  # some engines add colours
    return BOARDS.get(name, str)(text).strip("\n") or "(nothing on the table yet)"


def engine_move(name: str, action: int, text: str) -> str:
    """The name that players use for an action that OpenSpiel calls ``text``."""
    return _MOVES[name](action, text) if name in _MOVES else text


def engine_route(name: str, before: str, after: str) -> str | None:
    """From which cell to which a piece moves, such as ``g1f3``, in a game whose names of moves do not say it.

    Args:
        name: the game's.
        before, after: OpenSpiel's texts of the positions before the move and after it.

    Returns:
        None in other games, and where no piece moves.
    """
    if name not in _UNSOURCED:
        return None
    old, new = (read_grid(draw_engine(name, text)) for text in (before, after))
    way = piece_moved(old, new) if old is not None and new is not None else None
    return None if old is None or way is None else "".join(cell_label(old, cell) for cell in way)


def _bet(action: int, text: str) -> str:
    """``player=0 move=Bet300`` becomes ``bet 300``."""
    return re.sub(r"(\d+)", r" \1", text.rpartition("=")[2]).lower().replace("allin", "all-in").replace("pot", " pot")


def _small_board(action: int, text: str) -> str:
    """``Local board 1: x(2,0)``, on the middle one of the upper three boards, becomes ``d3``."""
    found = re.fullmatch(r"Local board (\d): [xo]\((\d),(\d)\)", text)
    if found is None:
        return text.lower().replace("choose local ", "")
    board, row, column = map(int, found.groups())
    return f"{'abcdefghi'[board % 3 * 3 + column]}{board // 3 * 3 + row + 1}"


def _point(action: int, text: str) -> str:
    """``B d4`` becomes ``D4``, and ``B PASS`` becomes ``pass``."""
    point = text.split()[-1]
    return point.lower() if point == "PASS" else point.upper()


def _coordinates(action: int, text: str) -> str:
    """``x(2,3)`` of mnk and ``2,3`` of gomoku become ``d3``; numbers beyond the letters stay."""
    found = re.fullmatch(r"[xo]?\(?(\d+),(\d+)\)?", text)
    if found is None or int(found[2]) >= len(FILES):
        return text
    return f"{FILES[int(found[2])]}{int(found[1]) + 1}"


_MOVES: Mapping[str, Callable[[int, str], str]] = {
    "backgammon": lambda action, text: text.partition(" - ")[2] or text,
    "connect_four": lambda action, text: f"column {action}",
    "go": _point,
    "gomoku": _coordinates,
    "kuhn_poker": lambda action, text: text.lower(),
    "leduc_poker": lambda action, text: text.lower(),
    "goofspiel": lambda action, text: text.rpartition("]")[2].lower().replace(":", ""),
    "mnk": _coordinates,
    "phantom_go": _point,
    "phantom_ttt": lambda action, text: f"square {action}",
    "tic_tac_toe": lambda action, text: f"square {action}",
    "ultimate_tic_tac_toe": _small_board,
    "universal_poker": _bet,
}
