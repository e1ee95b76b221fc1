"""The outside measure: what is taken first, which rung of the ladder counts, and what says nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from leagues.ratings.leaderboard import Outside, Standing, leaderboard
from leagues.ratings.outside import FEWEST_GAMES, with_outside
from leagues.records import Measure, Member
from leagues.results.blocks import BlockScore, BlockScores

MEMBERS = [
    Member("main", "learner", "main"),
    Member("random", "baseline", "baseline", agent="random"),
    Member("weak", "baseline", "anchor", agent="mcts:25"),
    Member("strong", "baseline", "anchor", agent="mcts:200"),
    Member("main@1", "snapshot", "main", 1, {}, "a", None, "main", 1),
    Member("main@2", "snapshot", "main", 2, {}, "b", None, "main", 2),
]


def won(member: str, opponent: str, wins: int, games: int) -> list[BlockScore]:
    """Blocks of two games each, of which ``member`` wins ``wins``."""
    first, second = sorted((member, opponent))
    results = [k < wins for k in range(games)]
    blocks = []
    for block in range(games // 2):
        own = sum(results[2 * block : 2 * block + 2])
        ours = own if member == first else 2 - own
        blocks.append(BlockScore(1, block + 1, first, second, ours, 0, 2 - ours, 2.0 * ours - 2, 2 - 2.0 * ours))
    return blocks


LADDER = [*won("weak", "random", 36, 40), *won("strong", "weak", 36, 40), *won("strong", "random", 40, 40)]


def measured(
    scores: Sequence[BlockScore], measures: Sequence[Measure] = (), **graded: int
) -> dict[str, Outside | None]:
    blocks = BlockScores.of(scores, **graded)
    return {each.agent: each.outside for each in with_outside(leaderboard(MEMBERS, blocks), blocks, measures)}


def test_the_strongest_rung_that_a_snapshot_holds_its_own_against_counts() -> None:
    games = [*won("main@1", "random", 35, 40), *won("main@1", "weak", 22, 40), *won("main@1", "strong", 4, 40)]
    found = measured([*LADDER, *games])
    outside = found["main@1"]
    assert outside is not None
    assert (outside.name, outside.value, outside.against, outside.games) == ("score", 0.55, "weak", 40)
    assert outside.low is not None
    assert outside.high is not None
    assert outside.low < 0.55 < outside.high
    assert (found["random"], found["weak"], found["main@2"]) == (None, None, None)


def test_a_snapshot_below_the_ladder_is_measured_by_its_lowest_rung() -> None:
    outside = measured([*LADDER, *won("main@1", "random", 10, 40), *won("main@1", "weak", 2, 40)])["main@1"]
    assert outside is not None
    assert (outside.value, outside.against) == (0.25, "random")


def test_few_games_are_no_rung() -> None:
    lucky = won("main@1", "strong", FEWEST_GAMES - 2, FEWEST_GAMES - 2)
    outside = measured([*LADDER, *won("main@1", "random", 30, 40), *lucky])["main@1"]
    assert outside is not None
    assert outside.against == "random"
    assert measured([*LADDER, *lucky])["main@1"] is None


def test_games_against_its_own_kind_count_for_nothing() -> None:
    before = measured([*LADDER, *won("main@2", "random", 30, 40)])["main@2"]
    assert measured([*LADDER, *won("main@2", "random", 30, 40), *won("main@2", "main@1", 400, 400)])["main@2"] == before


def test_a_graded_game_is_measured_by_returns() -> None:
    games = [*won("main@1", "random", 30, 40), *won("main@1", "weak", 18, 40)]
    outside = measured([*LADDER, *games], sides=2)["main@1"]
    assert outside is not None
    assert (outside.value, outside.against) == (pytest.approx(0.5), "random")


def test_the_newest_exploitability_comes_before_scores() -> None:
    measures = [Measure("nash_conv", "main@1", 1, 10, 0.9), Measure("nash_conv", "main@1", 2, 20, 0.4)]
    found = measured([*LADDER, *won("main@1", "random", 30, 40)], measures)
    assert found["main@1"] == Outside("nash_conv", 0.4)
    common = measured([], [Measure("self_play_return", "main@2", 1, 10, 7.5)])
    assert common["main@2"] == Outside("self_play_return", 7.5)


def test_without_games_there_is_no_measure() -> None:
    assert set(measured([]).values()) == {None}
    assert with_outside([], []) == []
    assert Standing("a", "main", 1, 0, 0, 0, 0, 0, 0, 0).outside is None
