"""The app: going from screen to screen, the keys of all of them, themes, and how it ends."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from small_league import HOSTILE, play, played_league, progress
from textual.app import ComposeResult
from textual.color import Color
from textual.widgets import Input, Static
from tui_person import HUGE, SIZES, Person, go_to_row, watching

from arena.tui import LeagueApp
from arena.tui.feed import Query, Source
from arena.tui.keys import APP, FOOTER
from arena.tui.layout import NUMBERED, SHORT
from arena.tui.look import look
from arena.tui.screens.agent import AgentScreen
from arena.tui.screens.base import LeagueScreen
from arena.tui.screens.matches import MatchesScreen
from arena.tui.screens.replay import ReplayScreen
from arena.tui.widgets.header import Header
from arena.tui.widgets.key_bar import KeyBar
from arena.tui.widgets.ranking_list import RankingList
from arena.tui.widgets.row_list import RowList
from arena.view.theme import PALETTES
from leagues.errors import LeagueError
from leagues.records import Member
from leagues.store import open_store


@dataclass(frozen=True)
class Count(Query):
    """The number of matches."""

    def answer(self, source: Source) -> int:
        return source.reader.count_matches()


class MatchCounter(LeagueScreen):
    """A screen of a few lines that follows the league."""

    NAME = "Counter"

    def body(self) -> ComposeResult:
        yield Static(id="counter")

    def queries(self) -> Sequence[Query]:
        return (Count(),)

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[int] = []
        self.refused: list[str] = []

    def show(self, query: Query, value: int) -> None:
        self.shown.append(value)
        self.query_one("#counter", Static).update(f"counted {value}")

    def refuse(self, query: Query, problem: str) -> None:
        self.refused.append(problem)


async def test_a_screen_of_a_few_lines_follows_the_league(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    async with watching(league) as person:
        await person.see(person.shows("13 matches"))
        person.app.push_screen(MatchCounter())
        await person.see(person.shows("counted 13"))
        with open_store(league).writer() as store:
            play(store, [("random", "first")], block=8)
        await person.see(person.shows("counted 14", "14 matches"))
        await person.press("escape")
        await person.see(person.shows("14 matches"))
        assert "counted" not in person.text()


@pytest.mark.parametrize("title", NUMBERED[1:])
async def test_no_key_goes_into_a_hidden_line_while_a_screen_comes(league: Path, title: str) -> None:
    async with watching(league) as person:
        assert isinstance(person.screen.focused, RankingList)
        person.app.action_go(title.lower())
        for _ in range(100):
            await asyncio.sleep(0)
            focused = person.screen.focused
            assert not isinstance(focused, Input), "a key would be typed into it"
        assert person.screen.query_one(Header)


async def test_an_answer_that_is_on_the_screen_is_not_drawn_again(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    async with watching(league) as person:
        await person.see(person.shows("13 matches", "best main@1"))
        counter = MatchCounter()
        person.app.push_screen(counter)
        await person.see(person.shows("counted 13"))
        await person.pilot.pause()  # a new screen is shown again once its widgets have their size
        before = len(counter.shown)
        with open_store(league).writer() as store:
            for iteration in (4, 5, 6):
                store.record(progress=progress(iteration))
                await person.see(person.shows(f"iteration {iteration}"))
            play(store, [("random", "first")], block=8)
            await person.see(person.shows("counted 14"))
        assert counter.shown[before:] == [14]


async def test_an_answer_is_drawn_again_after_one_that_could_not_be_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    league = played_league(tmp_path / "league")
    async with watching(league) as person:
        await person.see(person.shows("13 matches", "best main@1"))
        counter = MatchCounter()
        person.app.push_screen(counter)
        await person.see(person.shows("counted 13"))
        await person.pilot.pause()
        with open_store(league).writer() as store, monkeypatch.context() as patch:
            patch.setattr(Count, "answer", failing)
            store.record(progress=progress(4))
            await person.see(lambda: "it cannot be counted" in counter.refused)
            before = len(counter.shown)
            patch.undo()
            store.record(progress=progress(5))
            await person.see(lambda: counter.shown[before:] == [13])


async def test_a_problem_that_stays_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MatchCounter, "refuse", LeagueScreen.refuse)
    league, said = played_league(tmp_path / "league"), []
    async with watching(league, size=HUGE) as person:
        await person.see(person.shows("13 matches", "best main@1"))
        counter = MatchCounter()
        counter.say = lambda sentence, **_: said.append(sentence)  # type: ignore[assignment, misc]
        person.app.push_screen(counter)
        await person.see(person.shows("counted 13"))
        with open_store(league).writer() as store:
            for times in (1, 2):
                with monkeypatch.context() as patch:
                    patch.setattr(Count, "answer", failing)
                    for iteration in (10 * times, 10 * times + 1):
                        store.record(progress=progress(iteration))
                        await person.see(person.shows(f"iteration {iteration}"))
                    await person.see(lambda: said == ["it cannot be counted"] * times)  # noqa: B023 - asked at once
                before = len(counter.shown)
                store.record(progress=progress(10 * times + 2))
                await person.see(lambda: counter.shown[before:] == [13])  # noqa: B023 - asked at once


def failing(query: Query, source: Source) -> int:
    raise LeagueError("it cannot be counted")


async def test_what_is_loaded_is_not_searched_for_garbage_again(league: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arena.tui.app.LOADED", 0.1)
    before = gc.get_freeze_count()
    try:
        async with watching(league) as person:
            await person.see(lambda: gc.get_freeze_count() > before)
    finally:
        gc.unfreeze()


async def test_paused_the_screen_stands_still_and_the_header_goes_on(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    async with watching(league, size=HUGE) as person:
        await person.see(person.shows("13 matches", "best main@1"))  # rated, so that the feed is at rest
        person.app.push_screen(counter := MatchCounter())
        await person.see(person.shows("counted 13"))
        await person.press("p")
        await person.see(person.shows("paused"))
        await person.see(lambda: person.app.feed._wanted.paused)
        with open_store(league).writer() as store:
            play(store, [("random", "first")], block=8)
        await person.see(person.shows("14 matches"))
        assert counter.shown[-1] == 13
        person.app.open_match(14)
        await person.see(person.shows("Match 14"))  # what one asks for is answered all the same
        await person.press("escape", "p")
        await person.see(lambda: counter.shown[-1] == 14)
        assert "paused" not in person.text()


def in_front(person: Person, title: str) -> Callable[[], bool]:
    """Whether a numbered screen is in front, as a condition."""
    return lambda: isinstance(person.screen, LeagueScreen) and title == person.screen.NAME


async def test_numbers_open_screens_and_escape_goes_back(league: Path) -> None:
    async with watching(league) as person:
        for number, screen in enumerate(NUMBERED, 1):
            await person.press(str(number))
            await person.see(in_front(person, screen))
        for screen in NUMBERED[-2::-1]:
            await person.press("escape")
            await person.see(in_front(person, screen))
        await person.press("escape")
        assert in_front(person, NUMBERED[0])()


def about(person: Person, member: str) -> Callable[[], bool]:
    """Whether the page of a member is in front, as a condition."""
    return lambda: isinstance(person.screen, AgentScreen) and person.screen.subject == member


async def test_escape_goes_back_from_agent_to_agent(league: Path) -> None:
    async with watching(league) as person:
        await person.see(person.shows("best main@1"))
        person.app.open_agent("main@1")
        await person.see(person.shows("Opponents in evaluation"))
        go_to_row(person.screen.query_one("#agent-opponents", RowList), "first")
        await person.press("enter")
        await person.see(about(person, "first"))
        await person.press("1", "escape")
        await person.see(about(person, "first"))
        await person.press("escape")
        await person.see(about(person, "main@1"))
        await person.press("escape")
        await person.see(in_front(person, NUMBERED[0]))


async def test_escape_goes_back_to_the_replay_and_to_the_filter_behind_it(league: Path) -> None:
    async with watching(league) as person:
        await person.see(person.shows("best main@1"))
        await person.press("3", "slash", *"first", "enter")
        await person.see(person.shows("Matches that fit"))
        await person.press("enter")
        await person.see(lambda: isinstance(person.screen, ReplayScreen))
        replay = person.screen
        person.app.open_agent("main@1")  # as by a click on its name
        await person.see(about(person, "main@1"))
        agent = person.screen
        await person.press("m")
        await person.see(person.shows("main@1 ", "Matches that fit"))
        await person.press("escape")
        await person.see(lambda: person.screen is agent)
        await person.press("escape")
        await person.see(lambda: person.screen is replay)
        await person.press("escape")
        await person.see(person.shows("first", "Matches that fit"))
        await person.press("escape")
        await person.see(lambda: "Matches that fit" not in person.text())
        await person.press("escape")
        await person.see(in_front(person, NUMBERED[0]))


async def test_escape_goes_back_to_the_filter_that_another_one_has_replaced(league: Path) -> None:
    async with watching(league) as person:
        await person.see(person.shows("best main@1"))
        await person.press("3", "slash", *"evaluation", "enter", "a")
        await person.see(lambda: isinstance(person.screen, AgentScreen))
        person.app.list_matches("first")
        await person.see(in_front(person, "Matches"))
        await person.press("escape", "escape")
        await person.see(person.shows("evaluation", "Matches that fit"))


async def test_the_number_of_a_page_above_a_replay_closes_the_replay_and_keeps_the_page(league: Path) -> None:
    async with watching(league, 5) as person:
        await person.see(person.shows("Match 5"))
        person.app.open_agent("first")
        await person.see(about(person, "first"))
        await person.press("6")
        await person.see(lambda: len(person.app.screen_stack) == 2 and about(person, "first")())


@pytest.mark.parametrize("number", range(1, len(NUMBERED) + 1))
async def test_the_help_lists_every_key_of_the_screen(league: Path, number: int) -> None:
    async with watching(league, size=(120, 60)) as person:
        await person.press(str(number))
        screen = person.screen
        assert isinstance(screen, LeagueScreen)
        await person.press("question_mark")
        groups = [*screen.GROUPS, APP]
        await person.see(person.shows(*(key.help for group in groups for key in group.keys if key.help)))
        await person.press("escape")
        assert person.screen is screen


async def test_the_palette_has_what_the_screen_in_front_can_do(league: Path) -> None:
    async with watching(league) as person:
        await person.press("3")
        await person.see(person.shows("match 13"))
        await person.press("ctrl+p", *"Follow")
        await person.see(person.shows("stay on the newest match"))
        await person.press("enter")
        await person.see(person.shows("· following"))


@pytest.mark.parametrize("size", SIZES)
async def test_every_screen_has_a_footer_of_few_keys_that_fit(league: Path, size: tuple[int, int]) -> None:
    async with watching(league, size=size) as person:
        await person.see(person.shows("tic_tac_toe"))
        for number in range(1, len(NUMBERED) + 1):
            await person.press(str(number))
            await person.see(in_front(person, NUMBERED[number - 1]))
            await person.pilot.pause()
            first, last = person.screen.query_one(KeyBar)._shown()
            assert [binding.action for binding in last] == ["help", "quit"]
            assert len(first) + len(last) <= FOOTER
            assert person.text().splitlines()[-1].rstrip().endswith("quit")


@pytest.mark.parametrize("width", [56, 60, 79, 80, 300])
async def test_the_tabs_are_whole_words(league: Path, width: int) -> None:
    async with watching(league, size=(width, 20)) as person:
        await person.see(person.shows("tic_tac_toe"))
        words = person.text().split("\n")[1].split()
        assert words[::2] == list("123456")
        assert words[1::2] in (list(NUMBERED), list(SHORT))


async def test_in_a_narrow_terminal_the_help_breaks_its_lines(league: Path) -> None:
    async with watching(league, size=(60, 60)) as person:
        await person.see(person.shows("tic_tac_toe"))
        await person.press("3", "question_mark")
        await person.see(person.shows("Everywhere"))
        letters = "".join(person.text().replace("│", " ").split())
        groups = [*MatchesScreen.GROUPS, APP]
        assert [key.help for group in groups for key in group.keys if "".join(key.help.split()) not in letters] == []


async def test_themes_reach_what_is_drawn_and_what_textual_draws(league: Path) -> None:
    async with watching(league, theme="light") as person:
        assert look() is PALETTES["light"]
        for name in ("contrast", "dark"):
            person.app.theme = name
            background = Color.parse(PALETTES[name].background)
            await person.see(lambda: person.screen.styles.background == background)  # noqa: B023 - asked at once
            assert look() is PALETTES[name]


async def test_a_terminal_that_is_too_small_says_so(league: Path) -> None:
    async with watching(league, size=(40, 12)) as person:
        await person.see(person.shows("enlarge the terminal"))
        await person.pilot.resize_terminal(80, 24)
        await person.see(person.shows("17,600 steps/s", "q quit"))
        assert "enlarge" not in person.text()


async def test_what_is_said_of_a_small_terminal_goes_with_it_on_every_screen(league: Path) -> None:
    async with watching(league) as person:
        await person.see(person.shows("13 matches"))
        await person.press("3")
        await person.see(in_front(person, "Matches"))
        person.app.open_match(13)
        await person.pilot.resize_terminal(40, 12)
        await person.see(lambda: "enlarge the terminal" in person.text() and not in_front(person, "Matches")())
        await person.press("escape")  # the screen behind had another size when it was left
        await person.see(lambda: "enlarge the terminal" in person.text() and in_front(person, "Matches")())
        await person.press("1")
        await person.see(lambda: "has 40x12" in person.text() and in_front(person, "Leaderboard")())
        await person.pilot.resize_terminal(50, 12)
        await person.see(person.shows("has 50x12"))
        await person.press("question_mark")
        await person.pilot.resize_terminal(100, 30)
        await person.press("escape")
        for key, screen in (("1", "Leaderboard"), ("3", "Matches"), ("2", "Payoffs")):
            await person.press(key)
            await person.see(in_front(person, screen))
            await person.see(lambda: "q quit" in person.text() and "enlarge" not in person.text())


async def test_hostile_names_are_text_on_every_screen(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    with open_store(league).writer() as store:
        store.add_members([Member(HOSTILE, "guest", "guest", agent="random")])
        play(store, [(HOSTILE, "random"), ("random", HOSTILE)], block=8)
    async with watching(league) as person:
        for number in range(1, len(NUMBERED) + 1):
            await person.press(str(number))
            await person.see(person.shows("15 matches"))
            assert "\x1b" not in person.text()


async def test_while_the_app_ends_and_its_widgets_go_a_screen_shows_nothing(
    league: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watching(league) as person:
        await person.see(person.shows("best main@1"))
        screen = person.screen
        assert isinstance(screen, LeagueScreen)
        with monkeypatch.context() as patch:
            patch.setattr(person.app, "_running", False)
            await screen.query_one(Header).remove()
            screen.show_status()
            screen.show_again()


async def test_an_interrupt_leaves(league: Path) -> None:
    async with watching(league) as person:
        await person.press("ctrl+c")
        await person.see(lambda: not person.app.is_running)


async def test_q_leaves(league: Path) -> None:
    async with watching(league) as person:
        await person.press("q")
        await person.see(lambda: not person.app.is_running)


async def test_an_error_of_the_program_ends_the_app_with_it(league: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("arena.tui.derived.Derivation.__call__", broken)
    app = LeagueApp(league)
    async with app.run_test() as pilot:
        person = Person(pilot)
        await person.see(lambda: not app.is_running)
    assert isinstance(app.return_value, ZeroDivisionError)


def test_tracebacks_of_other_processes_are_printed_when_the_app_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = LeagueApp(tmp_path)
    app.traces.append("Traceback\x1b[2J: gone")
    monkeypatch.setattr(LeagueApp, "run", lambda self: None)
    assert app.outcome() == 0
    assert capsys.readouterr().err == "Traceback\\x1b[2J: gone\n"


def test_it_loads_neither_torch_nor_ray() -> None:
    code = "import sys, arena.tui.app as app; app._load_screens(); print({'torch', 'ray'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
