"""Rankings by votes: every pair of members is an election between the two, in which the games vote."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit

from leagues.ratings.rank.margins import Floats, antisymmetric

_SCALE = 100.0


def schulze(margins: npt.ArrayLike) -> Floats:
    """How many members each beats by Schulze's method, ``(n,)`` (Schulze 2011, Social Choice and Welfare 36).

    A beats B if the strongest path of wins from A to B is stronger than every path back. A path is as strong as its
    weakest win, and a win as strong as its margin. A member that wins against every other is first, copies of a member
    change the order of no others, and the order has no cycles.

    Args:
        margins: ``(n, n)`` antisymmetric.

    Raises:
        RankingError: the margins are malformed.
    """
    path = np.clip(antisymmetric(margins), 0, None)
    for middle in range(len(path)):
        np.maximum(path, np.minimum(path[:, middle, None], path[None, middle, :]), out=path)
    beats: Floats = (path > path.T).sum(1).astype(np.float64)
    return beats


def soft_condorcet(margins: npt.ArrayLike, temperature: float = 1.0) -> Floats:
    """Ratings by soft Condorcet optimization ``(n,)``, from 0 to 100.

    Ratings minimise the number of games whose result is against their order, where a game between ``a`` and ``b`` that
    ``a`` won counts ``sigmoid((r_b - r_a) / temperature)`` instead of 0 or 1 (Lanctot et al. 2024, "Soft Condorcet
    Optimization for Ranking of General Agents", the sigmoid loss). At a low temperature this is the Kemeny order. Every
    pair counts the same. All ratings start equal, so members that no order can tell apart stay equal.

    Args:
        margins: ``(n, n)`` antisymmetric; scaled so that the largest is a pair of which one wins every game.
        temperature: of the sigmoid.

    Raises:
        RankingError: the margins are malformed.
    """
    matrix = antisymmetric(margins)
    n = len(matrix)
    scale = np.abs(matrix).max(initial=0.0)
    if not scale:
        return np.full(n, _SCALE / 2)
    lead = matrix / scale

    def loss(ratings: Floats) -> tuple[float, Floats]:
        wrong = expit((ratings[None, :] - ratings[:, None]) / temperature)  # (n, n), the row ahead of the column
        slope = wrong * (1 - wrong) / temperature
        return float((lead * wrong).sum()) / 2, -(lead * slope).sum(1)

    found = minimize(
        loss,
        np.full(n, _SCALE / 2),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, _SCALE)] * n,
        options={"maxiter": 2_000, "ftol": 1e-12, "gtol": 1e-8},
    )
    ratings: Floats = found.x
    return ratings
