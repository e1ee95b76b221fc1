"""A learner's state comes back exactly, and bytes that are no state are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.policies import weights
from agents.policies.weights import WeightsError
from arena.training import learner_state

STATE: dict[str, Any] = {
    "weights": {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "empty": np.zeros((0, 4))},
    "steps": np.float64(3.5),
    "groups": [{"lr": 1e-3, "params": (0, 1), "name": "adam", "amsgrad": False, "maximize": None}],
    7: np.array(True),
}


def test_a_state_comes_back_as_it_was() -> None:
    found = learner_state.parse(learner_state.pack(STATE))
    assert found.keys() == STATE.keys()
    assert found["groups"] == STATE["groups"]
    for before, after in [
        (STATE["weights"]["w"], found["weights"]["w"]),
        (STATE["weights"]["empty"], found["weights"]["empty"]),
        (STATE["steps"], found["steps"]),
        (STATE[7], found[7]),
    ]:
        assert np.asarray(before).dtype == after.dtype
        assert np.shape(before) == after.shape
        np.testing.assert_array_equal(before, after)


def test_equal_states_give_equal_bytes() -> None:
    assert learner_state.pack(STATE) == learner_state.pack(learner_state.parse(learner_state.pack(STATE)))


def test_a_state_of_anything_else_is_refused() -> None:
    with pytest.raises(TypeError, match="'/weights/w' is a set"):
        learner_state.pack({"weights": {"w": {1, 2}}})


@pytest.mark.parametrize(
    "card",
    [
        {},
        {"state": {"array": "missing", "shape": [1]}},
        {"state": {"array": "w", "shape": [7]}},
        {"state": {"array": "w", "shape": "wide"}},
        {"state": {"dict": [["key"]]}},
        {"state": {"dict": 3}},
        {"state": {"list": 3}},
    ],
)
def test_bytes_that_are_no_state_are_refused(card: dict[str, Any]) -> None:
    with pytest.raises(WeightsError, match="learner state"):
        learner_state.parse(weights.pack({"w": np.zeros(3)}, card))
