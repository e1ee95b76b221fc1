"""Every interval of the league: of scores, from blocks of games, and of ratings, from bootstrap resamples."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from leagues.records import LeagueError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ALIKE = 20
"""Blocks that all paid the same from which on a mean return counts as certain."""
_ROUNDING = 1e-18
"""Share of the squares by which equal blocks may differ."""


def score_interval(points: npt.ArrayLike, games: npt.ArrayLike, *, confidence: float = 0.95) -> tuple[float, float]:
    """The interval ``(low, high)`` of a mean score.

    The games of a block share a seed, so they depend on each other. The interval therefore takes the block, not the
    game, as one observation: it is Student's t interval of a ratio of sums over blocks (Cochran 1977, "Sampling
    Techniques", section 6.4), cut to 0..1. One block of score 1 and one of score 0, each of the mean size, are added
    first (in the spirit of Agresti and Coull 1998, The American Statistician 52), so that equal blocks still leave a
    width.

    In simulated matches of 2 to 200 blocks, with true scores of 0.5 to 0.99, with equal and with opposite results
    inside blocks, and with draws, the 95% interval held the truth in at least 93% of matches. Wilson's interval for
    an effective number of games fell to 90% in one-sided matches, and was up to twice as wide where rotated seats or
    draws make blocks alike.

    Args:
        points: ``(B,)`` points won in each block, a draw being half a point.
        games: ``(B,)`` games of each block, at least 1; in any order. Without any block the interval is 0..1.
        confidence: probability with which the interval is to hold the true score.

    Raises:
        LeagueError: `confidence` is not between 0 and 1.
    """
    points, games = np.asarray(points, np.float64), np.asarray(games, np.float64)
    low, high = score_intervals(np.zeros(len(points), np.int64), points, games, 1, confidence=confidence)
    return float(low[0]), float(high[0])


def score_intervals(
    group: Ints, points: Floats, games: Floats, groups: int, *, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """:func:`score_interval` for many groups of blocks at once: ``(groups,)`` low and high ends.

    Args:
        group: ``(B,)`` the group of each block, ``0..groups-1``.
        points, games: ``(B,)`` as in :func:`score_interval`.
        groups: number of groups.
        confidence: as in :func:`score_interval`.
    """
    _check(confidence)

    def sums(values: Floats) -> Floats:
        return np.bincount(group, values, groups).astype(np.float64, copy=False)

    blocks, played, won = sums(np.ones(len(group))), sums(games), sums(points)
    score = np.divide(won, played, out=np.full(groups, 0.5), where=played > 0)
    size = np.divide(played, blocks, out=np.ones(groups), where=blocks > 0)  # of the two added blocks
    blocks, played, won = blocks + 2, played + 2 * size, won + size
    mean = won / played
    # The squared residuals of the blocks, of which the added ones have (1 - mean) * size and -mean * size.
    squares = sums((points - mean[group] * games) ** 2) + size**2 * ((1 - mean) ** 2 + mean**2)
    reach = _student(confidence, blocks - 1) * np.sqrt(blocks / (blocks - 1) * squares) / played
    low, high = np.maximum(0, mean - reach), np.minimum(1, mean + reach)
    return np.minimum(low, score), np.maximum(high, score)


def mean_intervals(
    group: Ints, sums: Floats, games: Floats, groups: int, *, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """The intervals of mean returns per game, for many groups of blocks at once: ``(groups,)`` low and high ends.

    Student's t interval of a ratio of sums over blocks, as in :func:`score_interval`, but without added blocks, because
    returns have no bounds. With fewer than two blocks the interval is infinite; also with fewer than :data:`ALIKE`, if
    all paid the same: that may be by chance, and says nothing about how much blocks vary.

    Args:
        group: ``(B,)`` the group of each block, ``0..groups-1``.
        sums: ``(B,)`` sum of the returns of each block.
        games: ``(B,)`` games of each block, at least 1.
        groups: number of groups.
        confidence: as in :func:`score_interval`.
    """
    _check(confidence)
    blocks, played, won = (np.bincount(group, each, groups) for each in (np.ones(len(group)), games, sums))
    mean = np.divide(won, played, out=np.zeros(groups), where=played > 0)
    squares = np.bincount(group, (sums - mean[group] * games) ** 2, groups)
    differ = squares > _ROUNDING * np.bincount(group, sums**2, groups)
    enough = (blocks > 1) & (differ | (blocks >= ALIKE))
    freedom, total = np.where(enough, blocks - 1, 1), np.where(enough, played, 1)
    reach = np.where(enough, _student(confidence, freedom) * np.sqrt(blocks / freedom * squares) / total, np.inf)
    return mean - reach, mean + reach


def percentiles(resamples: Floats, estimates: Floats, *, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Percentile intervals of a bootstrap (Efron 1979, Annals of Statistics 7), widened to hold the estimates.

    Args:
        resamples: ``(R, n)`` estimates of ``n`` values from ``R`` resamples; without any, the interval has no width.
        estimates: ``(n,)`` estimates from all data.
        confidence: of the intervals.

    Raises:
        LeagueError: `confidence` is not between 0 and 1.
    """
    _check(confidence)
    if not len(resamples):
        return estimates, estimates
    tail = (1 - confidence) / 2
    low, high = np.quantile(resamples, [tail, 1 - tail], axis=0)
    return np.minimum(low, estimates), np.maximum(high, estimates)


def _student(confidence: float, freedom: Floats) -> Floats:
    """Two-sided quantiles of Student's t by the Cornish-Fisher expansion (Abramowitz and Stegun 26.7.5)."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    quantiles = np.full(freedom.shape, z)
    for power, term in enumerate(terms, 1):
        quantiles += term * freedom**-power
    return quantiles


def _check(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise LeagueError(f"`0 < confidence < 1` must hold, but got confidence={confidence}")
