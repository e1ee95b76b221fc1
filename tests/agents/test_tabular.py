"""Tables of information states as agents and as files."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.contract import Agent, AgentError, Probabilities, Turn
from agents.frozen import frozen_agent
from agents.policies.weights import WeightsError, pack
from agents.tabular import TabularAgent, table_file
from arena.play.exploitability import exploitability, information_keys
from arena.play.game_tree import game_tree
from games import Game, make_game
from games.contract import ActionArray

KUHN = make_game("kuhn_poker")


def tables(game: Game, seed: int = 0) -> tuple[Any, list[np.ndarray]]:
    """The keys of a game's information states, and random probabilities."""
    tree, rng = game_tree(game), np.random.default_rng(seed)
    rows = []
    for form in tree.seats:
        legal = np.zeros((len(form.parent), game.num_actions))
        legal[form.of, form.action[1:]] = 1
        chances = legal * rng.random(legal.shape)
        rows.append(chances / chances.sum(axis=1, keepdims=True))
    return information_keys(tree), rows


def turn_of(game: Game, seed: int = 0) -> Turn:
    state = game.new_state(seed)
    (seat,) = state.acting()
    observation, mask = np.empty((1, *game.observation_shape), np.float32), np.empty((1, game.num_actions), np.bool_)
    state.observe(seat, observation[0], mask[0])
    return Turn(observation, mask, np.array([seat]), np.array([0]), lambda table: state)


@pytest.mark.parametrize("spec", ["kuhn_poker(players=3)", "leduc_poker", "matrix_rps", "kuhn_poker(view=observation)"])
def test_a_file_gives_the_table_back(spec: str) -> None:
    game = make_game(spec)
    keys, rows = tables(game)
    agent = frozen_agent(pack(*table_file(game, keys, rows)), game)
    assert isinstance(agent, TabularAgent)
    for seat, (own, expected) in enumerate(zip(keys, rows, strict=True)):
        np.testing.assert_allclose(agent.policy(seat, own), expected, atol=1e-6)


def test_it_plays_its_probabilities() -> None:
    keys, rows = tables(KUHN)
    agent = frozen_agent(pack(*table_file(KUHN, keys, rows)), KUHN)
    turn = turn_of(KUHN)
    told = agent.probabilities(turn)
    assert told is not None
    assert told.sum() == pytest.approx(1)
    rng = np.random.default_rng(1)
    played = [int(agent.act(turn, rng)[0]) for _ in range(4000)]
    assert np.mean(played) == pytest.approx(told[0, 1], abs=0.03)


def test_asked_state_by_state_it_is_as_exploitable_as_by_its_keys() -> None:
    keys, rows = tables(KUHN)
    agent = frozen_agent(pack(*table_file(KUHN, keys, rows)), KUHN)

    class Hidden(Agent):
        """Hides that it is a table."""

        def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
            return agent.act(turn, rng)

        def probabilities(self, turn: Turn) -> Probabilities | None:
            return agent.probabilities(turn)

    by_state = exploitability(KUHN, Hidden()).nash_conv
    assert exploitability(KUHN, agent).nash_conv == pytest.approx(by_state, abs=1e-9)


def test_a_table_of_another_game_or_with_wrong_numbers_is_refused() -> None:
    keys, rows = tables(KUHN)
    tensors, card = table_file(KUHN, keys, rows)
    with pytest.raises(AgentError, match="plays 'kuhn_poker'"):
        frozen_agent(pack(tensors, card), make_game("leduc_poker"))
    with pytest.raises(AgentError, match="is none"):
        frozen_agent(pack(tensors, card | {"game": "pettingzoo:rps_v2"}), make_game("pettingzoo:rps_v2"))
    first = tensors["probabilities/0"]
    wrong = [
        {"probabilities/0": first * 2},
        {"probabilities/0": np.full_like(first, np.nan)},
        {"probabilities/0": first - 1},
        {"probabilities/0": first[:, :1]},
        {"probabilities/0": first[1:]},
        {"probabilities/0": first.astype(np.float64)},
        {"keys/0": tensors["keys/0"][::-1].copy()},
        {"keys/0": np.zeros_like(tensors["keys/0"])},
    ]
    for changed in wrong:
        with pytest.raises(WeightsError, match="seat 0"):
            frozen_agent(pack({**tensors, **changed}, card), KUHN)
    with pytest.raises(WeightsError, match="seat 1"):
        frozen_agent(pack({name: tensors[name] for name in tensors if not name.endswith("1")}, card), KUHN)


def test_a_table_without_an_answer_or_with_illegal_moves_says_so() -> None:
    keys, rows = tables(KUHN)
    tensors, card = table_file(KUHN, [own[:0] for own in keys], [own[:0] for own in rows])
    empty = frozen_agent(pack(tensors, card), KUHN)
    with pytest.raises(AgentError, match="no answer"):
        empty.act(turn_of(KUHN), np.random.default_rng(0))
    leduc = make_game("leduc_poker")
    own_keys, _ = tables(leduc)
    folding = [np.eye(leduc.num_actions)[np.zeros(len(own), int)] for own in own_keys]  # nobody can fold at once
    agent = frozen_agent(pack(*table_file(leduc, own_keys, folding)), leduc)
    with pytest.raises(AgentError, match="illegal"):
        agent.act(turn_of(leduc), np.random.default_rng(0))
