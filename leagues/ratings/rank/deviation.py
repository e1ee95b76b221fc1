"""Deviation ratings: what a member gains by deviating from the strictest equilibrium."""

from __future__ import annotations

from math import prod

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from leagues.ratings.rank.margins import Floats, RankingError, antisymmetric, utilities

MOST_PROFILES = 250_000
"""Most joint choices of a game whose joint distribution is solved for."""
_TIGHT = 1e-7


def deviation_ratings(margins: npt.ArrayLike) -> Floats:
    """Deviation ratings ``(n,)`` of a symmetric zero-sum game between members.

    Deviation ratings (Marris et al. 2025, "Deviation Ratings: a General, Clone-Invariant Rating Method", ICLR) are the
    gains of deviating to each member from the coarse correlated equilibrium whose gains are the lowest: the highest
    gain as low as it can be, then the second highest, and so on. Copies of a member change no rating, and a member that
    is dominated is rated below the one that dominates it.

    Here the equilibrium is as good with its two players exchanged, so it is enough to look at one mixture ``x``: the
    gains are ``A x``. That makes a linear program of ``n`` unknowns for each step instead of ``n * n``.

    Args:
        margins: ``(n, n)`` antisymmetric.

    Returns:
        Ratings in the unit of the margins, at most 0.

    Raises:
        RankingError: the margins are malformed.
    """
    return _lowest_gains(antisymmetric(margins))


def deviation_ratings_of_game(payoffs: npt.ArrayLike) -> tuple[Floats, ...]:
    """Deviation ratings of the choices of each player of any finite game, of any number of players and any sums.

    Args:
        payoffs: ``(players, n_1, ..., n_players)``.

    Returns:
        ``(n_p,)`` ratings for each player.

    Raises:
        RankingError: the payoffs are malformed, or the game has more than :data:`MOST_PROFILES` joint choices.
    """
    game = utilities(payoffs)
    choices = game.shape[1:]
    if prod(choices) > MOST_PROFILES:
        raise RankingError(
            f"deviation ratings of a game take at most {MOST_PROFILES:,} joint choices, but it has {prod(choices):,}"
        )
    gains = []
    for player, payoff in enumerate(game):
        for choice in range(choices[player]):
            deviated = np.take(payoff, [choice], axis=player)  # the same for every choice that was recommended
            gains.append((deviated - payoff).ravel())
    ratings = _lowest_gains(np.array(gains))
    return tuple(np.split(ratings, np.cumsum(choices)[:-1]))


def _lowest_gains(gains: Floats) -> Floats:
    """``G x`` for the distribution ``x`` that makes the highest entry as low as possible, then the next, and so on.

    A row whose multiplier is above 0 has the same value in every solution, so it is settled; at least one is. An
    outcome whose multiplier is above 0 has the probability 0 in every solution. As soon as only one solution is left,
    all rows are settled.

    Args:
        gains: ``(rows, outcomes)``.
    """
    rows, outcomes = gains.shape
    scale = np.abs(gains).max(initial=0.0)
    if not scale:
        return np.zeros(rows)
    matrix = gains / scale
    settled = np.zeros(rows, bool)
    possible = np.ones(outcomes, bool)
    limits = np.zeros(rows)
    while not settled.all():
        found = linprog(
            np.append(np.zeros(outcomes), 1.0),
            A_ub=np.column_stack([matrix, -(~settled).astype(float)]),
            b_ub=np.where(settled, limits + _TIGHT / 100, 0.0),
            A_eq=np.append(np.ones(outcomes), 0.0)[None],
            b_eq=[1.0],
            bounds=[(0, None)] * outcomes + [(None, None)],
            method="highs",
        )
        if found.status != 0:
            raise RankingError(f"no equilibrium of the lowest gains was found: {found.message}")
        highest = found.x[-1]
        tight = ~settled & (-found.ineqlin.marginals > _TIGHT)
        if not tight.any():  # numbers too close to tell apart
            tight = ~settled & (matrix @ found.x[:-1] >= highest - _TIGHT)
        settled |= tight
        limits[tight] = highest
        possible &= found.lower.marginals[:-1] <= _TIGHT
        known = np.vstack([matrix[np.ix_(settled, possible)], np.ones(possible.sum())])
        if len(known) >= possible.sum() and np.linalg.matrix_rank(known, tol=1e-6) == possible.sum():
            limits[~settled] = (matrix @ found.x[:-1])[~settled]
            break
    ratings: Floats = limits * scale + 0.0  # without -0
    return ratings
