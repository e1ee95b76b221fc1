"""Notes: warnings in plain words that belong beside the ratings of a league."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from leagues.ratings.comparable import apart, mispredicted, repeated
from leagues.ratings.comparisons import Comparisons
from leagues.ratings.inflation import Inflation, inflation
from leagues.records import Match, Member
from leagues.results.blocks import BlockScore, BlockScores


@dataclass(frozen=True, slots=True)
class Note:
    """A warning about the ratings.

    Attributes:
        kind: what it is about, a short word such as ``inflation``.
        text: one sentence for people, without a full stop at its end.
    """

    kind: str
    text: str


NOTED_MATCHES = 5_000
"""Newest evaluation matches that callers of :func:`notes` read."""


def notes(
    members: Iterable[Member],
    block_scores: Iterable[BlockScore],
    *,
    matches: Iterable[Match] = (),
) -> list[Note]:
    """All that a reader of the ratings should know; empty if there is nothing.

    The kinds are ``apart`` (groups that have not met), ``misfit`` (one rating does not explain the results),
    ``repeats`` (the same games again and again) and ``inflation``.

    Args:
        members: members in the order they joined.
        block_scores: evaluation results.
        matches: the newest evaluation matches, which are looked through for games that repeat each other.
    """
    everyone, scores = list(members), BlockScores.of(block_scores)
    names = [member.id for member in everyone if member.frozen]
    games = Comparisons.between({name: k for k, name in enumerate(names)}, scores)
    found = [Note("apart", text) for text in apart(names, games)]
    misfit = mispredicted(names, games, np.random.default_rng(0), graded=scores.graded)
    found += [Note("misfit", misfit)] if misfit is not None else []
    same = repeated(matches)
    found += [Note("repeats", same)] if same is not None else []
    inflated = (each for each in inflation(everyone, scores) if each.inflated)
    return found + [Note("inflation", _inflated(each)) for each in inflated]


def _inflated(found: Inflation) -> str:
    unit, number, score = ("returns per game", "{:.3g}", "{:+.3g}") if found.graded else ("Elo", "{:,.0f}", "{:.2f}")
    snapshots, anchors = len(found.older) + len(found.newer), " and ".join(found.anchors)
    return (
        f"{found.learner}'s ratings rose by {number.format(found.gain)} {unit} over its last {snapshots} snapshots, "
        f"but its play against {anchors} by at most {number.format(max(0.0, found.anchor_high))} (score "
        f"{score.format(found.before)}, then {score.format(found.after)}): the ratings overstate its strength"
    )
