"""Fixtures of the terminal UI's tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_league import played_league

from arena.tui.derived import Derivation, Derived, Deriver
from leagues.store import open_store


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arena.tui.feed.POLL", 0.1)
    monkeypatch.setattr("arena.tui.pace.LEAST", 0.0)
    monkeypatch.setattr("arena.tui.pace.MOST", 0.0)
    monkeypatch.setattr("arena.tui.rating.SHARE", 1.0)
    monkeypatch.setattr("arena.tui.rating.YIELDING", 1.0)


@pytest.fixture(autouse=True)
def _in_full_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def held_rating(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Leagues are rated once this event is set, as a large one takes a while; everything else is answered."""
    go_on = threading.Event()

    def result(self: Deriver) -> Derived:
        go_on.wait()
        with open_store(self._folder).reader() as reader:
            return Derivation()(reader)

    monkeypatch.setattr("arena.tui.rating.MANY_MATCHES", 0)
    monkeypatch.setattr(Deriver, "ask", lambda self: None)
    monkeypatch.setattr(Deriver, "result", result)
    yield go_on
    go_on.set()


@pytest.fixture(scope="package")
def league(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A league of tic-tac-toe with 13 matches, for tests that only read it."""
    return played_league(tmp_path_factory.mktemp("leagues") / "ttt")
