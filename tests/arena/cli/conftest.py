"""Fixtures of the command line's tests."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from command_line import Cli
from small_league import played_league

from arena.cli.app import run


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs ``arena`` in this process."""

    def call(*args: object, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = run([str(arg) for arg in args])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture(scope="package")
def league(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A league of tic-tac-toe with 13 matches, for tests that only read it."""
    return played_league(tmp_path_factory.mktemp("leagues") / "ttt")
