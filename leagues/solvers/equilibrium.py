"""The solver ``nash``: an equilibrium of a zero-sum game of two players, by linear programming."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from leagues.ratings.rank.margins import Floats, RankingError, utilities
from leagues.ratings.rank.nash import max_entropy_nash

_ROUNDING = 1e-9
"""Sums of payoffs that differ by no more than this share of the largest payoff are equal."""


def nash(payoffs: npt.ArrayLike) -> tuple[Floats, Floats]:
    """The mixtures of a Nash equilibrium of a zero-sum (or constant-sum) game of two players.

    With margins, or payoffs that are equal for both players when they swap members, it is the equilibrium of the
    highest entropy (:func:`leagues.ratings.rank.nash.max_entropy_nash`). Otherwise each player has one of its optimal
    mixtures, found by linear programming (von Neumann 1928): ``p`` maximises the least payoff ``min_k (p A)_k``.

    Raises:
        RankingError: the payoffs are malformed, or not of two players with a constant sum: no linear program finds the
            equilibria of other games.
    """
    game = utilities(payoffs)
    if len(game) != 2:
        raise RankingError(
            f"the solver `nash` solves games of two players, but got {len(game)}; take regret_matching, prd or "
            "alpharank"
        )
    total, scale = game.sum(axis=0), np.abs(game).max(initial=0.0)
    if np.ptp(total) > _ROUNDING * max(scale, 1e-300):
        raise RankingError(
            f"the solver `nash` solves zero-sum games, but here the payoffs sum to {total.min():.3g} to "
            f"{total.max():.3g}; take regret_matching, prd or alpharank"
        )
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
