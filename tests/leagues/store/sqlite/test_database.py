"""Opening ``league.db``: damaged folders and files, the lock, and missing rights."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from operator import methodcaller
from pathlib import Path

import pytest
from leaguekit import files, match, raw

from leagues.store import Reader, Store, StoreError, open_store
from leagues.store.owner import this_process
from leagues.store.sqlite import database, schema

Opened = Callable[[Store], Reader]


def test_a_closed_league_is_one_file_and_reading_it_leaves_no_trace(folder: Path) -> None:
    before = files(folder)
    assert set(before) == {"league.db", "league.lock"}
    with open_store(folder).reader() as reader:
        assert reader.count_matches() == 1
        assert files(folder) == before
    assert files(folder) == before


def test_a_second_writer_is_told_who_writes(folder: Path) -> None:
    with open_store(folder).writer(), pytest.raises(StoreError, match=rf"\S+@\S+:{os.getpid()} is writing"):
        open_store(folder).writer()
    open_store(folder).writer().close()


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (b"anna@box:17 2026-01-02 03:04:05 UTC\n", "anna@box:17 is writing to {} since 2026-01-02 03:04:05 UTC, and"),
        (b"4711\n", "another process is writing to {}, and"),  # as earlier versions wrote it
        (b"", "another process is writing to {}, and"),
        (b"a\x1b[31m@box:1 2026-01-02 03:04:05 UTC", "another process is writing to {}, and"),
        (b"x" * 1_000_000, "another process is writing to {}, and"),
        (b"\xff\0\n@", "another process is writing to {}, and"),
    ],
)
def test_what_stands_in_the_lock_file_is_not_trusted(folder: Path, says: bytes, told: str) -> None:
    with open_store(folder).writer():
        (folder / "league.lock").write_bytes(says)
        with pytest.raises(StoreError) as caught:
            open_store(folder).writer()
    assert str(caught.value).startswith(told.format(repr(str(folder))))
    open_store(folder).writer().close()  # what a dead process left there stops nobody
    assert (folder / "league.lock").read_bytes().startswith(this_process().encode())


def test_a_writer_gives_signs_of_life_until_it_is_closed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "HEARTBEAT", 0.01)
    lock, old = folder / "league.lock", (10**9, 10**9)
    with open_store(folder).reader() as reader:
        with open_store(folder).writer():
            for _ in range(2):
                os.utime(lock, old)
                deadline = time.monotonic() + 10
                while (found := reader.heartbeat()) is not None and found.at.timestamp() == old[0]:
                    assert time.monotonic() < deadline
            assert found is not None
            assert found.writer == this_process()
            assert abs(found.at.timestamp() - time.time()) < 60
        assert {thread.name for thread in threading.enumerate()}.isdisjoint({"league-heartbeat"})
        last = reader.heartbeat()
        assert last is not None
        assert last.at >= found.at


def test_a_league_without_a_lock_file_has_no_heartbeat(folder: Path) -> None:
    (folder / "league.lock").unlink()
    with open_store(folder).reader() as reader:
        assert reader.heartbeat() is None


def test_the_lock_file_of_a_stranger_is_not_trusted(folder: Path, tmp_path: Path) -> None:
    lock = folder / "league.lock"
    lock.write_text("\x1b[31m@box:1")
    with open_store(folder).reader() as reader:
        found = reader.heartbeat()
        assert found is not None
        assert found.writer == ""
        lock.unlink()
        lock.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(StoreError, match="link"):
            reader.heartbeat()


@pytest.mark.parametrize("opened", [methodcaller("reader"), methodcaller("writer")], ids=["reader", "writer"])
class TestBadFolders:
    def test_no_folder(self, opened: Opened, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="does not exist"):
            opened(open_store(tmp_path / "none"))
        assert not list(tmp_path.iterdir())

    def test_no_folder_but_a_file(self, opened: Opened, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(StoreError, match=r"a league is a folder, but .* is a file"):
            opened(open_store(tmp_path / "file"))

    def test_no_league(self, opened: Opened, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match=r"has no league\.db"):
            opened(open_store(tmp_path))
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("content", [b"", b"not a database" * 99])
    def test_no_database(self, opened: Opened, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "league.db").write_bytes(content)
        with pytest.raises(StoreError, match="is not an SQLite database"):
            opened(open_store(tmp_path))
        assert files(tmp_path) == {"league.db": content}

    def test_somebody_elses_database(self, opened: Opened, tmp_path: Path) -> None:
        with raw(tmp_path) as connection:
            connection.execute("CREATE TABLE notes (text)")
        before = files(tmp_path)
        with pytest.raises(StoreError, match="made by another program"):
            opened(open_store(tmp_path))
        assert files(tmp_path) == before

    def test_a_torn_file(self, opened: Opened, folder: Path) -> None:
        path = folder / "league.db"
        path.write_bytes(path.read_bytes()[:5000])
        with pytest.raises(StoreError, match=r"cannot be used: .*malformed"):
            opened(open_store(folder))

    def test_a_newer_schema(self, opened: Opened, folder: Path) -> None:
        with raw(folder) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '0999'")
        with pytest.raises(StoreError, match=rf"has schema 0999, .* to {schema.REVISION}; update this program"):
            opened(open_store(folder))


def read_as_stranger(folder: Path) -> str:
    """What a user without any right to write gets from counting the matches."""
    here, there = os.pipe()
    child = os.fork()
    if not child:
        try:
            if os.geteuid() == 0:
                os.setuid(65534)
            with open_store(folder).reader() as reader:
                answer = str(reader.count_matches())
        except BaseException as error:
            answer = repr(error)
        os.write(there, answer.encode())
        os._exit(0)
    os.close(there)
    with open(here) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return answer


@contextmanager
def read_only(folder: Path) -> Iterator[Path]:
    paths = [folder, *folder.iterdir()]
    parents = [
        path for path in folder.parents if path.stat().st_uid == os.geteuid() and path.stat().st_mode & 0o77 == 0
    ]
    modes = {path: path.stat().st_mode for path in (*paths, *parents)}
    for path in parents:
        path.chmod(0o755)
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        yield folder
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


def test_a_folder_without_any_right_to_write_can_be_read(folder: Path, tmp_path: Path) -> None:
    with read_only(folder):
        assert read_as_stranger(folder) == "1"
    copy = tmp_path / "copy"
    with open_store(folder).writer() as writer:
        with read_only(folder):
            assert read_as_stranger(folder) == "1"
        writer.record(matches=[match()])
        with raw(folder) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        copy.mkdir()
        shutil.copy(folder / "league.db", copy)  # says "my log lies beside me", and it does not
    with read_only(copy):
        assert read_as_stranger(copy) == "2"


ANOTHER_PROGRAM = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
print(connection.execute("SELECT count(*) FROM matches").fetchone()[0])
connection.close()
"""


def test_no_other_program_takes_the_log_from_a_writer_whose_process_also_reads(folder: Path) -> None:
    """POSIX counts locks by process: closing the file here, by other means than SQLite, drops the writer's. Another
    program that closes the database then takes itself for the last one and removes the log."""
    store, path = open_store(folder), folder / "league.db"
    log = path.with_name("league.db-wal")

    def counted() -> int:
        command = [sys.executable, "-c", ANOTHER_PROGRAM, str(path)]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    with store.writer() as writer:
        first = writer.match(1)
        for block in (2, 3):
            writer.record(matches=[replace(first, block=block)])
            before = log.stat().st_ino
            with store.reader() as reader:
                assert reader.count_matches() == block
            store.check()
            assert counted() == block
            assert log.stat().st_ino == before, "the log is still that of the writer"
    assert counted() == 3
