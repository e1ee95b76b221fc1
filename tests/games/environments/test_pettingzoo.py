"""PettingZoo's particulars: wrappers, dead agents, limits, masks, copies, drawings."""

from __future__ import annotations

import numpy as np
import pytest
from odd_environments import LastStanding

from games import IllegalActionError, State, make_game


def seen(state: State, seat: int) -> tuple[list[float], list[bool]]:
    game = state.game  # type: ignore[attr-defined]
    observation, mask = np.zeros(game.observation_shape, np.float32), np.zeros(game.num_actions, np.bool_)
    state.observe(seat, observation, mask)
    return observation.ravel().tolist(), mask.tolist()


def test_rewards_reach_every_seat_at_the_step_that_gave_them() -> None:
    state = make_game("odd_environments:Countdown").new_state(0)
    assert state.apply([1]) == (2.0, -0.25, 0.0)  # action 1 takes 2: actions start at 1 in the environment
    assert state.apply([0]) == (0.0, 1.0, -0.25)
    assert state.returns() == (2.0, 0.75, -0.25)


def test_a_mask_in_the_info_is_kept_before_the_environment_sees_the_action() -> None:
    state = make_game("odd_environments:Countdown").new_state(1)
    while seen(state, state.acting()[0])[1][1]:
        state.apply([0])
    before = state.digest()
    with pytest.raises(IllegalActionError, match="chose 1"):
        state.apply([1])
    assert state.digest() == before
    state.apply([0])
    assert state.acting() == ()
    assert [seen(state, seat) for seat in range(3)] == [([0.0, float(seat)], [False, False]) for seat in range(3)]


def test_agents_that_leave_keep_their_last_view_and_the_others_go_on() -> None:
    state = make_game("odd_environments:LastStanding").new_state(0)
    assert state.acting() == (0, 1, 2, 3, 4)
    assert state.apply([0, 1, 0, 0, 0]) == (0.5, -1.0, 0.5, 0.5, 0.5)
    assert state.acting() == (0, 2, 3, 4)
    assert state.ending() is None
    out = seen(state, 1)
    state.apply([0, 0, 0, 0])
    assert seen(state, 1) == out
    assert seen(state, 0) == ([2.0, 4.0], [True, True])
    state.apply([0, 0, 1, 1])
    assert state.ending() == "terminated"
    assert state.history()[:6] == ((0, 0), (1, 1), (2, 0), (3, 0), (4, 0), (0, 0))


def test_a_limit_truncates_even_when_some_had_terminated() -> None:
    state = make_game("odd_environments:LastStanding(lives=2)").new_state(0)
    state.apply([0, 1, 0, 0, 0])
    state.apply([0, 0, 0, 0])
    assert state.ending() == "truncated"
    assert LastStanding(lives=2).lives == 2


def in_rounds(spec: str, actions: list[int]) -> State:
    """Play a game in which all living seats take the same action in each round."""
    state = make_game(spec).new_state(0)
    for action in actions:
        seats = state.acting()
        for _ in range(1 if len(seats) > 1 else sum(ending is None for ending in state.seat_endings())):
            # Seat 1 takes another action than the others.
            state.apply([1 - action if seat == 1 else action for seat in state.acting()])
    return state


@pytest.mark.parametrize("env", ["LastStanding", "in_turns"])
def test_every_seat_has_an_ending_of_its_own(env: str) -> None:
    spec = f"odd_environments:{env}(lives=2)"
    assert in_rounds(spec, []).seat_endings() == (None,) * 5
    running = in_rounds(spec, [0])
    assert (running.seat_endings(), running.ending()) == ((None, "terminated", None, None, None), None)
    limited = in_rounds(spec, [0, 0])
    others = ("truncated",) * 3
    assert (limited.seat_endings(), limited.ending()) == (("truncated", "terminated", *others), "truncated")
    assert limited.clone().seat_endings() == limited.seat_endings()
    assert running.seat_endings()[0] is None  # states share nothing


def test_seats_that_end_together_have_the_ending_of_their_game() -> None:
    state = make_game("tic_tac_toe").new_state(0)
    assert state.seat_endings() == (None, None)
    for square in (0, 3, 1, 4, 2):
        state.apply([square])
    assert state.seat_endings() == ("terminated", "terminated")
    rps = make_game("pettingzoo:rps_v2(max_cycles=1)").new_state(0)
    rps.apply([0, 1])
    assert rps.seat_endings() == (rps.ending(),) * 2


def test_equal_seeds_give_equal_games_and_every_game_is_seeded() -> None:
    game = make_game("odd_environments:Countdown")
    starts = [seen(game.new_state(seed), 0) for seed in range(12)]
    assert starts == [seen(game.new_state(seed), 0) for seed in range(12)]
    assert len({tuple(observation) for observation, _ in starts}) == 3
    game.new_state(2**63 + 5)  # seeds may have any size


@pytest.mark.parametrize(
    ("spec", "copyable"), [("odd_environments:Countdown", True), ("odd_environments:Guarded", False)]
)
def test_a_clone_is_a_copy_or_a_replay(spec: str, copyable: bool) -> None:
    game = make_game(spec)
    assert game.copyable is copyable  # type: ignore[attr-defined]
    state = game.new_state(3)
    state.apply([1])
    clone = state.clone()
    assert clone.digest() == state.digest()
    clone.apply([0])
    assert len(state.history()) == 1
    state.apply([0])
    assert clone.digest() == state.digest()


def test_drawings() -> None:
    state = make_game("pettingzoo:connect_four_v3").new_state(0)
    for column in (3, 3, 4):
        state.apply([column])
    board = """\
 0 1 2 3 4 5 6
 · · · · · · ·
 · · · · · · ·
 · · · · · · ·
 · · · · · · ·
 · · · ○ · · ·
 · · · ● ● · ·"""
    assert state.draw() == state.draw(0) == state.draw(1) == board
    twin = make_game("connect_four").new_state(0)
    for column in (3, 3, 4):
        twin.apply([column])
    assert twin.draw() == board
    assert twin.action_name(1, 2) == state.action_name(1, 2) == "column 2"
    small = make_game("tic_tac_toe").new_state(0)
    zoo = make_game("pettingzoo:tictactoe_v3").new_state(0)
    for square in (4, 0):
        small.apply([square])
        zoo.apply([square])
    assert small.draw() == zoo.draw() == " ○ │ 1 │ 2\n───┼───┼───\n 3 │ ✕ │ 5\n───┼───┼───\n 6 │ 7 │ 8"
    rps = make_game("pettingzoo:rps_v2").new_state(0)
    rps.apply([0, 2])
    assert rps.draw() == rps.draw(0) == "   player_0  player_1\n1  rock      scissors"
    rps.apply([1, 1])
    assert rps.draw() == "   player_0  player_1\n1  rock      scissors\n2  paper     paper"
    assert make_game("odd_environments:Countdown").new_state(0).draw().endswith(" left")  # the environment's text


def test_a_seat_is_not_shown_what_it_may_not_know() -> None:
    state = make_game("kuhn_poker").new_state(4)
    cards = [action for _, action in state.history()]
    held = ["JQK"[card] for card in cards]
    assert state.draw(0) == f"player_0  {held[0]}\nplayer_1  ?"
    assert state.draw() == f"player_0  {held[0]}\nplayer_1  {held[1]}"
