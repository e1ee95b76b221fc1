"""Which snapshots' weights a member's training went through."""

from __future__ import annotations

from collections.abc import Iterable

from leagues.records import Member


def line_of_parents(members: Iterable[Member], member: str) -> list[str]:
    """The parent of a member, the parent of that, and so on back to the one that began with new weights.

    Empty for a member without a parent, and for members that are no snapshots.
    """
    parents = {each.id: each.parent for each in members}
    line: list[str] = []
    known = {member}
    parent = parents.get(member)
    while parent is not None and parent not in known:  # an altered league may go in circles
        line.append(parent)
        known.add(parent)
        parent = parents.get(parent)
    return line
