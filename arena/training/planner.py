"""Matchmaking as plain data: what travels to the env runners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from leagues.records import Member, Pairing


@dataclass(frozen=True, slots=True)
class Plan:
    """What to play, sent with every request: a runner that restarts needs nothing else.

    Attributes:
        pairings: in order; training begins them anew with fresh seeds when they are used up.
        members: every member that sits in a pairing, by ID.
        weights: weights hash -> the verified bytes of the file, or a Ray reference to them.
        iteration: the training iteration, for the record.
        seed: of the league; with the iteration and the runner's index it seeds the runner's draws, so that neither a
            resumed run nor a restarted runner repeats old ones.
        fresh: modules that start over with this plan: what their predecessors were doing is abandoned.
    """

    pairings: tuple[Pairing, ...]
    members: Mapping[str, Member]
    weights: Mapping[str, Any]
    iteration: int
    seed: int
    fresh: tuple[str, ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled with its pairings as bare tuples: Ray spends 4 microseconds on each object, and they are many."""
        pairings, *rest = (getattr(self, field.name) for field in fields(self))
        return _unpickled, (list(map(tuple, pairings)), *rest)


def _unpickled(pairings: list[tuple[Any, ...]], *rest: Any) -> Plan:
    return Plan(tuple(map(Pairing._make, pairings)), *rest)
