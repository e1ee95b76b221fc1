"""Blobs in a folder: damage, crashes, and files from a stranger."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from leagues.store import StoreError
from leagues.store.blobs import SUFFIX, FolderBlobs

DATA = b"some weights"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "league" / "weights"


def path_of(folder: Path, digest: str) -> Path:
    return folder / f"{digest}{SUFFIX}"


def test_equal_content_has_one_name_and_one_file(folder: Path) -> None:
    blobs = FolderBlobs(folder)
    digest = blobs.put(DATA)
    assert blobs.put(DATA) == digest
    assert list(folder.iterdir()) == [path_of(folder, digest)]


def test_a_flipped_byte_is_found(folder: Path) -> None:
    blobs = FolderBlobs(folder)
    digest = blobs.put(DATA)
    path_of(folder, digest).write_bytes(DATA[::-1])
    with pytest.raises(StoreError, match="was altered"):
        blobs.get(digest)


def test_a_damaged_file_is_made_whole_by_storing_it_again(folder: Path) -> None:
    blobs = FolderBlobs(folder)
    digest = blobs.put(DATA)
    for damage in (b"", DATA[:-1]):
        path_of(folder, digest).write_bytes(damage)
        assert blobs.put(DATA) == digest
        assert blobs.get(digest) == DATA
    assert list(folder.iterdir()) == [path_of(folder, digest)]


def test_every_new_name_is_on_the_disk_before_put_returns(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []
    fsync = os.fsync

    def record(number: int) -> None:
        fsync(number)
        synced.append(os.fstat(number).st_ino)

    monkeypatch.setattr(os, "fsync", record)
    path = path_of(folder, FolderBlobs(folder).put(DATA))
    # Each folder after what was made in it; the bytes before the name.
    places = [folder.parent.parent, folder.parent, path, folder]
    assert synced == [place.stat().st_ino for place in places]


@pytest.mark.parametrize("moment", [1, 2])
def test_what_a_killed_process_leaves_is_swept_away_and_nothing_else(folder: Path, moment: int) -> None:
    blobs = FolderBlobs(folder)
    kept = blobs.put(DATA)
    (folder / "notes.part").touch()
    before = set(folder.iterdir())
    program = f"""
import os, pathlib, signal
from leagues.store.blobs import FolderBlobs
calls = 0
def fsync(number):
    global calls
    calls += 1
    if calls == {moment}:  # 1: the bytes are written; 2: they have their name
        os.kill(os.getpid(), signal.SIGKILL)
os.fsync = fsync
FolderBlobs(pathlib.Path({str(folder)!r})).put(b"more")
"""
    died = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[3], check=False)
    assert died.returncode == -signal.SIGKILL
    (left,) = set(folder.iterdir()) - before
    blobs.sweep()
    assert left.exists() == (moment == 2)
    assert before <= set(folder.iterdir())
    assert blobs.get(kept) == DATA
    if moment == 2:
        assert blobs.get(left.stem) == b"more"


def test_a_write_that_fails_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir(parents=True)

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space"):
        FolderBlobs(folder).put(DATA)
    assert list(folder.iterdir()) == []


def test_a_missing_blob_is_named(folder: Path) -> None:
    with pytest.raises(StoreError, match=f"{'0' * 64}.* cannot be read"):
        FolderBlobs(folder).get("0" * 64)


@pytest.mark.parametrize("name", ["../../etc/passwd", "ABC", "0" * 63, "g" * 64, "0" * 60 + "/../", "0" * 64 + "\n"])
def test_no_name_leaves_the_folder(folder: Path, name: str) -> None:
    for ask in (FolderBlobs(folder).get, FolderBlobs(folder).has):
        with pytest.raises(StoreError, match="64 hex digits"):
            ask(name)
