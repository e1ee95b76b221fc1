"""The live table: it follows one game as it is played in another process."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from slow_play import MOVES
from small_league import HOSTILE, played_league
from tui_person import NARROW, WIDE, Person, watching

from arena.tui.screens.matches import MatchesScreen
from arena.tui.widgets.match_preview import MatchPreview
from leagues.store import RunningGame
from leagues.store.contract import FORGOTTEN

CODE = """
from arena.play import live_table
from arena.play.matches import play_match
live_table.PATIENCE, live_table.LOOK = 0.0, 0.02
play_match("tic_tac_toe", ["py:slow_play:Waiting", "first"], games=2, tables=1, league="league", trust_code=True)
"""

_numbers = count()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arena.tui.screens.matches.LOOK", 0.02)
    monkeypatch.setattr("arena.tui.widgets.match_preview.HOLD", 0.5)


@contextmanager
def playing(folder: Path, code: str = CODE) -> Iterator[subprocess.Popen[bytes]]:
    """A process that plays a match in ``folder``, a move for each :func:`move`."""
    (folder / MOVES).mkdir()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-c", code], env=environment, cwd=folder, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def move(folder: Path) -> None:
    """Let the agent make one move."""
    (folder / MOVES / str(next(_numbers))).touch()


def preview_of(person: Person) -> MatchPreview:
    return person.screen.query_one(MatchPreview)


def matches_screen(person: Person) -> MatchesScreen:
    assert isinstance(person.screen, MatchesScreen)
    return person.screen


def followed(person: Person) -> RunningGame | None:
    """The game that the live table follows."""
    opened = preview_of(person).opened
    return None if opened is None else opened.running


async def sit_down(person: Person) -> None:
    """Go to the live table."""
    await person.press("3")
    await person.see(person.shows("match 13 ─"))
    await person.press("L")


async def move_on(person: Person, folder: Path) -> None:
    """Let the agent make a move, and wait until it is seen."""
    before = followed(person)
    move(folder)
    await person.see(lambda: followed(person) != before)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_game_is_followed_move_by_move_until_its_match_is_recorded(
    tmp_path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    league = played_league(tmp_path / "league")
    played: list[tuple[int, int]] = []
    play = MatchPreview.play
    monkeypatch.setattr(
        MatchPreview, "play", lambda self, each, ply: (played.append((each.match.id, ply)), play(self, each, ply))
    )
    async with watching(league, size=size) as person:
        await sit_down(person)
        await person.see(person.shows("live · match 13"))  # there is no game yet
        with playing(tmp_path) as process:
            await person.see(lambda: followed(person) is not None or process.poll() is not None)
            await person.read("live · being played, ply 0", "py:slow_play:Waiting", "the start")
            for ply in (2, 4):
                await move_on(person, tmp_path)
                await person.read(f"live · being played, ply {ply}")
            assert "won" not in person.text()
            assert "lost" not in person.text()
            games = [followed(person)]
            while (game := followed(person)) is not None:
                games.append(game)
                await move_on(person, tmp_path)
            assert process.wait() == 0, (tmp_path / "log").read_text()
        assert {game.seats[0] for game in games if game} == {"py:slow_play:Waiting", "first"}, "both games of the block"
        assert games[-1] is not None
        assert (15, games[-1].plies) in played, "the match goes on from the position in sight"
        await person.read("live · match 15, played")
        assert not (league / "live.json").exists()


async def test_the_table_of_a_process_that_was_killed_is_given_up(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    async with watching(league) as person:
        with playing(tmp_path) as process:
            await person.see(lambda: (league / "live.json").exists() or process.poll() is not None)
            await sit_down(person)
            await person.read("live · being played, ply 0")
            process.kill()
            process.wait()
        before = time.time() - FORGOTTEN - 1
        os.utime(league / "live.json", (before, before))
        await person.read("live · match 13, played")
        assert followed(person) is None


def show(league: Path, **changes: Any) -> None:
    """Write what a process would that plays a game, with some changes."""
    game = {
        "process": "somebody@elsewhere:1",
        "seats": ["main", "random"],
        "seed": 5,
        "kind": "training",
        "plies": 2,
        "started_at": datetime.now(UTC).isoformat(),
        "moves": [[0, 4], [1, 0]],
    }
    (league / "live.json.part").write_text(json.dumps(game | changes))
    (league / "live.json.part").rename(league / "live.json")


@pytest.mark.parametrize(
    "changes",
    [
        {"moves": [[0, 4], [1, 4]]},
        {"moves": [[0, 4], [0, 0]]},
        {"moves": [[0, 99], [1, 0]]},
        {"moves": [[-1, 4], [1, 0]]},
        {"moves": [[0, [0.5]], [1, [0.5]]]},
        {"plies": 1},
        {"moves": [[0, 0], [1, 3], [0, 1], [1, 4], [0, 2], [1, 5]], "plies": 6},  # the game was over before
    ],
    ids=str,
)
async def test_moves_that_break_the_rules_are_ignored(tmp_path: Path, changes: dict[str, Any]) -> None:
    league = played_league(tmp_path / "league")
    show(league, **changes)
    async with watching(league) as person:
        await sit_down(person)
        await person.read("live · match 13, played")
        show(league)
        await person.read("live · being played, ply 2", "main", "random", "square 0")


async def test_names_of_strangers_are_shown_safely_and_their_game_is_not_replayed(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    show(league, seats=[HOSTILE, "\ud800 nobody"])
    async with watching(league) as person:
        await sit_down(person)
        await person.read("live · being played, ply 2", "[red]evil[/red]\\x1b]0", "\\ud800 nobody")
        await person.press("enter")
        await person.see(lambda: "replayed when it is over" in person.said())
        await person.press("L")
        await person.read("Match 13")
        assert followed(person) is None


async def test_only_a_game_that_fits_the_filter_is_followed(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    show(league)
    async with watching(league) as person:
        await person.press("3")
        await person.see(person.shows("match 13 ─"))
        await person.press("slash", *"first", "enter")
        await person.see(person.shows("match 12 ─"))
        await person.press("L")
        await person.read("live · match 12, played")
        show(league, seats=["first", "random"])
        await person.read("live · being played, ply 2")
        assert person.said() == ""


async def test_a_game_that_is_gone_and_not_recorded_gives_way_to_the_next(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    show(league)
    async with watching(league) as person:
        await sit_down(person)
        await person.read("live · being played, ply 2")
        show(league, seed=6, plies=1, moves=[[0, 8]])
        await person.read("live · being played, ply 1")
        (league / "live.json").unlink()
        await person.read("live · match 13, played")


async def test_code_of_strangers_does_not_run_to_follow_a_game(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "strange_game.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    monkeypatch.syspath_prepend(tmp_path)
    league = played_league(tmp_path / "league")
    with closing(sqlite3.connect(league / "league.db")) as connection, connection:
        connection.execute("UPDATE league SET game = 'strange_game:make'")
    show(league)
    async with watching(league) as person:
        await sit_down(person)
        await person.read("--trust-code")
        looks = matches_screen(person)._looks
        await person.see(lambda: matches_screen(person)._looks > looks + 3)
        assert followed(person) is None
    assert not (tmp_path / "ran").exists()


@pytest.mark.slow
async def test_a_game_of_a_worker_is_followed(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    async with watching(league) as person:
        with playing(tmp_path, CODE.replace("tables=1", "tables=1, workers=1")) as process:
            while not (league / "live.json").exists():
                assert process.poll() is None, (tmp_path / "log").read_text()
                await person.pilot.pause(0.05)
            await sit_down(person)
            await person.read("live · being played, ply 0", "py:slow_play:Waiting")
            await move_on(person, tmp_path)
            await person.read("live · being played, ply 2")
            while process.poll() is None:
                move(tmp_path)
                await person.pilot.pause(0.05)
            assert process.returncode == 0, (tmp_path / "log").read_text()
