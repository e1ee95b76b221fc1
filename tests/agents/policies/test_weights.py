import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from agents import files
from agents.policies import weights

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


def test_a_damaged_file_is_made_whole_by_storing_it_again(tmp_path):
    digest = weights.store(tmp_path, TENSORS, {})
    path = weights.path_of(tmp_path, digest)
    for damage in (b"", path.read_bytes()[:-1]):
        path.write_bytes(damage)
        assert weights.store(tmp_path, TENSORS, {}) == digest
        assert weights.check(tmp_path, digest) == path
    assert list(tmp_path.iterdir()) == [path]


def test_every_new_name_is_on_the_disk_before_store_returns(tmp_path, monkeypatch):
    synced = []
    fsync = os.fsync

    def record(number):
        fsync(number)
        synced.append(os.fstat(number).st_ino)

    monkeypatch.setattr(os, "fsync", record)
    folder = tmp_path / "league" / "weights"
    path = weights.path_of(folder, weights.store(folder, TENSORS, {}))
    # Each folder after what was made in it; the bytes before the name.
    places = [tmp_path, tmp_path / "league", path, folder]
    assert synced == [place.stat().st_ino for place in places]


@pytest.mark.parametrize("moment", [1, 2])
def test_what_a_killed_process_leaves_is_swept_away_and_nothing_else(tmp_path, moment):
    folder = tmp_path / "weights"
    kept = weights.store(folder, TENSORS, {"kept": True})
    (folder / "notes.part").touch()
    before = set(folder.iterdir())
    program = f"""
import os, pathlib, signal, numpy
from agents.policies import weights
calls = 0
def fsync(number):
    global calls
    calls += 1
    if calls == {moment}:  # 1: the bytes are written; 2: they have their name
        os.kill(os.getpid(), signal.SIGKILL)
os.fsync = fsync
weights.store(pathlib.Path({str(folder)!r}), {{"a": numpy.ones(3)}}, {{}})
"""
    died = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[3], check=False)
    assert died.returncode == -signal.SIGKILL
    (left,) = set(folder.iterdir()) - before
    files.sweep(folder)
    assert left.exists() == (moment == 2)
    assert before <= set(folder.iterdir())
    weights.check(folder, kept)
    if moment == 2:
        weights.check(folder, left.stem)


def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        weights.store(tmp_path, TENSORS, {})
    assert list(tmp_path.iterdir()) == []


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
