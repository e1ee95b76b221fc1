"""Keys that come all at once, as over a slow connection, do what they do one by one."""

from __future__ import annotations

from pathlib import Path

from table_person import my_turn, sitting
from textual.events import Key, MouseDown, MouseUp, Paste
from tui_person import watching

from arena.tui.screens.agent import AgentScreen
from arena.tui.screens.help import HelpScreen
from arena.tui.screens.matches import MatchesScreen
from arena.tui.widgets.filter_input import FilterInput
from arena.tui.widgets.match_filter_line import FilterLine
from arena.tui.widgets.match_list import MatchList


async def test_a_filter_of_matches_and_the_keys_after_it(league: Path) -> None:
    async with watching(league) as person:
        await person.press("3")
        await person.see(lambda: isinstance(person.screen, MatchesScreen) and person.screen.list.match is not None)
        matches = person.screen
        await person.burst("/plies>0\n?")
        await person.see(lambda: isinstance(person.screen, HelpScreen))
        assert matches.query_one(FilterLine).words == "plies>0"
        assert isinstance(matches.focused, MatchList)


async def test_a_filter_of_members_another_screen_and_back(league: Path) -> None:
    async with watching(league) as person:
        await person.read("main@1")
        board = person.screen
        await person.burst("/rand\n")
        await person.see(lambda: board.query_one(FilterInput).value == "rand")
        await person.burst("6?q")  # the help is in front then
        await person.see(lambda: isinstance(person.screen, AgentScreen))
        await person.burst("1/x\n3")
        await person.see(lambda: isinstance(person.screen, MatchesScreen))
        assert board.query_one(FilterInput).value == "x"  # it takes the place of what was there


async def test_a_typed_move() -> None:
    async with sitting("chess", "first", 1) as person:
        await my_turn(person)
        await person.burst("e4\n")
        await my_turn(person, 0)
        await person.read("e4")


async def test_a_paste_and_a_click_come_after_the_keys_before_them(league: Path) -> None:
    async with watching(league) as person:
        await person.press("3")
        await person.see(lambda: isinstance(person.screen, MatchesScreen) and person.screen.list.match is not None)
        screen, driver = person.screen, person.app._driver
        assert isinstance(screen, MatchesScreen)
        assert driver is not None
        await person.burst("/pl", Paste("ies"), ">0\n")
        await person.see(lambda: screen.query_one(FilterLine).words == "plies>0" and person.app.focused is screen.list)
        await person.see(lambda: len(screen.list.page.matches) == 13)
        x, y, *_ = screen.list.region
        arguments = None, x + 3, y + 5, 0, 0, 1, False, False, False, x + 3, y + 5
        await person.burst("jj", MouseDown(*arguments), MouseUp(*arguments), "j")
        await person.see(lambda: screen.list.match is not None and screen.list.match.id == 9)  # below the clicked one


async def test_ctrl_c_waits_for_no_key(league: Path) -> None:
    async with watching(league) as person:
        await person.read("main@1")
        await person.burst("jk" * 100, Key("ctrl+c", None))
        await person.see(lambda: person.app._exit)
        assert person.app._waiting, "the other keys came before it"
