"""Readable boards, for the games people play at a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from games.contract import FloatArray, Move

_MOVES = {"rps_v2": ("rock", "paper", "scissors", "spock", "lizard")}
_DISCS = {"x": "●", "o": "○", ".": "·"}


def draw_board(name: str, text: str) -> str:
    """The position from the engine's own text: a board with numbered cells where we know better, else the text."""
    if name == "connect_four":
        return draw_connect_four(text.split())
    if name == "tic_tac_toe":
        return draw_tic_tac_toe(text.split())
    return text.strip("\n") or "(nothing on the table yet)"


def draw_connect_four(rows: Sequence[str]) -> str:
    """Connect four from rows of ``x`` (first seat), ``o`` and ``.``, top row first; columns numbered as actions."""
    width = len(str(len(rows[0]) - 1)) + 1
    header = "".join(f"{column:>{width}}" for column in range(len(rows[0])))
    return "\n".join([header, *("".join(f"{_DISCS[cell]:>{width}}" for cell in row) for row in rows)])


def draw_tic_tac_toe(rows: Sequence[str]) -> str:
    """Tic-tac-toe from three rows of ``x``, ``o`` and ``.``; empty cells show the number of their action."""
    cells = [str(at) if cell == "." else cell for at, cell in enumerate("".join(rows))]
    return "\n---+---+---\n".join(" " + " | ".join(cells[at : at + 3]) for at in (0, 3, 6))


def draw_views(name: str, agents: Sequence[str], views: Mapping[int, FloatArray], moves: Sequence[Move]) -> str:
    """The position of an environment without a text of its own, from what seats see and the moves so far.

    Args:
        name: the game's name in PettingZoo.
        agents: agent ID of each seat.
        views: observation of each seat to show.
        moves: the history to show; empty when it is not for these eyes.
    """
    first = min(views)
    if name == "connect_four_v3":
        return draw_connect_four(_marks(views[first], first))
    if name == "tictactoe_v3":
        return draw_tic_tac_toe(_marks(views[first], first))
    if name in _MOVES:
        played: dict[int, list[str]] = {}
        for seat, action in moves:
            assert isinstance(action, int)
            played.setdefault(seat, []).append(cell_name(name, action))
        lines = [f"{agents[seat]}: {' '.join(names)}" for seat, names in played.items()]
    else:
        lines = [f"{agents[seat]}: action {action}" for seat, action in moves]
        for seat, view in views.items():
            shown = np.array2string(view, precision=3, suppress_small=True, threshold=400)
            lines += [f"{agents[seat]} sees", shown]
    return "\n".join(lines) or "(nothing played yet)"


def _marks(view: FloatArray, seat: int) -> list[str]:
    """Rows of ``x``, ``o`` and ``.`` from planes of own and other marks, (rows, columns, 2)."""
    own, other = "xo" if seat == 0 else "ox"
    return ["".join(own if cell[0] else other if cell[1] else "." for cell in row) for row in view]


def cell_name(name: str, action: int) -> str:
    """What people call an action in the games drawn here; empty for other games."""
    if name in _MOVES and action < len(_MOVES[name]):
        return _MOVES[name][action]
    if name in ("connect_four", "connect_four_v3"):
        return f"column {action}"
    if name in ("tic_tac_toe", "tictactoe_v3"):
        return f"square {action}"
    return ""
