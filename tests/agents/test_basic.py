"""Random and first-legal agents."""

from __future__ import annotations

import numpy as np

from agents.basic import FirstLegalAgent, RandomAgent
from agents.contract import Turn


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
