"""The bytes of a weights file."""

import os
import pickle

import numpy as np
import pytest
from safetensors.numpy import save

from agents.policies import weights

TENSORS = {"b": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.ones(2, np.int64)}


def test_what_is_packed_comes_back():
    tensors, card = weights.parse(weights.pack(TENSORS, {"game": "kuhn_poker"}))
    assert card == {"game": "kuhn_poker"}
    assert tensors.keys() == TENSORS.keys()
    for name, array in TENSORS.items():
        np.testing.assert_array_equal(tensors[name], array)


def test_equal_content_gives_equal_bytes():
    first = weights.pack(TENSORS, {"x": 1, "y": 2})
    assert first == weights.pack(dict(reversed(TENSORS.items())), {"y": 2, "x": 1})
    assert first != weights.pack(TENSORS, {"x": 2, "y": 2})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not safetensors",
        weights.pack(TENSORS, {})[:-1],
        save(TENSORS),
        *(save(TENSORS, {"card": card}) for card in ("", "7", "null", '"text"', "[1]", "[" * 100_000)),
    ],
    ids=lambda data: repr(data[:40])[:30],
)
def test_what_is_not_a_weights_file_is_refused_in_one_line(data):
    with pytest.raises(weights.WeightsError, match="not a weights file") as caught:
        weights.parse(data)
    assert "\n" not in str(caught.value)


def test_a_pickle_is_not_loaded(tmp_path):
    class Evil:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "pwned"),))

    with pytest.raises(weights.WeightsError, match="safetensors"):
        weights.parse(pickle.dumps(Evil()))
    assert not (tmp_path / "pwned").exists()
