"""Which evaluation matches are played next, and how they are seated."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from leaguekit import MAIN, RANDOM, snapshot

from leagues.ratings.pairing import choose_evaluation_pairs, evaluation_pairings
from leagues.records import LeagueError
from leagues.results.blocks import BlockScore
from leagues.settings import EvaluationSettings

SETTINGS = EvaluationSettings()


def test_those_with_fewest_games_come_first_and_of_them_the_newest() -> None:
    members = [MAIN, RANDOM, *(snapshot(n) for n in range(1, 6))]
    scores = [BlockScore(1, 1, "main@1", "random", 20, 0, 0), BlockScore(1, 2, "main@2", "main@5", 10, 0, 10)]
    pairs = choose_evaluation_pairs(members, scores, 2, np.random.default_rng(0), SETTINGS)
    assert pairs[0][0] == "main@4"
    assert pairs == choose_evaluation_pairs(members, scores, 2, np.random.default_rng(0), SETTINGS)


def test_games_even_out_near_opponents_and_baselines_are_preferred() -> None:
    members = [RANDOM, *(snapshot(n) for n in range(1, 10))]
    ladder = [
        BlockScore(1, k, *sorted((f"main@{n}", f"main@{n + 1}")), 30 if n + 1 < 10 else 70, 0, 70 if n + 1 < 10 else 30)
        for k, n in enumerate(range(1, 9))
    ]  # every snapshot beats the one before
    ladder += [BlockScore(1, 20, "main@1", "random", 70, 0, 30), BlockScore(1, 21, "main@9", "random", 100, 0, 0)]
    pairs = choose_evaluation_pairs(members, ladder, 600, np.random.default_rng(0), SETTINGS)
    assert all(a != b for a, b in pairs)
    games = Counter(name for pair in pairs for name in pair)
    assert min(games.values()) > 60
    steps = Counter(abs(int(a[5:]) - int(b[5:])) for a, b in pairs if "random" not in (a, b))
    assert steps[1] + steps[2] > 2 * (steps[7] + steps[8])
    assert 0.15 < sum("random" in pair for pair in pairs) / 600 < 0.5


def test_nobody_to_play() -> None:
    assert choose_evaluation_pairs([MAIN, RANDOM], [], 5, np.random.default_rng(0), SETTINGS) == []


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
