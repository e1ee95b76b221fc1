"""A table from its first game to its last: what is recorded, what comes after a game, and how one leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from small_league import played_league
from table_person import here, my_turn, play_to_the_end, replaying, sitting, table
from textual.widgets import Static

from agents.errors import AgentError
from arena.play.told import Failed
from arena.tui import LeagueApp
from arena.tui.screens.base import LeagueScreen
from arena.tui.screens.play import Heard, PlayScreen
from arena.tui.screens.replay import ReplayScreen
from arena.tui.widgets.board import Board
from arena.tui.widgets.choices import Entry
from leagues.store import open_store


async def test_undo_takes_back_the_move_and_the_answer_and_the_game_is_not_recorded(tmp_path: Path) -> None:
    league = tmp_path / "league"
    async with sitting("tic_tac_toe", "first", league=league) as person:
        await my_turn(person)
        await person.press("u")
        await person.read("no move of yours")
        await person.press("4", "enter")
        await my_turn(person, 0)
        await person.press("u")
        await person.see(lambda: here(person).ply == 0 and here(person).asks)
        await person.read("not recorded, because a move was taken back")
        assert here(person).drawing.count("✕") == 0
        await my_turn(person)
        await play_to_the_end(person)
        await person.press("u")
        await person.see(lambda: table(person).game.over is None)
    assert not open_store(league).exists()


async def test_a_game_is_recorded_as_a_match_of_a_human_and_can_be_replayed(tmp_path: Path) -> None:
    league = tmp_path / "league"
    async with sitting("tic_tac_toe", "first", league=league, size=(160, 40)) as person:
        await my_turn(person)
        await person.read("recorded in")
        await play_to_the_end(person)
        await person.read("Recorded as match 1")
        assert "you won" in person.text().lower() or "you lost" in person.text().lower() or "draw" in person.text()
    with open_store(league).reader() as reader:
        match = reader.match(1)
    assert (match.kind, match.seats) == ("human", ("human", "first"))
    async with replaying(league, 1) as person:
        await person.read("Match 1", "human")


async def test_the_person_looks_back_at_a_game_that_is_over() -> None:
    async with sitting("tic_tac_toe", "first") as person:
        await my_turn(person)
        await play_to_the_end(person)
        await person.read("r rematch", "replay", "q quit")
        assert not any(word in person.text().splitlines()[-1] for word in ("hint", "undo", "resign"))
        screen = table(person)
        whole = screen.query_one(Board).grid
        assert whole is not None
        pieces = sum(cell in "✕○" for row in whole.cells for cell in row)
        for keys, at in ((["left"], pieces - 1), (["home"], 0), (["l"], 1), (["end"], pieces)):
            await person.press(*keys)
            grid = screen.query_one(Board).grid
            assert grid is not None
            assert sum(cell in "✕○" for row in grid.cells for cell in row) == at
        await person.press("question_mark")
        await person.read("After the game")
        assert not any(word in person.text() for word in ("leaderboard", "give up", "copy"))


async def test_the_help_lists_only_keys_that_work_at_the_table(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    async with replaying(league, 5, (120, 60)) as person:
        await person.read("Match 5", "the start")
        await person.press("P")
        await my_turn(person)
        await person.press("question_mark")
        await person.read("choose this cell", "play this move", "give up", "leave the table")
        assert not any(word in person.text() for word in ("leaderboard", "keep the screen", "copy the command"))
    async with sitting("kuhn_poker", "first") as person:  # which has no board
        await my_turn(person)
        await person.press("question_mark")
        await person.read("play this move")
        assert "choose this cell" not in person.text()


async def test_the_help_scrolls_where_it_is_longer_than_the_terminal() -> None:
    async with sitting("tic_tac_toe", "first", size=(60, 16)) as person:
        await my_turn(person)
        await person.press("question_mark")
        await person.read("type a move by its name", "↓ ↑ scroll")
        assert "commands by name" not in person.text()
        await person.press("end")
        await person.read("commands by name", "leave")


async def test_a_league_that_is_written_gets_the_game_later(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    async with sitting("tic_tac_toe", "first", league=league) as person:
        await my_turn(person)
        with open_store(league).writer() as trainer:
            await play_to_the_end(person)
            await person.read("Not recorded:", "w record")
            assert trainer.count_matches() == 13
            await person.press("w", "enter")
            await person.see(lambda: table(person).focused is not table(person).query_one(Entry))
            await person.press("q")
            await person.read("The game is not recorded yet. Lose it?")
            await person.press("n")
        await person.press("w", "enter")
        await person.read("Recorded as match 14")
        await person.press("q")
        await person.see(lambda: not person.app.is_running)
    with open_store(league).reader() as reader:
        assert reader.match(14).seats == ("human", "first")


async def test_a_game_is_recorded_in_another_league(tmp_path: Path) -> None:
    league, other = played_league(tmp_path / "league"), tmp_path / "other"
    async with sitting("tic_tac_toe", "first", league=league) as person:
        await my_turn(person)
        with open_store(league).writer():
            await play_to_the_end(person)
            await person.read("Not recorded:")
            await person.press("4", "w")  # a digit begins no folder
            entry = person.app.screen.query_one(Entry)
            assert entry.value == str(league)
            entry.value = str(other)
            await person.press("enter")
            await person.read("Recorded as match 1")
    with open_store(other).reader() as reader:
        assert reader.match(1).seats == ("human", "first")


async def test_the_traceback_of_the_opponent_s_process_is_kept_for_the_end() -> None:
    async with sitting("tic_tac_toe", "first") as person:
        await my_turn(person)
        screen = table(person)
        screen.post_message(Heard(screen._opponent, Failed("exit code 1: TypeError: x", "Traceback: x")))
        await person.read("exit code 1: TypeError: x; r starts again")
        assert person.app.traces == ["Traceback: x"]


async def test_a_rematch_changes_the_seats_and_a_resigned_game_is_asked_about_first() -> None:
    async with sitting("tic_tac_toe", "first") as person:
        await my_turn(person)
        await person.press("r")
        await person.read("under way")
        await person.press("R")
        await person.read("Give the game up?")
        await person.press("R")
        await person.read("You resigned")
        await person.press("r")
        await my_turn(person)
        await person.read("You are ○ · first moves first")
        assert here(person).ply == 1


async def test_only_a_game_that_would_be_recorded_says_that_it_is_lost(tmp_path: Path) -> None:
    for league in (tmp_path / "league", None):
        async with sitting("tic_tac_toe", "first", league=league) as person:
            await my_turn(person)
            await person.read("recorded in" if league else "not recorded")
            await person.press("R")
            await person.read("Give the game up?")
            assert ("It is not recorded then." in person.text()) is (league is not None)
            await person.press("y")
            await person.read("You resigned.")
            said = str(person.app.screen.query_one("#play-said", Static).render())
            assert ("not recorded" in said) is (league is not None)
            await person.see(lambda: "recorded in" not in person.text())


async def test_an_answer_at_the_table_goes_with_the_next_key() -> None:
    async with sitting("tic_tac_toe", "first") as person:
        await my_turn(person)
        await person.press("f")
        await person.read("this board has no sides")
        await person.press("left")
        await person.see(lambda: "no sides" not in person.text())
        assert "Your move." in person.text()


async def test_what_comes_late_of_a_resigned_game_is_not_heard() -> None:
    async with sitting("tic_tac_toe", "first") as person:
        await my_turn(person)
        old = here(person)
        await person.press("R")
        await person.read("Give the game up?")
        await person.press("y")
        await person.read("You resigned")
        await person.press("r")
        await my_turn(person)
        screen, now = table(person), here(person)
        assert (old.number, now.number) == (1, 2)
        screen.game.hear(old)
        assert screen.game.position == now


async def test_moves_are_chosen_while_the_opponent_loads() -> None:
    async with sitting("tic_tac_toe", "first") as person:
        screen = table(person)
        await person.see(lambda: screen.game.position is not None and screen._shown_at < float("inf"))
        await person.press("enter")  # whether or not the opponent is there already
        await my_turn(person, 0)


@pytest.mark.parametrize("key", ["q", "escape", "ctrl+c", "ctrl+q"])
async def test_leaving_a_game_is_asked_about(key: str) -> None:
    async with sitting("tic_tac_toe", "first") as person:
        await my_turn(person)
        await person.press("enter")
        await my_turn(person, 0)
        await person.press(key)
        await person.read("The game is not over. Leave it?")
        await person.press("n")
        await person.see(lambda: isinstance(person.app.screen, PlayScreen))
        await person.press(key)
        await person.read("Leave it?")
        await person.click_on("n esc")
        await person.see(lambda: isinstance(person.app.screen, PlayScreen))
        await person.press(key)
        await person.read("Leave it?")
        await person.press("y" if key == "escape" else key)
        await person.see(lambda: not person.app.is_running)


async def test_the_yes_to_leaving_is_not_the_yes_to_resigning() -> None:
    async with sitting("tic_tac_toe", "first") as person:
        await my_turn(person)
        await person.press("enter")
        await my_turn(person, 0)
        await person.press("R")
        await person.read("Give the game up?")
        await person.press("ctrl+c")
        await person.read("The game is not over. Leave it?")
        await person.press("n")
        await person.read("Give the game up?")
        await person.press("n")
        await person.see(lambda: isinstance(person.app.screen, PlayScreen))
        assert table(person).game.running


async def test_a_table_without_a_move_of_the_person_is_left_at_once() -> None:
    async with sitting("tic_tac_toe", "first", 1) as person:
        await my_turn(person)
        await person.press("q")
        await person.see(lambda: not person.app.is_running)


async def test_every_way_from_a_table_to_the_league_asks_first(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    async with replaying(league, 5) as person:
        await person.read("Match 5", "the start")
        app = person.app
        assert isinstance(app, LeagueApp)
        await person.press("P")
        await my_turn(person)
        ply = here(person).ply
        await person.press("enter")
        await my_turn(person, ply)
        for way in (lambda: app.action_go("payoffs"), app.action_return):
            way()
            await person.read("Leave it?")
            await person.press("escape")
            await person.see(lambda: isinstance(app.screen, PlayScreen))
        app.action_go("payoffs")
        await person.read("Leave it?")
        await person.press("y")
        await person.see(lambda: isinstance(app.screen, LeagueScreen) and app.screen.NAME == "Payoffs")


async def test_a_killed_opponent_is_said_and_started_again() -> None:
    async with sitting("tic_tac_toe", "first") as person:
        await my_turn(person)
        opponent = table(person)._opponent
        assert opponent is not None
        os.kill(opponent.process_id, signal.SIGKILL)
        await person.read("signal 9", "r starts again")
        await person.press("r")
        await my_turn(person)
        await person.read("Your move.")


async def test_an_agent_that_cannot_be_made_ends_the_app_with_the_reason() -> None:
    async with sitting("tic_tac_toe", "mcts:many") as person:
        await person.see(lambda: not person.app.is_running)
        assert isinstance(person.app.return_value, AgentError)
        assert "mcts needs a whole number" in str(person.app.return_value)


async def test_one_plays_on_from_a_position_of_a_replay_while_the_league_is_free_for_a_trainer(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    async with replaying(league, 5) as person:
        await person.read("Match 5", "the start")
        await person.press("right", "right", "P")
        await my_turn(person)
        screen = table(person)
        assert here(person).ply == 2
        assert len(screen.game.steps) == 2
        assert screen.game.begun is not None
        assert screen.game.begun.kept == ""
        with open_store(league).writer() as trainer:
            await play_to_the_end(person)
            assert trainer.count_matches() == 13
        await person.press("escape")
        await person.see(lambda: isinstance(person.app.screen, ReplayScreen))


def test_neither_play_nor_replay_loads_torch_or_ray() -> None:
    code = "import sys, arena.tui.play_app, arena.tui.screens.replay; print({'torch', 'ray'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
