"""A mixture draws one agent for each game and team."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from agents.basic import FirstLegalAgent, RandomAgent
from agents.conformance import check_agent
from agents.contract import Agent, AgentError, Turn
from agents.mixture import MixtureAgent
from games import make_game
from games.contract import ActionArray

GAME = make_game("leduc_poker(players=3)")


class Always(Agent):
    """Takes one action, legal or not."""

    def __init__(self, action: int) -> None:
        self.action = action
        self.closed = False

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        return np.full(len(turn.seats), self.action)

    def close(self) -> None:
        self.closed = True


def turn_of(tables: Sequence[int], seats: Sequence[int]) -> Turn:
    rows = len(tables)
    masks = np.ones((rows, GAME.num_actions), np.bool_)
    observations = np.zeros((rows, *GAME.observation_shape), np.float32)
    return Turn(observations, masks, np.array(seats), np.array(tables), lambda table: GAME.new_state(table))


def test_each_game_and_seat_keeps_the_agent_it_drew_until_the_reset() -> None:
    mixture, rng = MixtureAgent(GAME, [Always(0), Always(1), Always(2)], [0.2, 0.3, 0.5]), np.random.default_rng(1)
    tables = [table for table in range(1000) for _ in range(3)]
    turn = turn_of(tables, [0, 1, 2] * 1000)
    mixture.reset(range(1000))
    first = mixture.act(turn, rng)
    assert mixture.act(turn, rng).tolist() == first.tolist()
    assert np.bincount(first) / len(first) == pytest.approx([0.2, 0.3, 0.5], abs=0.05)
    by_table = first.reshape(1000, 3)
    assert np.mean(by_table[:, 0] == by_table[:, 1]) == pytest.approx(0.04 + 0.09 + 0.25, abs=0.08)  # independent

    mixture.reset(range(500))
    again = mixture.act(turn, rng)
    assert again[1500:].tolist() == first[1500:].tolist()
    assert again[:1500].tolist() != first[:1500].tolist()


def test_a_team_plays_as_one() -> None:
    game = make_game("kuhn_poker(players=4,teams=0101)")
    mixture = MixtureAgent(game, [Always(0), Always(1)], [0.5, 0.5])
    rows = 200
    masks = np.ones((rows, game.num_actions), np.bool_)
    observations = np.zeros((rows, *game.observation_shape), np.float32)
    seats, tables = np.tile([0, 2], rows // 2), np.repeat(np.arange(rows // 2), 2)
    turn = Turn(observations, masks, seats, tables, lambda table: game.new_state(table))
    drawn = mixture.act(turn, np.random.default_rng(0)).reshape(-1, 2)
    assert (drawn[:, 0] == drawn[:, 1]).all()
    assert set(drawn[:, 0]) == {0, 1}


def test_it_keeps_the_contract_of_agents() -> None:
    check_agent(lambda game: MixtureAgent(game, [RandomAgent(), FirstLegalAgent()], [0.5, 0.5]), GAME)


def test_it_closes_its_agents_and_refuses_weights_that_are_none() -> None:
    agents = [Always(0), Always(1)]
    MixtureAgent(GAME, agents, [0.5, 0.5]).close()
    assert all(agent.closed for agent in agents)
    for weights in ([1.0], [0.5, 0.6], [-0.5, 1.5], [np.nan, 1.0]):
        with pytest.raises(AgentError, match="weight"):
            MixtureAgent(GAME, agents, weights)
