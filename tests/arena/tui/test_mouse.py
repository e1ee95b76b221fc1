"""A person with a mouse alone finds the way everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from learned_league import learn
from small_league import new_league, play
from table_person import sitting
from tui_person import HUGE, WIDE, Person, go_to_row, watching

from arena.tui.layout import NUMBERED
from arena.tui.screens.agent import AgentScreen
from arena.tui.screens.base import LeagueScreen
from arena.tui.screens.help import HelpScreen
from arena.tui.screens.leaderboard import LeaderboardScreen
from arena.tui.screens.matches import MatchesScreen
from arena.tui.screens.play import PlayScreen
from arena.tui.screens.replay import ReplayScreen
from arena.tui.screens.training import Tile, TrainingScreen
from arena.tui.widgets.heatmap import Heatmap
from arena.tui.widgets.match_filter_line import FilterLine


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A league of 40 iterations with matches."""
    folder = tmp_path_factory.mktemp("league") / "trained"
    with new_league(folder) as store:
        learn(store, range(1, 41))
        for block in range(1, 7):
            play(store, [("random", "main@1"), ("first", "main@1")], block=block)
    return folder


def in_front(person: Person, screen: type) -> Callable[[], bool]:
    return lambda: isinstance(person.screen, screen)


async def test_tabs_open_screens(trained: Path) -> None:
    async with watching(trained) as person:
        await person.see(person.shows("12 matches"))
        for number, title in [*enumerate(NUMBERED, 1)][::-1]:
            await person.click_on(f"{number} {title}")
            await person.see(lambda: isinstance(person.screen, LeagueScreen) and title == person.screen.NAME)  # noqa: B023


async def test_heads_of_the_leaderboard_sort_it_and_rows_open_their_agent(trained: Path) -> None:
    async with watching(trained, size=HUGE) as person:
        await person.see(person.shows("games", "won/drawn/lost", "best "))
        screen = person.screen
        assert isinstance(screen, LeaderboardScreen)
        by_rating = screen.ranking.keys
        await person.click_on(" agent ")
        await person.see(person.shows("by name"))
        by_name = screen.ranking.keys
        assert sorted(by_name) == list(by_name)
        await person.click_on(" agent ")
        await person.see(person.shows("by name ↑"))
        assert screen.ranking.keys == by_name[::-1]
        await person.click_on("95%")
        await person.see(lambda: screen.ranking.keys == by_rating)
        await person.click_on("won/drawn/lost")  # there is no order by it
        assert screen.ranking.keys == by_rating
        go_to_row(screen.ranking, by_rating[-1])
        await person.click_on(f" {by_rating[0]} ")
        assert screen.ranking.key == by_rating[0]
        await person.click_on(f" {by_rating[0]} ")
        await person.see(in_front(person, AgentScreen))
        await person.see(person.shows("nearest rivals".capitalize(), by_rating[0]))


async def test_a_learner_below_the_leaderboard_opens_its_page(trained: Path) -> None:
    async with watching(trained) as person:
        await person.see(person.shows("● main", "→ @2", "Ratings of snapshots", "best "))
        await person.click_on("→ @2")
        await person.see(in_front(person, AgentScreen))
        await person.see(person.shows("main learner"))


async def test_each_key_that_the_footer_writes_is_pressed_by_a_click_on_it(trained: Path) -> None:
    async with watching(trained) as person:
        await person.see(person.shows("s S sort", "best "))
        await person.click_on("sort")
        await person.see(person.shows("by outside"))
        await person.click_on("S sort")  # its middle is the label, which presses the first
        await person.see(person.shows("by games"))
        footer = person.text().split("\n")[-1]
        await person.pilot.click(offset=(footer.index("s S") + 2, WIDE[1] - 1))
        await person.see(person.shows("by outside"))
        person.app.open_match(1)
        await person.see(person.shows("0/", "← → h l step"))
        await person.click_on("→")
        await person.see(person.shows(" 1/"))
        await person.click_on("←")
        await person.see(person.shows(" 0/"))


async def test_names_and_heads_of_the_heatmap_move_its_cursor_and_the_pane_opens_matches(trained: Path) -> None:
    async with watching(trained) as person:
        await person.see(person.shows("best "))
        await person.click_on("2 Payoffs")
        await person.see(lambda: bool(person.screen.query(Heatmap)) and bool(person.screen.query_one(Heatmap).members))
        heatmap = person.screen.query_one(Heatmap)
        names = heatmap.members
        await person.pilot.click(Heatmap, offset=(heatmap._margin + 2 * heatmap._width + 2, 1))
        await person.see(lambda: heatmap.cell == (names[0], names[2]))
        await person.pilot.click(Heatmap, offset=(4, 1 + heatmap._stacked + heatmap._height))
        await person.see(lambda: heatmap.cell == (names[1], names[2]))
        await person.see(person.shows("newest matches", "#"))
        await person.click_on("#")
        await person.see(in_front(person, ReplayScreen))


async def test_suggestions_complete_the_filter_and_the_preview_opens_the_replay(trained: Path) -> None:
    async with watching(trained) as person:
        await person.click_on("3 Matches")
        await person.see(person.shows("Match 12", "random"))
        await person.click_on("/ filter")
        await person.see(person.shows("drew  lost"))
        await person.click_on("evaluation  human")  # its middle is the first word
        await person.see(lambda: person.screen.query_one(FilterLine).words == "evaluation ")
        await person.click_on("clear")
        await person.see(person.shows("match 12", "Match 12"))
        await person.click_on("evaluation ·")
        await person.see(in_front(person, ReplayScreen))
        await person.click_on("3 Matches")
        await person.see(in_front(person, MatchesScreen))


async def test_a_tile_is_read_by_a_press_and_enlarged_by_two_clicks(trained: Path) -> None:
    async with watching(trained) as person:
        await person.click_on("4 Training")
        await person.see(lambda: len(person.screen.query(Tile)) > 2)
        await person.see(person.shows("steps"))
        screen = person.screen
        assert isinstance(screen, TrainingScreen)
        tile = list(screen.query(Tile))[1]
        middle = (tile.size.width // 2, tile.size.height // 2)
        await person.pilot.mouse_down(tile, offset=middle)
        await person.see(lambda: tile.cursor is not None)
        await person.pilot.click(tile, offset=middle, times=2)
        await person.see(lambda: [each for each in screen.query(Tile) if each.display] == [tile])
        await person.pilot.click(tile, offset=middle, times=2)
        await person.see(lambda: all(each.display for each in screen.query(Tile)))


async def test_the_help_closes_at_a_click_beside_it(trained: Path) -> None:
    async with watching(trained) as person:
        await person.see(person.shows("? help"))
        await person.click_on("? help")
        await person.see(in_front(person, HelpScreen))
        await person.click_on("Everywhere")
        assert isinstance(person.screen, HelpScreen)
        await person.pilot.click(offset=(1, WIDE[1] // 2))
        await person.see(lambda: not isinstance(person.screen, HelpScreen))


async def test_a_person_plays_again_and_leaves_by_clicks() -> None:
    async with sitting("tic_tac_toe", "first") as person:
        await person.read("Your move.")
        screen = person.app.screen
        assert isinstance(screen, PlayScreen)
        await person.click_on("R resign")
        await person.read("Give the game up?")
        await person.click_on("y R")
        await person.read("r plays another")
        await person.click_on("r plays another")
        await person.read("Your move.")
        assert screen.game.seat == 1
        await person.click_on("esc leaves")
        await person.see(lambda: not person.app.is_running)
