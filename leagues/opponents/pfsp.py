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


def pfsp_hard(view: View, candidates: Sequence[str]) -> Floats:
    """``(1 - x)**2``: mostly those that beat the learner. AlphaStar's choice for its main agents ("squared")."""
    return prioritised(view, candidates, "hard")


def pfsp_variance(view: View, candidates: Sequence[str]) -> Floats:
    """``x (1 - x)``: mostly those that the learner beats half of the time. AlphaStar's curriculum for learners that
    lose nearly every game."""
    return prioritised(view, candidates, "variance")


def pfsp_linear(view: View, candidates: Sequence[str]) -> Floats:
    """``1 - x``: those that beat the learner, less sharply than ``pfsp_hard``."""
    return prioritised(view, candidates, "linear")


def pfsp_capped(view: View, candidates: Sequence[str]) -> Floats:
    """``min(0.5, 1 - x)``: all that the learner does not beat alike. AlphaStar's choice for its league exploiters
    ("linear_capped")."""
    return prioritised(view, candidates, "capped")


def prioritised(view: View, candidates: Sequence[str], weighting: str) -> Floats:
    """Probabilities over candidates, in proportion to :func:`weights_of` their scores x.

    x is the learner's score in training, and 0.5 against a candidate that it has not met. In a graded game it is the
    probability of a positive mean margin over ``sampler_games`` games, see
    :class:`leagues.results.training_payoffs.TrainingPayoffs`. When all weights are 0, all are equally likely.
    """
    return _normalised(view, candidates, view.training.sampler_scores(view.learner, candidates), weighting)


def pfsp(view: View, candidates: Sequence[str]) -> Floats:
    """As leagues of earlier versions have it: the setting ``pfsp_weighting`` says how, and in a graded game x is taken
    over ``score_games`` games, where it is nearly 0 or 1."""
    scores = view.training.scores(view.learner, candidates)
    return _normalised(view, candidates, scores, view.settings.pfsp_weighting)


def _normalised(view: View, candidates: Sequence[str], scores: Floats, weighting: str) -> Floats:
    opponents = opponents_among(view, candidates).astype(np.float64)
    weights: Floats = weights_of(scores, weighting) * opponents
    if not weights.any():
        weights = opponents
    weights /= weights.sum()
    return weights


def weights_of(scores: Floats, weighting: str) -> Floats:
    """``(n,)`` weights for scores ``(n,)`` in 0..1: the formulas of the samplers above."""
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
