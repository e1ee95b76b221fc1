from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


def test_moves_in_turn_cost_their_action_and_a_bit() -> None:
    in_turn = tuple((k % 3, k % 32) for k in range(100))
    assert len(codec.pack_moves(in_turn, 3)) == 1 + 100 * 6 // 8 + 1
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
