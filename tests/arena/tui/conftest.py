"""Fixtures of the terminal UI's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_league import played_league


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arena.tui.feed.POLL", 0.1)
    monkeypatch.setattr("arena.tui.feed.CALM", 0.0)
    monkeypatch.setattr("arena.tui.feed.REST", 0.0)  # on a busy machine an answer may take long


@pytest.fixture(autouse=True)
def _in_full_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture(scope="package")
def league(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A league of tic-tac-toe with 13 matches, for tests that only read it."""
    return played_league(tmp_path_factory.mktemp("leagues") / "ttt")
