"""A league that moves away, comes back, shrinks or becomes another one, while each screen is in front."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from small_league import GAME, NOW, hostile_league, new_league, play, played_league
from tui_person import HUGE, NARROW, SIZES, Person, watching

from arena.tui.app import NUMBERED
from arena.tui.screens.agent import AgentScreen
from arena.tui.screens.replay import ReplayScreen
from games import make_game
from leagues.records import Member
from leagues.store import LeagueInfo, open_store

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


async def test_a_league_that_becomes_a_file_is_told_and_comes_back(tmp_path: Path) -> None:
    league = hostile_league(tmp_path / "league")
    async with watching(league) as person:
        await _go(person, "Leaderboard")
        league.rename(tmp_path / "away")
        league.touch()
        await person.see(person.shows(f"'{league}' is a file"))
        league.unlink()
        (tmp_path / "away").rename(league)
        await person.see(lambda: not person.app.problem)


async def test_the_page_of_a_member_that_the_next_league_lacks_says_so_once(tmp_path: Path) -> None:
    league, other = played_league(tmp_path / "league"), tmp_path / "other"
    game = make_game(GAME)
    with open_store(other).create(LeagueInfo(game.spec, game.agent_ids, 7, {}, {}, NOW + timedelta(days=1))) as store:
        store.add_members([Member(name, "baseline", "baseline", agent=name) for name in ("first", "random")])
    async with watching(league, size=HUGE) as person:
        await person.see(person.shows("best main@1"))
        person.app.open_agent("main@1")
        await person.see(person.shows("main snapshot", "Nearest rivals"))
        said: list[str] = []
        person.screen.say = lambda sentence, **_: said.append(sentence)  # type: ignore[attr-defined]
        shutil.rmtree(league)
        other.rename(league)
        await person.see(person.shows("2 members", "no member 'main@1'"))
        for count in (1, 2, 3):
            with open_store(league).writer() as store:
                play(store, [("first", "random")], block=count)
            await person.see(lambda: _counts(person)[1] == count)  # noqa: B023 - asked at once
        assert said == [f"Another league is in {league} now"]
        assert "main snapshot" not in person.text()
        await person.pilot.resize_terminal(*NARROW)
        await person.see(person.shows("no member 'main@1'"))


async def test_another_league_in_the_same_place_is_told_and_nothing_of_the_first_is_left(tmp_path: Path) -> None:
    league, other = played_league(tmp_path / "league"), tmp_path / "other"
    game = make_game(GAME)
    with open_store(other).create(LeagueInfo(game.spec, game.agent_ids, 7, {}, {}, NOW + timedelta(days=1))) as store:
        store.add_members([Member(name, "baseline", "baseline", agent=name) for name in ("first", "random")])
        play(store, [("first", "random"), ("random", "first")])
    async with watching(league, size=HUGE) as person:
        await person.see(person.shows("best main@1"))
        person.app.mark("main@1")
        said: list[str] = []
        person.screen.say = lambda sentence, **_: said.append(sentence)  # type: ignore[attr-defined]
        shutil.rmtree(league)
        other.rename(league)
        await person.see(person.shows("2 members", "0/0/2"))
        assert said == [f"Another league is in {league} now"]
        assert person.app.marked == ()
        assert not any(sign in person.text() for sign in ("main@1", "▲", "▼", "new"))


@pytest.mark.parametrize("size", SIZES)
async def test_while_there_is_no_league_the_whole_sentence_is_read(tmp_path: Path, size: tuple[int, int]) -> None:
    folder = tmp_path / "a_league_that_comes_later"
    async with watching(folder, size=size) as person:
        sentence = f"Waiting for a league in {folder}; arena train GAME --league {folder} makes one"
        await person.see(lambda: "".join(sentence.split()) in _letters(person))
        played_league(folder)
        await person.see(person.shows("main@1"))
        assert "Waiting" not in person.text()
        await person.press("j", "enter")
        await person.see(lambda: isinstance(person.screen, AgentScreen))


def _letters(person: Person) -> str:
    """What stands between the header and the footer, without blanks."""
    return "".join("".join(person.text().split("\n")[2:-1]).split())


@pytest.mark.parametrize("screen", SCREENS)
async def test_an_empty_league_can_be_walked_through(screen: str, tmp_path: Path) -> None:
    new_league(tmp_path / "league").close()
    async with watching(tmp_path / "league") as person:
        await _go(person, screen)
        await person.press("j", "k", "g", "G", "enter", "space", "slash", "escape", "escape", "1")
        assert person.app.is_running
