"""Prioritised fictitious self-play: how likely each opponent is, given how well one does against it.

Source of the weightings: Vinyals et al. 2019, "Grandmaster level in StarCraft II using multi-agent reinforcement
learning", Methods, "Prioritized fictitious self-play", and the pseudocode published with it.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from leagues.records import LeagueError

Weighting = Literal["hard", "variance", "linear", "capped"]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def pfsp(win_rates: Floats, weighting: Weighting) -> Floats:
    """Probabilities over opponents.

    With x the win rate against an opponent its weight is ``(1 - x)**2`` (hard), ``x (1 - x)`` (variance), ``1 - x``
    (linear) or ``min(0.5, 1 - x)`` (capped). When every weight vanishes, all opponents are equally likely.

    Args:
        win_rates: ``(n,)`` in 0..1, n >= 1, a draw being half a win.
        weighting: which opponents to prefer.

    Returns:
        ``(n,)`` float64 that sum to one.

    Raises:
        LeagueError: no such weighting.
    """
    losing = 1 - win_rates
    if weighting == "hard":
        weights = losing**2
    elif weighting == "variance":
        weights = win_rates * losing
    elif weighting == "linear":
        weights = losing
    elif weighting == "capped":
        weights = np.minimum(0.5, losing)
    else:
        raise LeagueError(f"a weighting must be one of {get_args(Weighting)}, but got {weighting!r}")
    total = weights.sum()
    return weights / total if total > 0 else uniform(len(weights))


def uniform(n: int) -> Floats:
    """``(n,)`` equal probabilities."""
    return np.full(n, 1 / n)


def draw(
    probabilities: Floats, shape: tuple[int, ...], rng: np.random.Generator, *, distinct: int | None = None
) -> Ints:
    """Places in ``probabilities``, drawn with them: an array of ``shape``.

    Args:
        probabilities: ``(n,)``, summing to one.
        shape: of the result.
        rng: the only source of chance.
        distinct: at most so many different places: so many are drawn first, and each of the result is one of these,
            equally likely. Every place of the result still has these probabilities, but they are not independent.
    """
    if distinct is None:
        return rng.choice(len(probabilities), size=shape, p=probabilities)
    pool = rng.choice(len(probabilities), size=distinct, p=probabilities)
    return pool[rng.integers(distinct, size=shape)]
