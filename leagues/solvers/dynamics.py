"""Solvers that follow a dynamic: projected replicator dynamics, regret matching, alpha-rank. All of them are
OpenSpiel's, and take games of any number of players and any sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from leagues.ratings.rank.alpharank import alpharank as of_margins
from leagues.ratings.rank.alpharank import alpharank_of_game
from leagues.ratings.rank.margins import Floats, utilities

STEPS = 10_000
"""Steps of a dynamic. With them, no member of 30 random ones gains more than about 0.5% of the largest payoff."""

STEP = 0.1
"""Length of a step of the replicator dynamics, with payoffs scaled to at most 1."""

LEAST = 1e-6
"""Probability that every member keeps during the dynamics, so that none dies out for good."""


def prd(payoffs: npt.ArrayLike) -> tuple[Floats, ...]:
    """Projected replicator dynamics (Lanctot et al. 2017, "A Unified Game-Theoretic Approach to Multiagent
    Reinforcement Learning", section 3.1), averaged over all steps from the uniform mixture.

    A mixture moves with ``dp_k/dt = p_k (u_k - u)``, with ``u_k`` the payoff of member ``k`` and ``u`` the mean payoff,
    and stays at least :data:`LEAST` everywhere. It explores more than an equilibrium does.

    Raises:
        RankingError: the payoffs are malformed.
    """
    from open_spiel.python.algorithms import projected_replicator_dynamics as engine

    return _solved(engine.projected_replicator_dynamics, payoffs, prd_iterations=STEPS, prd_dt=STEP, prd_gamma=LEAST)


def regret_matching(payoffs: npt.ArrayLike) -> tuple[Floats, ...]:
    """The average of regret matching (Hart and Mas-Colell 2000, "A simple adaptive procedure leading to correlated
    equilibrium", Econometrica 68): members are played in proportion to their positive regrets.

    In a zero-sum game of two players the averages come near an equilibrium, in others the joint play comes near the
    coarse correlated equilibria, and the averages are its marginals.

    Raises:
        RankingError: the payoffs are malformed.
    """
    from open_spiel.python.algorithms import regret_matching as engine

    return _solved(engine.regret_matching, payoffs, iterations=STEPS, gamma=LEAST)


def alpharank(payoffs: npt.ArrayLike) -> tuple[Floats, ...]:
    """The shares of time of alpha-rank, see :mod:`leagues.ratings.rank.alpharank` (Muller et al. 2020, "A Generalized
    Training Approach for Multiagent Learning", for its use in PSRO). Margins have one population, other payoffs one for
    each player.

    Raises:
        RankingError: as :func:`leagues.ratings.rank.alpharank.alpharank_of_game`.
    """
    array = np.asarray(payoffs, np.float64)
    if array.ndim == 2:
        return (of_margins(array),) * 2
    return alpharank_of_game(array)


def _solved(solve: Any, payoffs: npt.ArrayLike, **options: Any) -> tuple[Floats, ...]:
    """The mixtures of one of OpenSpiel's solvers for payoffs scaled to at most 1."""
    game = utilities(payoffs)
    if not np.ptp(game.reshape(len(game), -1), axis=1).any():  # nothing to choose
        return tuple(np.full(count, 1 / count) for count in game.shape[1:])
    found = solve(list(game / np.abs(game).max()), **options)
    return tuple(_mixture(np.asarray(each, np.float64)) for each in found)


def _mixture(shares: Floats) -> Floats:
    kept: Floats = np.where(shares > 2 * LEAST, shares, 0.0)  # what is left is the least probability
    kept /= kept.sum()
    return kept
