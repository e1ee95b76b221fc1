"""A window of the newest snapshots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from leagues.opponents.draw import Floats, are_baselines, opponents_among
from leagues.view import View


def window(view: View, candidates: Sequence[str]) -> Floats:
    """All of the newest snapshots are equally likely, as many as the setting ``window`` says.

    Source: the self-play of Unity ML-Agents (parameter ``window``, 10), which mixes it with the latest weights
    (``play_against_latest_model_ratio``, 0.5). Older snapshots teach little to a learner that beats them all, and are
    never met again. Baselines are opponents only while there is nobody else.

    Args:
        view: the league as the learner sees it.
        candidates: member IDs, the newest snapshot last.
    """
    baselines = are_baselines(view, candidates)
    others = opponents_among(view, candidates) & ~baselines
    newest = np.flatnonzero(others if others.any() else baselines)[-view.settings.window :]
    probabilities = np.zeros(len(candidates))
    probabilities[newest] = 1 / len(newest)
    return probabilities
