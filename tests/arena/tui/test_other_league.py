"""A league that moves away, comes back, shrinks or becomes another one, while each screen is in front."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from small_league import hostile_league, new_league, play
from tui_person import NARROW, Person, watching

from arena.tui.app import NUMBERED
from arena.tui.screens.replay import ReplayScreen
from leagues.store import open_store

SCREENS = [*NUMBERED, "Replay"]


async def _go(person: Person, screen: str) -> None:
    await person.see(lambda: person.app.view is not None)
    if screen == "Replay":
        person.app.open_match(25)
        await person.see(lambda: isinstance(person.screen, ReplayScreen))
    else:
        await person.press(str(SCREENS.index(screen) + 1))
        await person.press("G")


def _counts(person: Person) -> tuple[int, int]:
    """Members and matches that the app knows of."""
    view = person.app.view
    return (0, 0) if view is None else (view.members, view.matches)


@pytest.mark.parametrize("screen", SCREENS)
async def test_a_league_that_moves_away_is_missed_and_comes_back(screen: str, tmp_path: Path) -> None:
    league = hostile_league(tmp_path / "league")
    async with watching(league) as person:
        await _go(person, screen)
        league.rename(tmp_path / "away")
        await person.see(person.shows("The league is gone from"))
        await person.press("j", "k", "enter", "escape", "G")  # what is in sight can be used all the same
        (tmp_path / "away").rename(league)
        await person.see(lambda: not person.app.problem)
        with open_store(league).writer() as store:
            play(store, [("random", "first")], block=90)
        await person.see(lambda: _counts(person)[1] == 26)
        assert "gone" not in person.text()


@pytest.mark.parametrize("screen", SCREENS)
async def test_a_league_that_shrinks_is_shown_as_it_is_now(screen: str, tmp_path: Path) -> None:
    league, small = hostile_league(tmp_path / "league"), tmp_path / "small"
    with new_league(small) as store:
        play(store, [("random", "first")])
    async with watching(league, size=NARROW) as person:
        await _go(person, screen)
        members, matches = _counts(person)
        assert members > 4
        assert matches == 25
        shutil.rmtree(league)
        small.rename(league)
        await person.see(lambda: _counts(person) == (4, 1))
        await person.press("j", "k", "g", "G", "enter")
        await person.see(lambda: not person.app.problem)
        await person.press("escape", "3")
        await person.see(person.shows("match 1 ─"))
        assert person.app.is_running


@pytest.mark.parametrize("screen", SCREENS)
async def test_an_empty_league_can_be_walked_through(screen: str, tmp_path: Path) -> None:
    new_league(tmp_path / "league").close()
    async with watching(tmp_path / "league") as person:
        await _go(person, screen)
        await person.press("j", "k", "g", "G", "enter", "space", "slash", "escape", "escape", "1")
        assert person.app.is_running
