"""Drawing with given probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from leagues.view import View

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def draw(probabilities: Floats, shape: tuple[int, ...], rng: np.random.Generator, *, distinct: int) -> Ints:
    """Places in ``probabilities``, drawn with them: an array of ``shape``.

    Args:
        probabilities: ``(n,)``, summing to one.
        shape: of the result.
        rng: the only source of chance.
        distinct: most different places in the result. This many are drawn first, and each place of the result is one of
            them, all equally likely. So every place has the given probabilities, but places are not independent.
    """
    best = int(probabilities.argmax())
    if probabilities[best] == 1:
        return np.full(shape, best)
    ends = probabilities.cumsum()
    # As rng.choice, which takes three times as long.
    pool: Ints = np.searchsorted(ends[:-1], rng.random(distinct) * ends[-1], side="right")
    return pool[rng.integers(distinct, size=shape)]


def opponents_among(view: View, candidates: Sequence[str]) -> npt.NDArray[np.bool_]:
    """``(n,)`` which candidates are opponents: all frozen ones, and each learner that has no snapshot yet, because it
    stands in for its own past."""
    opponents = np.ones(len(candidates), np.bool_)
    for name in view.members.learners:
        if name in candidates and view.members.past(name):
            opponents[candidates.index(name)] = False
    return opponents


def are_baselines(view: View, candidates: Sequence[str]) -> npt.NDArray[np.bool_]:
    """``(n,)`` which candidates are baselines."""
    baselines = np.zeros(len(candidates), np.bool_)
    baselines[[candidates.index(name) for name in view.members.baselines if name in candidates]] = True
    return baselines


def spread(candidates: Sequence[str], names: Sequence[str], probabilities: Floats) -> Floats:
    """``(len(candidates),)`` the probabilities of some of the candidates, and 0 for all others."""
    place = {name: k for k, name in enumerate(candidates)}
    result = np.zeros(len(candidates))
    result[[place[name] for name in names]] = probabilities
    return result
