"""A game says whether moves are public, and what the seats see confirms it."""

from __future__ import annotations

import random

import numpy as np
import pytest

from games import State, make_game
from games.open_spiel.traits import HIDE_CHANCE_ONLY


def legal(state: State, seat: int) -> list[int]:
    mask = np.empty(state.game.num_actions, np.bool_)  # type: ignore[attr-defined]
    state.observe(seat, np.empty(state.game.observation_shape, np.float32), mask)  # type: ignore[attr-defined]
    return np.flatnonzero(mask).tolist()


@pytest.mark.parametrize("spec", sorted(HIDE_CHANCE_ONLY))
def test_what_is_public_follows_from_what_a_seat_sees(spec: str) -> None:
    game, rng = make_game(spec), random.Random(spec)
    assert game.public_moves
    assert not game.perfect_information
    names: dict[tuple[int, str, str], str] = {}
    tried = 0
    while tried < 300:
        state = game.new_state(rng.randrange(2**32))
        while (acting := state.acting()) and tried < 300:
            (actor,) = acting
            actions = legal(state, actor)
            others = [seat for seat in range(game.num_seats) if seat != actor]
            before = {seat: state.draw(seat) for seat in others}
            for action in rng.sample(actions, min(4, len(actions))):
                after, name = state.clone(), state.action_name(actor, action)
                after.apply([action])
                for seat in others:
                    assert names.setdefault((seat, before[seat], after.draw(seat)), name) == name
                    tried += 1
            state.apply([rng.choice(actions)])


@pytest.mark.parametrize(
    ("spec", "public"),
    [
        ("connect_four", True),
        ("goofspiel", True),
        ("matrix_rps", True),
        ("pettingzoo:rps_v2", True),
        ("pettingzoo:tictactoe_v3", True),
        ("goofspiel(imp_info=True)", False),
        ("dark_chess", False),
        ("phantom_ttt", False),
        ("battleship", False),
        ("turn_based_simultaneous_game(game=goofspiel())", False),
        ("odd_environments:Countdown", False),
    ],
)
def test_hidden_moves_are_not_public(spec: str, public: bool) -> None:
    assert make_game(spec).public_moves is public
