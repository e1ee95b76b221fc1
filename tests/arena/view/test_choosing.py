"""Choosing a move on a board, and why a move is refused."""

from __future__ import annotations

import numpy as np
import pytest

from arena.view.choosing import cell_name, cells_of, pick, refusal, targets
from games import make_game
from games.drawing.grids import Cell, Grid, read_grid


def position(spec: str, *actions: int) -> tuple[Grid, dict[int, str]]:
    """The board after ``actions``, and the legal moves."""
    game = make_game(spec)
    state = game.new_state(0)
    for action in actions:
        state.apply([action])
    (seat,) = state.acting()
    mask = np.zeros(game.num_actions, np.bool_)
    state.observe(seat, np.zeros(game.observation_shape, np.float32), mask)
    grid = read_grid(state.draw())
    assert grid is not None
    return grid, {action: state.action_name(seat, action) for action in np.flatnonzero(mask).tolist()}


def test_every_cell_of_a_column_means_the_column_and_the_piece_falls() -> None:
    grid, legal = position("connect_four", 3)
    cells = cells_of(grid, legal)
    assert pick(cells, Cell(0, 3)).actions == pick(cells, Cell(5, 3)).actions == (3,)
    assert targets(cells)[3] == Cell(4, 3)


def test_a_piece_that_moves_is_chosen_before_where_it_goes() -> None:
    grid, legal = position("breakthrough")
    cells = cells_of(grid, legal)
    start = targets(cells)[0]
    first = pick(cells, start)
    assert first.source == start
    assert len(first.actions) > 1
    goal = targets(cells, start)[0]
    (action,) = pick(cells, goal, start).actions
    assert legal[action].startswith(cell_name(grid, start))
    assert pick(cells, Cell(3, 3), start).actions == ()


@pytest.mark.parametrize(
    ("spec", "actions", "entry", "sentence"),
    [
        ("connect_four", (2,) * 6, "2", "column 2 is full"),
        ("connect_four", (2,) * 6, "column 2", "column 2 is full"),
        ("connect_four", (), "9", "there is no column 9; columns go from 0 to 6"),
        ("tic_tac_toe", (4,), "4", "square 4 is taken"),
        ("tic_tac_toe", (4,), "44", "there is no square 44; squares go from 0 to 8"),
        ("othello", (), "d4", "d4 is taken; legal: d3, c4, f5, e6"),
        ("othello", (), "a1", "a1 is not legal here; legal: d3, c4, f5, e6"),
        ("othello", (), "\x1b[2J", "\\x1b[2J is not legal here; legal: d3, c4, f5, e6"),
    ],
)
def test_a_refusal_says_why(spec: str, actions: tuple[int, ...], entry: str, sentence: str) -> None:
    grid, legal = position(spec, *actions)
    assert refusal(entry, legal, grid) == sentence


def test_a_refusal_lists_no_more_moves_than_fit_a_sentence() -> None:
    grid, legal = position("go(board_size=19)")
    assert refusal("zz", legal, grid).endswith("... (362 in all)")
    assert len(refusal("zz", legal, grid)) < 120


@pytest.mark.parametrize(
    ("spec", "cell", "name"),
    [("chess", Cell(0, 0), "a8"), ("connect_four", Cell(2, 5), "column 5"), ("tic_tac_toe", Cell(1, 2), "square 5")],
)
def test_cells_have_the_names_of_the_board(spec: str, cell: Cell, name: str) -> None:
    grid, _ = position(spec)
    assert cell_name(grid, cell) == name
