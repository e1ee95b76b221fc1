"""Ratings in graded games: least squares over mean margins (Massey), and their bootstrap.

A rating difference is an expected margin (:func:`leagues.results.scoring.margin`) in returns per game. With ``n`` games
between ``i`` and ``j``, in which ``i`` had the mean margin ``m``, the ratings ``r`` minimise

    ``sum over pairs of n (r_i - r_j - m)^2  +  w sum over players of r_i^2``,

a sum of squares over pairs of players (Massey 1997, "Statistical models applied to the rating of sports teams",
Bluefield College), each weighted by its games. Massey replaces one equation to make the solution unique. Here the
second sum does: each player has one virtual game (``w = 1``) of margin 0 against a virtual node of rating 0, which also
ties groups together that have not met.
"""

from __future__ import annotations

import numpy as np

from leagues.ratings.bootstrap import block_noise, conjugate_gradients
from leagues.ratings.comparisons import Comparisons, Floats

VIRTUAL = 1.0
"""Weight of the virtual game of each player."""
_MANY = 40_000
"""Entries above which resamples are drawn to first order: exact refits would take seconds."""
_EXACT = 1e-9
"""Share of its squared length by which a refit may miss."""
_CHUNK = 250_000
"""Numbers in one temporary array of the refits: few enough for the processor's cache."""
_UNKNOWN = 1.0
"""Deviation of a game's margin while nobody has played."""


def fit(games: Comparisons) -> Floats:
    """The ratings ``(n,)`` in returns per game, with the virtual node at 0."""
    if not games.n:
        return np.zeros(0)
    margins = games.by_pair((games.margins * games.times[games.kind])[:, None])
    return np.linalg.solve(precision(games), games.totals(margins)[:, 0]).astype(np.float64, copy=False)


def precision(games: Comparisons) -> Floats:
    """The matrix of the normal equations ``(n, n)``. Its inverse, times the variance of a game's margin, is the
    covariance of the ratings where all games are independent and equally uncertain."""
    return games.spread(games.games, np.full(games.n, VIRTUAL))


def deviation(games: Comparisons, strengths: Floats) -> float:
    """Standard deviation of a game's margin around what the ratings predict, from whole blocks.

    A block of ``k`` games counts as one observation of variance ``k``, so games that depend on each other count for
    what they are worth.
    """
    if not len(games.kind):
        return _UNKNOWN
    times, size = games.times[games.kind], games.results.sum(1)
    return float(np.sqrt((times * _residuals(games, strengths) ** 2).sum() / (times * size).sum()))


def resample(games: Comparisons, strengths: Floats, resamples: int, rng: np.random.Generator) -> Floats:
    """Refits ``(resamples, n)`` on resampled blocks: the Bayesian block bootstrap of
    :func:`leagues.ratings.bootstrap.resample`.

    Every block has a weight drawn from Exp(1), the same for all its pairs. The margin of each virtual game is drawn
    from a normal distribution with the deviation of a game, so that a player with few games has a wide interval. Above
    :data:`_MANY` entries the refits are drawn from the normal distribution that they have to first order: the ratings
    then move by the inverse precision times the random change of the gradient.

    All refits are spread by ``sqrt(B / (B - p))``, with ``B`` the number of blocks and ``p`` the effective number of
    fitted ratings: a fit is nearer to its own blocks than the truth is (MacKinnon and White 1985, Journal of
    Econometrics 29, the estimator HC1).

    Args:
        games: the blocks.
        strengths: the fit, see :func:`fit`.
        resamples: number of refits.
        rng: the only source of chance.
    """
    if not games.n:
        return np.zeros((resamples, 0))
    matrix, noise = precision(games), deviation(games, strengths)
    near = np.linalg.inv(matrix).astype(np.float64, copy=False)
    blocks, fitted = float(games.times.sum()), games.n - VIRTUAL * float(np.trace(near))
    wider = np.sqrt(blocks / max(1.0, blocks - fitted)) if blocks else 1.0
    if len(games.kind) > _MANY:
        virtual_noise = max((VIRTUAL * noise) ** 2, np.finfo(np.float64).tiny)
        spread = block_noise(games, _residuals(games, strengths), virtual_noise)
        root = wider * (near @ np.linalg.cholesky(spread))
        drawn: Floats = strengths + (root @ rng.standard_normal((games.n, resamples))).T
        return drawn
    everyone, size = np.ones(games.n, np.bool_), games.results.sum(1)[:, None]
    residuals = _residuals(games, strengths)[:, None]
    refits = np.empty((games.n, resamples))
    chunk = 1 + _CHUNK // (games.n + len(games.kind))
    for first in range(0, resamples, chunk):
        count = min(chunk, resamples - first)
        virtual = rng.normal(scale=noise, size=(games.n, count)) - strengths[:, None]
        weights = rng.standard_gamma(games.times[:, None], (len(games.times), count))[games.kind]  # (E, count)
        played, missed = games.by_pair(weights * size), games.by_pair(weights * residuals)
        gradient = VIRTUAL * virtual + games.totals(missed)
        nodes = np.full((games.n, count), VIRTUAL)
        moved = conjugate_gradients(games, played, nodes, gradient, everyone, near, exact=_EXACT)
        refits[:, first : first + count] = strengths[:, None] + wider * moved
    return refits.T


def _residuals(games: Comparisons, strengths: Floats) -> Floats:
    """``(E,)`` by how much the margins of an entry exceed what the ratings predict."""
    predicted = games.differences(strengths[:, None])[:, 0]
    residuals: Floats = games.margins - games.results.sum(1) * predicted[games.pair]
    return residuals
