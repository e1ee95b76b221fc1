"""Davidson's model of paired comparisons with draws, and its fit.

With ``d`` the difference of two strengths in natural units and ``v`` the tie parameter, win, draw and loss have odds
``exp(d / 2) : 2 v : exp(-d / 2)`` (Davidson 1970; Newman 2023, JMLR 24, 1-25). Each player also has a virtual win and a
virtual loss of weight one half against a node of strength 0, which keeps every strength finite.
"""

from __future__ import annotations

import math

import numpy as np

from leagues.ratings.comparisons import Comparisons, Floats

VIRTUAL = 0.5
"""Weight of a virtual result."""
LONGEST_STEP = 2.0
"""Longest Newton step in natural units (350 Elo): where the likelihood is flat, whole steps overshoot."""
MOST_STEPS = 60
"""Most Newton steps of a fit."""
_FINAL_STEP = 1e-6
"""The fit ends after a step below this."""


def fit(games: Comparisons) -> tuple[Floats, float]:
    """The maximum likelihood: strengths ``(n,)`` in natural units, with the virtual node at 0, and the tie parameter.

    Newton's method takes turns between the strengths and the logarithm of the tie parameter. The usual fixed-point
    iterations update all strengths at once, which oscillates forever where the graph of pairs is nearly bipartite, such
    as a chain of snapshots, or all members against one anchor.
    """
    won, draws = games.sums[:, 0] - games.sums[:, 2], float(games.sums[:, 1].sum())
    strengths = np.zeros(games.n)
    ties = 0.5 if draws else 0.0
    for _ in range(MOST_STEPS if games.n else 0):
        before = np.append(strengths, ties)
        mean = outcome(games.differences(strengths), ties)[0]
        gradient = (
            games.totals((won / 2 - games.games * mean)[:, None])[:, 0] - 2 * VIRTUAL * outcome(strengths, ties)[0]
        )
        step = np.linalg.solve(curvature(games, strengths, ties), gradient)
        strengths = strengths + step.clip(-LONGEST_STEP, LONGEST_STEP)
        if draws:
            ties = _ties(games, strengths, ties, draws)
        if np.abs(np.append(strengths, ties) - before).max() <= _FINAL_STEP:
            break
    return strengths, ties


def curvature(games: Comparisons, strengths: Floats, ties: float) -> Floats:
    """The curvature of the negative log-likelihood of all blocks, ``(n, n)``."""
    variance = outcome(games.differences(strengths), ties)[1]
    return games.spread(games.games * variance, 2 * VIRTUAL * outcome(strengths, ties)[1])


def outcome(difference: Floats, ties: float) -> tuple[Floats, Floats]:
    """Mean and variance of a game's outcome (win 1/2, draw 0, loss -1/2), given the difference of the strengths."""
    up = np.exp(difference / 2)
    down = 1 / up
    total = up + down + 2 * ties
    mean = (up - down) / total / 2
    return mean, (up + down) / total / 4 - mean**2


def _ties(games: Comparisons, strengths: Floats, ties: float, draws: float) -> float:
    """The tie parameter for which the expected number of draws is ``draws``."""
    halves = np.concatenate([strengths[games.i] - strengths[games.j], strengths]) / 2
    decided = 2 * np.cosh(halves)
    count = np.concatenate([games.games, np.full(games.n, 2 * VIRTUAL)])
    for _ in range(MOST_STEPS):
        drawn = 2 * ties / (decided + 2 * ties)
        step = float((draws - count @ drawn) / (count @ (drawn * (1 - drawn))))
        ties *= math.exp(min(max(step, -1.0), 1.0))
        if abs(step) < 1e-9:
            break
    return ties
