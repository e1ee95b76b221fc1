import os

import numpy as np
import pytest

from agents import weights

TENSORS = {"b": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.ones(2, np.int64)}


def test_what_is_stored_comes_back(tmp_path):
    digest = weights.store(tmp_path, TENSORS, {"game": "kuhn_poker"})
    tensors, card = weights.parse(weights.read(tmp_path, digest))
    assert card == {"game": "kuhn_poker"}
    assert tensors.keys() == TENSORS.keys()
    for name, array in TENSORS.items():
        np.testing.assert_array_equal(tensors[name], array)


def test_equal_content_has_one_name_and_one_file(tmp_path):
    first = weights.store(tmp_path, TENSORS, {"x": 1})
    assert first == weights.store(tmp_path, dict(reversed(TENSORS.items())), {"x": 1})
    assert first != weights.store(tmp_path, TENSORS, {"x": 2})
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        weights.path_of(tmp_path, digest).name for digest in {first, weights.store(tmp_path, TENSORS, {"x": 2})}
    )


def test_a_flipped_byte_is_found(tmp_path):
    digest = weights.store(tmp_path, TENSORS, {})
    path = weights.path_of(tmp_path, digest)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(weights.WeightsError, match="altered"):
        weights.check(tmp_path, digest)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(weights.WeightsError, match="must be there"):
        weights.check(tmp_path, "0" * 64)


@pytest.mark.parametrize("name", ["../../etc/passwd", "ABC", "0" * 63, "g" * 64, "0" * 60 + "/../"])
def test_no_name_leaves_the_folder(tmp_path, name):
    with pytest.raises(weights.WeightsError, match="hex SHA-256"):
        weights.path_of(tmp_path, name)


def test_a_pickle_is_not_loaded(tmp_path):
    import pickle

    class Evil:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "pwned"),))

    with pytest.raises(weights.WeightsError, match="safetensors"):
        weights.parse(pickle.dumps(Evil()))
    assert not (tmp_path / "pwned").exists()
