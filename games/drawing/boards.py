"""Boards as text: pure functions from an engine's text to rows with the coordinates that moves are named by.

A board keeps its number of lines from the first position to the last, so that it stands still on a screen.

The first seat's pieces are ``●`` or black figures, the second seat's ``○`` or white figures, empty cells ``·``, and
empty star points of go ``•``.
:func:`games.drawing.spans.spans` colours by these characters alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import product

DISCS = {"x": "●", "o": "○", ".": "·"}
"""How the engines' marks are drawn, in the order of the seats."""

FILES = "abcdefghijklmnopqrstuvwxyz"
"""The letters of columns."""

_FIGURES = dict(zip("KQRBNPkqrbnp.?", "♔♕♖♗♘♙♚♛♜♝♞♟·?", strict=True))
_EMPTY = re.compile(r"\d")
_RANKED: Mapping[str, Mapping[str, str]] = {
    "breakthrough": {"b": "●", "w": "○", ".": "·"},
    "checkers": {"o": "●", "8": "◆", "+": "○", "*": "◇", ".": "·"},
    "clobber": {"o": "●", "x": "○", ".": "·"},
    "lines_of_action": DISCS,
}
"""How the marks of games are drawn whose text has the rank before each row and the files below the last one."""


def connect_four(rows: Sequence[str]) -> str:
    """Connect four from rows of ``x`` (first seat), ``o`` and ``.``, top row first; columns are numbered."""
    width = len(str(len(rows[0]) - 1)) + 1
    header = "".join(f"{column:>{width}}" for column in range(len(rows[0])))
    return "\n".join([header, *("".join(f"{DISCS[cell]:>{width}}" for cell in row) for row in rows)])


def tic_tac_toe(rows: Sequence[str]) -> str:
    """Tic-tac-toe from three rows of ``x``, ``o`` and ``.``; empty cells show the number of their action."""
    marks = {"x": "✕", "o": "○"}
    cells = [str(at) if cell == "." else marks[cell] for at, cell in enumerate("".join(rows))]
    return "\n───┼───┼───\n".join(" " + " │ ".join(cells[at : at + 3]) for at in (0, 3, 6))


def ultimate_tic_tac_toe(text: str) -> str:
    """The nine boards from the engine's text, with files ``a`` to ``i`` and ranks ``1`` to ``9`` across all of them."""
    rows = [row.split() for row in text.splitlines() if re.fullmatch(r"[.xo]{3}( [.xo]{3}){2}", row)]
    marks = {"x": "✕", "o": "○", ".": "·"}
    lines = ["   " + "   ".join(" ".join("abcdefghi"[at : at + 3]) for at in (0, 3, 6))]
    for rank, row in enumerate(rows, 1):
        lines.append(f" {rank} " + " │ ".join(" ".join(marks[cell] for cell in board) for board in row))
        lines += ["   ──────┼───────┼──────"] if rank in (3, 6) else []
    forced = re.search(r"Forced board: (\d)", text)
    return "\n".join([*lines, f"next in board {forced[1]}" if forced else "no board is forced"])


def chess(text: str) -> str:
    """Chess from a FEN, which may hide squares as ``?``. Other text is returned unchanged."""
    rows, side, *rest = [*text.split(), "", ""]
    if not set(rows) <= {*_FIGURES, *"/12345678"} or side not in ("w", "b"):
        return text
    cells = [[_FIGURES[cell] for cell in _EMPTY.sub(lambda run: "." * int(run[0]), row)] for row in rows.split("/")]
    number = f", move {rest[3]}" if len(rest) == 6 else ""
    return f"{grid(cells)}\n{'White' if side == 'w' else 'Black'} to move{number}"


def go(text: str) -> str:
    """Go from rows of ``X`` (black, first seat), ``O`` and ``+``, each after its number. The letter I is left out."""
    rows = re.findall(r"^ *\d+ ([+XO]+)$", text, re.MULTILINE)
    marks = {"X": "●", "O": "○", "+": "·"}
    cells = [[marks[cell] for cell in row] for row in rows]
    for row, column in _star_points(len(rows)):
        if cells[row][column] == "·":
            cells[row][column] = "•"
    return grid(cells, "ABCDEFGHJKLMNOPQRST")


def _star_points(size: int) -> list[tuple[int, int]]:
    """Rows and columns of the star points of a board of go; sizes that nobody prints have none."""
    lines = {9: (2, 4, 6), 13: (3, 6, 9), 19: (3, 9, 15)}.get(size, ())
    points = product(lines, lines)
    # Small boards have none in the middle of a side.
    return [(row, column) for row, column in points if size == 19 or (row == size // 2) == (column == size // 2)]


def othello(text: str) -> str:
    """Othello from the engine's text, with the first rank on top as there, and the number of discs."""
    rows = re.findall(r"^\d ((?:[-xo] ){8})\d$", text, re.MULTILINE)
    board = grid([[DISCS.get(cell, "·") for cell in row.split()] for row in rows], ranks=range(1, 9))
    return f"{board}\n● {board.count('●')}, ○ {board.count('○')}"


def hexagonal(text: str) -> str:
    """Hex from the engine's slanted rows, or from the straight rows that a seat of dark hex sees."""
    rows = [row for line in text.splitlines() if set(row := line.replace(" ", "")) <= set(DISCS)]
    if not rows:
        return text
    files = " ".join(FILES[: len(rows[0])])
    lines = [" " * rank + f"{rank + 1:>2} " + " ".join(DISCS[cell] for cell in row) for rank, row in enumerate(rows)]
    return "\n".join([f"  {files}", *lines, "● joins top and bottom, ○ left and right"])


def in_a_row(text: str) -> str:
    """``mnk`` and gomoku from rows of ``x`` or ``b`` (first seat), ``o`` or ``w`` and ``.``, with the first rank on top
    as in the engine's coordinates. Boards of more files than letters, and of more dimensions, are returned unchanged.
    """
    rows = [row for row in text.splitlines() if re.fullmatch("[xobw.]+", row)]
    if not rows or len(rows) != len(text.split()) - text.startswith(("B\n", "W\n")) or len(rows[0]) > len(FILES):
        return text
    marks = DISCS | {"b": "●", "w": "○"}
    return grid([[marks[cell] for cell in row] for row in rows], ranks=range(1, len(rows) + 1))


def ranked(name: str, text: str) -> str:
    """Breakthrough, checkers and similar games: every row after its rank, the files below."""
    marks, lines = _RANKED[name], text.splitlines()
    bottom = next(at for at, line in enumerate(lines) if re.fullmatch(r" +[a-z]+", line))
    width = len(lines[bottom].strip())
    cells = [[marks[cell] for cell in line[-width:]] for line in lines[:bottom]]
    return grid(cells, ranks=[line[:-width] for line in lines[:bottom]])


def backgammon(text: str) -> str:
    """Backgammon from the engine's text. Each side numbers the points towards its home, as moves do."""
    rows = re.findall(r"^\|([^|]{6})\|([^|]{6})\|$", text, re.MULTILINE)
    upper, lower = range(12, 0, -1), range(13, 25)
    lines = [_points("●", upper), _points("○", [25 - point for point in upper])]
    for left, right in rows:
        halves = ("".join(f"{DISCS.get(cell, cell):>3}" for cell in half) for half in (left, right))
        lines.append("  " + " │".join(halves))
    lines += [_points("●", lower), _points("○", [25 - point for point in lower])]
    fields = dict(line.partition(":")[::2] for line in text.splitlines() if ":" in line)
    turn = fields["Turn"].strip()
    dice = " ".join(fields["Dice"].strip())
    lines.append(f"{DISCS[turn]} to play, dice {dice}" if turn in DISCS else "nobody to play")
    off = re.findall(r"[XO]: (\d+)", text)
    bar = "".join(DISCS[cell] for cell in fields["Bar"] if cell in "xo")
    return "\n".join([*lines, f"bar {bar or '-'}, borne off ● {off[0]}, ○ {off[1]}"])


def _points(side: str, points: Sequence[int]) -> str:
    return f"{side} " + " │".join("".join(f"{point:>3}" for point in points[at : at + 6]) for at in (0, 6))


def grid(cells: Sequence[Sequence[str]], files: str = FILES, ranks: Sequence[object] = ()) -> str:
    """Rows of one-character cells, each after its rank (counted from below by default), and the files below them."""
    ranks = ranks or range(len(cells), 0, -1)
    rows = [f"{rank:>2} {' '.join(row)}" for rank, row in zip(map(str, ranks), cells, strict=True)]
    return "\n".join([*rows, "   " + " ".join(files[: len(cells[0])])])


BOARDS: Mapping[str, Callable[[str], str]] = {
    "antichess": chess,
    "backgammon": backgammon,
    "chess": chess,
    "connect_four": lambda text: connect_four(text.split()),
    "dark_chess": chess,
    "dark_hex": hexagonal,
    "go": go,
    "gomoku": in_a_row,
    "hex": hexagonal,
    "kriegspiel": chess,
    "mnk": in_a_row,
    "othello": othello,
    "phantom_ttt": lambda text: tic_tac_toe(text.split()[:3]),
    "tic_tac_toe": lambda text: tic_tac_toe(text.split()),
    "ultimate_tic_tac_toe": ultimate_tic_tac_toe,
    **{name: partial(ranked, name) for name in _RANKED},
}
"""For each of OpenSpiel's board games the function that draws its text of a state, or of what a seat sees."""

KINGS = ("♚", "♔")
"""The kings, by seat."""

PIECES: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(BOARDS, ("●", "○")),
    **dict.fromkeys(("antichess", "chess", "dark_chess", "kriegspiel"), KINGS),
    **dict.fromkeys(("phantom_ttt", "tic_tac_toe", "ultimate_tic_tac_toe"), ("✕", "○")),
    "pettingzoo:chess_v6": KINGS[::-1],
    "pettingzoo:connect_four_v3": ("●", "○"),
    "pettingzoo:go_v5": ("●", "○"),
    "pettingzoo:tictactoe_v3": ("✕", "○"),
}
"""For each game a piece of every seat, by seat. OpenSpiel seats Black first in chess, PettingZoo White."""
