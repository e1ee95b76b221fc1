"""The live table: it follows one game as it is played in another process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from slow_play import MOVES
from small_league import played_league
from tui_person import NARROW, WIDE, Person, watching

from arena.tui.widgets.match_preview import MatchPreview
from leagues.store import RunningGame

GAME = "tic_tac_toe"

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
