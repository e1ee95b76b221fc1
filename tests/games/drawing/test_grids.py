"""Boards are read back as grids, and drawn as large as the room allows."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from games import Game, State, make_game
from games.drawing.grids import Cell, Grid, changed_cells, lines_of, named_cells, read_grid
from games.drawing.large import SIZES, draw_grid

PIECES = ("●◆✕♚♛♜♝♞♟", "○◇♔♕♖♗♘♙")
BOARDS = [
    "breakthrough",
    "checkers",
    "chess",
    "clobber",
    "connect_four",
    "connect_four(columns=12,rows=5)",
    "go(board_size=19)",
    "gomoku(size=9)",
    "hex(board_size=11)",
    "lines_of_action",
    "mnk(k=3,m=4,n=5)",
    "othello",
    "pettingzoo:connect_four_v3",
    "pettingzoo:go_v5(board_size=9)",
    "pettingzoo:tictactoe_v3",
    "tic_tac_toe",
    "ultimate_tic_tac_toe",
]
pytestmark = pytest.mark.filterwarnings("ignore:.*precision lowered by casting")  # about an environment's spaces


def legal(game: Game, state: State) -> tuple[int, list[int]]:
    (seat,) = state.acting()
    mask = np.empty(game.num_actions, np.bool_)
    state.observe(seat, np.empty(game.observation_shape, np.float32), mask)
    return seat, np.flatnonzero(mask).tolist()


def moves(game: Game, seed: int = 5, steps: int = 60) -> Iterator[tuple[State, int, int]]:
    """A random game: each position (the same object), the seat that acts, and its action."""
    rng, state = random.Random(seed), game.new_state(seed)
    for _ in range(steps):
        if not state.acting():
            return
        seat, actions = legal(game, state)
        action = rng.choice(actions)
        yield state, seat, action
        state.apply([action])


def grid(state: State) -> Grid:
    found = read_grid(state.draw())
    assert found is not None
    return found


@pytest.mark.parametrize("spec", BOARDS)
def test_the_last_cell_of_a_move_is_where_its_piece_then_stands(spec: str) -> None:
    game = make_game(spec)
    compared = 0
    for state, seat, action in moves(game):
        cells, after = named_cells(grid(state), state.action_name(seat, action)), state.clone()
        after.apply([action])
        if len(cells) in (1, 2) or spec.endswith(("connect_four", "rows=5)", "connect_four_v3")):
            assert grid(after).piece(cells[-1]) in PIECES[seat]
            assert cells[-1] in changed_cells(grid(state), grid(after))
            compared += 1
    assert compared > 4


@pytest.mark.parametrize(
    "spec", ["antichess", "breakthrough", "checkers", "chess", "chess(chess960=true)", "clobber", "dark_chess"]
)
def test_a_route_leads_from_the_piece_to_where_it_then_stands(spec: str) -> None:
    game = make_game(spec)
    for state, seat, _ in moves(game, steps=80):
        before = grid(state)
        for action in legal(game, state)[1]:
            start, end = named_cells(before, state.action_route(seat, action))
            assert before.piece(start) in PIECES[seat]
            after = state.clone()
            after.apply([action])
            assert grid(after).piece(end) in PIECES[seat]
            if "=" not in state.action_name(seat, action) and not spec.endswith("checkers"):
                assert grid(after).piece(end) == before.piece(start)


def test_routes_of_castling_are_the_king_s_and_those_of_a_promotion_are_alike() -> None:
    game = make_game("chess")
    state = game.new_state(0)

    def routes() -> dict[str, tuple[int, str]]:
        seat, actions = legal(game, state)
        return {state.action_name(seat, action): (action, state.action_route(seat, action)) for action in actions}

    for name in ["a4", "b5", "axb5", "a6", "Nf3", "Nc6", "g3", "d6", "Bg2", "Bd7", "bxa6", "Ra7"]:
        state.apply([routes()[name][0]])
    assert (routes()["O-O"][1], routes()["Kf1"][1]) == ("e1g1", "e1f1")
    for name in ["O-O", "Rb7", "axb7", "e6"]:
        state.apply([routes()[name][0]])
    assert [route for name, (_, route) in routes().items() if name.startswith("b8=")] == ["b7b8"] * 4


@pytest.mark.parametrize("spec", BOARDS)
def test_a_board_shows_every_piece_at_its_place_in_every_size(spec: str) -> None:
    *_, (state, _, _) = moves(make_game(spec), steps=12)
    read = grid(state)
    drawn = [draw_grid(read, *room) for room in ((400, 180), (200, 66), (70, 45), (60, 30), (40, 20), (1, 1))]
    assert drawn[0].cell_size == SIZES[0]
    assert drawn[-1].cell_size[1] == 1
    for board in drawn:
        for row, cells in enumerate(read.cells):
            for column, figure in enumerate(cells):
                cell = Cell(row, column)
                x, y = board.place(cell)
                wide, high = board.cell_size
                middle = (x + (wide - 1) // 2, y + (high - 1) // 2)
                assert board.cell_at(x, y) == board.cell_at(x + wide - 1, y + high - 1) == cell
                parts = {
                    part for line, start, end, part in board.spans if line == middle[1] and start <= middle[0] < end
                }
                expected = "first" if figure in PIECES[0] else "second" if figure in PIECES[1] else "faint"
                assert parts <= {expected}
                if parts and (high == 1 or figure not in "●○✕"):
                    assert board.lines[middle[1]][middle[0]] == figure
        assert board.size[1] == len(board.lines)


@given(width=st.integers(1, 220), height=st.integers(1, 70), flipped=st.booleans())
def test_a_board_fits_unless_its_smallest_size_does_not(width: int, height: int, flipped: bool) -> None:
    read = grid(make_game("hex(board_size=5)").new_state(0))
    board = draw_grid(read, width, height, flipped=flipped)
    wide = max(map(len, board.lines[: -len(read.footer)]))
    assert (wide <= width and len(board.lines) <= height) or board.cell_size == SIZES[-1]
    assert all(0 <= start < end and row < len(board.lines) for row, start, end, _ in board.spans)


def test_a_flipped_board_is_seen_from_the_other_side() -> None:
    read = grid(make_game("chess").new_state(0))
    board = draw_grid(read, 80, 12, flipped=True)
    assert board.lines[0].split() == list("1♖♘♗♔♕♗♘♖")
    assert board.lines[-2].split() == list("hgfedcba")
    corner = board.cell_at(*board.place(Cell(0, 0)))
    assert corner == Cell(0, 0)
    assert board.place(Cell(0, 0))[1] == 7
    falls = grid(make_game("connect_four").new_state(0))
    assert draw_grid(falls, 80, 24, flipped=True) == draw_grid(falls, 80, 24)


def test_marks_lie_over_the_pieces_and_cover_their_cell() -> None:
    read = grid(make_game("connect_four").new_state(0))
    board = draw_grid(read, 80, 24, marks=[(Cell(5, 3), "changed"), (Cell(5, 3), "legal")])
    x, y = board.place(Cell(5, 3))
    assert board.spans[-4:] == (
        *((y + line, x, x + 7, "changed") for line in range(3)),
        (y + 1, x + 3, x + 4, "legal"),
    )


def test_beside_the_cells_there_is_no_cell() -> None:
    board = draw_grid(grid(make_game("tic_tac_toe").new_state(0)), 80, 24)
    assert board.cell_at(0, 0) is None
    assert board.cell_at(16, 1) is None  # the line between two boxes
    assert board.cell_at(500, 1) is None


def test_names_without_a_cell_have_none() -> None:
    go = grid(make_game("go(board_size=9)").new_state(0))
    chess = grid(make_game("chess").new_state(0))
    assert named_cells(go, "pass") == named_cells(chess, "O-O") == named_cells(go, "I5") == ()
    assert named_cells(chess, "R1a3") == (Cell(5, 0),)
    assert named_cells(chess, "e2e4") == (Cell(6, 4), Cell(4, 4))


def test_a_full_column_and_a_small_board_are_named_whole() -> None:
    state = make_game("connect_four").new_state(0)
    state.apply([3])
    cells = named_cells(grid(state), "column 3")
    assert len(cells) == 6
    assert cells[-1] == Cell(4, 3)
    ultimate = grid(make_game("ultimate_tic_tac_toe").new_state(0))
    assert named_cells(ultimate, "board 5")[0] == Cell(3, 6)
    assert len(named_cells(ultimate, "board 5")) == 9


def test_every_line_that_wins_is_found() -> None:
    rows = ("●●●●●", "·○○○·", "··●··", "···○○")
    assert lines_of(Grid(rows), 4) == tuple(Cell(0, column) for column in range(5))
    assert lines_of(Grid(rows), 3) == (*(Cell(0, column) for column in range(5)), *(Cell(1, at) for at in (1, 2, 3)))
    assert lines_of(Grid(("0✕2", "✕45", "678")), 3) == ()
    assert lines_of(Grid(("··●", "·●·", "●··")), 3) == (Cell(0, 2), Cell(1, 1), Cell(2, 0))


@pytest.mark.parametrize("spec", ["backgammon", "kuhn_poker", "2048", "pentago", "pettingzoo:rps_v2"])
def test_games_without_a_grid_have_none(spec: str) -> None:
    assert read_grid(make_game(spec).new_state(0).draw()) is None


@pytest.mark.parametrize("drawing", ["", "\n", " a b\n", "0 1", " 0 1\n x y", "\x1b[2J", " a b\n 1 · 世"])
def test_other_text_is_no_grid(drawing: str) -> None:
    assert read_grid(drawing) is None
