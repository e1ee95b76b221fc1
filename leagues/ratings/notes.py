"""Notes: warnings in plain words that belong beside the ratings of a league."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from leagues.ratings.inflation import Inflation, inflation
from leagues.records import Member
from leagues.results.blocks import BlockScore


@dataclass(frozen=True, slots=True)
class Note:
    """A warning about the ratings.

    Attributes:
        kind: what it is about, a short word such as ``inflation``.
        text: one sentence for people, without a full stop at its end.
    """

    kind: str
    text: str


def notes(members: Iterable[Member], block_scores: Iterable[BlockScore], *, graded: bool = False) -> list[Note]:
    """All that a reader of the ratings should know; empty if there is nothing.

    Args:
        members: members in the order they joined.
        block_scores: evaluation results.
        graded: whether the game is graded.
    """
    everyone = list(members)
    return [
        Note("inflation", _inflated(each)) for each in inflation(everyone, block_scores, graded=graded) if each.inflated
    ]


def _inflated(found: Inflation) -> str:
    unit, number = ("returns per game", "{:.3g}") if found.graded else ("Elo", "{:.0f}")
    score = "{:+.3g}" if found.graded else "{:.2f}"
    return (
        f"{found.learner}'s ratings rise ({number.format(found.gain)} {unit} over its last "
        f"{len(found.older) + len(found.newer)} snapshots), but its score against {' and '.join(found.anchors)} does "
        f"not ({score.format(found.before)}, now {score.format(found.after)}): it learns to beat its own past, which "
        "the ratings overstate"
    )
