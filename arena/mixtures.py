"""Mixtures of a league's members by name: how likely each member is to be drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from agents.contract import AgentError
from leagues.records import Member
from leagues.store import Reader, StoreError

AVERAGE = "average"
NASH = "nash"
MIXTURES = (AVERAGE, NASH)
"""What ``DIR:NAME`` calls them."""

KEPT = "mixtures"
"""Where the state of matchmaking (:attr:`leagues.store.Progress.league`) keeps exact mixtures: name -> member ID ->
its probability at each seat."""

_LEAST = 1e-6
"""Smaller probabilities of a mixture from games are rounding of 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """Members with probabilities.

    Attributes:
        members: ``K`` members, none of probability 0 everywhere.
        weights: ``(teams, K)`` the probability of each for each team (a seat, where every seat plays for itself); rows
            sum to one.
    """

    members: tuple[Member, ...]
    weights: npt.NDArray[np.float64]


def mixture(reader: Reader, name: str) -> Mixture:
    """A mixture of a league's members.

    - ``average``: all snapshots of main learners, or of all learners if no main has any, each equally likely. In
      self-play against a uniform past, this is the average policy of fictitious play (Heinrich, Lanctot and Silver
      2015), which may come near an equilibrium while every single snapshot circles around it.
    - ``nash``: in a league of :func:`arena.double_oracle`, the exact mixture of its newest step, which has
      different probabilities for each seat. In all others, the mixture of all snapshots that no snapshot beats on
      average, by their evaluation games; of several, the one of the highest entropy (Lanctot et al. 2017, section 3;
      Balduzzi et al. 2018). Snapshots that have played no other are left out, and pairs that have not met are rated.

    Args:
        reader: of the league.
        name: one of :data:`MIXTURES`.

    Raises:
        AgentError: the league has no such snapshots yet.
        RankingError: fewer than two snapshots have played each other.
        StoreError: a kept mixture cannot be read.
    """
    members, teams = reader.members(), len(set(reader.info().teams))
    progress = reader.progress()
    kept = {} if progress is None else progress.league.get(KEPT, {})
    if isinstance(kept, Mapping) and name in kept:
        return _kept(members, teams, kept[name], name)
    snapshots = [member for member in members if member.kind == "snapshot"]
    if name == AVERAGE:
        snapshots = [member for member in snapshots if member.role == "main"] or snapshots
    if not snapshots:
        raise AgentError(f"{name!r} mixes snapshots, but the league has none of them; name a member instead")
    if name == AVERAGE or len(snapshots) == 1:
        return Mixture(tuple(snapshots), np.full((teams, len(snapshots)), 1 / len(snapshots)))
    from leagues.ratings.rank.evidence import Evidence  # loads SciPy, which most names need not wait for
    from leagues.ratings.rank.nash import max_entropy_nash

    evidence = Evidence.of(snapshots, reader.block_scores(), teams=reader.info().teams)
    weights = max_entropy_nash(evidence.completed)
    weights = np.where(weights > _LEAST, weights, 0.0)
    return _without_zeros(evidence.members, np.tile(weights / weights.sum(), (teams, 1)))


def mixture_parts(reader: Reader, name: str) -> list[tuple[Member, float]]:
    """The members of a mixture whose probabilities are the same for every team.

    Raises:
        AgentError: they are not; or as :func:`mixture`, also for its other errors.
    """
    found = mixture(reader, name)
    if (found.weights != found.weights[0]).any():
        raise AgentError(
            f"{name!r} has different probabilities for each seat, because its league computes it exactly; name a "
            "member, or measure the mixture exactly"
        )
    return list(zip(found.members, found.weights[0].tolist(), strict=True))


def _without_zeros(members: tuple[Member, ...], weights: npt.NDArray[np.float64]) -> Mixture:
    used = np.flatnonzero(weights.any(axis=0))
    return Mixture(tuple(members[place] for place in used.tolist()), weights[:, used])


def _kept(members: list[Member], teams: int, kept: Any, name: str) -> Mixture:
    """A mixture as the league keeps it, which may come from a stranger.

    Raises:
        StoreError: it is no mixture of frozen members.
    """
    known = {member.id: member for member in members if member.frozen}
    try:
        found = tuple(known[member] for member in kept)
        weights = np.array([kept[member.id] for member in found], np.float64).T  # (teams, K)
        sums = weights.sum(axis=-1, keepdims=True)
        fits = weights.shape == (teams, len(found)) and weights.min() >= 0 and (np.abs(sums - 1) < _LEAST).all()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(f"the mixture {name!r} of the league cannot be read ({error!r}); restore a copy") from error
    if not fits:
        raise StoreError(f"the mixture {name!r} of the league has no probabilities that sum to 1; restore a copy")
    return _without_zeros(found, weights / sums)
