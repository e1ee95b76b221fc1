"""Leagues in folders for the tests of the SQLite store."""

from __future__ import annotations

from pathlib import Path

import pytest
from leaguekit import INFO, MAIN, RANDOM, match, progress

from leagues.records import JournalEntry
from leagues.store import open_store

START = JournalEntry("start", progress(0).at, 0, 0, writer="somebody@host:1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A league with two members, one match and one entry of its journal, closed."""
    path = tmp_path / "league"
    with open_store(path).create(INFO) as writer:
        writer.record(members=[MAIN, RANDOM], matches=[match()], progress=progress(1), journal=[START])
    return path
