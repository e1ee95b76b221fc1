"""Boards show where the pieces are, moves are named by their squares, and hands stay hidden."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games import Game, State, make_game
from games.drawing.boards import BOARDS

pytestmark = pytest.mark.filterwarnings("ignore:.*precision lowered by casting")  # about an environment's spaces

PIECES = ("●◆✕♚♛♜♝♞♟", "○◇♔♕♖♗♘♙")
GRIDS = [
    "breakthrough",
    "checkers",
    "chess",
    "clobber",
    "go(board_size=9)",
    "hex(board_size=5)",
    "gomoku(size=9)",
    "lines_of_action",
    "mnk(k=6,m=8,n=6)",
    "othello",
    "pettingzoo:go_v5(board_size=9)",
    "ultimate_tic_tac_toe",
]
SMALL = {
    "dark_hex": "dark_hex(board_size=3)",
    "go": "go(board_size=5)",
    "gomoku": "gomoku(size=6)",
    "hex": "hex(board_size=4)",
    "mnk": "mnk(k=3,m=4,n=4)",
}
BOARD_SPECS = [SMALL.get(name, name) for name in sorted(BOARDS)]
OTHERS = [
    "connect_four",
    "dark_chess",
    "dark_hex(board_size=3)",
    "goofspiel(num_cards=4)",
    "kuhn_poker(players=3)",
    "leduc_poker",
    "misere(game=tic_tac_toe())",
    "pettingzoo:leduc_holdem_v4",
    "pettingzoo:rps_v2(max_cycles=3)",
    "pettingzoo:texas_holdem_no_limit_v6",
    "pettingzoo:tictactoe_v3",
    "phantom_ttt",
    "tic_tac_toe",
    "universal_poker",
]


def legal(game: Game, state: State, seat: int) -> list[int]:
    mask = np.empty(game.num_actions, np.bool_)
    state.observe(seat, np.empty(game.observation_shape, np.float32), mask)
    return np.flatnonzero(mask).tolist()


def plays(game: Game, seed: int, steps: int = 60) -> Iterator[tuple[State, tuple[int, ...], list[int]]]:
    """A random game: each position (the same object), its acting seats, and the actions that follow."""
    rng, state = random.Random(seed), game.new_state(seed)
    for _ in range(steps):
        seats = state.acting()
        if not seats:
            return
        actions = [rng.choice(legal(game, state, seat)) for seat in seats]
        yield state, seats, actions
        state.apply(actions)


def cell(board: str, square: str) -> str:
    """The cell of a board with a name such as ``d4``."""
    rows = [line.replace("│", " ").split() for line in board.splitlines()]
    files = next(row for row in rows if len(row) > 1 and all(re.fullmatch("[A-Za-z]", file) for file in row))
    (row,) = [row for row in rows if row[0] == square[1:]]
    return row[1 + files.index(square[0])]


@pytest.mark.parametrize("spec", GRIDS)
def test_a_move_names_the_square_where_its_piece_then_stands(spec: str) -> None:
    game = make_game(spec)
    compared = 0
    for state, (seat,), (action,) in plays(game, 5):
        squares = re.findall(r"[a-jA-J]\d", state.action_name(seat, action))
        after = state.clone()
        after.apply([action])
        if squares:  # a pass has none
            assert cell(after.draw(), squares[-1]) in PIECES[seat]
            compared += 1
    assert compared > 15


@pytest.mark.parametrize("spec", [*GRIDS, *OTHERS])
def test_names_tell_legal_moves_apart_whatever_their_case(spec: str) -> None:
    game = make_game(spec)
    for state, seats, _ in plays(game, 2, steps=15):
        for seat in seats:
            names = [state.action_name(seat, action) for action in legal(game, state, seat)]
            if spec not in ("chess", "dark_chess"):  # where bxc3 is a pawn's move and Bxc3 a bishop's
                names = [name.casefold() for name in names]
            assert len(set(names)) == len(names)
            assert all(name.isprintable() and name.strip() == name for name in names)


@given(spec=st.sampled_from(BOARD_SPECS), seed=st.integers(0, 2**31), view=st.sampled_from([None, 0, 1]))
@settings(max_examples=40, deadline=None)
def test_a_board_stands_still_from_the_first_position_to_the_last(spec: str, seed: int, view: int | None) -> None:
    game = make_game(spec)
    view = None if spec == "kriegspiel" else view  # there a seat sees what it has been told, in more and more lines
    rng, state = random.Random(seed), game.new_state(seed)
    lines = state.draw(view).count("\n")
    for _ in range(400):
        if not state.acting():
            break
        (seat,) = state.acting()
        state.apply([rng.choice(legal(game, state, seat))])
        assert state.draw(view).count("\n") == lines


def test_the_lines_below_a_board_stay_when_nobody_is_to_play() -> None:
    game = make_game("backgammon")
    state, rng = game.new_state(1), random.Random(1)
    lines = state.draw().count("\n")
    while state.acting():
        (seat,) = state.acting()
        state.apply([rng.choice(legal(game, state, seat))])
    assert state.draw().count("\n") == lines
    assert "nobody to play" in state.draw()
    assert "no board is forced" in make_game("ultimate_tic_tac_toe").new_state(0).draw()


def test_points_of_backgammon_are_numbered_as_its_moves() -> None:
    game = make_game("backgammon")
    seen = 0
    for state, (seat,), (action,) in plays(game, 3):
        lines = [line.replace("│", " ").split() for line in state.draw().splitlines()]
        for point in re.findall(r"(?:^| )(\d+)/", state.action_name(seat, action)):
            upper = (int(point) > 12) == (seat == 1)  # the half of the board that shows the point
            label, outermost = (seat, 2) if upper else (seat - 4, -5)
            assert lines[label][0] == "●○"[seat]
            standing = lines[outermost][lines[label].index(point) - 1]
            assert standing == "●○"[seat] or standing.isdigit()
            seen += 1
    assert seen > 50


@pytest.mark.parametrize(
    "spec",
    [
        "dark_hex(board_size=3)",
        "goofspiel(imp_info=True,num_cards=3)",
        "kuhn_poker",
        "leduc_poker",
        "phantom_ttt",
        "universal_poker",
    ],
)
def test_positions_a_seat_cannot_tell_apart_look_alike(spec: str) -> None:
    game = make_game(spec)
    drawings: dict[tuple[int, str], set[str]] = {}
    hidden: dict[tuple[int, str], set[str]] = {}
    for seed in range(150):
        for state, _, _ in plays(game, seed, steps=6):
            for seat in range(game.num_seats):
                known = (seat, state.engine.information_state_string(seat))  # type: ignore[attr-defined]
                drawings.setdefault(known, set()).add(state.draw(seat))
                hidden.setdefault(known, set()).add(state.draw())
    assert all(len(shown) == 1 for shown in drawings.values())
    assert any(len(shown) > 1 for shown in hidden.values())  # something was hidden


def test_positions_of_dark_chess_look_alike_to_who_sees_the_same() -> None:
    game = make_game("dark_chess")
    first, second = (game.new_state(0) for _ in range(2))
    for state, reply in ((first, "a6"), (second, "a5")):
        for move in ("Nf3", reply):
            (seat,) = state.acting()
            state.apply([next(act for act in legal(game, state, seat) if state.action_name(seat, act) == move)])
    assert first.draw() != second.draw()
    assert first.draw(1) == second.draw(1)


@pytest.mark.parametrize(
    "spec", ["pettingzoo:leduc_holdem_v4", "pettingzoo:texas_holdem_v4", "pettingzoo:texas_holdem_no_limit_v6"]
)
def test_a_seat_sees_no_more_cards_than_it_observes(spec: str) -> None:
    game = make_game(spec)
    row = np.empty(game.observation_shape, np.float32)
    cards = 6 if "leduc" in spec else 52
    for seed in range(10):
        for state, _, _ in plays(game, seed):
            for seat in range(game.num_seats):
                state.observe(seat, row, np.empty(game.num_actions, np.bool_))
                shown = state.draw(seat)
                assert len(re.findall("[♠♥♦♣]", shown)) == int(row[:cards].sum())
                assert f"{game.agent_ids[1 - seat]}  ?" in shown
                assert "?" not in state.draw()


def test_both_libraries_draw_the_same_go() -> None:
    ours, theirs = (make_game(spec).new_state(0) for spec in ("go(board_size=9)", "pettingzoo:go_v5(board_size=9)"))
    for name in ("C3", "G7", "D3", "pass", "J9"):
        for state in (ours, theirs):
            (seat,) = state.acting()
            actions = legal(state.game, state, seat)  # type: ignore[attr-defined]
            state.apply([next(action for action in actions if state.action_name(seat, action) == name)])
    assert ours.draw() == theirs.draw()
    assert cell(ours.draw(), "J9") == "●"


@pytest.mark.parametrize(
    ("size", "points"),
    [
        (5, ""),
        (9, "C3 C7 E5 G3 G7"),
        (13, "D10 D4 G7 K10 K4"),
        (19, "D10 D16 D4 K10 K16 K4 Q10 Q16 Q4"),
    ],
)
def test_a_board_of_go_has_the_usual_star_points_until_a_stone_stands_there(size: int, points: str) -> None:
    game = make_game(f"go(board_size={size})")
    state = game.new_state(0)
    squares = [f"{file}{rank}" for file in "ABCDEFGHJKLMNOPQRST"[:size] for rank in range(1, size + 1)]
    assert sorted(square for square in squares if cell(state.draw(), square) == "•") == points.split()
    if points:
        name = points.split()[0]
        state.apply([next(action for action in legal(game, state, 0) if state.action_name(0, action) == name)])
        assert cell(state.draw(), name) == "●"
        assert state.draw().count("•") == len(points.split()) - 1


def test_hands_and_bids_read_well() -> None:
    kuhn = make_game("kuhn_poker").new_state(0, chance=[2, 0])
    kuhn.apply([0])
    assert kuhn.draw(1) == "player_0  ?\nplayer_1  J\nbets      pass"
    leduc = make_game("leduc_poker").new_state(0, chance=[5, 2, 3])
    for action in (2, 1):
        leduc.apply([action])
    assert (
        leduc.draw(0)
        == "player_0  K♥  97 chips\nplayer_1  ?   97 chips\nboard     Q♥\npot       6\nround 1   raise call"
    )
    split = make_game("leduc_poker(players=3)").new_state(0, chance=[6, 7, 0, 2])
    while seats := split.acting():
        split.apply([1] * len(seats))
    assert split.draw().startswith("player_0  K♠  100.5 chips\nplayer_1  K♥  100.5 chips\nplayer_2  T♠  99 chips\n")
    bids = make_game("goofspiel(num_cards=3)").new_state(0, chance=[2, 0])
    bids.apply([0, 2])
    assert bids.draw() == "player_0  2 3  0 points\nplayer_1  1 2  3 points: 3\nprize     1"


@pytest.mark.parametrize("spec", ["pettingzoo:tictactoe_v3", "pettingzoo:pursuit_v5(max_cycles=5)"])
def test_a_picture_is_that_of_the_position(spec: str) -> None:
    game = make_game(spec)
    assert game.pictorial is (spec != "pettingzoo:tictactoe_v3")  # its text shows everything
    seen = []
    for state, _, actions in plays(game, 3, steps=3):
        picture, clone = state.picture(), state.clone()
        assert picture is not None
        assert picture.dtype == np.uint8
        assert picture.shape[2] == 3
        again = clone.picture()
        assert again is not None
        assert np.array_equal(again, picture)
        clone.apply(actions)
        seen.append(picture)
    assert not np.array_equal(seen[0], seen[-1])
    assert make_game("tic_tac_toe").new_state(0).picture() is None


def test_pictures_change_nothing_in_the_game() -> None:
    game = make_game("pettingzoo:cooperative_pong_v6(max_cycles=6)")
    watched, twin = game.new_state(7), game.new_state(7)
    while watched.acting():
        watched.picture()
        assert watched.apply([1, 2]) == twin.apply([1, 2])
    assert watched.digest() == twin.digest()
