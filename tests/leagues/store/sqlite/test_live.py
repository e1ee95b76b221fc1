"""The file of the game that is being played: it is shown by one process at a time, and anybody may have written it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from leaguekit import INFO, NOW

from leagues.store import Reader, RunningGame, StoreError, open_store
from leagues.store.contract import FORGOTTEN
from leagues.store.sqlite.live import MOST_BYTES

GAME = RunningGame(("main", "mcts:5"), 7, "evaluation", ((0, 3), (1, 2)), 2, NOW)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty league of a game of two seats."""
    open_store(tmp_path / "league").create(INFO).close()
    return tmp_path / "league"


@pytest.fixture
def reader(folder: Path) -> Reader:
    return open_store(folder).reader()


def write(folder: Path, **changes: Any) -> Path:
    """Change some keys of the file of a game that another process shows."""
    open_store(folder).show(GAME)
    path = folder / "live.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"process": "somebody@elsewhere:1"} | changes))
    return path


def test_a_game_is_forgotten_when_its_process_shows_it_no_more(folder: Path, reader: Reader) -> None:
    path = write(folder)
    assert reader.running() == GAME
    for at in (time.time() - FORGOTTEN - 1, time.time() + 10**6):
        os.utime(path, (at, at))
        assert reader.running() is None
    mine = replace(GAME, plies=1, history=((0, 3),))
    open_store(folder).show(mine)
    assert reader.running() == mine


def test_the_game_of_another_process_stays(folder: Path, reader: Reader) -> None:
    path = write(folder)
    for game in (replace(GAME, seed=8), None):
        open_store(folder).show(game)
        assert reader.running() == GAME
    assert path.exists()


def test_no_game_is_shown_where_there_is_no_league(tmp_path: Path) -> None:
    open_store(tmp_path / "none").show(GAME)
    assert not (tmp_path / "none").exists()


def test_a_game_that_is_too_long_for_the_file_is_not_shown(folder: Path, reader: Reader) -> None:
    open_store(folder).show(GAME)
    open_store(folder).show(replace(GAME, history=((0, 3),) * (MOST_BYTES // 6), plies=MOST_BYTES // 6))
    assert reader.running() is None
    assert not (folder / "live.json").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"seats": ["main"]},
        {"seats": ["main", 3]},
        {"seats": ["main", "x" * 1001]},
        {"seats": None},
        {"seed": -1},
        {"seed": 2**63},
        {"seed": True},
        {"seed": 1.0},
        {"kind": "odd"},
        {"kind": ["evaluation"]},
        {"plies": 3},
        {"plies": -1},
        {"moves": [[2, 0]]},
        {"moves": [[-2, 0]]},
        {"moves": [[0, -1]]},
        {"moves": [[0, 10**400]]},
        {"moves": [[0]]},
        {"moves": [0, 1]},
        {"moves": [[0, "3"], [1, 2]]},
        {"moves": [[0, [float("nan")]], [1, [0.5]]]},
        {"moves": [[0, [float("inf")]], [1, [0.5]]]},
        {"moves": {"0": 1, "1": 2}},
        {"started_at": 3},
        {"started_at": "yesterday"},
        {"started_at": "0001-01-01T00:00:00+14:00"},
    ],
    ids=str,
)
def test_what_is_no_game_of_the_league_is_ignored(folder: Path, reader: Reader, changes: dict[str, Any]) -> None:
    write(folder, **changes)
    assert reader.running() is None


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"seats": []}', b"\xff\xfe", b"[" * 100_000, b" " * (MOST_BYTES + 1), b"9" * 9999],
    ids=lambda content: repr(content[:12]),
)
def test_what_is_no_json_of_a_game_is_ignored(folder: Path, reader: Reader, content: bytes) -> None:
    (folder / "live.json").write_bytes(content)
    assert reader.running() is None


@pytest.mark.parametrize(
    "harm",
    [lambda path: path.symlink_to("/dev/zero"), os.mkfifo, Path.mkdir, lambda path: path.symlink_to(__file__)],
    ids=["device", "pipe", "folder", "link"],
)
def test_what_is_no_regular_file_is_ignored(folder: Path, reader: Reader, harm: Callable[[Path], None]) -> None:
    path = folder / "live.json"
    harm(path)
    assert reader.running() is None
    if path.is_dir():
        with pytest.raises(StoreError, match=r"live\.json' cannot be written"):
            open_store(folder).show(GAME)
    else:
        open_store(folder).show(GAME)
        assert reader.running() == GAME
        assert not path.is_symlink()
