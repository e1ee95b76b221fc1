"""Prioritised fictitious self-play: how likely each opponent is, given the learner's score against it.

Source: Vinyals et al. 2019, "Grandmaster level in StarCraft II using multi-agent reinforcement learning", Methods,
"Prioritized fictitious self-play", and the pseudocode published with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from leagues.opponents.draw import Floats, opponents_among
from leagues.records import LeagueError
from leagues.view import View


def pfsp(view: View, candidates: Sequence[str]) -> Floats:
    """The weighting of the setting ``pfsp_weighting``, see :func:`weighted`."""
    return weighted(view, candidates, view.settings.pfsp_weighting)


def weighted(view: View, candidates: Sequence[str], weighting: str) -> Floats:
    """Probabilities over candidates.

    With x the learner's score against a candidate in training (see
    :class:`leagues.results.training_payoffs.TrainingPayoffs`), its weight is ``(1 - x)**2`` (hard), ``x (1 - x)``
    (variance), ``1 - x`` (linear) or ``min(0.5, 1 - x)`` (capped). When all weights are 0, all are equally likely.
    """
    opponents = opponents_among(view, candidates).astype(np.float64)
    weights: Floats = weights_of(view.training.scores(view.learner, candidates), weighting) * opponents
    if not weights.any():
        weights = opponents
    weights /= weights.sum()
    return weights


def weights_of(scores: Floats, weighting: str) -> Floats:
    """``(n,)`` weights for scores ``(n,)`` in 0..1, see :func:`weighted`."""
    losing = 1 - scores
    if weighting == "hard":
        return losing**2
    if weighting == "variance":
        return scores * losing
    if weighting == "linear":
        return losing
    if weighting == "capped":
        return np.minimum(0.5, losing)
    raise LeagueError(f"a weighting is one of hard, variance, linear and capped, but got {weighting!r}")
