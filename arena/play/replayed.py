"""Brings tables back to the positions of games that were broken off, by making their moves again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np

from agents.basic import first_legal
from arena.play.given_moves import OpeningState
from arena.play.lockstep import Lockstep
from arena.play.source import Seating
from games.contract import CHANCE, ActionArray, IntArray, Move, Tables
from games.foreign import FOREIGN_ERRORS
from games.legality import legal_rows


class BrokenOff(NamedTuple):
    """A game that was broken off, and goes on in another process.

    Attributes:
        table: its table.
        seating: who plays.
        history: its moves, those of chance included.
        plies: the steps that it has had.
        opening: how much of them and of its moves was its opening, see :meth:`GivenMoves.state`.
        started_at: UTC.
        seconds: that it has taken so far.
    """

    table: int
    seating: Seating
    history: tuple[Move, ...]
    plies: int
    opening: OpeningState | None
    started_at: datetime
    seconds: float


def replay(lockstep: Lockstep, games: Sequence[BrokenOff], seen: Callable[[IntArray], None]) -> list[int]:
    """Make the moves of games again, at idle tables.

    All tables are stepped together, and none of them can wait. So the longest game begins first, each other one as many
    steps later as it is shorter, and all games reach their last position with the same step.

    Args:
        lockstep: the tables; no other game may run there.
        games: the games, no two at one table.
        seen: called before each step, when the rows of the tables are those of the positions before it, with the
            ``(size,)`` steps that the game at each table has had.

    Returns:
        The tables whose game took another course, ascending: a move does not fit, or chance fell otherwise. What stands
        at these tables means nothing.
    """
    tables = lockstep.tables
    longest = max((game.plies for game in games), default=0)
    plies = np.zeros(tables.size, np.int64)
    left = {game.table: deque(move for move in game.history if move[0] != CHANCE) for game in games}
    begun: list[int] = []
    misfits: set[int] = set()
    for step in range(longest + 1):
        beginning = [game for game in games if game.plies == longest - step]
        if beginning:
            tables.reset([game.table for game in beginning], [game.seating.pairing.seed for game in beginning])
            begun += [game.table for game in beginning]
        if step < longest:
            tables.observe()
            seen(plies)
            actions = _actions(lockstep, left, misfits)
            misfits.update(tables.step(actions))  # a game that was running is not over
            plies[begun] += 1
    return sorted(misfits | {game.table for game in games if left[game.table] or not _repeats(tables, game)})


def _actions(lockstep: Lockstep, left: Mapping[int, deque[Move]], misfits: set[int]) -> ActionArray:
    """The next move of each row's game. Tables where it does not fit join the misfits, and make any legal move."""
    turn = lockstep.turn(slice(0, lockstep.tables.rows))
    legal_ones = first_legal(turn)
    actions = legal_ones.copy()
    tables = turn.tables.tolist()
    for row, (table, seat) in enumerate(zip(tables, turn.seats.tolist(), strict=True)):
        if left[table] and left[table][0][0] == seat:
            actions[row] = left[table].popleft()[1]
        else:
            misfits.add(table)
    illegal = ~legal_rows(actions, turn.masks, turn.action_bounds)
    misfits.update(tables[row] for row in np.flatnonzero(illegal).tolist())
    actions[illegal] = legal_ones[illegal]
    return actions


def _repeats(tables: Tables, game: BrokenOff) -> bool:
    try:
        return tables.state(game.table).history() == game.history
    except FOREIGN_ERRORS:
        return False
