"""A game exported to RLlib and imported again as a game plays like the original."""

from __future__ import annotations

import numpy as np
import pytest

from games import make_game
from games.conformance import check_game


@pytest.mark.slow
@pytest.mark.parametrize("spec", ["kuhn_poker(players=3)", "goofspiel(num_cards=4)", "tic_tac_toe"])
def test_a_game_survives_the_way_to_rllib_and_back(spec: str) -> None:
    game = make_game(spec)
    twin = make_game(f"arena.exports.rllib:GameEnv(config={{'game':{spec!r}}})")
    check_game(twin, episodes=1)
    assert (twin.agent_ids, twin.num_actions) == (game.agent_ids, game.num_actions)
    rng = np.random.default_rng(0)
    for seed in range(10):
        state, other = game.new_state(seed), twin.new_state(seed)
        while seats := state.acting():
            assert other.acting() == seats
            actions = []
            for seat in seats:
                mask, same = np.empty((2, game.num_actions), np.bool_)
                state.observe(seat, np.empty(game.observation_shape, np.float32), mask)
                other.observe(seat, np.empty(twin.observation_shape, np.float32), same)
                assert np.array_equal(mask, same)
                actions.append(int(rng.choice(np.flatnonzero(mask))))
            state.apply(actions)
            other.apply(actions)
        assert other.ending() == state.ending() == "terminated"
        assert other.returns() == pytest.approx(state.returns())
