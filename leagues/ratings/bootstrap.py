"""The Bayesian bootstrap of ratings: refits of Davidson's model on resampled blocks."""

from __future__ import annotations

import numpy as np

from leagues.ratings.comparisons import Bools, Comparisons, Floats
from leagues.ratings.davidson import LONGEST_STEP, MOST_STEPS, VIRTUAL, curvature, outcome

_SMALL_STEP = 0.02
"""A refit ends after a step below this (3 Elo). It converges quadratically, so the rest is below 0.1 Elo."""
_EXACT = 1e-4
"""Share of its squared length by which a Newton step may miss; the next step makes up for it."""
_NORMAL = 0.2
"""Largest standard deviation of a strength (in natural units, 35 Elo) for which refits are of first order."""
_MANY = 40_000
"""Entries above which refitting all players takes more than a second, so that only the unsure ones are refitted."""
_ROWS = 256
"""Gradients of blocks of several pairs in one matrix product."""
_CHUNK = 250_000
"""Numbers in one temporary array of the refits: few enough for the processor's cache."""


def resample(games: Comparisons, strengths: Floats, ties: float, resamples: int, rng: np.random.Generator) -> Floats:
    """Refits ``(resamples, n)`` on resampled blocks, starting from the fit of all blocks.

    This is the Bayesian bootstrap (Rubin 1981, Annals of Statistics 9). Every block has a weight drawn from Exp(1), so
    all blocks of a kind together have a weight from Gamma(their number), and no pair ever drops out. The share of the
    virtual win in the weight of both virtual results is drawn from Beta(1/2, 1/2). The tie parameter stays that of the
    fit: it is common to all players, and strengths hardly depend on it.

    Where the standard deviation of every strength is at most :data:`_NORMAL`, refits are drawn instead of fitted. To
    first order, a refit moves the strengths by the inverse curvature times the random change of the gradient, which is
    a sum over many blocks and therefore normal. The ends of the intervals then differ from those of whole refits by
    less than 300 refits can tell. If any player is less sure, such as an unbeaten or a new one, all are refitted.

    Above :data:`_MANY` entries (hundreds of thousands of matches) refitting all players would take half a minute, and
    some player is always new. Then only the unsure players are refitted, given the drawn strengths of the others. Next
    to an anchor that is unsure itself, the ends of all intervals may shift by up to 7% of the half width.

    Args:
        games: the blocks.
        strengths, ties: the fit, see :func:`leagues.ratings.davidson.fit`.
        resamples: number of refits.
        rng: the only source of chance.
    """
    if not games.n:
        return np.zeros((resamples, 0))
    curved = curvature(games, strengths, ties)
    root = np.linalg.solve(curved, np.linalg.cholesky(_noise(games, strengths, ties)))  # of the covariance
    # The anchor takes out what all players move by together, so a player is as sure as its distance to the others.
    weight = np.diag(curved)[:, None]
    others = (weight * root).sum(0) - weight * root
    others /= np.maximum(weight.sum() - weight, np.finfo(np.float64).tiny)  # a single player has no others
    unsure = ((root - others) ** 2).sum(1) > _NORMAL**2
    if unsure.any() and len(games.kind) <= _MANY:
        unsure[:] = True
    refits = np.repeat(strengths[:, None], resamples, axis=1)
    if not unsure.all():
        refits[~unsure] += root[~unsure] @ rng.standard_normal((games.n, resamples))
    if unsure.any():
        near: Floats = np.linalg.inv(curved[np.ix_(unsure, unsure)]).astype(np.float64, copy=False)
        _refit(games.among(unsure), refits, ties, unsure, near, rng)
    return refits.T


def _refit(
    games: Comparisons, refits: Floats, ties: float, free: Bools, near: Floats, rng: np.random.Generator
) -> None:
    """Fit the strengths of the ``free`` players in ``refits`` ``(n, R)``, each column to another resample."""
    weight = games.results.sum(1)[:, None]
    balance = games.results[:, :1] - games.results[:, 2:]
    chunk = 1 + _CHUNK // (games.n + len(games.kind))
    for first in range(0, refits.shape[1], chunk):
        part = refits[:, first : first + chunk]
        virtual = rng.beta(VIRTUAL, VIRTUAL, part.shape)
        drawn = rng.standard_gamma(games.times[:, None], (len(games.times), part.shape[1]))[games.kind]  # (E, chunk)
        played, won = (games.by_pair(drawn * each) for each in (weight, balance))
        _newton(games, part, ties, played, won, virtual, free, near)


def _newton(
    games: Comparisons,
    strengths: Floats,
    ties: float,
    played: Floats,
    won: Floats,
    virtual: Floats,
    free: Bools,
    near: Floats,
) -> None:
    """Maximise the likelihood for R weightings at once.

    Args:
        games: the pairs.
        strengths: ``(n, R)`` the start; those of free players are changed in place.
        ties: the tie parameter.
        played: ``(P, R)`` games of each pair.
        won: ``(P, R)`` wins minus losses of its ``i``.
        virtual: ``(n, R)`` share of the virtual win.
        free: ``(n,)`` the F players to fit; the strengths of the others are given.
        near: ``(F, F)`` approximate inverse of their curvature for any weighting.
    """
    todo = np.arange(virtual.shape[1])
    for _ in range(MOST_STEPS):
        here = strengths[:, todo]
        mean, variance = outcome(games.differences(here), ties)
        of_node, variance_of_node = outcome(here, ties)
        gradient = virtual - 0.5 - 2 * VIRTUAL * of_node + games.totals(won / 2 - played * mean)
        step = conjugate_gradients(games, played * variance, 2 * VIRTUAL * variance_of_node, gradient, free, near)
        strengths[:, todo] += step.clip(-LONGEST_STEP, LONGEST_STEP)
        moving = np.abs(step).max(0) > _SMALL_STEP
        todo, played, won, virtual = todo[moving], played[:, moving], won[:, moving], virtual[:, moving]
        if not len(todo):
            break


def conjugate_gradients(
    games: Comparisons,
    pairs: Floats,
    nodes: Floats,
    right: Floats,
    free: Bools,
    near: Floats,
    *,
    exact: float = _EXACT,
) -> Floats:
    """Solve ``(D + B' W B) x = right`` for each column, until ``x`` misses by the share ``exact`` of its squared
    length.

    ``D`` and ``W`` are the diagonal matrices of the curvatures ``nodes`` ``(n, R)`` and ``pairs`` ``(P, R)``, ``B x``
    are the differences of pairs, and ``x`` is zero for players that are not free.

    Conjugate gradients make no ``(n, n)`` matrix for each column. One common matrix is the preconditioner, with which
    about ten products are enough.
    """
    solution = np.zeros_like(right)
    residual = right * free[:, None]
    preconditioned = np.zeros_like(right)
    preconditioned[free] = near @ residual[free]
    direction = preconditioned.copy()
    energy = (residual * preconditioned).sum(0)
    enough = exact * energy
    for _ in range(2 * games.n):
        going = energy > enough  # the other columns stay as they are
        if not going.any():
            break
        product = nodes * direction + games.totals(pairs * games.differences(direction))
        length = np.divide(energy, (direction * product).sum(0), out=np.zeros_like(energy), where=going)
        solution += length * direction
        residual -= length * product * free[:, None]
        preconditioned[free] = near @ residual[free]
        before, energy = energy, (residual * preconditioned).sum(0)
        direction = preconditioned + np.divide(energy, before, out=np.zeros_like(energy), where=going) * direction
    return solution


def _noise(games: Comparisons, strengths: Floats, ties: float) -> Floats:
    mean = outcome(games.differences(strengths), ties)[0]
    own = (games.results[:, 0] - games.results[:, 2]) / 2 - games.results.sum(1) * mean[games.pair]
    return block_noise(games, own, 1 / (8 * VIRTUAL + 4))  # variance of Beta(VIRTUAL, VIRTUAL)


def block_noise(games: Comparisons, own: Floats, virtual: float) -> Floats:
    """Covariance ``(n, n)`` of the gradient over the resamples.

    Args:
        games: the blocks.
        own: ``(E,)`` what each entry adds to the gradient of its pair.
        virtual: variance of what the virtual results of a player add.
    """
    alone = np.bincount(games.kind, minlength=len(games.times))[games.kind] == 1
    squares = games.times[games.kind] * own**2
    pairs = np.bincount(games.pair[alone], squares[alone], len(games.i)).astype(np.float64, copy=False)
    total = games.spread(pairs, np.full(games.n, virtual))
    together, kind = np.unique(games.kind[~alone], return_inverse=True)
    for first in range(0, len(together), _ROWS):
        these = (kind >= first) & (kind < first + _ROWS)
        gradients = np.zeros((min(_ROWS, len(together) - first), games.n))
        for ends, sign in ((games.i, 1), (games.j, -1)):
            np.add.at(gradients, (kind[these] - first, ends[games.pair[~alone][these]]), sign * own[~alone][these])
        total += gradients.T @ (gradients * games.times[together[first : first + _ROWS], None])
    return total
