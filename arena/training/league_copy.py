"""A whole league as plain values, for checkpoints that carry it from one place to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from leagues.store import Store, StoreError, Writer


def packed(store: Store, writer: Writer, *, next_event: int) -> dict[str, Any]:
    """All that a league holds but the state of its run.

    Args:
        store, writer: the league, with every iteration stored.
        next_event: number of the next plan.
    """
    members, progress = writer.members(), writer.progress()
    return {
        "place": store.name,
        "info": writer.info(),
        "progress": None if progress is None else replace(progress, state=None),
        "history": writer.history(),
        "next_event": next_event,
        "members": members,
        "weights": [store.weights.get(member.weights) for member in members if member.weights is not None],
        "matches": list(writer.iter_matches()),
        "tallies": writer.tallies(),
        "live": writer.live_results(),
        "measures": writer.measures(),
        "journal": writer.journal(limit=None)[::-1],
    }


def fill(store: Store, writer: Writer, copy: Mapping[str, Any]) -> None:
    """Record in a new league, in one transaction, what :func:`packed` gave. The new league keeps its settings and seed.

    Raises:
        StoreError: the copy is of another game or of other learners.
    """
    info, theirs = writer.info(), copy["info"]
    if info.game != theirs.game:
        raise StoreError(f"the checkpoint has a league of {theirs.game!r}, but {store.name} has one of {info.game!r}")
    present = writer.members()
    learners, wanted = ([each.id for each in group if not each.frozen] for group in (present, copy["members"]))
    if present and learners != wanted:
        raise StoreError(
            f"the checkpoint has a league of the learners {wanted}, but {store.name} has {learners}; restore it into a "
            "config with the same roles"
        )
    for data in copy["weights"]:
        store.weights.put(data)
    known = {member.id for member in present}
    writer.record(
        members=[member for member in copy["members"] if member.id not in known],
        matches=copy["matches"],
        tallies=copy["tallies"],
        earlier=copy["history"],
        progress=copy["progress"],
        live=copy.get("live", ()),
        measures=copy.get("measures", ()),
        journal=copy.get("journal", ()),
    )
