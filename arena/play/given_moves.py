"""The openings of running games: moves that are made at their tables before any agent is asked.

An opening is given moves, or steps drawn uniformly from the legal actions, or both in this order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from agents.basic import RandomAgent
from agents.contract import Turn
from games.contract import Action, ActionArray, Game, IntArray, Move
from games.errors import GameError
from games.legality import legal_rows


class OpeningState(NamedTuple):
    """How far an opening is played.

    Attributes:
        made: given moves that were made.
        plies: steps that were made, given and drawn.
        length: all its steps; -1 while given moves are left, because several may be one step.
        over: whether it is over.
    """

    made: int
    plies: int
    length: int
    over: bool


class GivenMoves:
    """The openings of the games that have one, by table.

    Args:
        game: the game.
        size: number of tables.

    Attributes:
        under_way: ``(size,)`` bool, the tables whose opening is being played.
    """

    def __init__(self, game: Game, size: int) -> None:
        self._game = game
        self._openings: dict[int, _Opening] = {}
        self._random = RandomAgent()
        self.under_way = np.zeros(size, np.bool_)

    def __bool__(self) -> bool:
        """Whether a running game has had an opening."""
        return bool(self._openings)

    def __contains__(self, table: int) -> bool:
        return table in self._openings

    def begin(self, table: int, opening: Sequence[Move], random_plies: int) -> None:
        """The game at ``table`` begins with ``opening`` and ``random_plies`` drawn steps."""
        self._openings[table] = _Opening(opening, random_plies)
        self.under_way[table] = True

    def state(self, table: int) -> OpeningState | None:
        """How far the opening at ``table`` is played; None if its game has none."""
        opening = self._openings.get(table)
        return None if opening is None else opening.state(over=not self.under_way[table])

    def go_on(self, table: int, opening: Sequence[Move], random_plies: int, state: OpeningState) -> None:
        """The game at ``table``, which began as in :meth:`begin`, goes on as far as ``state`` says."""
        self._openings[table] = resumed = _Opening(opening, random_plies)
        resumed.restore(state)
        self.under_way[table] = not state.over

    def end(self, table: int) -> None:
        """The game at ``table`` is over."""
        if self._openings.pop(table, None):
            self.under_way[table] = False

    def plies(self, table: int) -> int:
        """Steps of the game at ``table`` that no player chose."""
        return self._openings[table].plies if table in self._openings else 0

    def next(self, turn: Turn, rng: Callable[[], np.random.Generator]) -> ActionArray:
        """The next move of its opening for each row.

        Args:
            turn: rows of tables whose opening is under way.
            rng: gives the generator of drawn steps.

        Raises:
            GameError: a given move does not fit the position.
        """
        openings = [self._openings[table] for table in turn.tables.tolist()]
        given = [row for row, opening in enumerate(openings) if opening.left]
        if not given:
            return self._random.act(turn, rng())
        actions = self._game.empty_actions(len(openings))
        for row in given:
            action = openings[row].pop(seat := int(turn.seats[row]))
            if action is None:
                raise self._misfit(openings[row], seat)
            actions[row] = action
        legal = legal_rows(actions[given], turn.masks[given], turn.action_bounds)
        if not legal.all():
            row = given[int(legal.argmin())]
            raise self._misfit(openings[row], int(turn.seats[row]))
        if len(given) < len(openings):
            drawn = np.setdiff1d(np.arange(len(openings)), given)
            actions[drawn] = self._random.act(turn.part(drawn), rng())
        return actions

    def _misfit(self, opening: _Opening, seat: int) -> GameError:
        return GameError(
            f"the opening {list(opening.moves)} does not fit {self._game.spec!r}: at move "
            f"{len(opening.moves) - len(opening.left)} seat {seat} must make a legal move"
        )

    def stepped(self, plies: IntArray, sit_down: Callable[[int], None]) -> None:
        """All tables made a step.

        Args:
            plies: ``(size,)`` steps of each game so far.
            sit_down: called with each table whose opening is over.
        """
        for table in np.flatnonzero(self.under_way).tolist():
            opening = self._openings[table]
            opening.plies = int(plies[table])
            if opening.is_over():
                self.under_way[table] = False
                sit_down(table)


class _Opening:
    def __init__(self, moves: Sequence[Move], random_plies: int) -> None:
        self.moves = moves
        self.left = deque(moves)
        self.plies = 0
        self._random_plies = random_plies
        self._length: int | None = None if moves else random_plies  # known once all given moves are made

    def pop(self, seat: int) -> Action | None:
        """The next move if it is one of ``seat``."""
        player, action = self.left.popleft() if self.left else (None, None)
        return action if player == seat else None

    def is_over(self) -> bool:
        """Whether all its steps are made, after ``plies`` of them."""
        if self._length is None and not self.left:
            self._length = self.plies + self._random_plies
        return self.plies == self._length

    def state(self, *, over: bool) -> OpeningState:
        """How far it is played."""
        length = -1 if self._length is None else self._length
        return OpeningState(len(self.moves) - len(self.left), self.plies, length, over)

    def restore(self, state: OpeningState) -> None:
        """It is played as far as ``state`` says."""
        self.left = deque(self.moves[state.made :])
        self.plies, self._length = state.plies, None if state.length < 0 else state.length
