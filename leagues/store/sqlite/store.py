"""A league in a folder: ``league.db``, ``weights/``, ``state/``, and ``league.lock`` while somebody writes.

While a game is shown, it is in ``live.json``.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Hashable
from pathlib import Path

from sqlalchemy import select

from leagues.store import files
from leagues.store.blobs import FolderBlobs
from leagues.store.contract import LeagueInfo, Reader, RunningGame, Store, StoreError, Writer
from leagues.store.sqlite import database, live, schema
from leagues.store.sqlite.reader import OlderSchemaError, open_reader

_WEIGHTS = "weights"
_STATES = "state"

_SHOWN = 5
"""Findings of SQLite that are reported."""


class SqliteStore(Store):
    """The store in ``folder``."""

    def __init__(self, folder: Path) -> None:
        if "\0" in str(folder):
            raise StoreError(f"{str(folder)!r} cannot be a folder; a name has no NUL character")
        self.name = str(folder)
        self._folder = folder
        self.weights: FolderBlobs = FolderBlobs(folder / _WEIGHTS)
        self.states: FolderBlobs = FolderBlobs(folder / _STATES, self._states_recorded)

    def exists(self) -> bool:
        return self.identity() is not None

    def identity(self) -> Hashable | None:
        try:
            status = os.lstat(self._folder / database.DATABASE)
        except FileNotFoundError:
            return None
        except NotADirectoryError as error:
            raise database.not_a_folder(self.name) from error
        except OSError as error:
            raise StoreError(f"{self.name!r} cannot be read: {error.strerror}; check the path") from error
        return status.st_dev, status.st_ino

    def check(self) -> list[str]:
        path = database.check_file(self._folder)
        engine, _ = database.open_for_reading(path)
        try:
            with database.outside_transaction(engine) as connection:
                found = [line for (line,) in connection.execute(f"PRAGMA integrity_check({_SHOWN})") if line != "ok"]
                dangling = connection.execute("PRAGMA foreign_key_check").fetchmany(_SHOWN)
        except sqlite3.DatabaseError as error:
            return [str(error)]
        finally:
            engine.dispose()
        lost = [  # tables with other keys than a row number have none
            f"{'a row' if row is None else f'row {row}'} of {table!r} refers to a row of {other!r} that does not exist"
            for table, row, other, _ in dangling
        ]
        return found + list(dict.fromkeys(lost))

    def create(self, info: LeagueInfo) -> Writer:
        from leagues.store.sqlite.opening import build  # loads alembic, which readers need not wait for

        path = self._folder / database.DATABASE
        try:
            files.make_folder(self._folder)
            with database.WriterLock(self._folder):
                if self.exists():
                    raise StoreError(f"{self.name!r} already holds a league; resume it, or choose another folder")
                # Built aside and renamed, so that a crash on the way leaves no half-made league. Leftover files with
                # these names are stale. SQLite would take an old log for one of the new database.
                aside = path.with_name(f"{path.name}.part")
                for file in (aside, path):
                    for name in database.names_beside(file):
                        name.unlink(missing_ok=True)
                aside.unlink(missing_ok=True)
                build(aside, info)
                files.publish(aside, path)
        except OSError as error:
            raise StoreError(
                f"no league can be made in {self.name!r}: {error.strerror}; choose another folder"
            ) from error
        return self.writer()

    def reader(self) -> Reader:
        path = database.check_file(self._folder)
        try:
            return open_reader(path)
        except OlderSchemaError as older:
            try:
                self.writer().close()  # brings it up to date
            except StoreError as error:
                raise StoreError(f"{older}, but it cannot be brought up to date: {error}") from error
            return open_reader(path)

    def writer(self) -> Writer:
        from leagues.store.sqlite.opening import open_writer

        path = database.check_file(self._folder, write=True)
        lock = database.WriterLock(self._folder)
        try:
            for blobs in (self.weights, self.states):  # only the writer writes there, and this is the only one
                blobs.sweep()
            return open_writer(path, self.weights, lock)
        except BaseException:
            lock.release()
            raise

    def show(self, game: RunningGame | None) -> None:
        if self.exists():
            live.show(self._folder, game)

    def _states_recorded(self) -> list[str]:
        """The learner states that the database names, the newest last."""
        if not self.exists():
            return []
        engine, _ = database.open_for_reading(database.check_file(self._folder))
        try:
            with database.transaction(engine, self.name) as connection:
                return list(connection.execute(select(schema.states.c.digest).order_by(schema.states.c.id)).scalars())
        finally:
            engine.dispose()
