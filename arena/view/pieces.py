"""Which pieces the seats of a board game play, what tells seats apart, and which line has won."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from statistics import fmean
from typing import NamedTuple

from games.drawing.boards import PIECES
from games.drawing.grids import Cell, Grid, lines_of
from games.drawing.spans import Part, piece_part
from games.errors import GameError
from games.specs import parse_spec

_COLOURS = {"♚": "Black", "♔": "White"}
_IN_A_ROW: Mapping[str, tuple[str, int]] = {
    "connect_four": ("x_in_row", 4),
    "gomoku": ("connect", 5),
    "mnk": ("k", 5),
    "pettingzoo:connect_four_v3": ("", 4),
    "pettingzoo:tictactoe_v3": ("", 3),
    "phantom_ttt": ("", 3),
    "tic_tac_toe": ("", 3),
}
"""For each game that a line ends: its parameter of the line's length, and the length without it."""


_CHEQUERED = frozenset(
    ("antichess", "breakthrough", "checkers", "chess", "dark_chess", "kriegspiel", "pettingzoo:chess_v6")
)
"""Games on a chequered board. In all of them pieces begin at one side, which a person wants to have below."""


class Pieces(NamedTuple):
    """What a seat plays with.

    Attributes:
        mark: a piece of the seat, as drawings show it; of chess the king.
        name: what to call it: ``Black``, ``White``, or the mark.
        part: how drawings colour its pieces.
    """

    mark: str
    name: str
    part: Part


@lru_cache(maxsize=64)
def pieces(spec: str) -> tuple[Pieces, ...]:
    """What each seat of the game ``spec`` plays with, by seat; nothing for games without pieces."""
    name, _ = _board(spec)
    marks = PIECES.get(name, ())
    return tuple(Pieces(mark, _COLOURS.get(mark, mark), part) for mark in marks if (part := piece_part(mark)))


def labels(spec: str, seats: int) -> tuple[str, ...]:
    """What tells the seats apart: ``Black``, ``●``, or ``seat 0`` in games without pieces."""
    names = tuple(own.name for own in pieces(spec))
    return names if len(names) == seats else tuple(f"seat {seat}" for seat in range(seats))


def marks_of(spec: str, seats: int) -> list[str]:
    """What stands for each seat: its piece, or in games without pieces ``p0``, ``p1``, ..."""
    own = pieces(spec)
    return [each.mark for each in own] if len(own) == seats else [f"p{seat}" for seat in range(seats)]


def begins_above(spec: str, seat: int, grid: Grid) -> bool:
    """Whether the pieces of a seat stand in the upper half of ``grid``, in a game where each seat begins at a side."""
    own = pieces(spec)
    if not is_chequered(spec) or seat >= len(own):
        return False
    rows = [row for row, cells in enumerate(grid.cells) for each in cells if piece_part(each) == own[seat].part]
    return bool(rows) and fmean(rows) < (len(grid.cells) - 1) / 2


def is_chequered(spec: str) -> bool:
    """Whether the game ``spec`` has light and dark squares; the top left one of its drawings is light."""
    return _board(spec)[0] in _CHEQUERED


def winning_cells(spec: str, grid: Grid) -> tuple[Cell, ...]:
    """The cells of the line that has ended a game of ``spec``; nothing while there is none, and in other games."""
    name, parameters = _board(spec)
    if name not in _IN_A_ROW:
        return ()
    parameter, usual = _IN_A_ROW[name]
    return lines_of(grid, int(parameters.get(parameter, usual)))


def _board(spec: str) -> tuple[str, Mapping[str, str]]:
    """Name and parameters of the game whose board ``spec`` shows. A game with seats left out has no pieces here."""
    try:
        name, parameters = parse_spec(spec)
        while name in ("misere", "start_at"):
            name, parameters = parse_spec(parameters.get("game", "-"))
    except GameError:  # a league's file may hold anything
        return "", {}
    return name, parameters
