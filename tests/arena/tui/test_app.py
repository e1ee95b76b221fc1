"""The terminal UI, driven by keys like a person would."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from small_league import HOSTILE, NOW, new_league, play, played_league, progress
from textual import on
from textual.app import ComposeResult
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static

from arena.tui import LeagueApp
from arena.tui.feed import LeagueChanged
from arena.tui.layout import LEAST
from arena.tui.screens.help import HelpScreen
from arena.tui.screens.league import LeagueScreen
from leagues.records import Member
from leagues.store import open_store

SLIM, NARROW, WIDE, HUGE = (60, 15), (80, 24), (120, 40), (200, 50)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arena.tui.feed.POLL", 0.1)


class Person:
    """Someone at the keyboard, who waits until the screen shows what was asked for."""

    def __init__(self, pilot: Pilot[Exception]) -> None:
        self.pilot = pilot

    @property
    def screen(self) -> LeagueScreen:
        screen = self.pilot.app.screen_stack[0]
        assert isinstance(screen, LeagueScreen)
        return screen

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def choose(self, member: str) -> None:
        """Press enter on a member of the leaderboard."""
        table = self.screen.leaderboard
        await self.see(lambda: member in table.keys and "rating ..." not in self.text())
        table.focus()
        await self.press("pageup", *["down"] * table.keys.index(member), "enter")

    async def see(self, condition: Callable[[], bool]) -> None:
        """Wait until ``condition`` holds; the feed's thread needs some turns of the loop to answer."""
        for _ in range(1500):
            await self.pilot.pause(0.01)
            if condition():
                return
        raise AssertionError(f"not seen; the screen shows:\n{self.text()}")

    def text(self) -> str:
        """Everything on the screen as text."""
        lines = self.pilot.app.screen._compositor.render_strips()
        return "\n".join(strip.text for strip in lines)

    def shows(self, *texts: str) -> Callable[[], bool]:
        return lambda: all(text in self.text() for text in texts)

    def board_text(self, part: str) -> str:
        """The text of the part of the board called ``part``."""
        return str(self.screen.board.query_one(f"#{part}", Static).content)


@asynccontextmanager
async def watching(folder: Path, match: int | None = None, size: tuple[int, int] = WIDE) -> AsyncIterator[Person]:
    app = LeagueApp(folder, match, now=lambda: NOW)
    async with app.run_test(size=size) as pilot:
        yield Person(pilot)


@pytest.fixture(scope="module")
def league(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played_league(tmp_path_factory.mktemp("leagues") / "ttt")


@pytest.mark.parametrize("size", [NARROW, WIDE, HUGE])
async def test_everything_is_on_one_screen(league: Path, size: tuple[int, int]) -> None:
    async with watching(league, size=size) as person:
        await person.see(person.shows("Match 13", "main (seat 0)", "rating", "quit"))
        await person.see(lambda: "rating ..." not in person.text())
        text = person.text()
        for expected in ("tic_tac_toe", "live", "iteration 3", "17,600 steps/s", "1m 28s left", "13 matches"):
            assert expected in text
        for expected in ("Leaderboard", "rating", "main@1", "random", "first", "learning", "Matches", "main · random"):
            assert expected in text
        assert "quit" in text.splitlines()[-1]
        assert len(text.splitlines()) == size[1]


@pytest.mark.parametrize("size", [LEAST, SLIM])
async def test_a_small_terminal_shows_all_that_is_needed(league: Path, size: tuple[int, int]) -> None:
    async with watching(league, size=size) as person:
        await person.see(person.shows("Match 13", "main@1", "quit"))
        await person.see(lambda: "..." not in person.text())
        lines = person.text().splitlines()
        assert (len(lines), {len(line) for line in lines}) == (size[1], {size[0]})
        for expected in ("tic_tac_toe", "live", "Leaderboard", "rating", "Matches", "main · random"):
            assert expected in person.text()
        assert "? help" in lines[-1]
        assert person.text().count("───┼───┼───") == 2  # the whole board
        assert "/" in person.board_text("move")
        assert " won" in person.text() or "draw" in person.text()
        await person.press("left")
        await person.see(person.shows("●─"))
        await person.press("question_mark")
        await person.see(person.shows("Keys", "list all matches and follow the newest", "leave"))


async def test_a_terminal_that_is_too_small_shows_the_size_needed(league: Path) -> None:
    width, height = LEAST
    async with watching(league, size=(width, height - 1)) as person:
        wanted = f"arena needs at least {width}x{height}, has {width}x{height - 1}:"
        await person.see(person.shows(wanted))
        assert "Leaderboard" not in person.text()
        await person.pilot.resize_terminal(*SLIM)
        await person.see(person.shows("Leaderboard", "Match 13"))
        assert "needs at least" not in person.text()
        await person.press("down", "down")  # the list has kept the focus
        await person.see(person.shows("Match 11"))
        await person.pilot.resize_terminal(width - 1, height)
        await person.see(person.shows("needs at least"))
        await person.press("q")
        await person.see(lambda: not person.pilot.app.is_running)


async def test_a_match_is_stepped_through_with_keys(league: Path) -> None:
    async with watching(league, 13) as person:
        board = person.screen.board
        await person.see(lambda: board.opened is not None)
        last = board.last
        assert (board.ply, last) != (last, 0)
        assert "the start" in person.board_text("move")
        await person.press("right", "right")
        assert board.ply == 2
        assert ": square " in person.board_text("move")
        await person.press("left")
        assert board.ply == 1
        await person.press("end", "right")
        assert board.ply == last
        assert f"{last}/{last}" in person.board_text("move")
        await person.press("home", "left")
        assert board.ply == 0
        # The keys are the board's wherever the focus is.
        await person.press("tab", "right")
        assert board.ply == 1


async def test_space_plays_to_the_end(league: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arena.tui.widgets.board.PACE", 0.01)
    async with watching(league, 13) as person:
        board = person.screen.board
        await person.see(lambda: board.opened is not None)
        await person.press("space")
        await person.see(lambda: board.ply == board.last)
        assert not board.playing


async def test_space_again_or_a_step_pauses(league: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arena.tui.widgets.board.PACE", 1000.0)
    async with watching(league, 13) as person:
        board = person.screen.board
        await person.see(lambda: board.opened is not None)
        for pause in ("space", "right"):
            await person.press("space")
            assert board.playing
            await person.press(pause)
            assert not board.playing
        await person.press("end", "space")
        assert (board.ply, board.playing) == (0, True)


async def test_moving_in_the_list_opens_matches_and_enter_replays_one(league: Path) -> None:
    async with watching(league) as person:
        board = person.screen.board
        await person.see(person.shows("Match 13"))
        assert board.ply == board.last
        await person.press("down", "down")
        await person.see(person.shows("Match 11"))
        assert board.ply == board.last
        await person.press("enter")
        await person.see(lambda: board.playing)
        assert person.screen.matches.key == "11"


async def test_a_member_s_matches_are_listed_on_enter_and_all_again_on_escape(league: Path) -> None:
    async with watching(league) as person:
        screen = person.screen
        await person.see(lambda: len(screen.matches.keys) == 13)
        await person.choose("first")
        await person.see(person.shows("Matches of first"))
        assert len(screen.matches.keys) == 8
        await person.see(person.shows(f"Match {screen.matches.keys[0]}"))
        await person.press("escape")
        await person.see(lambda: len(screen.matches.keys) == 13)
        assert "Matches of" not in person.text()


async def test_new_matches_come_in_without_moving_the_cursor(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    async with watching(league) as person:
        screen = person.screen
        await person.see(person.shows("Match 13"))
        await person.press("down", "down")
        await person.see(person.shows("Match 11"))
        with open_store(league).writer() as store:
            play(store, [("random", "first"), ("first", "random")], block=8)
            store.record(progress=progress(iteration=4))
        await person.see(person.shows("iteration 4", "15 matches"))
        assert screen.matches.keys[:2] == ("15", "14")
        assert screen.matches.key == "11"
        assert "Match 11" in person.text()


async def test_the_newest_match_is_followed_until_a_person_chooses(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    async with watching(league) as person:
        await person.see(person.shows("Match 13", "following the newest"))
        with open_store(league).writer() as store:
            play(store, [("random", "first")], block=8)
            await person.see(person.shows("Match 14"))
            assert person.screen.matches.key == "14"
            await person.press("left")
            ply = person.screen.board.ply
            play(store, [("random", "first")], block=9)
            await person.see(person.shows("15 matches"))
            assert (person.screen.matches.key, person.screen.board.ply) == ("14", ply)
            await person.press("escape")
            await person.see(person.shows("Match 15"))
            assert person.screen.matches.key == "15"


async def test_an_empty_league_says_so_and_fills(tmp_path: Path) -> None:
    with new_league(tmp_path / "league") as store:
        async with watching(tmp_path / "league", size=NARROW) as person:
            await person.see(person.shows("not trained yet", "No matches yet"))
            await person.press("left", "right", "home", "end", "space", "enter", "escape")
            play(store, [("random", "first")])
            await person.see(person.shows("Match 1", "1 matches"))


async def test_a_league_that_goes_away_is_reported_and_may_come_back(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    async with watching(league) as person:
        await person.see(person.shows("Match 13"))
        league.rename(tmp_path / "elsewhere")
        await person.see(person.shows("The league is lost"))
        assert "Match 13" in person.text()
        (tmp_path / "elsewhere").rename(league)
        await person.see(person.shows("13 matches"))
        assert "lost" not in person.text()
        shutil.rmtree(league)
        with new_league(league):
            pass
        await person.see(person.shows("0 matches"))


@pytest.mark.parametrize("size", [SLIM, WIDE])
async def test_a_member_without_rated_games_shows_no_rating(tmp_path: Path, size: tuple[int, int]) -> None:
    with new_league(tmp_path / "league") as store:
        play(store, [("random", "first")])
        async with watching(tmp_path / "league", size=size) as person:
            await person.see(person.shows("no games"))
            (line,) = [line for line in person.text().splitlines() if "main@1" in line]
            assert not any(letter.isdigit() for letter in line.split("│")[1].replace("main@1", ""))


async def test_hostile_names_are_shown_as_text(tmp_path: Path) -> None:
    with new_league(tmp_path / "league") as store:
        store.add_members([Member(HOSTILE, "baseline", "baseline", agent="random")])
        play(store, [(HOSTILE, "first")])
    async with watching(tmp_path / "league", size=HUGE) as person:
        await person.see(person.shows("Match 1"))
        assert "[red]evil[/red]\\x1b]0;" in person.text()
        await person.choose(HOSTILE)
        await person.see(person.shows("Matches of [red]evil[/red]\\x1b]0;owned"))


async def test_help_opens_and_closes(league: Path) -> None:
    async with watching(league, size=NARROW) as person:
        await person.press("question_mark")
        await person.see(person.shows("play the match, or pause"))
        await person.press("q")
        await person.see(lambda: not isinstance(person.pilot.app.screen, HelpScreen))
        assert person.pilot.app.is_running
        await person.press("q")
        await person.see(lambda: not person.pilot.app.is_running)


class MatchCounter(Screen[None]):
    """A screen that follows the league."""

    def compose(self) -> ComposeResult:
        yield Static(id="counter")

    @on(LeagueChanged)
    def _count(self, message: LeagueChanged) -> None:
        self.query_one("#counter", Static).update(f"counted {message.view.match_count}")


async def test_a_screen_of_a_few_lines_follows_the_league(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    async with watching(league) as person:
        await person.see(person.shows("Match 13"))
        app = person.pilot.app
        assert isinstance(app, LeagueApp)
        app.open_screen(MatchCounter())
        await person.see(person.shows("counted 13"))
        with open_store(league).writer() as store:
            play(store, [("random", "first")], block=8)
        await person.see(person.shows("counted 14"))
        app.pop_screen()
        await person.see(person.shows("Match 14", "14 matches"))


async def test_an_interrupt_leaves(league: Path) -> None:
    async with watching(league) as person:
        await person.press("ctrl+c")
        await person.see(lambda: not person.pilot.app.is_running)


async def test_the_size_may_change(league: Path) -> None:
    async with watching(league, size=NARROW) as person:
        await person.see(person.shows("Match 13"))
        assert "started" not in person.text()
        await person.pilot.resize_terminal(*HUGE)
        await person.see(person.shows("started", "●"))
        await person.pilot.resize_terminal(*NARROW)
        await person.see(lambda: "started" not in person.text())
        assert person.screen.matches.key == "13"


@pytest.mark.parametrize("size", [NARROW, WIDE, (170, 50), HUGE])
async def test_no_column_of_the_match_list_is_cut(league: Path, size: tuple[int, int]) -> None:
    async with watching(league, size=size) as person:
        await person.see(person.shows("Match 13"))
        table = person.screen.matches
        await person.see(lambda: 0 < table.virtual_size.width <= table.scrollable_content_region.width)
        assert all(name in person.text() for name in ("seats", "returns"))


async def test_an_error_of_the_program_ends_the_app_with_it(league: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("arena.tui.feed.leaderboard", broken)
    app = LeagueApp(league)
    async with app.run_test() as pilot:
        for _ in range(1500):
            await pilot.pause(0.01)
            if not app.is_running:
                break
    assert isinstance(app.return_value, ZeroDivisionError)


def test_it_loads_neither_torch_nor_ray() -> None:
    code = "import sys, arena.tui; print({'torch', 'ray'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
