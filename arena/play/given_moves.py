"""The openings of running games: moves that are given to their tables before any agent is asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from agents.contract import Turn
from games.contract import Action, ActionArray, Game, IntArray, Move
from games.errors import GameError
from games.legality import legal_rows


class GivenMoves:
    """The openings of the games that have one, by table."""

    def __init__(self, game: Game) -> None:
        self._game = game
        self._openings: dict[int, _Opening] = {}

    def __bool__(self) -> bool:
        """Whether a running game has had an opening."""
        return bool(self._openings)

    def __contains__(self, table: int) -> bool:
        return table in self._openings

    def begin(self, table: int, opening: Sequence[Move], players: Sequence[int]) -> None:
        """The game at ``table`` begins with ``opening``; ``players`` sit down after it."""
        self._openings[table] = _Opening(opening, players)

    def end(self, table: int) -> None:
        """The game at ``table`` is over."""
        self._openings.pop(table, None)

    def plies(self, table: int) -> int:
        """Steps of the game at ``table`` that were given."""
        return self._openings[table].plies if table in self._openings else 0

    def next(self, turn: Turn) -> ActionArray:
        """The next move of its opening for each row.

        Raises:
            GameError: it does not fit the position.
        """
        actions = self._game.empty_actions(len(turn.seats))
        for row, (table, seat) in enumerate(zip(turn.tables.tolist(), turn.seats.tolist(), strict=True)):
            action = self._openings[table].pop(seat)
            if action is None:
                raise self._misfit(table, seat)
            actions[row] = action
        legal = legal_rows(actions, turn.masks, turn.action_bounds)
        if not legal.all():
            row = int(legal.argmin())
            raise self._misfit(int(turn.tables[row]), int(turn.seats[row]))
        return actions

    def _misfit(self, table: int, seat: int) -> GameError:
        opening = self._openings[table]
        return GameError(
            f"the opening {list(opening.moves)} does not fit {self._game.spec!r}: at move "
            f"{len(opening.moves) - len(opening.left)} seat {seat} must make a legal move"
        )

    def stepped(self, plies: IntArray, sit_down: Callable[[int, Sequence[int]], None]) -> None:
        """All tables made a step.

        Args:
            plies: ``(size,)`` steps of each game so far.
            sit_down: called with the tables whose opening is over and their players.
        """
        for table, opening in self._openings.items():
            if not opening.over:
                opening.plies = int(plies[table])
                if not opening.left:
                    opening.over = True
                    sit_down(table, opening.players)


class _Opening:
    def __init__(self, moves: Sequence[Move], players: Sequence[int]) -> None:
        self.moves, self.players = moves, players
        self.left = deque(moves)
        self.plies = 0
        self.over = False

    def pop(self, seat: int) -> Action | None:
        """The next move if it is one of ``seat``."""
        player, action = self.left.popleft() if self.left else (None, None)
        return action if player == seat else None
