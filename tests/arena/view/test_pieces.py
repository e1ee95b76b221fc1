"""Who plays which pieces, and which line has won."""

from __future__ import annotations

import random

import numpy as np
import pytest

from arena.view.pieces import begins_above, labels, pieces, winning_cells
from games import State, make_game
from games.drawing.boards import PIECES
from games.drawing.grids import Cell, Grid, changed_cells, named_cells, read_grid
from games.drawing.spans import piece_part

LINES = [
    ("connect_four", [0, 1, 0, 1, 0, 1, 0], [(2, 0), (3, 0), (4, 0), (5, 0)]),
    ("connect_four(x_in_row=3)", [0, 1, 0, 1, 0], [(3, 0), (4, 0), (5, 0)]),
    ("tic_tac_toe", [0, 1, 4, 2, 8], [(0, 0), (1, 1), (2, 2)]),
    ("misere(game=tic_tac_toe())", [0, 1, 4, 2, 8], [(0, 0), (1, 1), (2, 2)]),
    ("pettingzoo:connect_four_v3", [3, 1, 3, 1, 3, 1, 3], [(2, 3), (3, 3), (4, 3), (5, 3)]),
    ("mnk(k=3,m=4,n=4)", [0, 4, 1, 5, 2], [(0, 0), (0, 1), (0, 2)]),
    ("gomoku(connect=3,size=5)", [0, 5, 1, 6, 2], [(0, 0), (0, 1), (0, 2)]),
    ("othello", [], []),
]


def board(state: State) -> Grid:
    grid = read_grid(state.draw())
    assert grid is not None
    return grid


@pytest.mark.parametrize("spec", sorted({*PIECES} - {"backgammon", "pettingzoo:chess_v6"}))
def test_a_seat_moves_the_pieces_that_are_said_to_be_its_own(spec: str) -> None:
    game = make_game(spec)
    state, mask, rng = game.new_state(3), np.empty(game.num_actions, np.bool_), random.Random(3)
    moved: set[int] = set()
    while moved != {0, 1}:
        (seat,) = state.acting()
        state.observe(seat, np.empty(game.observation_shape, np.float32), mask)
        action, before = rng.choice(np.flatnonzero(mask).tolist()), board(state)
        cells = named_cells(before, state.action_name(seat, action))
        state.apply([action])
        if changed_cells(before, board(state)):  # no pass, and no try that hidden pieces forbid
            assert piece_part(board(state).piece(cells[-1])) == pieces(game.spec)[seat].part
            moved.add(seat)
    assert len({own.part for own in pieces(game.spec)}) == 2


def test_the_pieces_of_backgammon_are_those_to_play() -> None:
    state = make_game("backgammon").new_state(3)
    (seat,) = state.acting()
    assert f"{pieces('backgammon')[seat].mark} to play" in state.draw()


def test_seat_0_of_chess_plays_black() -> None:
    assert [each.name for each in pieces("chess")] == ["Black", "White"]
    assert [each.name for each in pieces("pettingzoo:chess_v6")] == ["White", "Black"]
    assert make_game("chess").new_state(0).acting() == (1,)  # White begins


@pytest.mark.parametrize(
    ("spec", "above"),
    [
        ("chess", (True, False)),
        ("breakthrough", (True, False)),
        ("othello", (False, False)),  # all begin in the middle
        ("go(board_size=5)", (False, False)),
    ],
)
def test_where_pieces_begin_at_a_side_it_is_known_whose(spec: str, above: tuple[bool, bool]) -> None:
    grid = read_grid(make_game(spec).new_state(0).draw())
    assert grid is not None
    assert tuple(begins_above(spec, seat, grid) for seat in (0, 1)) == above


@pytest.mark.parametrize("spec", ["kuhn_poker", "neutral(game=connect_four,player_1=random)", "no(spec", "misere(x=1)"])
def test_games_without_pieces_have_seats(spec: str) -> None:
    assert pieces(spec) == ()
    assert labels(spec, 2) == ("seat 0", "seat 1")
    assert labels("connect_four", 3) == ("seat 0", "seat 1", "seat 2")  # of a record that does not fit its game


@pytest.mark.parametrize(("spec", "actions", "line"), LINES)
def test_the_line_that_has_won_is_found(spec: str, actions: list[int], line: list[tuple[int, int]]) -> None:
    game = make_game(spec)
    state = game.new_state(0)
    for action in actions:
        assert winning_cells(game.spec, board(state)) == ()
        state.apply([action])
    assert winning_cells(game.spec, board(state)) == tuple(Cell(*cell) for cell in line)
    assert bool(line) == (state.ending() is not None)
