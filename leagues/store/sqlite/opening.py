"""Making ``league.db``, and opening it for its writer. This loads alembic, which readers need not wait for."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, insert
from sqlalchemy.exc import DBAPIError

from leagues.store.contract import BlobStore, LeagueInfo, StoreError
from leagues.store.sqlite import database, migrations, schema, shape
from leagues.store.sqlite.database import EPOCH
from leagues.store.sqlite.queries import MICROSECOND
from leagues.store.sqlite.writer import SqlWriter


def build(path: Path, info: LeagueInfo) -> None:
    """Make the database of a new league at ``path``.

    Raises:
        StoreError: it cannot be written.
    """
    row = {
        "id": 1,
        "game": info.game,
        "agent_ids": list(info.agent_ids),
        "seed": info.seed,
        "settings": dict(info.settings),
        "versions": dict(info.versions),
        "created_at": (info.created_at - EPOCH) // MICROSECOND,
        "teams": list(info.teams),
        "graded": int(info.graded),
    }
    engine = database.writing_engine(path)
    try:
        with database.transaction(engine, str(path)) as connection:
            connection.exec_driver_sql(f"PRAGMA application_id = {schema.APPLICATION_ID}")
            migrations.upgrade(connection)
            connection.execute(insert(schema.league), [row])
    finally:
        engine.dispose()


def open_writer(path: Path, weights: BlobStore, lock: database.WriterLock) -> SqlWriter:
    """A writer of the database at ``path``, brought up to date first; it releases ``lock`` when closed.

    Raises:
        StoreError: it is damaged, or a newer program made it.
    """
    engine = database.writing_engine(path)
    try:
        with database.transaction(engine, str(path)) as connection:
            found = shape.revision(connection, str(path))
            if found != schema.REVISION:
                _bring_up_to_date(connection, path)
        database.keep_log(engine, str(path))
        return SqlWriter(engine, path, weights, lock)
    except BaseException:
        engine.dispose()
        raise


def _bring_up_to_date(connection: Connection, path: Path) -> None:
    """Apply the migrations that the database lacks, which read its records.

    Raises:
        StoreError: a record cannot be read.
    """
    try:
        migrations.upgrade(connection)
    except DBAPIError:
        raise  # of the disk or its rights, most likely
    except Exception as error:  # a record that was altered can fail in any way
        raise StoreError(
            f"{path} holds a record that cannot be read ({type(error).__name__}: {error}); restore the league from a "
            "copy"
        ) from error
