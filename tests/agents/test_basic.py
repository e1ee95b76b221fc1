"""Random and first-legal agents."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
import pytest

from agents.basic import FirstLegalAgent, GreedyAgent, RandomAgent
from agents.contract import Agent, AgentError, Turn
from agents.human import HumanAgent
from games import make_game

GAME = make_game("tic_tac_toe")


def turn_of(masks: np.ndarray) -> Turn:
    rows = len(masks)
    return Turn(np.zeros((rows, 1), np.float32), masks, np.zeros(rows, np.int64), np.arange(rows), lambda table: None)


def test_random_agent_is_uniform_over_the_legal_actions_of_each_row() -> None:
    masks = np.tile(np.array([[False, True, True, False, True], [False, False, False, True, False]]), (3000, 1))
    actions = RandomAgent().act(turn_of(masks), np.random.default_rng(5))
    assert actions.dtype == np.int64
    assert set(actions[1::2].tolist()) == {3}
    counts = np.bincount(actions[::2], minlength=5)
    assert counts[[0, 3]].tolist() == [0, 0]
    # Binomial(3000, 1/3) has a standard deviation of 26: five of them.
    assert np.abs(counts[[1, 2, 4]] - 1000).max() < 130


def test_random_agent_repeats_itself_with_the_same_seed() -> None:
    masks = np.random.default_rng(1).random((64, 9)) < 0.5
    masks[:, 0] = True
    one, two = (RandomAgent().act(turn_of(masks), np.random.default_rng(3)) for _ in range(2))
    assert one.tolist() == two.tolist()


def test_first_legal_agent_takes_the_lowest_action() -> None:
    masks = np.array([[False, True, True], [True, False, True], [False, False, True]])
    actions = FirstLegalAgent().act(turn_of(masks), np.random.default_rng(0))
    assert actions.tolist() == [1, 0, 2]
    assert actions.dtype == np.int64


@pytest.mark.parametrize("agent", [RandomAgent(), FirstLegalAgent()])
def test_told_probabilities_are_those_of_the_actions(agent: Agent) -> None:
    masks = np.array([[False, True, True, False, True], [False, False, False, True, False]])
    told = agent.probabilities(turn_of(masks))
    assert told is not None
    drawn = agent.act(turn_of(np.tile(masks, (3000, 1))), np.random.default_rng(5))
    for row, shares in enumerate(told):
        counts = np.bincount(drawn[row::2], minlength=5)
        # Binomial(3000, 1/3) has a standard deviation of 26: five of them.
        assert np.abs(counts - 3000 * shares).max() < 130
        assert counts[shares == 0].tolist() == [0] * int((shares == 0).sum())


@pytest.mark.parametrize("agent", [RandomAgent(), FirstLegalAgent()])
def test_no_probabilities_are_told_for_continuous_actions(agent: Agent) -> None:
    bounds = (np.zeros(2, np.float32), np.ones(2, np.float32))
    masks = np.ones((3, 1), np.bool_)
    seats = tables = np.zeros(3, np.int64)
    turn = Turn(np.zeros((3, 1), np.float32), masks, seats, tables, lambda table: None, bounds)  # type: ignore[arg-type,return-value]
    assert agent.probabilities(turn) is None


def test_a_part_of_a_turn_has_its_rows() -> None:
    turn = turn_of(np.array([[True, False], [False, True], [True, True]]))
    part = turn.part(np.array([2, 0]))
    assert part.masks.tolist() == [[True, True], [True, False]]
    assert part.tables.tolist() == [2, 0]
    assert len(part.observations) == len(part.seats) == 2


class Biased(Agent):
    """Likes later actions better."""

    reads_state = False

    def act(self, turn: Turn, rng: np.random.Generator) -> np.ndarray:
        raise NotImplementedError

    def probabilities(self, turn: Turn) -> np.ndarray:
        weights = turn.masks * np.arange(1.0, turn.masks.shape[1] + 1)
        return weights / weights.sum(axis=1, keepdims=True)


def test_greedy_agent_takes_the_most_likely_action_and_says_so() -> None:
    masks = np.array([[True, True, False], [True, True, True], [True, False, False]])
    agent = GreedyAgent(Biased(), GAME)
    assert agent.act(turn_of(masks), np.random.default_rng(0)).tolist() == [1, 2, 0]
    assert agent.probabilities(turn_of(masks)).tolist() == np.eye(3)[[1, 2, 0]].tolist()
    assert not agent.reads_state
    assert not agent.keeps_games


def test_greedy_agent_passes_on_new_games_and_its_end() -> None:
    class Keeper(Biased):
        def __init__(self) -> None:
            self.heard: list[object] = []

        def reset(self, tables: Sequence[int]) -> None:
            self.heard.append(list(tables))

        def close(self) -> None:
            self.heard.append("closed")

    keeper = Keeper()
    agent = GreedyAgent(keeper, GAME)
    assert agent.keeps_games
    agent.reset([3, 4])
    agent.close()
    assert keeper.heard == [[3, 4], "closed"]


def test_greedy_agent_needs_finite_probabilities_of_discrete_actions() -> None:
    class Broken(Biased):
        def probabilities(self, turn: Turn) -> np.ndarray:
            return super().probabilities(turn) * np.nan

    with pytest.raises(AgentError, match="HumanAgent does not tell its probabilities"):
        GreedyAgent(HumanAgent(), GAME)
    with pytest.raises(AgentError, match="actions of 'continuous_blotto' are continuous"):
        GreedyAgent(Biased(), SimpleNamespace(action_bounds=(0, 1), spec="continuous_blotto"))
    with pytest.raises(AgentError, match="Broken tells no probabilities"):
        GreedyAgent(Broken(), GAME).act(turn_of(np.ones((1, 2), bool)), np.random.default_rng(0))
