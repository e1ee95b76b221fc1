"""Self-play among the live main learners, with their past as a curriculum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from leagues.opponents.draw import Floats, spread
from leagues.opponents.pfsp import prioritised
from leagues.view import View


def self_play(view: View, candidates: Sequence[str]) -> Floats:
    """Every live main learner equally often, the learner itself among them; snapshots of a main instead of one that is
    too strong.

    A main is too strong where the learner scores ``too_strong`` or less against it (0.3 in AlphaStar). Its snapshots
    are then weighted by ``x (1 - x)``, so that those beaten half of the time are met most. Source: the pseudocode of
    AlphaStar, Vinyals et al. 2019, ``MainPlayer._selfplay_branch``. A league with one main learner plays plain
    self-play.

    Args:
        view: the league as the learner sees it.
        candidates: member IDs, all live main learners among them.
    """
    mains = view.members.live("main")
    total: Floats = np.sum([against(view, candidates, main) for main in mains], axis=0)
    return total / len(mains)


def against(view: View, candidates: Sequence[str], main: str) -> Floats:
    """``(n,)`` probabilities of a match against one main learner: all of it for the main itself, or its snapshots."""
    past = view.members.past(main)
    (score,) = view.training.sampler_scores(view.learner, [main])
    if not past or main == view.learner or score > view.settings.too_strong:
        return spread(candidates, [main], np.ones(1))
    return spread(candidates, past, prioritised(view, past, "variance"))
