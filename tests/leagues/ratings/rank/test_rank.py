"""The registry of rankings: what every method says about a league's results."""

from __future__ import annotations

import numpy as np
import pytest
from leaguekit import MAIN, frozen, match
from margins import RPS, blocks_of, chain

from leagues.ratings.leaderboard import leaderboard
from leagues.ratings.rank import METHODS, Evidence, Ranking, RankingError
from leagues.ratings.rank import rank as rank_with
from leagues.results.blocks import BlockScore

QUICK = [name for name in METHODS if name != "equilibrium"]
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


def test_members_that_have_not_played_are_left_out() -> None:
    made = Evidence.of([MAIN, *frozen(*"abz")], blocks_of(chain(2), "ab"))
    assert [row.agent for row in rank(made, "nash").rows] == ["b", "a"]


def test_unknown_methods_and_leagues_without_results() -> None:
    with pytest.raises(RankingError, match="there is no ranking 'strength'; there are elo, nash, deviation"):
        rank(evidence(chain(3)), "strength")
    with pytest.raises(RankingError, match="two members that have played"):
        Evidence.of(frozen("a", "b"), [])
    with pytest.raises(RankingError, match="take `--by openskill`"):
        rank(Evidence.of(frozen("a", "b"), [BlockScore(1, 1, "a", "b", 1, 0, 1)], teams=(0, 1, 0, 1)), "plackett_luce")
