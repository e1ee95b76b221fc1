"""Differences between ratings have intervals of their own."""

from __future__ import annotations

import pytest
from leaguekit import MAIN, RANDOM, frozen
from margins import blocks_of, chain

from leagues.ratings.differences import difference, steps
from leagues.ratings.leaderboard import rate
from leagues.records import LeagueError
from leagues.results.blocks import BlockScore


def test_members_far_from_the_anchor_are_closer_to_each_other_than_their_intervals_say() -> None:
    # a and b have met often, and each other's opponents; random has met them in few games.
    scores = [BlockScore(1, k, "a", "b", 1 + k % 2, 0, 1 - k % 2) for k in range(1, 201)]
    scores += [BlockScore(2, k, "a", "random", 2, 0, 0) for k in range(1, 5)]
    ratings = rate([RANDOM, *frozen("a", "b")], scores)
    board = {each.agent: each for each in ratings.leaderboard()}
    assert board["a"].low < board["b"].high  # the two intervals overlap
    gap = difference(ratings, "a", "b")
    assert gap.low > 0
    assert gap.superior == 1
    assert gap.difference == pytest.approx(board["a"].rating - board["b"].rating)
    turned = difference(ratings, "b", "a")
    assert (turned.low, turned.high, turned.superior) == pytest.approx((-gap.high, -gap.low, 0))


def test_steps_go_down_the_leaderboard() -> None:
    ratings = rate([MAIN, *frozen(*"abcz")], blocks_of(chain(3), "abc"))
    found = steps(ratings)
    assert [(each.member, each.opponent) for each in found] == [("b", "c"), ("a", "b")]
    assert all(each.low <= each.difference <= each.high and each.difference < 0 for each in found)


def test_learners_have_no_rating() -> None:
    ratings = rate([MAIN, *frozen("a", "b")], [BlockScore(1, 1, "a", "b", 1, 0, 1)])
    with pytest.raises(LeagueError, match="'main' has no rating"):
        difference(ratings, "a", "main")
