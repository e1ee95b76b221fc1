"""Joint actions that no state accepts."""

from __future__ import annotations

import pytest

from games import GameError, make_game


@pytest.mark.parametrize("spec", ["tic_tac_toe", "goofspiel", "pettingzoo:tictactoe_v3"])
def test_a_joint_action_is_a_sequence(spec: str) -> None:
    state = make_game(spec).new_state(0)
    before = state.digest()
    with pytest.raises(GameError, match=r"a joint action must be a sequence .* got 4; write apply\(\[4\]\)"):
        state.apply(4)  # type: ignore[arg-type]
    assert state.digest() == before


def test_a_joint_action_has_one_action_per_acting_seat() -> None:
    state = make_game("goofspiel").new_state(0)
    with pytest.raises(GameError, match=r"seats \(0, 1\) act and got \[3\]"):
        state.apply([3])


def test_a_game_that_is_over_takes_no_actions() -> None:
    state = make_game("matrix_pd").new_state(0)
    state.apply([0, 0])
    with pytest.raises(GameError, match="this game of 'matrix_pd' is over"):
        state.apply([0, 0])
