"""Symmetries against the engine: games seen through one are games with the same positions, masks and returns."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games import UnknownGameError, make_game
from games.symmetries import BOARDS, known_symmetries, seat_views

SPECS = {
    "connect_four": 1,
    "connect_four(rows=5,columns=6)": 1,
    "tic_tac_toe": 7,
    "mnk(m=4,n=5,k=3)": 3,
    "othello": 3,
    "go(board_size=5)": 7,
    "hex(board_size=5)": 1,
    "breakthrough(rows=6,columns=5)": 1,
    "amazons": 1,
}


def look(game, state, seat):
    observation, mask = np.empty(game.observation_shape, np.float32), np.empty(game.num_actions, bool)
    state.observe(seat, observation, mask)
    return observation.ravel(), mask


@pytest.mark.parametrize("spec", SPECS)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=4, deadline=None)
def test_a_game_seen_through_a_symmetry_has_the_same_positions(spec, seed):
    game, rng = make_game(spec), np.random.default_rng(seed)
    for symmetry in game.symmetries:
        state, through = game.new_state(0), game.new_state(0)
        back = np.argsort(symmetry.actions)  # action of the game -> action that is seen
        while seats := state.acting():
            assert through.acting() == seats
            for seat in range(2):
                (seen, seen_mask), (usual, mask) = look(game, through, seat), look(game, state, seat)
                np.testing.assert_array_equal(seen, usual[symmetry.cells])
                np.testing.assert_array_equal(seen_mask, mask[symmetry.actions])
            action = int(rng.choice(np.flatnonzero(look(game, state, seats[0])[1])))
            state.apply([action])
            through.apply([int(back[action])])
        assert through.returns() == state.returns()


@pytest.mark.parametrize("spec", SPECS)
def test_symmetries_are_different_ways_to_see_all_of_a_game(spec):
    game = make_game(spec)
    assert len(game.symmetries) == SPECS[spec]
    cells, actions = int(np.prod(game.observation_shape)), game.num_actions
    ways = {(tuple(range(cells)), tuple(range(actions)))}
    for symmetry in game.symmetries:
        assert sorted(symmetry.cells) == list(range(cells))
        assert sorted(symmetry.actions) == list(range(actions))
        ways.add((tuple(symmetry.cells), tuple(symmetry.actions)))
    assert len(ways) == 1 + len(game.symmetries)
    # Two ways after each other are a third one: they form a group.
    for one_cells, one_actions in ways:
        for two_cells, two_actions in ways:
            both = tuple(np.array(one_cells)[list(two_cells)]), tuple(np.array(one_actions)[list(two_actions)])
            assert both in ways


WITH_VIEWS = [spec for spec in SPECS if BOARDS[spec.partition("(")[0]].other_seat is not None]


@pytest.mark.parametrize("spec", WITH_VIEWS)
def test_the_view_of_a_seat_is_that_of_the_first_seat_with_colours_exchanged(spec):
    """What an action does to the view of the seat that takes it is the same for both seats."""
    game, rng = make_game(spec), np.random.default_rng(0)
    views = seat_views(spec.partition("(")[0], game.observation_shape, game.num_actions)
    np.testing.assert_array_equal(views[0].cells, np.arange(len(views[0].cells)))
    effects, compared = {}, 0
    for _ in range(1500):
        state, first = game.new_state(0), None
        for seat in range(2):  # the first stones do not touch each other's groups yet
            before, mask = look(game, state, seat)
            seen = int(rng.choice(np.flatnonzero(mask[views[seat].actions])))
            state.apply([int(views[seat].actions[seen])])
            changed = (look(game, state, seat)[0] - before)[views[seat].cells]
            cells = np.flatnonzero(changed)
            if spec.startswith("go"):  # the last plane says who is to move
                cells = cells[cells < 75]
            effect = {int(cell): float(changed[cell]) for cell in cells}
            if seen == first and spec.startswith("connect_four"):
                continue  # a disc on a disc
            assert effects.setdefault(seen, effect) == effect
            compared += seat
            first = seen
    assert compared > 1000


def test_views_of_hex_and_breakthrough_look_like_the_first_seat_at_the_start():
    hex_game = make_game("hex(board_size=3)")
    state = hex_game.new_state(0)
    state.apply([1])  # the first seat joins north with b1
    north = look(hex_game, state, 0)[0]
    state = hex_game.new_state(0)
    state.apply([8])
    state.apply([3])  # the second seat joins west with a2
    _, other = seat_views("hex", hex_game.observation_shape, hex_game.num_actions)
    west = look(hex_game, state, 1)[0][other.cells].reshape(9, 3, 3)
    own = [5, 6, 7, 8]
    np.testing.assert_array_equal(west[own], north.reshape(9, 3, 3)[own])
    game = make_game("breakthrough(rows=6,columns=5)")
    _, other = seat_views("breakthrough", game.observation_shape, game.num_actions)
    start = look(game, game.new_state(0), 0)[0]
    np.testing.assert_array_equal(start[other.cells], start)


def test_a_view_that_is_unknown_or_does_not_fit_is_refused():
    with pytest.raises(UnknownGameError, match="connect_four, tic_tac_toe"):
        seat_views("connect_for", (3, 6, 7), 7)
    with pytest.raises(UnknownGameError, match="othello"):
        seat_views("othello", (3, 8, 8), 65)  # othello shows it so already
    with pytest.raises(UnknownGameError, match="4 planes"):
        seat_views("go", (3, 9, 9), 82)
    with pytest.raises(UnknownGameError, match="4 planes"):
        known_symmetries("go", (3, 9, 9), 82)
    with pytest.raises(UnknownGameError, match="chess"):
        known_symmetries("chess", (20, 8, 8), 4674)
    assert make_game("leduc_poker").symmetries == ()
