"""Mixtures of a league's snapshots by name: how likely each snapshot is to be drawn."""

from __future__ import annotations

import numpy as np

from agents.contract import AgentError
from leagues.records import Member
from leagues.store import Reader

AVERAGE = "average"
NASH = "nash"
MIXTURES = (AVERAGE, NASH)
"""What ``DIR:NAME`` calls them."""

_LEAST = 1e-6
"""Smaller probabilities are rounding of 0."""


def mixture_parts(reader: Reader, name: str) -> list[tuple[Member, float]]:
    """The snapshots of a mixture with their probabilities, which sum to one; those of probability 0 are left out.

    - ``average``: all snapshots of main learners, each equally likely. In self-play against a uniform past, this is the
      average policy of fictitious play (Heinrich, Lanctot and Silver 2015), which may come near an equilibrium while
      every single snapshot circles around it.
    - ``nash``: the mixture of all snapshots that no snapshot beats on average, by their evaluation games; of several,
      the one of the highest entropy (Lanctot et al. 2017, section 3; Balduzzi et al. 2018). Snapshots that have played
      no other are left out, and pairs that have not met are rated.

    Args:
        reader: of the league.
        name: one of :data:`MIXTURES`.

    Raises:
        AgentError: the league has no such snapshots yet.
        RankingError: fewer than two snapshots have played each other.
    """
    snapshots = [member for member in reader.members() if member.kind == "snapshot"]
    if name == AVERAGE:
        snapshots = [member for member in snapshots if member.role == "main"]
    if not snapshots:
        raise AgentError(f"{name!r} mixes snapshots, but the league has none of them; name a member instead")
    if name == AVERAGE or len(snapshots) == 1:
        return [(member, 1 / len(snapshots)) for member in snapshots]
    from leagues.ratings.rank.evidence import Evidence  # loads SciPy, which most names need not wait for
    from leagues.ratings.rank.nash import max_entropy_nash

    evidence = Evidence.of(snapshots, reader.block_scores(), teams=reader.info().teams)
    weights = max_entropy_nash(evidence.completed)
    weights = np.where(weights > _LEAST, weights, 0.0)
    weights /= weights.sum()
    return [(member, weight) for member, weight in zip(evidence.members, weights.tolist(), strict=True) if weight]
