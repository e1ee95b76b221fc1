"""Differences between ratings, with intervals of their own.

Ratings of members that met the same opponents go up and down together. So the interval of a difference is not the
difference of two intervals: two members whose intervals overlap can still be clearly apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from leagues.ratings.intervals import percentiles
from leagues.ratings.leaderboard import Ratings
from leagues.records import LeagueError


@dataclass(frozen=True, slots=True)
class Difference:
    """How far a member is rated above another.

    Attributes:
        member, opponent: member IDs.
        difference: rating of the member minus that of the opponent.
        low, high: interval of the difference, from the same resamples as the ratings' intervals.
        superior: share of the resamples in which the member is rated higher, equal ones counting one half: the
            likelihood of superiority of chess engine tests.
    """

    member: str
    opponent: str
    difference: float
    low: float
    high: float
    superior: float


def difference(ratings: Ratings, member: str, opponent: str, *, confidence: float = 0.95) -> Difference:
    """The difference between two rated members.

    Raises:
        LeagueError: one of them is not rated, or `confidence` is not between 0 and 1.
    """
    place = {each.id: i for i, each in enumerate(ratings.members)}
    for name in (member, opponent):
        if name not in place:
            raise LeagueError(f"{name!r} has no rating; only frozen members have one")
    i, j = place[member], place[opponent]
    gaps = ratings.resamples[:, i] - ratings.resamples[:, j]
    gap = ratings.ratings[[i]] - ratings.ratings[[j]]
    low, high = percentiles(gaps[:, None], gap, confidence=confidence)
    superior = float(np.mean((gaps > 0) + (gaps == 0) / 2)) if len(gaps) else 0.5
    return Difference(member, opponent, float(gap[0]), float(low[0]), float(high[0]), superior)


def steps(ratings: Ratings, *, confidence: float = 0.95) -> list[Difference]:
    """For each member that has played, but the best, its difference to the one above it on the leaderboard.

    The differences are 0 or below, in the order of the leaderboard.
    """
    order = [standing.agent for standing in ratings.leaderboard(confidence) if standing.games]
    return [difference(ratings, member, above, confidence=confidence) for above, member in pairwise(order)]
