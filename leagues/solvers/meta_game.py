"""The game between members in which each player picks one of them: its payoffs, from evaluation games."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from leagues.results.payoff_table import PayoffTable
from leagues.solvers import Floats

PRIOR = 2.0
"""Games without a margin that each pair has more than it has played: one block of two games."""


def margins_of(payoffs: PayoffTable, names: Sequence[str]) -> Floats:
    """The margins ``(n, n)`` between members, antisymmetric: by how much the row scored more per game than the column.

    Each pair has :data:`PRIOR` games with the margin 0 more, so a pair that has not met counts as even, and few games
    count less than many. In a game of more than two seats these are the margins of pairs, in a game with several
    opponents at once.

    Args:
        payoffs: results of evaluation games.
        names: ``n`` members.
    """
    margins = np.zeros((len(names), len(names)))
    for row, name in enumerate(names):
        for column in range(row + 1, len(names)):
            ours, theirs = payoffs.get(name, names[column]), payoffs.get(names[column], name)
            if ours is not None and theirs is not None:
                margins[row, column] = (ours.score - theirs.score) * ours.games / (ours.games + PRIOR)
    return np.round(margins - margins.T, 9)  # a resumed league adds the games up in another order
