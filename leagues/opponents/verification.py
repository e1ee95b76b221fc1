"""Verification: opponents that a main learner has to beat, but does not beat any more."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from leagues.opponents import self_play
from leagues.opponents.draw import Floats, spread
from leagues.opponents.pfsp import prioritised
from leagues.view import View


def verification(view: View, candidates: Sequence[str]) -> Floats:
    """Main exploiters that exploit the learner, else forgotten snapshots of main learners, else ``self_play``.

    1. If the learner scores less than ``exploited`` (0.3) against a snapshot of a main exploiter, all of these
       snapshots are weighted by ``(1 - x)**2``.
    2. Otherwise a live main learner is drawn, each equally often. Against its snapshots, from the oldest to the newest,
       the scores of a learner that forgets nothing fall. :func:`forgotten` takes them up to the last rise. If the
       learner scores less than ``forgotten`` (0.7) against one of these, they are weighted by ``(1 - x)**2``.
    3. Otherwise it is a match of ``self_play`` against that main.

    Source: the pseudocode of AlphaStar, Vinyals et al. 2019, ``MainPlayer._verification_branch``.

    Args:
        view: the league as the learner sees it.
        candidates: member IDs, all live main learners and their snapshots among them.
    """
    exploiters = [name for name in candidates if _is_exploiter(view, name)]
    if exploiters and view.training.sampler_scores(view.learner, exploiters).min() < view.settings.exploited:
        return spread(candidates, exploiters, prioritised(view, exploiters, "hard"))
    mains = view.members.live("main")
    total: Floats = np.sum([_against(view, candidates, main) for main in mains], axis=0)
    return total / len(mains)


def forgotten(scores: Floats) -> int:
    """How many of the oldest snapshots are left without the longest suffix in which scores never rise.

    Args:
        scores: ``(n,)`` against the snapshots of one learner, the oldest first.

    Returns:
        0 where scores never rise. Otherwise the last one that is left is scored higher than the one before it.
    """
    rises = np.flatnonzero(np.diff(scores) > 0)
    return int(rises[-1]) + 2 if len(rises) else 0


def _against(view: View, candidates: Sequence[str], main: str) -> Floats:
    past = view.members.past(main)
    scores = view.training.sampler_scores(view.learner, past)
    checked = forgotten(scores)
    if checked and scores[:checked].min() < view.settings.forgotten:
        return spread(candidates, past[:checked], prioritised(view, past[:checked], "hard"))
    return self_play.against(view, candidates, main)


def _is_exploiter(view: View, name: str) -> bool:
    member = view.members[name]
    return member.role == "main_exploiter" and member.frozen
