"""Where a league lives: one SQLite file in its folder, written by one process and read by any number."""

from __future__ import annotations

from pathlib import Path

from leagues.store.contract import BlockScore, LeagueInfo, Progress, Reader, StoreError, Writer

__all__ = [
    "BlockScore",
    "LeagueInfo",
    "Progress",
    "Reader",
    "StoreError",
    "Writer",
    "create_store",
    "open_reader",
    "open_writer",
]

# The functions import what they need when called: ratings and scoring use the contract, and a program that only
# prints its help should not wait for SQLAlchemy.


def create_store(folder: Path | None, info: LeagueInfo) -> Writer:
    """A new league in ``folder`` (made when missing), or in memory when it is None.

    Raises:
        StoreError: there is a league in the folder already, or it cannot be written to.
    """
    from leagues.store.sqlite import writer

    return writer.create_in_memory(info) if folder is None else writer.create_in_folder(folder, info)


def open_writer(folder: Path) -> Writer:
    """The one writer of the league in ``folder``. Brings an older schema up to date first.

    Raises:
        StoreError: there is no league, another process writes to it, it is damaged, or a newer program made it.
    """
    from leagues.store.sqlite import writer

    return writer.open_file_writer(folder)


def open_reader(folder: Path) -> Reader:
    """A reader of the league in ``folder``, whether or not somebody writes to it.

    Raises:
        StoreError: there is no league, it is damaged, or its schema is not this program's.
    """
    from leagues.store.sqlite import reader

    return reader.open_file_reader(folder)
