"""Which evaluation matches are played next, and how they are seated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations, cycle, pairwise
from typing import Any

import numpy as np
import pytest
from leaguekit import MAIN, RANDOM, frozen, snapshot

from leagues.ratings.leaderboard import leaderboard
from leagues.ratings.pairing import choose_evaluation_pairs, evaluation_pairings
from leagues.records import LeagueError, Member
from leagues.results.blocks import BlockScore, BlockScores

LADDER = 21


def choose(
    members: list[Member], scores: Sequence[BlockScore], n: int, seed: int = 0, **options: Any
) -> list[tuple[str, str]]:
    return choose_evaluation_pairs(members, scores, n, np.random.default_rng(seed), **options)


def ladder(step: float = 0.5, blocks: int = 20) -> tuple[list[Member], list[BlockScore]]:
    """Ten members, each above the one before; every pair of neighbours has played."""
    members = [RANDOM, *(snapshot(n) for n in range(1, 10))]
    names = [member.id for member in members]
    won = round(2 * blocks / (1 + np.exp(-step)))
    scores = []
    for block, (below, above) in enumerate(pairwise(names), 1):
        results = [won, 0, 2 * blocks - won] if above < below else [2 * blocks - won, 0, won]
        scores.append(BlockScore(1, block, *sorted((below, above)), *results))
    return members, scores


def test_equal_calls_choose_equal_pairs_of_two_frozen_members() -> None:
    members, scores = ladder()
    pairs = choose([MAIN, *members], scores, 30)
    assert pairs == choose([MAIN, *members], scores, 30)
    assert len(pairs) == 30
    assert all(a != b and "main" not in (a, b) for a, b in pairs)


def test_a_newcomer_comes_first_and_meets_members_of_the_strength_of_the_snapshot_before_it() -> None:
    members, scores = ladder(step=1.2)
    newcomer = snapshot(10)
    (pair,) = choose([*members, newcomer], scores, 1)
    assert newcomer.id in pair
    assert set(pair) & {"main@7", "main@8", "main@9"}


def test_even_pairs_are_preferred_to_one_sided_ones() -> None:
    members, scores = ladder(step=1.5)
    pairs = choose(members, scores, 60)
    place = {member.id: k for k, member in enumerate(members)}
    steps = Counter(abs(place[a] - place[b]) for a, b in pairs)
    assert sum(steps[k] for k in (1, 2, 3)) > 0.9 * 60


def test_groups_that_have_not_met_are_tied_together() -> None:
    members = frozen(*"abcdef")
    scores = [BlockScore(1, k, *pair, 25, 0, 25) for k, pair in enumerate(("ab", "bc", "ac", "de", "ef", "df"), 1)]
    (pair,) = choose(members, scores, 1)
    assert len(set(pair) & set("abc")) == 1


def test_the_anchor_stays_connected() -> None:
    members, scores = ladder(blocks=100)
    lonely = [score for score in scores if score.opponent != "random"]
    assert any("random" in pair for pair in choose(members, lonely, 3))


def test_pairs_can_be_asked_for_some_members_only() -> None:
    members, scores = ladder()
    pairs = choose(members, scores, 40, among=["main@3", "main@5"])
    assert len(pairs) == 40
    assert all({"main@3", "main@5"} & set(pair) for pair in pairs)
    assert choose(members, scores, 4, among=["nobody"]) == []


def test_in_graded_games_members_with_few_games_meet_whoever_it_is() -> None:
    members = frozen(*"abcd")
    pairs = ("ab", "ac", "ad", "bc")
    scores = [BlockScore(1, 10 * k + n, *pair, 1, 0, 1, 3.0 + n % 3, -3.0 - n % 3)
              for k, pair in enumerate(pairs) for n in range(1, 10)]  # fmt: skip
    chosen = choose(members, BlockScores.of(scores, sides=2), 3)
    assert "d" in chosen[0]
    assert len(chosen) == 3


def test_nobody_to_play() -> None:
    assert choose([MAIN, RANDOM], [], 5) == []


def play(rng: np.random.Generator, gap: float) -> list[int]:
    """Wins, draws and losses of a block of two games."""
    odds = np.array([np.exp(gap / 2), 0.4, np.exp(-gap / 2)])
    return np.bincount(rng.choice(3, 2, p=odds / odds.sum()), minlength=3).tolist()


def games_to_width(seed: int, width: float, informed: bool) -> int:
    """Games until the intervals of a leaderboard of :data:`LADDER` members are ``width`` wide on average.

    The members are a ladder from ``random`` to about 1,900 Elo above it, with uneven steps.
    """
    rng = np.random.default_rng(seed)
    members = [RANDOM, *(snapshot(n) for n in range(1, LADDER))]
    strength = dict(zip((m.id for m in members), [0, *np.cumsum(rng.gamma(2, 0.275, LADDER - 1))], strict=True))
    in_turn = cycle(combinations(strength, 2))
    scores: list[BlockScore] = []
    while True:
        for _ in range(8):
            pairs = choose_evaluation_pairs(members, scores, 5, rng) if informed else [next(in_turn) for _ in range(5)]
            for a, b in (sorted(pair) for pair in pairs):
                scores.append(BlockScore(1, len(scores) + 1, a, b, *play(rng, strength[a] - strength[b])))
        board = [each for each in leaderboard(members, scores, resamples=100) if each.agent != "random"]
        if all(each.games for each in board) and np.mean([each.high - each.low for each in board]) <= width:
            return 2 * len(scores)


@pytest.mark.slow
def test_a_given_width_takes_at_most_60_percent_of_the_games_of_a_round_robin() -> None:
    shares = [games_to_width(seed, 300, True) / games_to_width(seed, 300, False) for seed in range(5)]
    assert np.median(shares) <= 0.6


def test_a_block_is_one_seed_with_the_seats_rotated() -> None:
    rng = np.random.default_rng(0)
    pairings = evaluation_pairings([("a", "b"), ("a", "b"), ("c", "d"), ("c", "d")], teams=(0, 1), event=7, rng=rng)
    assert [(p.event, p.block, p.seats) for p in pairings] == [
        (7, 1, ("a", "b")),
        (7, 1, ("b", "a")),
        (7, 2, ("a", "b")),
        (7, 2, ("b", "a")),
        (7, 3, ("c", "d")),
        (7, 3, ("d", "c")),
        (7, 4, ("c", "d")),
        (7, 4, ("d", "c")),
    ]
    assert {p.kind for p in pairings} == {"evaluation"}
    assert len({(p.block, p.seed) for p in pairings}) == len({p.seed for p in pairings}) == 4


def test_more_seats_are_filled_by_the_second_of_the_pair() -> None:
    pairings = evaluation_pairings([("a", "b")], teams=(0, 1, 2), event=1, rng=np.random.default_rng(0))
    assert [p.seats for p in pairings] == [("a", "b", "b"), ("b", "a", "b"), ("b", "b", "a")]


def test_one_seat_is_no_match() -> None:
    with pytest.raises(LeagueError, match="at least 2 teams"):
        evaluation_pairings([], teams=(0,), event=1, rng=np.random.default_rng(0))
