"""A league folder from a stranger: links, pipes, huge files and odd names end in a StoreError and do no harm."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from leaguekit import INFO, MAIN, RANDOM, progress, put_weights, snapshot

from leagues.store import Store, StoreError, open_store
from leagues.store.contract import MAX_BLOB

HARMS: dict[str, Callable[[Path, Path], None]] = {
    "link": lambda path, victim: path.symlink_to(victim),
    "link to a device": lambda path, victim: path.symlink_to("/dev/zero"),
    "pipe": lambda path, victim: os.mkfifo(path),
    "folder": lambda path, victim: path.mkdir(),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A league with a snapshot and a learner state, closed."""
    store = open_store(tmp_path / "league")
    put_weights(store, snapshot(1))
    with store.create(INFO) as writer:
        writer.record(members=[MAIN, RANDOM, snapshot(1)], progress=progress(1, state=store.states.put(b"state 1")))
    return tmp_path / "league"


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """Somebody's file outside the league."""
    path = tmp_path / "victim"
    path.write_bytes(b"precious")
    return path


def replaced(path: Path, harm: str, victim: Path) -> None:
    path.unlink(missing_ok=True)
    HARMS[harm](path, victim)


def uses(store: Store) -> dict[str, Callable[[], object]]:
    return {"reader": store.reader, "writer": store.writer, "check": store.check, "create": lambda: store.create(INFO)}


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("name", ["league.db", "league.db-wal", "league.db-shm", "league.db-journal"])
def test_a_database_that_is_no_regular_file_is_refused(folder: Path, victim: Path, name: str, harm: str) -> None:
    replaced(folder / name, harm, victim)
    for use in uses(open_store(folder)).values():
        with pytest.raises(StoreError):
            use()
    assert victim.read_bytes() == b"precious"


@pytest.mark.parametrize("harm", HARMS)
def test_a_lock_that_is_no_regular_file_is_refused(folder: Path, victim: Path, harm: str) -> None:
    replaced(folder / "league.lock", harm, victim)
    with pytest.raises(StoreError, match=r"league\.lock"):
        open_store(folder).writer()
    (folder / "league.db").unlink()
    with pytest.raises(StoreError, match=r"league\.lock"):
        open_store(folder).create(INFO)
    assert victim.read_bytes() == b"precious"


@pytest.mark.parametrize("name", ["league.db", "league.db-journal", "league.lock"])
def test_a_file_with_another_name_elsewhere_is_not_written_to(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / name).touch()
    (tmp_path / "elsewhere").hardlink_to(folder / name)
    before = (tmp_path / "elsewhere").read_bytes()
    with pytest.raises(StoreError, match="another name"):
        open_store(folder).writer()
    assert (tmp_path / "elsewhere").read_bytes() == before


@pytest.mark.parametrize("harm", ["link", "link to a device", "pipe"])
@pytest.mark.parametrize("name", ["league.db.part", "league.db.part-journal", "league.db-wal", "league.db-journal"])
def test_what_lies_in_the_way_of_a_new_league_is_removed_not_followed(
    tmp_path: Path, victim: Path, name: str, harm: str
) -> None:
    (tmp_path / "league").mkdir()
    HARMS[harm](tmp_path / "league" / name, victim)
    with open_store(tmp_path / "league").create(INFO) as writer:
        assert writer.info() == INFO
    assert victim.read_bytes() == b"precious"


def test_a_log_without_its_database_is_not_taken_for_one_of_the_new_league(folder: Path) -> None:
    store = open_store(folder)
    with store.writer() as writer, store.reader():  # the reader keeps the log in place
        writer.record(progress=progress(2))
        log = (folder / "league.db-wal").read_bytes()
    assert log
    (folder / "league.db").unlink()
    (folder / "league.db-wal").write_bytes(log)
    with store.create(INFO) as writer:
        assert writer.history() == []


@pytest.mark.parametrize("harm", HARMS)
def test_a_blob_that_is_no_regular_file_is_refused(folder: Path, victim: Path, harm: str) -> None:
    store, digest = open_store(folder), snapshot(1).weights
    assert digest is not None
    (path,) = (folder / "weights").glob(f"{digest}*")
    replaced(path, harm, victim)
    assert not store.weights.has(digest)
    with pytest.raises(StoreError, match="cannot be read"):
        store.weights.get(digest)
    if harm != "folder":
        put_weights(store, snapshot(1))
        assert store.weights.has(digest)
    assert victim.read_bytes() == b"precious"


def test_a_huge_blob_is_refused_before_it_is_read(folder: Path) -> None:
    (path,) = (folder / "weights").iterdir()
    os.truncate(path, MAX_BLOB + 1)
    with pytest.raises(StoreError, match=r"more than 4,294,967,296 bytes"):
        open_store(folder).weights.get(path.stem)


@pytest.mark.parametrize("place", ["weights", "state"])
def test_a_folder_of_blobs_that_is_a_link_is_refused(folder: Path, tmp_path: Path, place: str) -> None:
    """Else a resumed training removes, sweeps and writes files elsewhere."""
    elsewhere = (folder / place).rename(tmp_path / "elsewhere")
    (elsewhere / ".half.part").touch()
    before = sorted(elsewhere.iterdir())
    (folder / place).symlink_to(elsewhere)
    store = open_store(folder)
    blobs = {"weights": store.weights, "state": store.states}[place]
    digest = before[-1].stem
    for use in (
        store.writer,
        lambda: blobs.put(b"more"),
        lambda: blobs.get(digest),
        lambda: blobs.has(digest),
        lambda: blobs.prune([]),
    ):
        with pytest.raises(StoreError, match="is a link, but must be a folder"):
            use()
    assert sorted(elsewhere.iterdir()) == before
    assert store.reader().info() == INFO
    (folder / place).unlink()
    (folder / place).mkdir()
    store.writer().close()  # a failed call has not kept the lock


def test_pruning_removes_the_states_of_this_league_alone(folder: Path) -> None:
    foreign = [folder / "state" / f"{name}.safetensors" for name in ("notes", "ab" * 32)]
    for path in foreign:
        path.write_bytes(b"foreign")
    first = open_store(folder)
    with first.writer() as writer:
        for number in (2, 3):
            writer.record(progress=progress(number, state=first.states.put(f"state {number}".encode())))
    again = open_store(folder)  # another process: it knows from the database what is the league's own
    with again.writer() as writer:
        newest = again.states.put(b"state 4")
        writer.record(progress=progress(4, state=newest))
        again.states.prune({newest})
    assert sorted((folder / "state").iterdir()) == sorted([*foreign, folder / "state" / f"{newest}.safetensors"])


@pytest.mark.parametrize("name", ["x" * 300, "x\0y", "x" * 300 + "/league"])
def test_a_name_that_no_folder_can_have_is_a_store_error(tmp_path: Path, name: str) -> None:
    for use in ("exists", "identity", "check", "reader", "writer"):
        with pytest.raises(StoreError) as caught:
            getattr(open_store(f"{tmp_path}/{name}"), use)()
        assert "\n" not in str(caught.value)
    with pytest.raises(StoreError):
        open_store(f"{tmp_path}/{name}").create(INFO)
    with pytest.raises(StoreError):
        open_store(f"sqlite:{tmp_path}/{name}").reader()


def test_a_url_of_no_back_end_is_refused() -> None:
    with pytest.raises(StoreError, match="no store is called 'postgresql'"):
        open_store("postgresql://host/league")


def test_a_url_names_a_folder_too(folder: Path) -> None:
    with open_store(f"sqlite:{folder}").reader() as reader:
        assert reader.info() == INFO
    assert open_store(f"sqlite:{folder}").identity() == open_store(str(folder)).identity()
