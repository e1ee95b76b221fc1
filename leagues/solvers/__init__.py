"""Solvers by name: how a player of a game between members mixes them, its *meta-strategy*.

A solver is a pure function of payoffs: of an array ``(players, n_1, ..., n_players)`` with the payoff of every joint
choice of members, of any sums, or of margins ``(n, n)``, antisymmetric, which are the game of two players in which each
picks a member. It returns one mixture ``(n_p,)`` for each player, summing to one. With margins all mixtures are equal.
The setting ``solver`` names the one of a league's oracles, and ``arena psro --solver`` that of a double oracle.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from leagues.errors import LeagueError
from leagues.names import near, register

__all__ = ["DEFAULT", "Floats", "Solver", "find_solver", "register_solver", "solver_names"]

Floats = npt.NDArray[np.float64]
Solver = Callable[[npt.ArrayLike], tuple[Floats, ...]]

DEFAULT = "nash"


def uniform(payoffs: npt.ArrayLike) -> tuple[Floats, ...]:
    """Every member equally likely: the average of fictitious play (Brown 1951) when each new member is a best response
    to it (Heinrich, Lanctot and Silver 2015).

    Raises:
        RankingError: the payoffs are malformed.
    """
    from leagues.ratings.rank.margins import utilities

    return tuple(np.full(count, 1 / count) for count in utilities(payoffs).shape[1:])


def nash(payoffs: npt.ArrayLike) -> tuple[Floats, ...]:
    """As :func:`leagues.solvers.equilibrium.nash`."""
    from leagues.solvers import equilibrium  # loads SciPy, which most leagues need not wait for

    return equilibrium.nash(payoffs)


def prd(payoffs: npt.ArrayLike) -> tuple[Floats, ...]:
    """As :func:`leagues.solvers.dynamics.prd`."""
    from leagues.solvers import dynamics

    return dynamics.prd(payoffs)


def regret_matching(payoffs: npt.ArrayLike) -> tuple[Floats, ...]:
    """As :func:`leagues.solvers.dynamics.regret_matching`."""
    from leagues.solvers import dynamics

    return dynamics.regret_matching(payoffs)


def alpharank(payoffs: npt.ArrayLike) -> tuple[Floats, ...]:
    """As :func:`leagues.solvers.dynamics.alpharank`."""
    from leagues.solvers import dynamics

    return dynamics.alpharank(payoffs)


_SOLVERS: dict[str, Solver] = {
    "alpharank": alpharank,
    DEFAULT: nash,
    "prd": prd,
    "regret_matching": regret_matching,
    "uniform": uniform,
}


def register_solver(name: str, solver: Solver) -> None:
    """Make a solver known by a short name, which leagues store. Register it before each run that uses it.

    Raises:
        LeagueError: the name is malformed, or another solver has it.
    """
    register(_SOLVERS, "a solver", name, solver)


def find_solver(name: str) -> Solver:
    """The solver of this name.

    Raises:
        LeagueError: there is none.
    """
    if name not in _SOLVERS:
        raise LeagueError(f"there is no solver {name!r}{near(name, _SOLVERS)}")
    return _SOLVERS[name]


def solver_names() -> tuple[str, ...]:
    """The names of all solvers."""
    return tuple(_SOLVERS)
