"""The solver ``nash``: an equilibrium, in a zero-sum game of two players by linear programming."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from leagues.ratings.rank.margins import Floats, RankingError, utilities
from leagues.ratings.rank.nash import max_entropy_nash
from leagues.solvers.logit import logit_equilibrium

_ROUNDING = 1e-9
"""Sums of payoffs that differ by no more than this share of the largest payoff are equal."""


def nash(payoffs: npt.ArrayLike) -> tuple[Floats, ...]:
    """The mixtures of a Nash equilibrium.

    - With margins, or in a zero-sum game of two players with payoffs that are equal for both when they swap members, it
      is the equilibrium of the highest entropy (:func:`leagues.ratings.rank.nash.max_entropy_nash`).
    - In other games of two players with a constant sum, each player has one of its optimal mixtures, found by linear
      programming (von Neumann 1928): ``p`` maximises the least payoff ``min_k (p A)_k``.
    - In all others it is the limit of logit equilibria (:func:`leagues.solvers.logit.logit_equilibrium`), one of the
      equilibria that the game may have. It takes seconds where there are many joint choices.

    Raises:
        RankingError: the payoffs are malformed; or the last method was lost, as may happen in degenerate games.
    """
    game = utilities(payoffs)
    scale = np.abs(game).max(initial=0.0)
    if len(game) > 2 or np.ptp(game.sum(axis=0)) > _ROUNDING * scale:
        return logit_equilibrium(game)
    ours = game[0]
    if ours.shape[0] == ours.shape[1]:
        margins = ours - ours.mean()
        if np.abs(margins + margins.T).max() <= _ROUNDING * scale:
            mixture = max_entropy_nash((margins - margins.T) / 2)
            return mixture, mixture
    return _optimal_mixture(ours), _optimal_mixture(-ours.T)


def _optimal_mixture(payoffs: Floats) -> Floats:
    """A mixture ``(n,)`` of the rows of a matrix ``(n, m)`` with the greatest least payoff.

    Raises:
        RankingError: the linear program has no solution, which no finite payoffs bring about.
    """
    rows, columns = payoffs.shape
    scale = np.abs(payoffs).max(initial=0.0)
    if rows == 1 or not scale:  # nothing to choose
        return np.full(rows, 1 / rows)
    found = linprog(
        np.append(np.zeros(rows), -1.0),
        A_ub=np.column_stack([-payoffs.T / scale, np.ones(columns)]),
        b_ub=np.zeros(columns),
        A_eq=np.append(np.ones(rows), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0, None)] * rows + [(None, None)],
        method="highs",
    )
    if found.status != 0:
        raise RankingError(f"no optimal mixture was found: {found.message}")
    mixture: Floats = np.clip(found.x[:rows], 0.0, None)
    mixture /= mixture.sum()
    return mixture
