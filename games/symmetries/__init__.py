"""How board games look the same: mirrors and rotations of the board, and the board as the other seat sees it.

A board is known by its game's short name and by the shape of its observations, so that nothing needs to be built to
look it up. Tests hold every symmetry against the engine.
"""

from __future__ import annotations

from functools import cache

from games.contract import Symmetry
from games.errors import UnknownGameError
from games.specs import suggest
from games.symmetries.boards import BOARDS
from games.symmetries.planes import Board, seen


@cache
def board_symmetries(name: str, observation_shape: tuple[int, ...], num_actions: int) -> tuple[Symmetry, ...]:
    """The symmetries of a board game without the usual view; empty where none is known.

    Args:
        name: short name of the game.
        observation_shape: planes, rows and columns of its observations.
        num_actions: of the game.
    """
    board = _board(name, observation_shape, num_actions)
    if board is None:
        return ()
    return tuple(seen(board, observation_shape, num_actions, change) for change in board.changes(observation_shape))


def known_symmetries(name: str, observation_shape: tuple[int, ...], num_actions: int) -> tuple[Symmetry, ...]:
    """As :func:`board_symmetries`, of a game that has some.

    Raises:
        UnknownGameError: none is known, or the shape is of another game.
    """
    if name not in BOARDS:
        raise UnknownGameError(
            f"there are symmetries of the boards of {', '.join(BOARDS)}, but got {name!r}{suggest(name, BOARDS)}"
        )
    if not (found := board_symmetries(name, observation_shape, num_actions)):
        raise _misfit(name, observation_shape, num_actions)
    return found


@cache
def seat_views(name: str, observation_shape: tuple[int, ...], num_actions: int) -> tuple[Symmetry, Symmetry]:
    """For each seat, the board as if the seat were the first one: its own stones first, its goal in the same place.

    The rules for the seat to move look the same then, except for what belongs to a seat, such as komi.

    Args:
        name, observation_shape, num_actions: as in :func:`board_symmetries`.

    Raises:
        UnknownGameError: there is no such view, or it does not fit the shape.
    """
    board = BOARDS.get(name)
    if board is None or board.other_seat is None:
        known = [each for each, board in BOARDS.items() if board.other_seat is not None]
        raise UnknownGameError(
            f"there is a view of the seat to move for {', '.join(known)}, but got {name!r}{suggest(name, known)}"
        )
    if _board(name, observation_shape, num_actions) is None:
        raise _misfit(name, observation_shape, num_actions)
    usual, other = (seen(board, observation_shape, num_actions, change) for change in (board.usual(), board.other_seat))
    return usual, other


def _misfit(name: str, shape: tuple[int, ...], num_actions: int) -> UnknownGameError:
    return UnknownGameError(
        f"the board {name!r} has observations of {BOARDS[name].planes} planes, but got the shape {shape} with "
        f"{num_actions} actions"
    )


def _board(name: str, shape: tuple[int, ...], num_actions: int) -> Board | None:
    board = BOARDS.get(name)
    fits = board is not None and len(shape) == 3 and shape[0] == board.planes
    return board if fits and board is not None and board.num_actions(*shape[1:]) == num_actions else None
