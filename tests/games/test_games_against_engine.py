"""Random play from recorded seeds equals the bare engine: observations, masks, rewards, endings, returns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyspiel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pettingzoo.classic.connect_four.connect_four import env as connect_four_env
from pettingzoo.classic.rps.rps import parallel_env as rps_env
from pettingzoo.classic.tictactoe.tictactoe import env as tictactoe_env

from games import CHANCE, Game, State, make_game

seeds = st.integers(0, 2**63 - 1)
few = settings(max_examples=8, deadline=None)


def views(game: Game, state: State) -> tuple[np.ndarray, np.ndarray]:
    """What every seat sees now: (seats, *observation_shape) and (seats, actions)."""
    observations = np.full((game.num_seats, *game.observation_shape), np.nan, np.float32)
    masks = np.ones((game.num_seats, game.num_actions), np.bool_)
    for seat in range(game.num_seats):
        state.observe(seat, observations[seat], masks[seat])
    return observations, masks


def random_joint_action(state: State, masks: np.ndarray, rng: np.random.Generator) -> list[int]:
    return [int(rng.choice(np.flatnonzero(masks[seat]))) for seat in state.acting()]


def engine_tensor(engine: Any, seat: int, recall: bool) -> list[float]:
    return engine.information_state_tensor(seat) if recall else engine.observation_tensor(seat)


@pytest.mark.parametrize(
    ("spec", "recall"),
    [
        ("connect_four", False),  # perfect information
        ("leduc_poker(players=3)", True),  # hidden cards, chance in the middle, three seats
        ("backgammon", False),  # perfect information, chance between turns
        ("goofspiel(num_cards=5,imp_info=True)", True),  # simultaneous
        ("laser_tag(horizon=30)", False),  # simultaneous, chance, reward per step
        ("matrix_pd", True),  # general sum, one shot
        ("pig(horizon=60)", False),  # one seat may act again and again
        ("coop_box_pushing(horizon=12)", False),  # the engine repeats its reward at chance nodes
    ],
)
@few
@given(seed=seeds)
def test_open_spiel(spec: str, recall: bool, seed: int) -> None:
    game = make_game(spec)
    rng = np.random.default_rng(seed)
    state = game.new_state(seed)
    engine = pyspiel.load_game(spec).new_initial_state()
    done = 0  # moves of the history that the engine has made
    rewards: tuple[float, ...] | None = None
    while True:
        moves = state.history()
        while done < len(moves):  # the engine gets our history, chance included
            if engine.is_simultaneous_node():
                engine.apply_actions([action for _, action in moves[done : done + game.num_seats]])
                done += game.num_seats
                continue
            player, action = moves[done]
            assert player == engine.current_player()
            if player == CHANCE:
                assert action in [outcome for outcome, probability in engine.chance_outcomes() if probability > 0]
            engine.apply_action(action)
            done += 1
        if rewards is not None:
            assert rewards == tuple(engine.rewards())
        assert state.returns() == tuple(engine.returns())
        assert (state.ending() == "terminated") == engine.is_terminal()
        observations, masks = views(game, state)
        for seat in range(game.num_seats):
            expected = np.array(engine_tensor(engine, seat, recall), np.float32)
            np.testing.assert_array_equal(observations[seat].ravel(), expected)
            legal = [] if engine.is_terminal() else engine.legal_actions(seat)
            assert np.flatnonzero(masks[seat]).tolist() == legal
        if engine.is_terminal():
            return
        rewards = state.apply(random_joint_action(state, masks, rng))


@pytest.mark.parametrize(
    ("spec", "make"), [("pettingzoo:tictactoe_v3", tictactoe_env), ("pettingzoo:connect_four_v3", connect_four_env)]
)
@few
@given(seed=seeds)
def test_pettingzoo_turn_based(spec: str, make: Any, seed: int) -> None:
    """Against the environment in all its wrappers, driven as PettingZoo's own documentation drives it."""
    game = make_game(spec)
    rng = np.random.default_rng(seed)
    state = game.new_state(seed)
    env = make()
    env.reset(seed=seed)
    received = dict.fromkeys(env.possible_agents, 0.0)
    for agent in env.agent_iter():
        seen, reward, terminated, truncated, _ = env.last()
        received[agent] += reward
        if terminated or truncated:
            assert state.ending() == ("terminated" if terminated else "truncated")
            env.step(None)
            continue
        assert state.ending() is None
        assert state.acting() == (env.possible_agents.index(agent),)
        observations, masks = views(game, state)
        for seat, other in enumerate(env.possible_agents):
            np.testing.assert_array_equal(observations[seat], env.observe(other)["observation"])
        np.testing.assert_array_equal(masks[state.acting()[0]], seen["action_mask"])
        actions = random_joint_action(state, masks, rng)
        env.step(actions[0])
        assert state.apply(actions) == tuple(env.rewards[other] for other in env.possible_agents)
    assert state.returns() == tuple(received.values())
    assert sum(map(abs, state.returns())) in (0.0, 2.0)


@few
@given(seed=seeds, cycles=st.integers(1, 6))
def test_pettingzoo_parallel(seed: int, cycles: int) -> None:
    game = make_game(f"pettingzoo:rps_v2(max_cycles={cycles})")
    rng = np.random.default_rng(seed)
    state = game.new_state(seed)
    env = rps_env(max_cycles=cycles)
    seen, _ = env.reset(seed=seed)
    while env.agents:
        assert state.acting() == (0, 1)
        observations, masks = views(game, state)
        for seat, agent in enumerate(env.possible_agents):
            np.testing.assert_array_equal(observations[seat], np.eye(4)[seen[agent]])
        assert masks.all()
        actions = random_joint_action(state, masks, rng)
        seen, rewards, terminations, truncations, _ = env.step(dict(zip(env.possible_agents, actions, strict=True)))
        assert state.apply(actions) == tuple(rewards[agent] for agent in env.possible_agents)
    assert any(truncations.values())
    assert not any(terminations.values())
    assert state.ending() == "truncated"
    assert len(state.history()) == 2 * cycles


def test_chance_follows_its_probabilities() -> None:
    deals = [make_game("kuhn_poker").new_state(seed).history() for seed in range(3000)]
    counts = {deal: deals.count(deal) for deal in set(deals)}
    assert len(counts) == 6  # three cards, two dealt
    assert all(abs(count - 500) < 5 * np.sqrt(500 * 5 / 6) for count in counts.values())
    rolls = [make_game("pig").new_state(seed) for seed in range(600)]
    outcomes = [roll.apply([0]) and roll.history()[-1][1] for roll in rolls]
    assert set(outcomes) == set(range(6))


def test_recorded_chance_comes_first_and_the_generator_goes_on_as_it_would_have() -> None:
    game = make_game("backgammon")
    rng = np.random.default_rng(5)
    state = game.new_state(11)
    for _ in range(20):
        state.apply(random_joint_action(state, views(game, state)[1], rng))
    chance = [action for player, action in state.history() if player == CHANCE]
    again = game.new_state(11, chance[:4])
    for player, action in state.history():
        if player != CHANCE:
            again.apply([action])
    assert again.digest() == state.digest()
    other = game.new_state(999, chance)
    for player, action in state.history():
        if player != CHANCE:
            other.apply([action])
    assert other.history()[: len(state.history())] == state.history()
