"""Thompson sampling for the hardest opponent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from leagues.opponents.draw import Floats, opponents_among
from leagues.view import View

CELLS = 24
"""Half of the cells of the numerical integral."""

REACH = 6.0
"""Standard deviations on both sides of a mean that it covers."""

PASSES = 4
"""How often the cells are fitted to where the smallest variable is."""

TAIL = 1e-6
"""Probability of what they leave out at either end."""


def thompson(view: View, candidates: Sequence[str]) -> Floats:
    """Each opponent is as likely as it is to be the hardest of all, given the games so far.

    Source: Thompson 1933, "On the likelihood that one unknown probability exceeds another in view of the evidence of
    two samples". With x and n the score and the decayed games against an opponent, the learner's true score against it
    has the posterior Beta(1 + n x, 1 + n (1 - x)), from a uniform prior. An opponent that was met in few games has a
    wide posterior, so it is tried; one that is surely beaten is not. In a graded game x is as for ``pfsp_hard``.
    """
    opponents = np.flatnonzero(opponents_among(view, candidates))
    names = [candidates[k] for k in opponents.tolist()]
    scores, games = view.training.sampler_scores(view.learner, names), view.training.games(view.learner, names)
    won, lost = 1 + games * scores, 1 + games * (1 - scores)
    means, total = won / (won + lost), won + lost
    deviations = np.sqrt(means * (1 - means) / (total + 1))
    probabilities = np.zeros(len(candidates))
    probabilities[opponents] = smallest(means, deviations)
    return probabilities


def smallest(means: Floats, deviations: Floats) -> Floats:
    """The probability that each of several independent normal variables is the smallest, ``(n,)`` summing to one.

    It is the integral of ``f_i(t) prod over j != i of (1 - F_j(t))``, with f and F the density and the distribution, as
    a sum over cells. Those of the posteriors of :func:`thompson` are near enough to normal ones.

    Args:
        means, deviations: ``(n,)``, n at least 1; deviations are positive.
    """
    from scipy.special import ndtr  # imported here, because it loads slowly

    high = (means + REACH * deviations).min()  # the smallest of all is below
    able = np.flatnonzero(means - REACH * deviations <= high)
    centres, widths = means[able, None], deviations[able, None]
    shares = np.linspace(0, 1, CELLS + 1)
    edges = np.linspace((centres - REACH * widths).min(), high, CELLS + 1)
    for left in range(PASSES, 0, -1):
        above = ndtr((centres - edges) / widths)  # (n, cells + 1), at least ndtr(-REACH)
        all_above = np.exp(np.log(above).sum(axis=0))
        if left > 1:  # fit the cells: half of them equally wide, half of them equally likely to have the smallest
            low, high = np.interp((TAIL, 1 - TAIL), 1 - all_above, edges)
            edges = np.sort(np.append(low + (high - low) * shares, np.interp(shares[1:-1], 1 - all_above, edges)))
    others = all_above / above
    within = above[:, :-1] - above[:, 1:]  # (n, cells)
    chances = np.zeros(len(means))
    chances[able] = (within * (others[:, 1:] + others[:, :-1])).sum(axis=1)
    chances /= chances.sum()
    return chances
