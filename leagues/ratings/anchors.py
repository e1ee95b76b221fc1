"""Games with anchors: whom an anchor meets next, and when a pair has played enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from leagues.ratings.intervals import score_intervals
from leagues.records import Member
from leagues.results.blocks import BlockScore, BlockScores

RECENT = 10
"""Newest snapshots of each learner that anchors meet first. The test of :mod:`leagues.ratings.inflation` reads them."""

NARROW = 0.05
"""A pair has played enough when the 95% interval of its score reaches this far to either side."""

MOST_BLOCKS = 400
"""A pair has also played enough after this many blocks. In graded games only this counts."""


def anchor_opponents(
    anchor: str,
    members: Iterable[Member],
    block_scores: Iterable[BlockScore],
    blocks: int,
    *,
    in_a_row: int = 1,
) -> list[str]:
    """The opponents of an anchor in its next blocks.

    First come other anchors, baselines and the :data:`RECENT` newest snapshots of each learner; older snapshots only
    when those have played enough. Among them, the one with the fewest games against the anchor is next, the newest
    among equals. Frozen agents do not change, so a pair with a narrow interval is not played again.

    Args:
        anchor: ID of the anchor.
        members: members in the order they joined; learners and guests are left out.
        block_scores: evaluation results so far.
        blocks: number of blocks.
        in_a_row: blocks that an opponent plays at once.

    Returns:
        One opponent for each block; fewer, or none, when all pairs have played enough.
    """
    candidates = [each for each in members if each.frozen and each.kind != "guest" and each.id != anchor]
    scores = BlockScores.of(block_scores)
    played, width = _played(anchor, [each.id for each in candidates], scores)
    open_pairs = {
        each.id for each, count, reach in zip(candidates, played, width, strict=True)
        if count < MOST_BLOCKS and (scores.graded or reach > NARROW)
    }  # fmt: skip
    recent = _recent(candidates)
    first = [each.id for each in candidates if each.id in open_pairs and each.id in recent]
    pool = first or [each.id for each in candidates if each.id in open_pairs]
    count = Counter(dict(zip((each.id for each in candidates), played, strict=True)))
    newest = {name: place for place, name in enumerate(pool)}
    chosen: list[str] = []
    while pool and len(chosen) < blocks:
        next_one = min(pool, key=lambda name: (count[name], -newest[name]))
        turns = min(in_a_row, blocks - len(chosen))
        chosen += [next_one] * turns
        count[next_one] += turns
        if count[next_one] >= MOST_BLOCKS:
            pool.remove(next_one)
    return chosen


def _recent(members: Sequence[Member]) -> set[str]:
    """IDs of all but the older snapshots."""
    seen: Counter[str | None] = Counter()
    recent = set()
    for member in reversed(members):
        seen[member.learner] += 1
        if member.learner is None or seen[member.learner] <= RECENT:
            recent.add(member.id)
    return recent


def _played(anchor: str, names: Sequence[str], scores: BlockScores) -> tuple[list[int], list[float]]:
    """The blocks of an anchor against each of ``names``, and how far the interval of its score reaches."""
    if anchor not in scores.names:
        return [0] * len(names), [1.0] * len(names)
    rows, own = scores.rows, scores.names.index(anchor)
    rows = rows[(rows[:, 2] == own) | (rows[:, 3] == own)]
    place = {name: i for i, name in enumerate(names)}
    number = np.array([place.get(name, -1) for name in scores.names], np.int64)
    other = number[np.where(rows[:, 2] == own, rows[:, 3], rows[:, 2])]
    rows, other = rows[other >= 0], other[other >= 0]
    wins, draws, losses = rows[:, 4:7].T.astype(np.float64)
    # A score seen from the other side has the same width.
    low, high = score_intervals(other, wins + draws / 2, wins + draws + losses, len(names))
    return np.bincount(other, minlength=len(names)).tolist(), ((high - low) / 2).tolist()
