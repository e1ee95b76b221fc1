"""Which games are graded: those with more than three different utilities."""

from __future__ import annotations

import numpy as np
import pytest

from games import GameError, GameInfo, list_games, make_game
from games.conformance import check_game
from games.contract import Game

SOME_STEPS = 1_500
"""Steps of random play in each game: enough for several games of all but the longest."""


def returns_of_random_play(game: Game, steps: int, rng: np.random.Generator) -> set[float]:
    """The returns of random games."""
    tables = game.tables(4)
    tables.reset(range(4), rng.integers(2**60, size=4).tolist())
    totals, found = np.zeros((4, game.num_seats)), set()
    for _ in range(steps // 4):
        rows = tables.observe()
        actions = np.array([rng.choice(np.flatnonzero(mask)) for mask in tables.masks[:rows]], np.int64)
        over = tables.step(actions)
        totals += tables.rewards
        if over:
            found.update(totals[over].ravel().round(6).tolist())
            totals[over] = 0
            tables.reset(over, rng.integers(2**60, size=len(over)).tolist())
    return found


@pytest.mark.slow
def test_games_of_wins_draws_and_losses_show_at_most_three_different_returns() -> None:
    rng = np.random.default_rng(0)
    infos = [info for info in list_games() if info.playable and not info.graded]
    assert len(infos) > 50
    wrong = {}
    for info in infos:
        found = returns_of_random_play(make_game(info.spec), SOME_STEPS, rng)
        if len(found) > 3:
            wrong[info.spec] = sorted(found)
    assert wrong == {}


@pytest.mark.parametrize(
    ("spec", "graded"),
    [
        ("tic_tac_toe", False),
        ("connect_four", False),
        ("liars_dice", False),
        ("kuhn_poker", True),
        ("leduc_poker", True),
        ("leduc_poker(players=3)", True),
        ("universal_poker", True),
        ("misere(game=kuhn_poker())", True),
        ("misere(game=tic_tac_toe())", False),
        ("start_at(game=tic_tac_toe(),history=4;0)", False),
        ("goofspiel", False),
        ("goofspiel(players=3)", True),
        ("goofspiel(returns_type=point_difference)", True),
        ("goofspiel(returns_type=total_points)", True),
        ("turn_based_simultaneous_game(game=goofspiel(returns_type=point_difference))", True),
        ("backgammon", False),
        ("backgammon(scoring_type=full_scoring)", True),
        ("dots_and_boxes(utility_margin=True)", True),
        ("maedn(players=4)", False),
        ("pig(players=3)", False),
        ("skat", True),
        ("matrix_rps", False),
        ("matrix_pd", True),
        ("repeated_game(num_repetitions=5,stage_game=matrix_rps())", True),
        ("pettingzoo:connect_four_v3", False),
        ("pettingzoo:leduc_holdem_v4", True),
        ("pettingzoo:rps_v2", True),
        ("pettingzoo:simple_tag_v3", True),
    ],
)
def test_known_games(spec: str, graded: bool) -> None:
    assert make_game(spec).graded == graded


def test_the_catalogue_says_what_the_games_say() -> None:
    infos: list[GameInfo] = [
        info for info in list_games("*pok*") + list_games("*tac*") if info.playable and info.library == "openspiel"
    ]
    assert {info.graded for info in infos} == {True, False}
    for info in infos:
        assert make_game(info.spec).graded == info.graded


def test_an_environment_says_whether_it_is_graded() -> None:
    assert not make_game("odd_environments:Toss(graded=False)").graded
    assert make_game("odd_environments:Toss(graded=True)").graded
    with pytest.raises(GameError, match="must be True or False, but is 1"):
        make_game("odd_environments:Toss(graded=1)")


def test_the_conformance_suite_finds_a_game_that_is_graded_after_all() -> None:
    check_game("odd_environments:Toss(graded=False)", episodes=9)
    check_game("odd_environments:Toss(graded=True,stakes=True)", episodes=9)
    with pytest.raises(GameError, match="not graded has at most three different returns"):
        check_game("odd_environments:Toss(graded=False,stakes=True)", episodes=9)
