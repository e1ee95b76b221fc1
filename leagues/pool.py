"""The pool: the frozen members that learners meet in training, at most as many as the setting ``pool_limit`` says.

A league in training freezes snapshots for as long as it runs. Its newest ones matter most, and a few of its far past
keep a learner from forgetting. So the history gets sparser with age, as in the rotation of backups: no gap between two
snapshots of a learner is smaller than a gap between newer ones.
"""

from __future__ import annotations

from collections.abc import Iterable

from leagues.records import Member

KEPT_PER_LEARNER = 2
"""Snapshots of a learner that always stay: its first and its newest."""


def retired(members: Iterable[Member], limit: int) -> list[str]:
    """The snapshots that nobody trains against any more, in the order in which they were retired.

    Whenever a member joins a pool that is full, one snapshot leaves it: the one for which ``age / 2**z`` is largest,
    the older one if several are equal. ``age`` counts the learner's snapshots that are newer, and ``z`` the trailing
    zeros of ``generation - 1`` in binary, so a snapshot that stands at a rounder number stays longer. The first and the
    newest snapshot of each learner stay, and so do baselines. Whoever has left does not come back. All follows from the
    order in which the members joined.

    Args:
        members: all members in that order. Learners, anchors and guests are in no pool.
        limit: most members of the pool. It is exceeded where all members have to stay.
    """
    others = 0
    pool: list[Member] = []
    newest: dict[str, Member] = {}
    left = []
    for member in members:
        if member.kind == "baseline" and member.role != "anchor":
            others += 1
        elif member.kind == "snapshot":
            pool.append(member)
            newest[str(member.learner)] = member
        while others + len(pool) > limit:
            able = [each for each in pool if each.generation != 1 and each is not newest[str(each.learner)]]
            if not able:
                break
            least = min(able, key=lambda each: _worth(each, newest[str(each.learner)]))  # the oldest of several
            pool.remove(least)
            left.append(least.id)
    return left


def _worth(member: Member, newest: Member) -> float:
    """How long a snapshot is worth keeping: the reciprocal of its age over its share of round numbers."""
    assert member.generation is not None
    assert newest.generation is not None
    place = member.generation - 1
    return (place & -place) / (newest.generation - member.generation)
