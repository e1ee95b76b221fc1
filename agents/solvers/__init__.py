"""Solvers of games: for a position, the value of every move under perfect play."""

from __future__ import annotations

from functools import lru_cache

from agents.solvers.connect_four import ConnectFourSolver, is_connect_four
from agents.solvers.contract import Solver as Solver
from agents.solvers.contract import Verdict as Verdict
from agents.solvers.exhaustive import ExhaustiveSolver
from games.contract import Game


@lru_cache(maxsize=2)  # a solved game can take 200 MB
def find_solver(game: Game) -> Solver:
    """The solver of ``game``; a process makes it once.

    Connect four has a separate solver. Other games are solved by search if they are small enough.

    Raises:
        AgentError: the game has no solver, is too large, or its solver is not installed.
    """
    return ConnectFourSolver() if is_connect_four(game) else ExhaustiveSolver(game)
