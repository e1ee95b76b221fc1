"""The leaderboard screen."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from inflated_league import inflated_league
from rich.cells import cell_len
from small_league import hostile_league, new_league, play, played_league
from textual.containers import VerticalScroll
from textual.widgets import Static
from tui_person import HUGE, NARROW, SIZES, WIDE, Person, go_to_row, watching

from arena.play.matches import play_match
from arena.tui.screens.agent import AgentScreen
from arena.tui.screens.leaderboard import ORDERS, LeaderboardScreen
from arena.tui.screens.matches import MatchesScreen
from arena.tui.widgets.chart import Chart
from arena.tui.widgets.filter_input import FilterInput
from arena.tui.widgets.ranking_list import MARK, RankingList
from leagues.records import Measure, Member
from leagues.store import open_store


def ranking(person: Person) -> RankingList:
    screen = person.screen
    assert isinstance(screen, LeaderboardScreen)
    return screen.ranking


async def rated(person: Person) -> None:
    await person.see(lambda: bool(ranking(person).keys))


@pytest.mark.parametrize("size", SIZES)
async def test_rank_rating_and_a_bar_on_one_axis_are_there_at_every_size(league: Path, size: tuple[int, int]) -> None:
    async with watching(league, size=size) as person:
        await person.see(
            lambda: all(
                any(f" {name} " in line and "●" in line for line in person.text().splitlines())
                for name in ("first", "random")
            )
        )
        lines = person.text().splitlines()
        (row,) = [line for line in lines if " first " in line and "●" in line]
        assert row.split("│")[1].split()[0].isdigit()
        (anchor,) = [line for line in lines if " random " in line and "●" in line and "%" not in line]
        assert " - " in anchor  # no interval
        assert "━" in row
        assert all(cell_len(line) == size[0] for line in lines)
        await person.see(lambda: person.screen.query_one("#board-charts").display == (size[1] >= 20))


async def test_wide_terminals_show_all_columns_and_the_ratings(league: Path) -> None:
    async with watching(league, size=HUGE) as person:
        await rated(person)
        await person.see(person.shows("won/drawn/lost", "form", "role", "games", "95%"))
        await person.see(person.shows("Ratings of snapshots", "● main"))
        await person.see(person.shows("main", "→ @2"))  # the live learner
        assert not person.screen.query_one("#board-outside").display  # nothing is measured
        assert "outside" not in person.text()


async def test_a_measure_from_outside_has_a_chart_of_its_own(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    with open_store(league).writer() as store:
        store.record(measures=[Measure("nash_conv", "main", k, 1000 * k, 4 / k) for k in range(1, 9)])
    async with watching(league) as person:
        await rated(person)
        await person.see(person.shows("Ratings of snapshots", "NashConv of learners", "● main 0.5"))


async def test_the_end_of_the_axis_stands_apart_from_the_next_column(league: Path) -> None:
    async with watching(league, size=NARROW) as person:
        await rated(person)
        head = next(line for line in person.text().splitlines() if "agent" in line and "games" in line)
        assert re.search(r"-?\d+ {3,}games", head), head


async def test_ratings_of_few_games_are_dim_and_learners_are_counted(league: Path) -> None:
    async with watching(league, size=WIDE) as person:
        await rated(person)
        await person.see(person.shows("Leaderboard 3 members and 1 learner"))
        thin = {row.standing.agent for row in person.screen.board.rows if row.thin}
        assert thin == {row.standing.agent for row in person.screen.board.rows if row.standing.games < 10} != set()
        assert "dim: few games" in person.text()


async def test_a_graded_game_shows_mean_returns(tmp_path: Path) -> None:
    play_match("kuhn_poker", ["random", "first"], games=20, league=tmp_path)
    async with watching(tmp_path) as person:
        await rated(person)
        await person.see(person.shows("returns per game", " return "))
        assert "w/d/l" not in person.text()


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_warnings_are_whole_sentences(tmp_path: Path, size: tuple[int, int]) -> None:
    async with watching(inflated_league(tmp_path), size=size) as person:
        await person.see(lambda: bool(ranking(person).keys) and bool(person.screen.query_one("#board-notes").region))
        notes = person.screen.query_one("#board-notes", VerticalScroll)
        assert str(notes.query_one(Static).content).endswith("the ratings overstate its strength.")
        notes.scroll_end(animate=False)
        await person.see(person.shows("strength."))
        assert notes.can_focus == (notes.max_scroll_y > 0)


async def test_changes_of_rank_are_told_since_the_league_was_opened(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    async with watching(league) as person:
        await rated(person)
        before = ranking(person).keys
        with open_store(league).writer() as store:
            snapshot = store.member("main@1")
            store.add_members([replace(snapshot, id="main@2", generation=2, step=9000)])
            whole = [match for match in map(store.match, range(1, 13)) if "first" in match.seats]
            wins = [
                replace(
                    match,
                    seats=tuple("main@2" if name != "first" else name for name in match.seats),
                    weights=tuple(snapshot.weights if name != "first" else None for name in match.seats),
                    returns=tuple(-1.0 if name == "first" else 1.0 for name in match.seats),
                    event=30 + number,
                )
                for number, match in enumerate(whole)
            ]
            store.record(matches=wins)
        await person.see(lambda: ranking(person).keys[0] == "main@2")
        await person.see(person.shows("new", "▼1"))
        assert ranking(person).key == before[0]  # the cursor stays on its member


async def test_members_are_sorted_filtered_and_marked(league: Path) -> None:
    async with watching(league) as person:
        await rated(person)
        by_rating = ranking(person).keys
        for _ in ORDERS[1:]:
            await person.press("s")
        assert ranking(person).keys == ("first", "main@1", "random")  # by name
        await person.press("s")
        assert ranking(person).keys == by_rating
        await person.press("S", "slash", *"base")
        await person.see(lambda: ranking(person).keys == ("first", "random"))
        await person.press("enter")
        assert ranking(person).has_focus
        await person.press("slash", "escape")
        await person.see(lambda: len(ranking(person).keys) == 3)
        assert not person.screen.query_one(FilterInput).display
        go_to_row(ranking(person), "main@1")
        await person.press("space")
        assert person.app.marked == ("main@1",)
        await person.see(person.shows(MARK, "1 marked"))
        await person.press("space")
        assert person.app.marked == ()


async def test_the_charts_show_the_learners_of_the_marked_members(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    with open_store(league).writer() as store:
        snapshot = store.member("main@1")
        store.add_members([Member("other", "learner", "main", modules=snapshot.modules)])
        store.add_members([replace(snapshot, id="other@1", learner="other")])
        first = store.match(1)
        store.record(matches=[replace(first, seats=("other@1", "random"), weights=(snapshot.weights, None), block=50)])
    async with watching(league) as person:
        await rated(person)
        chart = person.screen.query_one("#board-ratings", Chart)
        assert [series.name for series in chart.plot.series] == ["main", "other"]
        go_to_row(ranking(person), "other@1")
        await person.press("space")
        assert [series.name for series in chart.plot.series] == ["other"]


async def test_enter_opens_the_agent_and_m_lists_its_matches(league: Path) -> None:
    async with watching(league) as person:
        await rated(person)
        go_to_row(ranking(person), "first")
        await person.press("enter")
        await person.see(lambda: isinstance(person.screen, AgentScreen))
        await person.see(person.shows("kind      baseline"))
        await person.press("escape", "m")
        await person.see(lambda: isinstance(person.screen, MatchesScreen))


async def test_a_league_without_matches_says_when_ratings_come(tmp_path: Path) -> None:
    with new_league(tmp_path / "league"):
        pass
    async with watching(tmp_path / "league") as person:
        await person.see(person.shows("no games", "the first ratings come when"))
        (head,) = [line for line in person.text().splitlines() if " agent " in line]
        assert "Elo" not in head  # there is no axis
        assert not any("○" in line or "●" in line for line in person.text().splitlines() if "baseline" in line)


async def test_while_the_league_is_rated_for_the_first_time_no_number_is_made_up(
    league: Path, held_rating: threading.Event
) -> None:
    async with watching(league) as person:
        await person.see(person.shows("Leaderboard rating ...", "13 matches"))
        await person.see(lambda: person.text().count("rating ...") == 4)  # in the list and in both charts, too
        assert "0 members" not in person.text()
        person.app.open_agent("main@1")
        await person.see(person.shows("rating    rating ...", "│ rating ..."))
        await person.press("2")
        await person.see(person.shows("rating ..."))
        held_rating.set()
        await person.see(person.shows("3 members by rating"))
        await person.press("1")
        await person.see(person.shows("Leaderboard 3 members", "Ratings of snapshots"))
        person.app.open_agent("main@1")
        await person.see(person.shows("rank ", " of 3  "))


async def test_a_league_that_grows_does_not_move_the_cursor(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    async with watching(league) as person:
        await rated(person)
        await person.press("j")
        key = ranking(person).key
        with open_store(league).writer() as store:
            store.add_members([Member("guest", "guest", "guest", agent="random")])
            play(store, [("first", "random"), ("random", "first")], block=9)
        await person.see(lambda: "guest" in ranking(person).keys)
        assert ranking(person).key == key


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_names_neither_break_lines_nor_colour_them(tmp_path: Path, size: tuple[int, int]) -> None:
    async with watching(hostile_league(tmp_path / "league"), size=size) as person:
        await rated(person)
        text = person.text()
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert all(cell_len(line) == size[0] for line in text.splitlines())
        await person.press("G")
        await person.press("enter")
        await person.see(lambda: isinstance(person.screen, AgentScreen))


async def test_a_change_of_theme_recolours_it_and_moves_nothing(league: Path) -> None:
    async with watching(league) as person:
        await rated(person)
        await person.press("j")
        text = person.text()
        for theme in ("light", "contrast", "dark"):
            person.app.theme = theme
            await person.pilot.pause()
            assert ranking(person).key == ranking(person).keys[1]
        await person.see(lambda: person.text() == text)
