from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.contract import Move
from leagues.store import codec


@st.composite
def histories(draw: st.DrawFn) -> tuple[int, tuple[tuple[int, int], ...]]:
    seats = draw(st.integers(1, 300))
    moves = st.lists(st.tuples(st.integers(-1, seats - 1), st.integers(0, 2**31)), max_size=40)
    return seats, tuple(draw(moves))


@settings(deadline=None)
@given(histories())
def test_any_history_comes_back(history: tuple[int, tuple[tuple[int, int], ...]]) -> None:
    seats, moves = history
    assert codec.unpack_moves(codec.pack_moves(moves, seats), seats) == moves


def test_discrete_moves_are_stored_as_they_always_were() -> None:
    in_turn = ((0, 3), (1, 0), (0, 6), (1, 3))
    assert codec.pack_moves(in_turn, 2).hex() == "831633"  # a 1 bit, then 011 000 110 011
    assert codec.unpack_moves(bytes.fromhex("040160c6"), 2) == in_turn  # of schema 0002 and before
    assert codec.pack_moves(((-1, 7), (1, 2), (0, 0)), 2).hex() == "041f0520"
    assert codec.pack_moves((), 2) == b""


@st.composite
def continuous_histories(draw: st.DrawFn) -> tuple[int, tuple[Move, ...]]:
    seats, components = draw(st.integers(1, 9)), draw(st.integers(1, 6))
    point = st.tuples(*[st.floats(width=32, allow_nan=False)] * components)
    seated = st.tuples(st.integers(0, seats - 1), point)
    chance = st.tuples(st.just(-1), st.integers(0, 2**31))
    return seats, tuple(draw(st.lists(seated | chance, max_size=30)))


@settings(deadline=None)
@given(continuous_histories())
def test_continuous_moves_come_back_bit_for_bit(history: tuple[int, tuple[Move, ...]]) -> None:
    seats, moves = history
    back = codec.unpack_moves(codec.pack_moves(moves, seats), seats)
    assert repr(back) == repr(moves)  # tells -0.0 from 0.0 and a float from an integer


@pytest.mark.parametrize(
    "moves",
    [
        [(0, (0.1,))],  # no float32
        [(0, (1e300,))],
        [(0, (float("nan"),))],
        [(0, (0.5, 0.25)), (1, (0.5,))],
        [(0, ())],
        [(0, (0.5,)), (1, 2)],
        [(0, (0.5,)), (-1, (0.5,))],
    ],
)
def test_continuous_moves_that_would_not_come_back_are_refused(moves: list[Move]) -> None:
    with pytest.raises(ValueError, match="continuous"):
        codec.pack_moves(moves, 2)


def test_moves_in_turn_cost_their_action_and_others_a_bit_more() -> None:
    in_turn = tuple((k % 3, k % 32) for k in range(100))
    assert len(codec.pack_moves(in_turn, 3)) == 1 + 100 * 5 // 8 + 1
    assert len(codec.pack_moves(((-1, 5), (-1, 6), *in_turn), 3)) == 1 + 104 * 6 // 8 + 1


@pytest.mark.parametrize("move", [(2, 0), (-2, 0), (0, -1)])
def test_a_move_outside_the_game_is_refused(move: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"player in -1\.\.1 and an action >= 0"):
        codec.pack_moves([move], 2)


@settings(deadline=None)
@given(st.lists(st.floats() | st.integers(-200, 200).map(float), min_size=1, max_size=9))
def test_returns_come_back_bit_for_bit(returns: list[float]) -> None:
    packed = codec.pack_returns(returns)
    back = codec.unpack_returns(packed, len(returns))
    assert all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in zip(back, returns, strict=True))
    assert len(packed) in (len(returns), 8 * len(returns))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 10**9), st.booleans()), min_size=1, max_size=9))
def test_lineups_come_back(seats: list[tuple[int, bool]]) -> None:
    assert codec.unpack_lineup(codec.pack_lineup(seats)) == seats
