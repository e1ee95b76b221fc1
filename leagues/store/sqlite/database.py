"""Connections to ``league.db``, checks of the file, and the lock of the one writer."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from leagues.store import files
from leagues.store.contract import HEARTBEAT, Heartbeat, StoreError
from leagues.store.owner import is_gone, this_process
from leagues.store.sqlite import schema, shape

VERSION = sqlite3.sqlite_version
"""Version of the SQLite library."""

DATABASE = "league.db"
LOCK = "league.lock"

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_HEADER = 100
"""Bytes of the header of a database."""

MOST_OWNER = 300
"""Bytes of the lock file that are read. It holds a signature and a time."""


def names_beside(path: Path) -> list[Path]:
    """The files that SQLite opens beside the database at ``path``."""
    return [path.with_name(f"{path.name}-{kind}") for kind in ("wal", "shm", "journal")]


def writing_engine(path: Path) -> Engine:
    """A read-write connection to the file at ``path``, which is made if it does not exist."""
    return _engine(f"file:{_quoted(path)}?mode=rwc", write=True)


def reading_engine(path: Path) -> Engine:
    """A connection that cannot change the file at ``path``."""
    return _engine(f"file:{_quoted(path)}?mode=ro", write=False)


def frozen_engine(path: Path) -> Engine:
    """A connection to a file that is not written meanwhile: SQLite takes no lock and needs no other file."""
    return _engine(f"file:{_quoted(path)}?immutable=1", write=False)


def _quoted(path: Path) -> str:
    return str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _engine(uri: str, *, write: bool) -> Engine:
    engine = create_engine(
        "sqlite://",
        # One connection per engine: PRAGMA data_version compares states of one connection.
        poolclass=StaticPool,
        creator=lambda: sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None, check_same_thread=False),
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA trusted_schema = OFF")  # what the file declares calls no function with side effects
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA recursive_triggers = ON")
        if write:
            # FULL syncs the log at every commit, which costs milliseconds. With NORMAL, a power loss could take back
            # all iterations since the last checkpoint, although the states that they replaced are removed already.
            connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred transaction that reads first and then writes fails if another has written in between. An immediate
        # one waits at its start.
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
        if "locked" in str(says):
            raise StoreError(f"{name} is in use by another process that writes for long; try again later") from error
        raise StoreError(
            f"{name} cannot be used: {says}; check the disk and its rights, or restore the league from a copy"
        ) from error


@contextmanager
def reading(engine: Engine, name: str) -> Iterator[Connection]:
    """One transaction that only reads.

    Raises:
        StoreError: the database failed, or holds values that no program of ours has written.
    """
    try:
        with transaction(engine, name) as connection:
            yield connection
    except (SQLAlchemyError, ValueError, TypeError, ArithmeticError, LookupError, RecursionError) as error:
        raise StoreError(
            f"{name} holds a record that cannot be read ({type(error).__name__}: {error}); "
            "restore the league from a copy"
        ) from error


def not_a_folder(name: str) -> StoreError:
    """The error for a league's place that is a file, or lies in one."""
    return StoreError(f"a league is a folder, but {name!r} is a file; name a folder")


def check_file(folder: Path, *, write: bool = False) -> Path:
    """The database of the league in ``folder``. Only looks: nothing is written, and nothing but the header is read.

    Args:
        folder: the league's folder.
        write: whether it is to be opened for writing.

    Raises:
        StoreError: there is no league here, or something that is no database of a league.
    """
    path = folder / DATABASE
    name = str(folder)
    try:
        if not stat.S_ISDIR(folder.stat().st_mode):
            raise not_a_folder(name)
        if not files.check_regular(path, write=write):
            raise StoreError(f"{name!r} has no {DATABASE}, so it is not a league; train one there, or check the path")
        for beside in names_beside(path):
            files.check_regular(beside, write=write)
        application = _application(path)
    except FileNotFoundError as error:
        raise StoreError(f"{name!r} does not exist; train a league there, or check the path") from error
    except OSError as error:
        raise StoreError(f"the league in {name!r} cannot be read: {error.strerror}") from error
    except sqlite3.Error as error:
        if "not a database" in str(error):
            raise StoreError(f"{str(path)!r} is not an SQLite database; restore it from a copy") from error
        raise StoreError(
            f"{str(path)!r} cannot be used: {error}; check the disk and its rights, or restore the league from a copy"
        ) from error
    if application is None:
        raise StoreError(f"{str(path)!r} is not an SQLite database; restore it from a copy")
    if application != schema.APPLICATION_ID:
        raise StoreError(f"{str(path)!r} was made by another program, not by the arena; check the path")
    return path


def _application(path: Path) -> int | None:
    """The ID of the program that made the database at ``path``; None for a file that is too short to be one.

    SQLite reads it, because we must never open and close this file ourselves: when a process closes a file, POSIX drops
    all its locks on it, also those of the connections that SQLite has in this process. The next program that closes the
    database would then remove the log under a training that goes on.
    """
    if path.stat().st_size < _HEADER:
        return None
    if not os.access(path, os.R_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    connection = sqlite3.connect(f"file:{_quoted(path)}?mode=ro&immutable=1", uri=True)
    try:
        return int(connection.execute("PRAGMA application_id").fetchone()[0])
    finally:
        connection.close()


def open_for_reading(path: Path) -> tuple[Engine, str]:
    """A connection that changes nothing, and the schema revision found.

    Raises:
        StoreError: the database cannot be read; or as :func:`leagues.store.sqlite.shape.revision`.
    """
    engine = reading_engine(path)
    try:
        with transaction(engine, str(path)) as connection:
            return engine, shape.revision(connection, str(path))
    except StoreError:
        engine.dispose()
        # A file that was copied from a running league says that a log lies beside it. Without that log, SQLite makes
        # one; where it has no right to, nobody else writes this file either, and it can be read as it is. A log or a
        # journal shows that somebody is writing, such as another process that brings the league up to date.
        if any(Path(f"{path}-{kind}").exists() for kind in ("wal", "journal")):
            raise
    engine = frozen_engine(path)
    try:
        with transaction(engine, str(path)) as connection:
            return engine, shape.revision(connection, str(path))
    except BaseException:
        engine.dispose()
        raise


def keep_log(engine: Engine, name: str) -> None:
    """Switch to write-ahead logging, in which readers and the writer never wait for each other.

    Raises:
        StoreError: the file system does not allow it.
    """
    try:
        with outside_transaction(engine) as connection:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    except sqlite3.Error as error:
        mode = str(error)
    if mode != "wal":
        raise StoreError(
            f"{name} cannot use write-ahead logging ({mode}); put the league on a local disk, not on a network share, "
            "and check its rights"
        )


def fold_log(engine: Engine) -> None:
    """Fold the log into the database and leave a single file, which can be read and copied anywhere.

    While readers are at work, SQLite refuses. Then the log stays beside the file until the next writer ends, which is
    just as safe, so the refusal is not an error.
    """
    with outside_transaction(engine) as connection:
        connection.execute("PRAGMA busy_timeout = 0")
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA journal_mode = DELETE")


@contextmanager
def outside_transaction(engine: Engine) -> Iterator[sqlite3.Connection]:
    pooled = engine.raw_connection()
    try:
        connection = pooled.driver_connection
        assert isinstance(connection, sqlite3.Connection)
        yield connection
    finally:
        pooled.close()


def _owner(lock: bytes) -> tuple[str, str]:
    """Who writes, and since when, from what stands in the lock file. Anybody may have written that."""
    text = lock.decode(errors="replace").strip()
    named = re.fullmatch(r"(\S+@\S+:\d+) (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC)", text)
    if named is None or not text.isprintable():
        return "another process", ""
    return named[1], f" since {named[2]}"


def heartbeat(folder: Path) -> Heartbeat | None:
    """The newest sign of life of a writer of the league in ``folder``: when its lock file was touched last.

    Raises:
        StoreError: the lock file cannot be read, or its time is no time.
    """
    path = folder / LOCK
    try:
        number = files.open_regular(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{str(path)!r} cannot be read: {error.strerror}; remove it if nobody writes here") from error
    try:
        touched, owner = os.fstat(number).st_mtime_ns, os.pread(number, MOST_OWNER, 0)
    finally:
        os.close(number)
    try:
        at = EPOCH + timedelta(microseconds=touched // 1000)
    except OverflowError as error:
        raise StoreError(f"the time of {str(path)!r} is none; remove it if nobody writes here") from error
    writer, since = _owner(owner)
    return Heartbeat(at, writer, is_gone(writer)) if since else Heartbeat(at, "")


class WriterLock:
    """The right to write to a league. The system drops it when the process ends, however it ends.

    A thread touches the lock file every :data:`HEARTBEAT` seconds, so that readers can tell a process that writes from
    one that was killed. They must not try the lock: a writer that starts in that moment would be refused.
    """

    def __init__(self, folder: Path) -> None:
        """Take the lock of ``folder``.

        Raises:
            StoreError: another writer has it, or the folder cannot be written to.
        """
        path = folder / LOCK
        try:
            self._file = files.open_regular(path, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise StoreError(
                f"{str(path)!r} cannot be opened: {error.strerror}; change its rights, or copy the folder"
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner, since = _owner(os.pread(self._file, MOST_OWNER, 0))
            os.close(self._file)
            raise StoreError(
                f"{owner} is writing to {str(folder)!r}{since}, and a league has one writer at a time; "
                "stop it, or wait for its end"
            ) from error
        # Whatever stands there is of a process that no longer writes.
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{this_process()} {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n".encode(), 0)
        self._released = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="league-heartbeat", daemon=True)
        self._heart.start()

    def _beat(self) -> None:
        while not self._released.wait(HEARTBEAT):
            with suppress(OSError):  # a disk that fails for a moment; the next beat tries again
                os.utime(self._file)

    def release(self) -> None:
        """Let others write. The file stays: removing it would let two writers lock two files of one name."""
        self._released.set()
        self._heart.join()
        try:
            os.utime(self._file)
        finally:
            os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()
