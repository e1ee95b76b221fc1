"""Which members can be compared: the connected parts of the graph of pairs that have met."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from leagues.ratings.comparisons import Ints


def components(n: int, i: Ints, j: Ints) -> list[Ints]:
    """The connected parts of a graph, the largest first, those of equal size by their first member.

    Args:
        n: number of members.
        i, j: ``(P,)`` the two members of each pair that has met.
    """
    count, label = connected_components(coo_array((np.ones(len(i)), (i, j)), (n, n)), directed=False)
    parts = [np.flatnonzero(label == part) for part in range(count)]
    return sorted(parts, key=lambda part: (-len(part), part[0]))
