from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leaguekit import match

from games import make_game
from leagues.records import Tally
from leagues.results.blocks import BlockScore, BlockScores
from leagues.results.scoring import (
    DRAW,
    LOSS,
    WIN,
    block_scores,
    forfeited,
    margin,
    pair_results,
    pair_scores,
    tallies,
    with_people,
)

GAMES = st.lists(
    st.tuples(
        st.tuples(*[st.sampled_from("abc")] * 3),
        st.tuples(*[st.sampled_from([-1.0, 0.0, 1.0])] * 3),
    ),
    max_size=30,
)


def test_the_higher_return_wins_and_equal_ones_draw() -> None:
    assert list(pair_results(("a", "b", "c"), (1, 0, 1))) == [("a", "b", WIN), ("a", "c", DRAW), ("b", "c", LOSS)]


def test_seats_of_one_member_do_not_meet() -> None:
    assert list(pair_results(("a", "a"), (1, -1))) == []
    assert list(pair_results(("a", "b", "a"), (1, 0, -1))) == [("a", "b", WIN), ("b", "a", WIN)]


def test_who_crashes_loses_to_all_and_the_others_do_not_count() -> None:
    assert list(pair_results(("a", "b", "c"), (5, 9, 7), fault=1)) == [("a", "b", WIN), ("b", "c", LOSS)]


def test_tallies_of_matches_and_of_bare_results_agree() -> None:
    bare = [(("a", "b"), (1.0, -1.0))] * 3 + [(("b", "a"), [0.0, 0.0])]
    expected = [Tally("a", "b", 3, 1, 0, 3, -3, 3), Tally("b", "a", 0, 1, 3, -3, 3, 3)]
    assert tallies(bare) == tallies(match(seats, returns) for seats, returns in bare) == expected


def test_a_crash_is_tallied_against_the_seat_at_fault() -> None:
    crash = match(("a", "b"), (0, 0), ending="crash", fault=0)
    assert tallies([crash]) == [Tally("a", "b", 0, 0, 1), Tally("b", "a", 1, 0, 0)]


@settings(deadline=None)
@given(GAMES)
def test_tallies_mirror_each_other_whatever_the_order(games: list[tuple[tuple[str, ...], tuple[float, ...]]]) -> None:
    found = {(t.member, t.opponent): t for t in tallies(games)}
    for (a, b), tally in found.items():
        other = found[b, a]
        assert (tally.wins, tally.draws, tally.losses) == (other.losses, other.draws, other.wins)
        assert (tally.returns, tally.opponent_returns) == (other.opponent_returns, other.returns)
        assert tally.squares == other.squares >= 0
    met = sum(len({i for i, s in enumerate(seats) if s == a}) * sum(s == b for s in seats)
              for seats, _ in games for a, b in permutations("abc", 2))  # fmt: skip
    assert sum(tally.games for tally in found.values()) == met
    assert tallies(games[::-1]) == list(found.values())


def test_block_scores_look_from_the_first_name_and_skip_training() -> None:
    matches = [
        match(("b", "a"), (1, -1), kind="evaluation", block=2),
        match(("a", "b"), (1, -1), kind="evaluation", block=2),
        match(("a", "b"), (0, 0), kind="evaluation", block=1),
        match(("a", "b"), (1, -1), kind="training", block=1),
    ]
    assert block_scores(matches) == [BlockScore(2, 1, "a", "b", 0, 1, 0), BlockScore(2, 2, "a", "b", 1, 0, 1)]
    matches = [replace(each, returns=(3.0, 0.5)) for each in matches]
    assert block_scores(matches) == [
        BlockScore(2, 1, "a", "b", 1, 0, 0, 3.0, 0.5),
        BlockScore(2, 2, "a", "b", 1, 0, 1, 3.5, 3.5),
    ]


def test_returns_and_squared_margins_are_summed_for_every_pair() -> None:
    games = [(("a", "b", "c"), (6.0, 0.0, -3.0)), (("b", "a", "c"), (3.0, 0.0, 0.0))]
    assert tallies(games)[0] == Tally("a", "b", 1, 0, 1, 6, 3, squares=4**2 + 2**2)  # 2/3 of 6, and of 3
    partners = [(("a", "b", "a", "b"), (6.0, 1.0, 2.0, 3.0))]
    assert tallies(partners, (0, 1, 0, 1))[0] == Tally("a", "b", 1, 0, 0, 4, 2, squares=1)
    lost = match(("a", "b", "c"), (-2, 1, 1), ending="timeout", fault=0)
    assert tallies([lost])[1] == Tally("a", "c", 0, 0, 1, -2, 1, squares=4)


@pytest.mark.parametrize(("tally", "score"), [(Tally("a", "b", 0, 0, 0), 0.5), (Tally("a", "b", 1, 2, 1), 0.5)])
def test_a_draw_is_half_a_win(tally: Tally, score: float) -> None:
    assert tally.score == score


def test_games_of_people_count_only_where_they_are_asked_for() -> None:
    evaluation = match(("b", "a"), (1.0, -1.0), kind="evaluation", event=2, block=1)
    human = match(("a", "human"), (1.0, -1.0), kind="human", event=1, block=1)
    alone = BlockScores.of(block_scores([evaluation, human]))
    assert list(alone) == [BlockScore(2, 1, "a", "b", 0, 0, 1, -1.0, 1.0)]
    both = with_people(alone, [human, evaluation])
    assert list(both) == [BlockScore(1, 1, "a", "human", 1, 0, 0, 1.0, -1.0), *alone]
    assert with_people(BlockScores.of(alone[:0], sides=2), [human]).graded == alone[:0].graded


@pytest.mark.parametrize(
    ("spec", "fault", "counted"),
    [
        ("leduc_poker", 0, (-13.0, 13.0)),
        ("kuhn_poker(players=3)", 1, (1.0, -2.0, 1.0)),
        ("bargaining", 1, (10.0, 0.0)),  # nothing is paid before the end, so an even margin would be a gift
        ("tic_tac_toe", 1, (0.0, 0.0)),  # only who wins counts
    ],
)
def test_breaking_off_is_never_better_than_losing(spec: str, fault: int, counted: tuple[float, ...]) -> None:
    game = make_game(spec)
    assert forfeited(game, (0.0,) * game.num_seats, fault) == counted
    seats = tuple(f"m{seat}" for seat in range(game.num_seats))
    for a, b, result, ours, theirs in pair_scores(seats, counted, fault):
        assert result == (LOSS if a == seats[fault] else WIN)
        worst = margin(*((ours, theirs) if a == seats[fault] else (theirs, ours)), game.num_seats)
        assert not game.graded or worst < 0
        assert seats[fault] in (a, b)
