"""Whom anchors meet next, and when they have met enough."""

from __future__ import annotations

from collections import Counter

from leagues.ratings.anchors import MOST_BLOCKS, RECENT, anchor_opponents
from leagues.records import Member
from leagues.results.blocks import BlockScore, BlockScores

ANCHOR = Member("mcts:25", "baseline", "anchor", agent="mcts:25")
SNAPSHOTS = [
    Member(f"main@{n}", "snapshot", "main", n, weights="00" * 32, learner="main") for n in range(1, RECENT + 4)
]
MEMBERS = [
    Member("main", "learner", "main"),
    Member("random", "baseline", "baseline", agent="random"),
    ANCHOR,
    Member("exec:./program", "guest", "guest", agent="exec:./program"),
    *SNAPSHOTS,
]


def scores(opponent: str, blocks: int, wins: int = 1, losses: int = 1) -> list[BlockScore]:
    first, second = sorted((opponent, ANCHOR.id))
    return [BlockScore(1, block, first, second, wins, 0, losses) for block in range(1, blocks + 1)]


def test_recent_snapshots_come_first_the_newest_before_all() -> None:
    chosen = anchor_opponents(ANCHOR.id, MEMBERS, [], 2 * (RECENT + 1))
    recent = [each.id for each in SNAPSHOTS[-RECENT:]]
    assert chosen[: RECENT + 1] == [*reversed(recent), "random"]
    assert Counter(chosen) == dict.fromkeys([*recent, "random"], 2)


def test_nobody_is_met_that_is_a_guest_or_still_learns() -> None:
    assert not {"main", "exec:./program", ANCHOR.id} & set(anchor_opponents(ANCHOR.id, MEMBERS, [], 500))


def test_a_pair_with_a_narrow_interval_is_not_played_again() -> None:
    played = [each for member in ("random", *(s.id for s in SNAPSHOTS[-RECENT:])) for each in scores(member, 300)]
    assert set(anchor_opponents(ANCHOR.id, MEMBERS, played, 50)) == {each.id for each in SNAPSHOTS[:-RECENT]}
    played += [each for member in SNAPSHOTS[:-RECENT] for each in scores(member.id, 300)]
    assert anchor_opponents(ANCHOR.id, MEMBERS, played, 50) == []


def test_in_graded_games_only_the_number_of_blocks_counts() -> None:
    two = [MEMBERS[1], ANCHOR]
    played = scores("random", MOST_BLOCKS - 3)
    assert anchor_opponents(ANCHOR.id, two, BlockScores.of(played, sides=2), 9) == ["random"] * 3
    assert anchor_opponents(ANCHOR.id, two, played, 9) == []


def test_an_opponent_plays_some_blocks_in_a_row() -> None:
    chosen = anchor_opponents(ANCHOR.id, MEMBERS, [], 10, in_a_row=4)
    assert chosen == ["main@13"] * 4 + ["main@12"] * 4 + ["main@11"] * 2
