"""The outside measure of a member: how good it is by something that its league did not make.

Ratings of snapshots against each other rise also where each only exploits the one before
(:mod:`leagues.ratings.inflation`). So each row of the leaderboard has one number from outside, the first of these that
is known:

1. ``self_play_return``: its mean return when it plays every seat, where it was measured (games of common payoff, in
   which no side can be better than another).
2. ``nash_conv``: its exact exploitability, where it was measured (small games). 0 is perfect.
3. ``score``: its score against the ladder of baselines and anchors, which never learn. The rung is the strongest of
   them by rating that it scores at least one half against, or in graded games whose mean return it reaches; the
   weakest one if there is none. Rungs need :data:`FEWEST_GAMES` games.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import fmean

import numpy as np

from leagues.ratings.leaderboard import Outside, Standing
from leagues.records import Measure, Member
from leagues.results.blocks import BlockScore, BlockScores
from leagues.results.payoff_table import PayoffTable

LADDER = ("baseline", "anchor")
"""Roles of the members that the ladder consists of."""

FEWEST_GAMES = 10
"""Fewest games with a baseline or an anchor that say anything."""


def with_outside(
    standings: Sequence[Standing], block_scores: Iterable[BlockScore], measures: Iterable[Measure] = ()
) -> list[Standing]:
    """The leaderboard with the outside measure of every row; None where nothing is known, and for the ladder itself.

    Args:
        standings: the leaderboard.
        block_scores: evaluation results.
        measures: what was measured of members, in the order of the iterations.
    """
    newest = {(each.name, each.member): each.value for each in measures}
    names = [each.agent for each in standings]
    ladder = [each.agent for each in standings if each.role in LADDER and each.games]  # the strongest first
    table = _against(set(ladder), names, BlockScores.of(block_scores))
    return [
        replace(each, outside=None if each.role in LADDER else _measure(each.agent, newest, ladder, table))
        for each in standings
    ]


def ladder_scores(members: Iterable[Member], block_scores: Iterable[BlockScore]) -> dict[str, float]:
    """Learner -> how its newest snapshot scores against the anchors, each counted alike; against the baselines where
    there are no anchors. Leagues with the same anchors can be compared by it.

    It is of the newest snapshot with :data:`FEWEST_GAMES` games against each of them, so that always the same
    opponents count. Learners without one are left out.

    Args:
        members: members in the order they joined.
        block_scores: evaluation results.
    """
    everyone = list(members)
    rungs = [each.id for each in everyone if each.role == "anchor"]
    rungs = rungs or [each.id for each in everyone if each.role in LADDER]
    snapshots = [each for each in everyone if each.learner is not None]
    table = _against(set(rungs), [each.id for each in snapshots], BlockScores.of(block_scores))
    found: dict[str, float] = {}
    for each in snapshots:  # the newest last
        payoffs = [table.get(each.id, rung) for rung in rungs]
        scores = [payoff.score for payoff in payoffs if payoff is not None and payoff.games >= FEWEST_GAMES]
        if each.learner is not None and scores and len(scores) == len(rungs):
            found[each.learner] = fmean(scores)
    return found


def _measure(
    member: str, newest: dict[tuple[str, str], float], ladder: Sequence[str], table: PayoffTable
) -> Outside | None:
    for name in ("self_play_return", "nash_conv"):
        if (value := newest.get((name, member))) is not None:
            return Outside(name, value)
    rungs = [payoff for anchor in ladder if (payoff := table.get(member, anchor)) and payoff.games >= FEWEST_GAMES]
    if not rungs:
        return None
    found = rungs[-1]
    for payoff in rungs:
        other = table.get(payoff.opponent, member)
        assert other is not None
        if payoff.score >= other.score:  # in games that are not graded, both sum to 1
            found = payoff
            break
    return Outside("score", found.score, found.opponent, found.games, found.low, found.high)


def _against(ladder: set[str], members: Sequence[str], scores: BlockScores) -> PayoffTable:
    """The payoffs between the ladder and the members that are no part of it."""
    climbs = np.array([name in ladder for name in scores.names], np.bool_)
    climbers = set(members) - ladder
    climbed = np.array([name in climbers for name in scores.names], np.bool_)
    if not len(scores):
        return PayoffTable(graded=scores.graded)
    first, second = scores.rows[:, 2], scores.rows[:, 3]
    kept = climbs[first] & climbed[second] | climbed[first] & climbs[second]
    return PayoffTable.of_blocks(BlockScores(scores.names, scores.rows[kept], scores.returns[kept], scores.sides))
