"""The registry of rankings: what every method says about a league's results."""

from __future__ import annotations

import numpy as np
import pytest
from leaguekit import MAIN, frozen, match
from margins import RPS, blocks_of, chain

from leagues.ratings.leaderboard import leaderboard
from leagues.ratings.rank import METHODS, Evidence, Ranking, RankingError
from leagues.ratings.rank import rank as rank_with
from leagues.results.blocks import BlockScore, BlockScores

QUICK = [name for name in METHODS if name not in ("equilibrium", "returns")]
MATCHES = [
    match((a, b), (1.0, -1.0), kind="evaluation", block=k)
    for k in range(30)
    for a, b in (("c", "b"), ("c", "a"), ("b", "a"))
]


def rank(evidence: Evidence, method: str) -> Ranking:
    return rank_with(evidence, method, np.random.default_rng(0))


def evidence(margins: np.ndarray, **options: object) -> Evidence:
    names = "abcdefgh"[: len(margins)]
    return Evidence.of([MAIN, *frozen(*names)], blocks_of(margins, names), matches=lambda: MATCHES, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", QUICK)
def test_every_method_finds_the_order_of_a_chain(method: str) -> None:
    ranking = rank(evidence(chain(3)), method)
    assert [row.agent for row in ranking.rows] == ["c", "b", "a"] or ranking.rows[1].rank == ranking.rows[2].rank
    assert ranking.rows[0].agent == "c"
    assert ranking == rank(evidence(chain(3)), method)
    assert ranking.cycles.share < 0.01


@pytest.mark.parametrize(
    "method", ["nash", "deviation", "alpharank", "vote", "soft_condorcet", "maximal_lottery", "elo"]
)
def test_in_a_circle_all_share_the_first_rank(method: str) -> None:
    ranking = rank(evidence(0.6 * RPS), method)
    assert [row.rank for row in ranking.rows] == [1, 1, 1]
    assert ranking.cycles.share > 0.99


def test_elo_is_the_leaderboard() -> None:
    made = evidence(chain(4))
    rows = rank(made, "elo").rows
    board = leaderboard(made.frozen, made.block_scores)
    assert [(row.agent, row.value, row.low, row.high) for row in rows] == [
        (each.agent, each.rating, each.low, each.high) for each in board
    ]


def test_pairs_that_have_not_met_get_the_margin_that_the_ratings_predict() -> None:
    margins = chain(4, 0.7)
    scores = [score for score in blocks_of(margins, "abcd", 200) if (score.member, score.opponent) != ("a", "d")]
    made = Evidence.of(frozen(*"abcd"), scores)
    assert made.margins.unmet == 1
    assert made.completed[3, 0] == pytest.approx(margins[3, 0], abs=0.02)
    assert rank(made, "nash").notes == ("1 of 6 pairs have not met; their margins are those that the ratings predict",)


def graded(margins: np.ndarray, blocks: int = 30) -> BlockScores:
    """Blocks of a poker game of two: whatever the margins, the weaker of two members wins more hands."""
    rng = np.random.default_rng(0)
    scores = []
    for i in range(len(margins)):
        for j in range(i + 1, len(margins)):
            for _ in range(blocks):
                won = 2 * margins[i, j] + rng.normal(scale=0.2)
                wins = 0 if margins[i, j] > 0 else 2
                scores.append(BlockScore(1, len(scores) + 1, "abcd"[i], "abcd"[j], wins, 0, 2 - wins, won, -won))
    return BlockScores.of(scores, sides=2)


def test_graded_games_are_ranked_by_returns_not_by_hands() -> None:
    margins = np.array([[0.0, -0.5, -0.9], [0.5, 0.0, -0.4], [0.9, 0.4, 0.0]])
    made = Evidence.of(frozen(*"abc"), graded(margins))
    for method in ("returns", "nash", "deviation", "alpharank", "vote", "soft_condorcet", "maximal_lottery"):
        ranking = rank(made, method)
        assert ranking.rows[0].agent == "c", method
        assert ranking.cycles.share < 0.1
    nash = rank(made, "nash")
    assert nash.unit == "returns per game"
    assert [row.value for row in nash.rows] == pytest.approx([0, -0.4, -0.9], abs=0.1)
    with pytest.raises(RankingError, match="take `--by returns`"):
        rank(made, "elo")
    with pytest.raises(RankingError, match="take `--by elo`"):
        rank(evidence(chain(3)), "returns")
    assert rank(Evidence.of(frozen(*"abc"), graded(2 * RPS)), "nash").cycles.share > 0.95


def test_members_that_have_not_played_are_left_out() -> None:
    made = Evidence.of([MAIN, *frozen(*"abz")], blocks_of(chain(2), "ab"))
    assert [row.agent for row in rank(made, "nash").rows] == ["b", "a"]


def test_games_of_teams_and_of_three_sides_are_ranked_by_their_matches() -> None:
    teams = (0, 1, 0, 1)
    matches = [match(("c", "b", "c", "b"), (1.0, -1.0, 1.0, -1.0), kind="evaluation", block=k) for k in range(20)]
    matches += [match(("b", "a", "b", "a"), (2.0, 1.0, 0.0, 0.5), kind="evaluation", block=k) for k in range(20, 40)]
    crashed = match(("a", "c", "a", "c"), kind="evaluation", ending="crash", fault=1, returns=(9.0, 0.0, 9.0, 0.0))
    scores = [BlockScore(1, 1, "b", "c", 0, 0, 20), BlockScore(1, 2, "a", "b", 0, 0, 20)]
    made = Evidence.of(frozen(*"abc"), scores, matches=lambda: [*matches, crashed], teams=teams)
    assert [row.agent for row in rank(made, "openskill").rows] == ["c", "b", "a"]
    three = [match(("a", "b", "c"), (-1.0, 0.0, 1.0), kind="evaluation", block=k) for k in range(20)]
    made = Evidence.of(frozen(*"abc"), scores, matches=lambda: three, teams=(0, 1, 2))
    rows = rank(made, "plackett_luce").rows
    assert [row.agent for row in rows] == ["c", "b", "a"]
    assert rows[0].low is not None
    assert rows[0].low > rows[2].value


def test_unknown_methods_and_leagues_without_results() -> None:
    with pytest.raises(RankingError, match="there is no ranking 'strength'; there are elo, returns, nash"):
        rank(evidence(chain(3)), "strength")
    with pytest.raises(RankingError, match="two members that have played"):
        Evidence.of(frozen("a", "b"), [])
    with pytest.raises(RankingError, match="take `--by openskill`"):
        rank(Evidence.of(frozen("a", "b"), [BlockScore(1, 1, "a", "b", 1, 0, 1)], teams=(0, 1, 0, 1)), "plackett_luce")
