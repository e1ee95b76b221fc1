"""Uniform sampler: half baselines, half others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from leagues.opponents.draw import Floats, are_baselines, opponents_among
from leagues.view import View


def uniform(view: View, candidates: Sequence[str]) -> Floats:
    """One half for the baselines and one half for all others, each shared equally; without either, all are equal.

    The baselines weigh this much because the learner has not made them: against its own kind alone it forgets how to
    play anybody else. Among its past this is fictitious self-play (Heinrich, Lanctot and Silver 2015).
    """
    baselines = are_baselines(view, candidates)
    others = opponents_among(view, candidates) & ~baselines
    groups = [group for group in (baselines, others) if group.any()]
    odds = np.zeros(len(candidates))
    for group in groups:
        odds[group] = 1 / (len(groups) * group.sum())
    return odds
