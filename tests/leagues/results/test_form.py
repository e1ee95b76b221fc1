"""Form: the newest blocks of each member, oldest first."""

from __future__ import annotations

import pytest

from leagues.results.blocks import BlockScore, BlockScores
from leagues.results.form import forms


def test_it_is_seen_from_both_sides_in_the_order_of_the_blocks() -> None:
    scores = BlockScores.of(
        [BlockScore(1, 1, "a", "b", 2, 0, 0), BlockScore(1, 2, "a", "c", 0, 2, 0), BlockScore(2, 1, "b", "c", 1, 0, 3)]
    )
    assert forms(scores) == {"a": (1.0, 0.5), "b": (0.0, 0.25), "c": (0.5, 0.75)}


def test_only_the_newest_blocks_count() -> None:
    blocks = [BlockScore(1, number, "a", "b", number % 2, 0, 1 - number % 2) for number in range(1, 13)]
    assert forms(BlockScores.of(blocks), most=3)["a"] == (0.0, 1.0, 0.0)


@pytest.mark.parametrize(("returns", "form"), [((3.0, -3.0), 1.0), ((-0.5, 0.5), 0.0), ((0.0, 0.0), 0.5)])
def test_in_a_graded_game_it_says_who_gained_more(returns: tuple[float, float], form: float) -> None:
    scores = BlockScores.of([BlockScore(1, 1, "a", "b", 0, 0, 4, *returns)], sides=2)
    assert forms(scores) == {"a": (form,), "b": (1 - form,)}


def test_without_blocks_nobody_has_a_form() -> None:
    assert forms(BlockScores.of([])) == {}
