"""Environments whose seats differ, whose agents come and go, or that are not PettingZoo's, keep the contract."""

from __future__ import annotations

import pickle

import gymnasium as gym
import numpy as np
import pytest

from games import BrokenGameError, IllegalActionError, State, make_game
from games.conformance import check_game


def seen(state: State, seat: int) -> tuple[np.ndarray, np.ndarray]:
    game = state.game  # type: ignore[attr-defined]
    observation, mask = np.full(game.observation_shape, -9, np.float32), np.zeros(game.num_actions, np.bool_)
    state.observe(seat, observation, mask)
    return observation, mask


def test_shorter_observations_are_padded_and_smaller_action_spaces_masked() -> None:
    game = make_game("unlike_environments:Unlike")
    assert (game.observation_shape, game.num_actions) == ((4,), 5)
    state = game.new_state(0)
    env = state._env  # type: ignore[attr-defined]
    (first, legal), (second, all_legal) = seen(state, 0), seen(state, 1)
    assert first.tolist() == env.shown["a"].ravel().tolist()
    assert second.tolist() == [float(at + 1 == env.shown["b"]) for at in range(3)] + [0.0]
    assert legal.tolist() == [True, True, False, False, False]
    assert all_legal.all()
    with pytest.raises(IllegalActionError, match="seat 0"):
        state.apply([2, 0])
    state.apply([1, 4])
    assert env.given == [{"a": 4, "b": 4}]  # the space starts above 0


def test_composite_actions_reach_the_environment_decoded_and_masked() -> None:
    game = make_game("unlike_environments:Unlike(actions=multi,masks=True)")
    state = game.new_state(0)
    assert seen(state, 0)[1].tolist() == [False, True, False, False, False, True]
    state.apply([1, 5])
    given = state._env.given[0]  # type: ignore[attr-defined]
    assert {agent: action.tolist() for agent, action in given.items()} == {"a": [1, 1], "b": [3, 1]}
    bits = make_game("unlike_environments:Unlike(actions=bits)").new_state(0)
    bits.apply([9, 0])
    assert bits._env.given[0]["a"].tolist() == [[1, 0], [0, 1]]  # type: ignore[attr-defined]


def test_continuous_actions_of_all_seats_have_the_longest_size() -> None:
    game = make_game("unlike_environments:Unlike(actions=boxes)")
    assert game.action_bounds is not None
    assert [bound.tolist() for bound in game.action_bounds] == [[-1.0] * 4, [2.0] * 4]
    assert game.num_actions == 1
    state = game.new_state(0)
    state.apply([(-1.0, 0.5, 1.0, 2.0), (0.1, 0, 0, 0)])
    given = state._env.given[0]  # type: ignore[attr-defined]
    assert (given["a"].shape, given["b"].dtype) == ((2, 2), np.float64)
    assert state.history() == ((0, (-1.0, 0.5, 1.0, 2.0)), (1, (float(np.float32(0.1)), 0.0, 0.0, 0.0)))
    for wrong in ((0.0,) * 3, (0.0, 0.0, 0.0, 2.5), (0.0, 0.0, 0.0, float("nan"))):
        with pytest.raises(IllegalActionError, match="4 numbers between"):
            state.apply([wrong, (0.0,) * 4])


def test_agents_that_appear_and_die_mid_game_keep_all_their_rewards() -> None:
    state = make_game("unlike_environments:Births").new_state(0)
    acting, rewards = [], []
    while state.acting():
        acting.append(state.acting())
        rewards.append(state.apply([0] * len(state.acting())))
        if len(acting) == 1:
            assert seen(state, 1)[0].tolist() == [0, 1, 0, 0, 0, 0]
            assert not seen(state, 3)[0].any()  # has not appeared yet
    assert acting == [(0,), (0, 1), (1, 2), (2, 3), (3,)]
    assert rewards == [(1, 0, 10, 0, 0), (6, 1, 0, 10, 0), (0, 6, 1, 0, 10), (0, 0, 6, 1, 0), (0, 0, 0, 6, 0)]
    assert state.returns() == (7.0, 7.0, 17.0, 17.0, 10.0)  # the last one never acted
    assert state.ending() == "terminated"


def test_an_rllib_environment_names_who_acts() -> None:
    game = make_game("unlike_environments:TakeTurns")
    assert (game.agent_ids, game.num_actions) == (("first", "second"), 2)
    state = game.new_state(0)
    start = float(seen(state, 0)[0][0])
    acting = []
    while state.acting():
        acting += state.acting()
        last = state.apply([1])
    assert acting == [0, 1, 0, 1, 0, 1][: len(acting)]
    winner = acting[-1]
    assert last == ((1.0, -1.0) if winner == 0 else (-1.0, 1.0))
    assert seen(state, 0)[0] == seen(state, 1)[0] == start + 2 * len(acting)
    assert state.seat_endings() == ("terminated", "terminated")
    sleepy = make_game("unlike_environments:TakeTurns(sleepy=True)").new_state(0)
    with pytest.raises(BrokenGameError, match="until __all__ is True; none does"):
        sleepy.apply([0])


@pytest.mark.parametrize(("name", "bounds"), [("make_cart", None), ("make_pendulum", 2.0)])
def test_a_gymnasium_environment_is_a_game_of_one_seat(name: str, bounds: float | None) -> None:
    game = make_game(f"unlike_environments:{name}")
    assert (game.num_seats, game.agent_ids, game.dynamics) == (1, ("player_0",), "turn_based")
    assert bounds is None or (game.action_bounds is not None and game.action_bounds[1].tolist() == [bounds])
    state = game.new_state(1)
    total = 0.0
    while state.acting():
        (reward,) = state.apply([0 if bounds is None else (0.5,)])
        total += reward
    assert state.ending() == ("terminated" if bounds is None else "truncated")
    assert state.returns() == (total,)
    env = gym.make("CartPole-v1" if bounds is None else "Pendulum-v1")
    env.reset(seed=1)
    assert total == pytest.approx(sum(env.step(0 if bounds is None else np.float32([0.5]))[1] for _ in state.history()))


@pytest.mark.parametrize(
    "spec",
    [
        "unlike_environments:Births",
        "unlike_environments:TakeTurns",
        "unlike_environments:Unlike(actions=boxes,sights=image)",
        "unlike_environments:Unlike(actions=multi,sights=dicts,masks=True)",
        "unlike_environments:Unlike(sights=scalar)",
        "unlike_environments:make_cart",
    ],
)
def test_all_of_them_keep_the_contract_and_travel(spec: str) -> None:
    game = make_game(spec)
    check_game(game, episodes=2)
    assert make_game(game.spec) == game == pickle.loads(pickle.dumps(game))
