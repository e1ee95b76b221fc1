"""Warnings beside the leaderboard: groups apart, ratings that mispredict, games that repeat each other."""

from __future__ import annotations

import numpy as np
import pytest
from leaguekit import match
from margins import RPS, blocks_of, chain

from leagues.ratings.comparable import apart, mispredicted, repeated
from leagues.ratings.comparisons import Comparisons
from leagues.ratings.repeats import effective_games, repeats
from leagues.results.blocks import BlockScore


def results(names: str, scores: list[BlockScore]) -> Comparisons:
    return Comparisons.between({name: k for k, name in enumerate(names)}, scores)


def test_groups_that_have_not_met_are_named() -> None:
    scores = [BlockScore(1, k, *pair, 1, 0, 1) for k, pair in enumerate(("ab", "bc", "de"), 1)]
    assert list(apart("abcdez", results("abcdez", scores))) == [
        "the ratings of d and e cannot be compared with the others, because they have not met, not even by way of "
        "others; `arena rate` plays such pairs first"
    ]
    assert list(apart("abc", results("abc", scores[:2]))) == []
    assert list(apart("ab", results("ab", []))) == []


def test_rock_paper_scissors_is_a_warning_and_a_chain_is_none() -> None:
    rng = np.random.default_rng(0)
    text = mispredicted("abc", results("abc", blocks_of(0.8 * RPS, "abc")), rng)
    assert text is not None
    assert "predicted scores are off by 0.40 on average" in text
    assert "where its rating says 0.50; 100% of the results is cyclic" in text
    assert mispredicted("abcde", results("abcde", blocks_of(chain(5), "abcde", 10)), rng) is None


def test_games_that_repeat_each_other_are_counted_once() -> None:
    same = [match(("a", "b"), digest="0" * 64) for _ in range(10)]
    others = [match(("b", "a"), digest=f"{k:064d}"[::-1]) for k in range(10)]
    assert [(each.seats, each.games, each.effective) for each in repeats([*same, *others])] == [
        (("a", "b"), 10, 1.0),
        (("b", "a"), 10, pytest.approx(10)),
    ]
    assert effective_games([*same, *others], "a") == pytest.approx(11)
    text = repeated([*same, *others])
    assert text is not None
    assert text.startswith("1 seating repeats the same games: 10 games of a against b count like 1.0")
    assert repeated(others) is None
    assert repeated(same[:3]) is None
