"""``arena watch``: which leagues it opens, and which it waits for."""

from __future__ import annotations

import io
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from arena.cli.app import run
from arena.tui import LeagueApp

Asked = list[tuple[Path, int | None]]


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """The folders and matches that the terminal UI, which is not run, is asked for."""
    asked: Asked = []

    def record(folder: Path, match: int | None, *, theme: str, trust_code: bool) -> int:
        asked.append((folder, match))
        return 0

    monkeypatch.setattr("arena.tui.run", record)
    return asked


def in_terminal(monkeypatch: pytest.MonkeyPatch, *args: object) -> int:
    """Run ``arena`` in a terminal, and return its exit code."""
    with monkeypatch.context() as patch:
        patch.setattr("sys.stdin", Tty())
        patch.setattr("sys.stdout", Tty())
        return run([str(arg) for arg in args])


def test_a_league_is_watched_also_before_it_exists(
    watched: Asked, league: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [league, tmp_path, tmp_path / "runs" / "none"]
    for folder in folders:
        assert in_terminal(monkeypatch, "watch", folder) == 0
    assert in_terminal(monkeypatch, "replay", league, 3) == 0
    assert watched == [*((folder, None) for folder in folders), (league, 3)]
    assert list(tmp_path.iterdir()) == []  # nothing is made


def test_what_will_never_be_a_league_that_can_be_read_is_a_wrong_call(
    watched: Asked,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "file"
    file.touch()
    for folder, says in ((file, "is a file"), ("x" * 300, "cannot be read")):
        assert in_terminal(monkeypatch, "watch", folder) == 2
        assert says in capsys.readouterr().err
    assert in_terminal(monkeypatch, "replay", tmp_path / "none", 1) == 2  # a replay has nothing to wait for
    assert watched == []


async def test_a_league_that_a_newer_program_made_ends_the_terminal_ui(league: Path, tmp_path: Path) -> None:
    newer = shutil.copytree(league, tmp_path / "newer")
    with closing(sqlite3.connect(newer / "league.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    app = LeagueApp(newer)
    async with app.run_test() as pilot:
        for _ in range(1500):
            await pilot.pause(0.01)
            if not app.is_running:
                break
    assert "update this program" in str(app.return_value)
