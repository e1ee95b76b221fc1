"""Games of partners: who is scored against whom, and who sits where."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from league_play import MIX
from leaguekit import MAIN, RANDOM, match, snapshot

from leagues.league import League
from leagues.ratings.pairing import evaluation_pairings
from leagues.records import Tally
from leagues.results.blocks import BlockScore
from leagues.results.scoring import DRAW, LOSS, WIN, block_scores, pair_results, tallies
from leagues.settings import LeagueSettings

PARTNERS = (0, 1, 0, 1)


def test_a_team_wins_as_one_and_partners_do_not_meet() -> None:
    returns = (30.0, -30.0, 30.0, -30.0)
    assert list(pair_results(("a", "b", "a", "b"), returns, teams=PARTNERS)) == [("a", "b", WIN)]
    assert list(pair_results(("a", "b", "c", "d"), returns, teams=PARTNERS)) == [
        ("a", "b", WIN),
        ("a", "d", WIN),
        ("c", "b", WIN),
        ("c", "d", WIN),
    ]
    assert list(pair_results(("a", "a", "b", "b"), returns, teams=PARTNERS)) == [("a", "b", WIN), ("b", "a", WIN)]


@pytest.mark.parametrize(
    ("returns", "teams", "result"),
    [
        ((5, 2, 0, 2), PARTNERS, WIN),  # 2.5 to 2 on average, whoever earned it
        ((5, 3, 0, 2), PARTNERS, DRAW),
        ((1, 2, 2, 2), (0, 1, 1, 1), LOSS),
        ((0.1, 0.1, 0.1, 0.1), (0, 1, 1, 1), DRAW),  # 0.1 + 0.1 + 0.1 is more than 0.3
    ],
)
def test_the_result_of_a_team_is_its_mean_return(
    returns: tuple[float, ...], teams: tuple[int, ...], result: int
) -> None:
    seats = tuple("ab"[team] for team in teams)
    assert list(pair_results(seats, returns, teams=teams)) == [("a", "b", result)]


def test_only_who_crashed_is_to_blame_and_only_opponents_gain() -> None:
    assert list(pair_results(("a", "b", "c", "d"), (9, 0, 9, 0), fault=2, teams=PARTNERS)) == [
        ("c", "b", LOSS),
        ("c", "d", LOSS),
    ]
    assert list(pair_results(("a", "b", "c", "d"), (9, 0, 9, 0), fault=1, teams=(0, 0, 1, 2))) == [
        ("b", "c", LOSS),
        ("b", "d", LOSS),
    ]
    assert list(pair_results(("a", "b", "a", "b"), (0, 0, 0, 0), fault=3, teams=PARTNERS)) == [("a", "b", WIN)]


@given(
    st.lists(st.sampled_from("abc"), min_size=4, max_size=4),
    st.lists(st.integers(-2, 2), min_size=4, max_size=4),
    st.none() | st.integers(0, 3),
)
def test_teams_of_one_seat_are_no_teams(seats: list[str], returns: list[float], fault: int | None) -> None:
    alone = list(pair_results(seats, returns, fault, (0, 1, 2, 3)))
    assert alone == list(pair_results(seats, returns, fault))


def test_sums_count_a_game_once_for_each_two_teams() -> None:
    played = [
        match(("a", "b", "a", "b"), (1, -1, 1, -1), kind="evaluation", block=4),
        match(("b", "a", "b", "a"), (1, -1, 1, -1), kind="evaluation", block=4),
        match(("b", "a", "b", "a"), (0, 0, 0, 0), kind="evaluation", block=5),
    ]
    assert block_scores(played, PARTNERS) == [BlockScore(2, 4, "a", "b", 1, 0, 1), BlockScore(2, 5, "a", "b", 0, 1, 0)]
    assert tallies(played, PARTNERS) == [Tally("a", "b", 1, 1, 1, squares=2), Tally("b", "a", 1, 1, 1, squares=2)]


def test_rating_matches_seat_one_member_at_all_seats_of_a_team() -> None:
    pairings = evaluation_pairings([("a", "b")], teams=PARTNERS, event=3, rng=np.random.default_rng(0))
    assert [pairing.seats for pairing in pairings] == [("a", "b", "a", "b"), ("b", "a", "b", "a")]
    assert {(pairing.event, pairing.block, pairing.seed) for pairing in pairings} == {(3, 1, pairings[0].seed)}
    uneven = evaluation_pairings([("a", "b")], teams=(0, 1, 1), event=1, rng=np.random.default_rng(0))
    assert [pairing.seats for pairing in uneven] == [("a", "b", "b"), ("b", "a", "a")]


def test_a_learner_trains_with_itself_as_its_partner_and_takes_every_team() -> None:
    ids = tuple(f"player_{seat}" for seat in range(4))
    members = [MAIN, RANDOM, snapshot(1)]
    league = League(LeagueSettings(opponents=MIX), members, num_seats=4, agent_ids=ids, teams=PARTNERS)
    lineups = Counter(pairing.seats for pairing in league.ask(200, np.random.default_rng(0)))
    assert all(seats[:2] == seats[2:] and "main" in seats for seats in lineups)
    against = {team: sum(n for seats, n in lineups.items() if seats[1 - team] != "main") for team in (0, 1)}
    assert abs(against[0] - against[1]) <= 1
    assert against[0] > 50
