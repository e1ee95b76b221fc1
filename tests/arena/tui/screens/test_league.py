"""The first screen, driven by keys: lists, board and sizes."""

from __future__ import annotations

from pathlib import Path

import pytest
from inflated_league import inflated_league
from small_league import new_league, play, played_league
from tui_person import HUGE, NARROW, SLIM, WIDE, watching

from arena.tui.layout import LEAST
from leagues.store import open_store


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


async def test_the_size_may_change(league: Path) -> None:
    async with watching(league, size=NARROW) as person:
        await person.see(person.shows("Match 13"))
        assert "started" not in person.text()
        await person.pilot.resize_terminal(*HUGE)
        await person.see(person.shows("started", "●"))
        await person.pilot.resize_terminal(*NARROW)
        await person.see(lambda: "started" not in person.text())
        assert person.screen.matches.key == "13"


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
            await person.see(person.shows("Match 1", "1 match"))


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_inflation_is_said_below_the_leaderboard(tmp_path: Path, size: tuple[int, int]) -> None:
    async with watching(inflated_league(tmp_path / "league"), size=size) as person:
        await person.see(person.shows("! main's ratings rose by"))
        await person.see(person.shows("mcts:25", "Leaderboard", "Matches"))
    async with watching(inflated_league(tmp_path / "better", better=True), size=size) as person:
        await person.see(lambda: "rating ..." not in person.text() and "mcts:25" in person.text())
        assert "ratings rose" not in person.text()
