"""Self-play against the latest weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from leagues.opponents.draw import Floats
from leagues.view import View


def latest(view: View, candidates: Sequence[str]) -> Floats:
    """Probability 1 for the learner itself, which must be a candidate (naive self-play, Samuel 1959)."""
    probabilities = np.zeros(len(candidates))
    probabilities[candidates.index(view.learner)] = 1
    return probabilities
