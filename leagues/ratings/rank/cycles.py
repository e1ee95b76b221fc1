"""How much of the payoffs no rating can express: the cyclic part of a comparison of members."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from leagues.ratings.comparisons import Comparisons, Floats
from leagues.ratings.components import components
from leagues.ratings.davidson import fit, outcome
from leagues.ratings.fit_test import ENOUGH, dispersion_of, pair_margins

_STEPS = 60
_LEAST_VARIANCE = 1e-9
"""Least variance of a game, as a part of the mean square of the margins, so that equal games have finite weights."""


@dataclass(frozen=True, slots=True)
class Cycles:
    """The Hodge decomposition of pairwise comparisons.

    Attributes:
        share: estimated share of the comparisons' sum of squares that is cyclic, 0..1, with the part of chance taken
            out; 0 where chance explains all of it.
        raw: the same with the part of chance left in.
        pairs: pairs that have met.
        loops: independent cycles among these pairs. Without any, nothing can be cyclic.
    """

    share: float
    raw: float
    pairs: int
    loops: int


def cyclic_share(games: Comparisons, *, graded: bool = False) -> Cycles:
    """The cyclic share of results.

    In games of win, draw and loss, each pair that has met has a flow: the difference of two ratings at which Davidson's
    model expects the pair's mean score, with half a game drawn added. Flows of a perfectly transitive league are
    differences of one rating each. Weights are what a pair's games tell: their number times the variance of one of
    them, over the dispersion of blocks where it is above 1, because games that repeat each other tell less. In graded
    games, the flow of a pair is its mean margin, and its weight the number of its games over the variance of one. Where
    hardly any pair of a graded game has played two blocks, nobody knows the part of chance, and the share is 0.
    """
    if graded:
        margins = pair_margins(games)
        known = margins.free.sum() >= ENOUGH
        least = float((margins.mean**2).mean()) if len(margins.mean) else 0.0
        variance = np.maximum(margins.steadied, _LEAST_VARIANCE * (least or 1.0))
        found = hodge(games.n, games, margins.mean, games.games / variance)
        return found if known else replace(found, share=0.0)
    ties = fit(games)[1]
    score: Floats = (games.sums[:, 0] - games.sums[:, 2]) / 2 / (games.games + 0.5)
    flow = _difference(score, ties)
    variance = outcome(flow, ties)[1]
    weight = games.games * variance / max(1.0, dispersion_of(games, variance)[0])
    return hodge(games.n, games, flow, weight)


def hodge(n: int, games: Comparisons, flow: Floats, weight: Floats) -> Cycles:
    """Split flows into the differences of one number for each member, and the rest.

    This is the combinatorial Hodge decomposition (Jiang, Lim, Yao and Ye 2011, "Statistical ranking and combinatorial
    Hodge theory", Mathematical Programming 127): the numbers ``s`` minimise ``sum w (f - B s)^2``, and the rest is the
    cyclic part (curl and harmonic together). On chance alone, a rest of ``loops`` and a total of ``pairs`` are expected
    where the weights are inverse variances; both are taken out of :attr:`Cycles.share`.

    Args:
        n: number of members.
        games: the pairs that have met.
        flow: ``(P,)`` how far the first of each pair is ahead.
        weight: ``(P,)`` inverse variance of each flow.
    """
    pairs = len(flow)
    loops = pairs - n + len(components(n, games.i, games.j))
    laplacian = games.spread(weight, np.zeros(n))
    pull = games.totals((weight * flow)[:, None])
    numbers: Floats = np.linalg.lstsq(laplacian, pull, rcond=1e-12)[0].astype(np.float64, copy=False)
    rest = flow - games.differences(numbers)[:, 0]
    whole, cyclic = float(weight @ flow**2), float(weight @ rest**2)
    left = max(0.0, cyclic - loops) if loops else 0.0
    share = left / (left + max(0.0, whole - cyclic - (pairs - loops))) if left else 0.0
    return Cycles(share, cyclic / whole if whole else 0.0, pairs, loops)


def _difference(score: Floats, ties: float) -> Floats:
    """The rating differences at which one game has these expected outcomes, by bisection."""
    low, high = np.full(score.shape, -60.0), np.full(score.shape, 60.0)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        below = outcome(middle, ties)[0] < score
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    found: Floats = (low + high) / 2
    return found
