"""The agent that plays a solved game perfectly."""

from __future__ import annotations

import numpy as np

from agents.basic import uniform
from agents.contract import Agent, Probabilities, Turn
from agents.solvers import find_solver
from games.contract import Game, IntArray


class PerfectAgent(Agent):
    """Draws one of the exactly optimal actions of each position, each with the same probability.

    It never gives game value away. In games of win, draw and loss it wins as soon and loses as late as it can; see
    :class:`agents.solvers.Verdict`. It does not play for the mistakes of a weaker opponent.
    """

    batched = False

    def __init__(self, game: Game) -> None:
        """Load or compute the solution of ``game``.

        Raises:
            AgentError: the game has no solver, or its solver is not installed.
        """
        self._solver = find_solver(game)

    def probabilities(self, turn: Turn) -> Probabilities | None:
        """Equal ones for the optimal actions, ``(B, A)``."""
        optimal = np.zeros_like(turn.masks)
        for row, table in enumerate(turn.tables.tolist()):
            optimal[row, list(self._solver.solve(turn.state(table)).best)] = True
        return uniform(optimal)

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        """An optimal action of each row, ``(B,)`` int64."""
        return np.array(
            [rng.choice(self._solver.solve(turn.state(table)).best) for table in turn.tables.tolist()], np.int64
        )
