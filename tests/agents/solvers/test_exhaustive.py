"""Exhaustive search gives known game values, and refuses what it cannot solve."""

from __future__ import annotations

from collections.abc import Sequence

import pyspiel
import pytest
from open_spiel.python.algorithms.minimax import expectiminimax
from toygames import Nim

from agents.contract import AgentError
from agents.solvers import Verdict, exhaustive, find_solver
from agents.solvers.exhaustive import ExhaustiveSolver
from games import make_game


def verdict(spec: str, moves: Sequence[int] = ()) -> Verdict:
    game = make_game(spec)
    state = game.new_state(0)
    for move in moves:
        state.apply([move])
    return find_solver(game).solve(state)


def test_tic_tac_toe_is_a_draw_and_an_edge_against_the_centre_keeps_it() -> None:
    assert set(verdict("tic_tac_toe").values.values()) == {0.0}
    answers = verdict("tic_tac_toe", [4])  # the first seat took the centre
    assert {action for action, value in answers.values.items() if value == 0} == {0, 2, 6, 8}
    assert answers.best == (0, 2, 6, 8)
    assert answers.mistakes() == {1, 3, 5, 7}


def test_quick_wins_and_slow_losses_are_best() -> None:
    # x x . / o o . / . . . : seat 0 wins at once with 2; 5 prevents the loss and wins a move later
    won = verdict("tic_tac_toe", [0, 3, 1, 4])
    assert won.best == (2,)
    # Seat 1 has lost after x takes the corners; only blocking delays the end.
    lost = verdict("tic_tac_toe", [0, 1, 4, 3])  # seat 0 threatens 8, and more
    assert lost.best == (8,)
    forked = verdict("tic_tac_toe", [0, 1, 4, 8, 3])  # threatens 5 and 6
    assert set(forked.values.values()) == {-1.0}
    assert set(forked.best) == {2, 5, 6, 7} & set(forked.values)


def test_nim_is_won_where_the_sum_of_the_piles_without_carry_is_not_zero() -> None:
    assert set(verdict("nim(is_misere=False,pile_sizes=1;2;3)").values.values()) == {-1.0}
    won = verdict("nim(is_misere=False,pile_sizes=2;3)")
    assert max(won.values.values()) == 1.0
    assert len(won.values) - len(won.mistakes()) == 1  # only 3 -> 2 makes the piles equal


def test_a_chance_node_is_worth_the_mean_of_its_outcomes() -> None:
    spec = "pig(diceoutcomes=2,horizon=6,winscore=3)"
    rolled_first = pyspiel.load_game(spec).new_initial_state().child(0)
    expected, _ = expectiminimax(rolled_first, 20, None, maximizing_player_id=0)
    assert verdict(spec).values[0] == pytest.approx(expected)
    assert verdict(spec).values[1] < expected


@pytest.mark.parametrize(
    "spec",
    [
        "start_at(game=tic_tac_toe,history=4;0)",
        "misere(game=start_at(game=tic_tac_toe,history=4;0))",
        "breakthrough(columns=2,rows=4)",
        "clobber(columns=3,rows=2)",
        "connect_four(columns=3,rows=3,x_in_row=3)",
        "dots_and_boxes(num_cols=1,num_rows=2)",
        "hex(num_cols=3,num_rows=2)",
        "mnk(k=2,m=3,n=2)",
        "nim(pile_sizes=1;2;3)",
    ],
)
def test_positions_of_equal_text_have_equal_values(spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    game = make_game(spec)
    merged = ExhaustiveSolver(game)
    monkeypatch.setattr(exhaustive, "TEXT_DECIDES", frozenset())
    apart = ExhaustiveSolver(game)
    assert len(merged._verdicts) < len(apart._verdicts)
    waiting = [game.new_state(0)]
    compared = 0
    while waiting:
        state = waiting.pop()
        if state.ending() is None:
            one, other = merged.solve(state), apart.solve(state)
            assert one.values == pytest.approx(other.values)
            assert one.best == other.best
            compared += 1
            for action in one.values:
                waiting.append(state.clone())
                waiting[-1].apply([action])
    assert compared > 20


def test_phases_are_thirds_of_the_longest_game() -> None:
    assert find_solver(make_game("tic_tac_toe")).phases == ((0, 2), (3, 5), (6, 8))


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("chess", "more than 200,000 positions"),
        ("leduc_poker", "`equilibrium`"),
        ("oshi_zumo", "turn-based"),
        ("pettingzoo:tictactoe_v3", "not an OpenSpiel game"),
        ("catch", "1 seats"),
    ],
)
def test_other_games_are_refused_in_one_line(spec: str, words: str) -> None:
    with pytest.raises(AgentError, match=words) as caught:
        find_solver(make_game(spec))
    assert "\n" not in str(caught.value)


def test_a_game_of_ones_own_is_refused() -> None:
    with pytest.raises(AgentError, match="not an OpenSpiel game"):
        find_solver(Nim())
