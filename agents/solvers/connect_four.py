"""Connect four, solved by BitBully (https://github.com/MarkusThill/BitBully, AGPL-3), an optional library."""

from __future__ import annotations

from typing import Any

from agents.errors import AgentError
from agents.solvers.contract import Verdict
from games.contract import Game, State
from games.specs import parse_spec


def is_connect_four(game: Game) -> bool:
    """Whether ``game`` is connect four on the usual board, of OpenSpiel or PettingZoo."""
    name, parameters = parse_spec(game.spec)
    usual = all(parameters.get(key, size) == size for key, size in (("rows", "6"), ("columns", "7"), ("x_in_row", "4")))
    return name == "pettingzoo:connect_four_v3" or (name == "connect_four" and usual)


class ConnectFourSolver:
    """Scores every move of a position by full search, with BitBully's opening book of 12 plies.

    A position takes a tenth of a millisecond to a second; those of 12 to 16 plies take longest.
    """

    phases = ((0, 7), (8, 14), (15, 24), (25, 41))

    def __init__(self) -> None:
        """Load the solver and its book: half a second and 180 MB.

        Raises:
            AgentError: BitBully is not installed.
        """
        try:
            import bitbully
        except ImportError as error:
            raise AgentError(
                "connect four is solved by bitbully, which is not installed; run pip install "
                "'self-play-arena[solver]' (its licence is AGPL-3)"
            ) from error
        self._board: Any = bitbully.Board
        self._solver: Any = bitbully.BitBully()

    def solve(self, state: State) -> Verdict:
        """Values 1, 0 or -1. The best actions have the highest score, so they win soonest or lose latest."""
        board = self._board([action for _, action in state.history()])
        scores: dict[int, int] = self._solver.score_all_moves(board)
        top = max(scores.values())
        values = {action: float((score > 0) - (score < 0)) for action, score in sorted(scores.items())}
        return Verdict(values, tuple(action for action in values if scores[action] == top))
