"""The line in which a filter of members is typed, on the screens that have one."""

from __future__ import annotations

from pathlib import Path

import pytest
from tui_person import Person, watching

from arena.tui.screens.leaderboard import LeaderboardScreen
from arena.tui.screens.payoffs import PayoffsScreen
from arena.tui.widgets.filter_input import FilterInput, fits
from arena.tui.widgets.heatmap import Heatmap
from arena.tui.widgets.ranking_list import RankingList


@pytest.mark.parametrize(
    ("words", "fit"),
    [
        ((), True),
        (("main",), True),
        (("@1",), True),
        (("exploiter",), True),  # its role
        (("random", "ma"), True),  # one of the words is enough
        (("random", "z"), False),
    ],
)
def test_a_member_fits_if_its_name_or_role_has_a_word(words: tuple[str, ...], fit: bool) -> None:
    assert fits(words, "Main@1", "main_exploiter") == fit


async def open_screen(person: Person, key: str) -> FilterInput:
    await person.see(lambda: isinstance(person.screen, LeaderboardScreen) and bool(person.screen.ranking.keys))
    if key == "2":
        await person.press("2")
        await person.see(lambda: isinstance(person.screen, PayoffsScreen) and bool(members(person)))
    return person.screen.query_one(FilterInput)


def members(person: Person) -> tuple[str, ...]:
    """The members in sight."""
    if isinstance(person.screen, LeaderboardScreen):
        return person.screen.query_one(RankingList).keys
    return person.screen.query_one(Heatmap).members


@pytest.mark.parametrize("key", ["1", "2"])
async def test_while_it_is_typed_the_footer_has_its_keys_alone(league: Path, key: str) -> None:
    async with watching(league) as person:
        await open_screen(person, key)
        await person.press("slash")
        await person.see(lambda: person.text().splitlines()[-1].split() == ["enter", "done", "esc", "clear"])
        await person.press(*"ma", "enter")
        await person.see(lambda: "/ filter" in person.text().splitlines()[-1])


@pytest.mark.parametrize("key", ["1", "2"])
async def test_escape_takes_the_filter_away_before_it_leaves_the_screen(league: Path, key: str) -> None:
    async with watching(league) as person:
        line = await open_screen(person, key)
        everybody, screen = members(person), person.screen
        await person.press("slash", *"RAND")
        await person.see(lambda: members(person) == ("random",))
        await person.press("escape")  # while it is typed
        await person.see(lambda: members(person) == everybody)
        assert not line.display
        assert not line.has_focus
        await person.press("slash", *"rand", "enter")
        await person.see(lambda: members(person) == ("random",) and not line.has_focus)
        assert line.display
        await person.press("escape")  # while the cursor is in the list
        await person.see(lambda: members(person) == everybody)
        assert person.screen is screen
        assert not line.display
        await person.press("escape")
        assert isinstance(person.screen, LeaderboardScreen)


@pytest.mark.parametrize("key", ["1", "2"])
async def test_a_filter_that_nobody_fits_says_so_and_one_without_words_goes_away(league: Path, key: str) -> None:
    async with watching(league) as person:
        line = await open_screen(person, key)
        everybody = members(person)
        await person.press("slash", *"nobody", "enter")
        await person.see(person.shows("no member fits the filter"))
        await person.press("j", "enter", "m", "space")  # nothing is under the cursor
        assert person.screen.query(FilterInput)
        await person.press("slash", *["backspace"] * 6, "space", "tab")
        await person.see(lambda: members(person) == everybody)
        assert not line.display


async def test_the_bar_of_the_only_member_is_drawn_though_its_rating_has_no_interval(league: Path) -> None:
    async with watching(league) as person:
        await open_screen(person, "1")
        await person.press("slash", *"random", "enter")
        await person.see(lambda: members(person) == ("random",))
        (row,) = [line for line in person.text().splitlines() if " baseline " in line]
        assert "●" in row
