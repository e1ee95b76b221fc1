"""Connections to a league's database: opening them, checking them, and the lock of the one writer."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from leagues.store.contract import StoreError
from leagues.store.sqlite import schema

DATABASE = "league.db"
LOCK = "league.lock"


def memory_engine() -> Engine:
    """A database that lives as long as its engine."""
    return _engine(":memory:", write=True)


def writing_engine(path: Path) -> Engine:
    """A read-write connection to the file at ``path``, which is made if it does not exist."""
    return _engine(f"file:{_quoted(path)}?mode=rwc", write=True)


def reading_engine(path: Path) -> Engine:
    """A connection that cannot change the file at ``path``."""
    return _engine(f"file:{_quoted(path)}?mode=ro", write=False)


def frozen_engine(path: Path) -> Engine:
    """A connection to a file that nobody writes while it is open: SQLite takes no lock and needs no other file."""
    return _engine(f"file:{_quoted(path)}?immutable=1", write=False)


def _quoted(path: Path) -> str:
    return str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _engine(uri: str, *, write: bool) -> Engine:
    engine = create_engine(
        "sqlite://",
        # One connection per engine: PRAGMA data_version compares states of one connection.
        poolclass=StaticPool,
        creator=lambda: sqlite3.connect(
            uri, uri=uri != ":memory:", timeout=30, isolation_level=None, check_same_thread=False
        ),
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA recursive_triggers = ON")
        if write:
            # FULL syncs the log at every commit. NORMAL would not corrupt anything, but a power loss could take back
            # every iteration since the last checkpoint, and with them rows whose files are already there or already
            # gone. One sync per iteration costs milliseconds.
            connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred transaction that reads first and then writes fails when another wrote in between; an immediate
        # one waits for its turn at the start.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


@contextmanager
def transaction(engine: Engine, name: str) -> Iterator[Connection]:
    """One transaction: committed when the block ends, rolled back when it raises.

    Raises:
        StoreError: the database failed, in one line.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except (DBAPIError, sqlite3.Error) as error:
        says = error.orig if isinstance(error, DBAPIError) else error
        raise StoreError(
            f"the database of a league must be whole and reachable, but {name} says: {says}; "
            "check the disk, or go back to a copy of the folder"
        ) from error


def check_file(folder: Path) -> Path:
    """The database of the league in ``folder``. Looks only; neither opens nor writes anything with SQLite.

    Raises:
        StoreError: there is no league here; the message names what is missing.
    """
    path = folder / DATABASE
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise StoreError(f"a league is a folder, but {str(folder)!r} {what}; train one, or check the path")
    if not path.is_file():
        raise StoreError(f"a league has a {DATABASE}, but {str(folder)!r} has none; train one there, or check the path")
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except OSError as error:
        raise StoreError(
            f"a league must be readable, but {str(path)!r}: {error.strerror}; change its rights"
        ) from error
    if len(header) < 100 or not header.startswith(b"SQLite format 3\0"):
        raise StoreError(f"{DATABASE} must be an SQLite database, but {str(path)!r} is none; go back to a copy of it")
    if struct.unpack(">I", header[68:72])[0] != schema.APPLICATION_ID:
        raise StoreError(
            f"{DATABASE} must be a league's, but {str(path)!r} was made by another program; check the path"
        )
    return path


def revision(connection: Connection) -> str:
    """The schema revision of the database."""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def check_not_newer(found: str, path: str) -> None:
    """Raise StoreError when the database is of a newer program than this one."""
    if int(found) > int(schema.REVISION):
        raise StoreError(
            f"this program reads leagues up to schema {schema.REVISION}, but {path} has schema {found}; "
            "update this program"
        )


def keep_log(engine: Engine, name: str) -> None:
    """Switch to write-ahead logging: readers and the writer never wait for each other.

    Raises:
        StoreError: it cannot be had here.
    """
    try:
        with _outside_transaction(engine) as connection:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    except sqlite3.Error as error:
        mode = str(error)
    if mode != "wal":
        raise StoreError(
            f"a league needs write-ahead logging, but {name} cannot have it ({mode}); use a local disk, not a network "
            "share, and check its rights"
        )


def fold_log(engine: Engine) -> None:
    """Fold the log into the database and leave a single file, which can be read and copied anywhere.

    With readers at work that cannot be had now, and the log stays beside the file until the next writer ends: just
    as safe, so the refusal is no error.
    """
    with _outside_transaction(engine) as connection:
        connection.execute("PRAGMA busy_timeout = 0")
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA journal_mode = DELETE")


@contextmanager
def _outside_transaction(engine: Engine) -> Iterator[sqlite3.Connection]:
    pooled = engine.raw_connection()
    try:
        connection = pooled.driver_connection
        assert isinstance(connection, sqlite3.Connection)
        yield connection
    finally:
        pooled.close()


class WriterLock:
    """The right to write to a league. The system drops it when the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        """Take the lock of ``folder``.

        Raises:
            StoreError: another writer has it, or the folder cannot be written to.
        """
        path = folder / LOCK
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise StoreError(
                f"a league can be written only where files can be, but {str(path)!r}: {error.strerror}; "
                "change its rights, or copy the folder"
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(self._file, 32).decode(errors="replace").strip() or "unknown"
            os.close(self._file)
            raise StoreError(
                f"a league has one writer at a time, but process {holder} is writing to {str(folder)!r}; "
                "stop it, or wait for its end"
            ) from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let others write. The file stays: removing it would let two writers lock two files of one name."""
        os.close(self._file)
