"""Form: how the newest blocks of each member went."""

from __future__ import annotations

import numpy as np

from leagues.results.blocks import BlockScores

SEARCHED = 20_000
"""Newest block scores that are looked through; who has played none of them has no form."""


def forms(scores: BlockScores, most: int = 8) -> dict[str, tuple[float, ...]]:
    """The scores of each member in its newest blocks, oldest first: 0 is all lost, 1 all won.

    Blocks are in the order of their events and numbers, and inside a block opponents are in the order they joined. In a
    graded game, a block is 1 where the member gained more than its opponent, 0 where it gained less.

    Args:
        scores: evaluation results, ascending by event and block.
        most: most blocks of a member.
    """
    if not len(scores):
        return {}
    newest = scores[-SEARCHED:]
    wins, draws, losses = newest.rows[:, 4:].T
    games = np.maximum(1, wins + draws + losses)
    points = (
        np.sign(newest.returns[:, 0] - newest.returns[:, 1]) / 2 + 0.5 if scores.graded else (wins + draws / 2) / games
    )
    members = np.concatenate([newest.rows[:, 2], newest.rows[:, 3]])
    both = np.concatenate([points, 1 - points])
    order = np.argsort(members + np.tile(np.arange(len(newest)) / len(newest), 2), kind="stable")
    members, both = members[order], both[order]
    ends = np.append(np.flatnonzero(np.diff(members)) + 1, len(members)).tolist()
    starts = [0, *ends[:-1]]
    return {
        scores.names[members[start]]: tuple(both[max(start, end - most) : end].tolist())
        for start, end in zip(starts, ends, strict=True)
    }
