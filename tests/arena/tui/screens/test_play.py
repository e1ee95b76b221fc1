"""Play: a person at the table, against an agent in another process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from small_league import played_league
from table_person import SIZES, Person, replaying, sitting
from textual import events
from textual.message import Message

from agents.errors import AgentError
from arena.play.told import Position
from arena.tui.screens.play import PlayScreen
from arena.tui.screens.replay import ReplayScreen
from arena.tui.widgets.board import Board
from arena.tui.widgets.choices import Choices, Entry, TableBoard
from games.drawing.grids import Cell
from leagues.store import open_store


def table(person: Person) -> PlayScreen:
    found = person.app.screen
    assert isinstance(found, PlayScreen)
    return found


def here(person: Person) -> Position:
    position = table(person).game.position
    assert position is not None
    return position


async def my_turn(person: Person, after: int = -1) -> None:
    """Wait until the person is asked, later than after ``after`` plies."""
    screen = table(person)

    def asked() -> bool:
        position = screen.game.position
        return position is not None and screen.ready and position.ply > after

    await person.see(asked)


async def play_to_the_end(person: Person) -> None:
    """Play the first legal move again and again."""
    screen = table(person)
    screen.query_one(Choices).focus()
    while screen.game.over is None:
        ply = here(person).ply
        await person.press("enter")
        await person.see(
            lambda at=ply: (
                screen.game.over is not None  # type: ignore[misc]
                or (screen.ready and here(person).ply > at)
            )
        )


async def test_the_cursor_plays_and_the_board_says_whose_stones_are_whose() -> None:
    async with sitting("connect_four", "first") as person:
        await my_turn(person)
        await person.read("You are ● · you move first", "Your move.", "you", "first")
        await person.press("left", "enter")
        await my_turn(person, 0)
        await person.read("column 2", "column 0")
        board = person.app.screen.query_one(Board)
        assert board.grid is not None
        assert board.grid.piece(Cell(5, 2)) == "●"
        assert board.grid.piece(Cell(5, 0)) == "○"


async def test_clicks_on_the_board_and_on_the_list_play() -> None:
    async with sitting("tic_tac_toe", "first") as person:
        await my_turn(person)
        await person.click_on("square 8")
        await my_turn(person, 0)
        await person.read("square 8", "square 0")
        board = person.app.screen.query_one(TableBoard)
        assert board._drawn is not None
        x, y = board._drawn.place(Cell(1, 1))
        await person.pilot.click(
            TableBoard, offset=(board.gutter.left + board._left + x + 1, board.gutter.top + board._top + y)
        )
        await my_turn(person, 2)
        assert board.grid is not None
        assert board.grid.piece(Cell(1, 1)) == "✕"


async def test_a_digit_begins_a_typed_move_and_a_refused_one_says_why() -> None:
    async with sitting("connect_four", "first") as person:
        await my_turn(person)
        await person.press("9", "enter")
        await person.read("there is no column 9")
        for move in range(1, 4):
            await person.press("0", "enter")
            if move < 3:
                await my_turn(person, 2 * move - 1)
        await my_turn(person, 5)
        await person.press("0", "enter")
        await person.read("column 0 is full")
        await person.press("m", *"COLUMN", "space", "3", "enter")
        await my_turn(person, 6)
        assert isinstance(person.app.focused, Entry)  # whoever types goes on typing
        await person.press("escape")
        assert isinstance(person.app.focused, TableBoard)


async def test_keys_that_come_at_once_are_one_move() -> None:
    async with sitting("ultimate_tic_tac_toe", "first") as person:
        await my_turn(person)
        for key, character in (("4", "4"), ("enter", "\r")):
            person.app.post_message(events.Key(key, character))
        await my_turn(person, 0)
        assert table(person).game.steps[0] == ((0, "board 4"),)


async def test_a_piece_moves_by_two_cells() -> None:
    async with sitting("breakthrough", "first") as person:
        await my_turn(person)
        screen = table(person)
        await person.press("enter")
        await person.read("Where to?")
        start = screen.game.source
        assert start is not None
        await person.press("down", "enter")
        await my_turn(person, 0)
        assert screen.game.steps[0][0][0] == 0


async def test_in_chess_moves_are_typed_and_the_board_is_turned() -> None:
    async with sitting("chess", "first", 1) as person:
        await my_turn(person)
        await person.press("m", "e", "4", "enter")
        await my_turn(person, 0)
        await person.press("escape", "f")
        await person.read("h      g      f")
        assert "e4" in person.text()


async def test_backgammon_is_whole_at_80x24_and_is_played_from_the_list() -> None:
    async with sitting("backgammon", "first", 0, size=(80, 24)) as person:
        await my_turn(person)
        board = person.app.screen.query_one(Board)
        assert len(board._lines) <= board.size.height
        assert max(line.cell_len for line in board._lines) <= board.size.width
        assert isinstance(person.app.focused, Choices)
        ply = here(person).ply
        await person.press("down", "enter")
        await my_turn(person, ply)


async def test_cards_of_others_stay_hidden_until_the_end() -> None:
    async with sitting("kuhn_poker", "first", 1, seed=2) as person:
        await my_turn(person)
        await person.read("player_0  │ ? │")
        assert "player_0  ?" in here(person).drawing
        await person.press("m", *"bet", "enter")
        await person.see(lambda: table(person).game.over is not None)
        await person.see(lambda: "player_0  │ ? │" not in person.text())
        await person.read("player_0  │", "returns")


async def test_simultaneous_moves_are_told_once_all_have_chosen() -> None:
    async with sitting("pettingzoo:rps_v2(max_cycles=3)", "first") as person:
        await my_turn(person)
        await person.read("all move at once")
        assert table(person).game.steps == []
        await person.press("m", *"paper", "enter")
        await my_turn(person, 0)
        assert table(person).game.steps == [((0, "paper"), (1, "rock"))]
        await person.read("+1")


async def test_continuous_actions_are_typed() -> None:
    game = "pettingzoo:simple_v3(continuous_actions=True,max_cycles=2)"
    async with sitting(game, "random") as person:
        await my_turn(person)
        await person.read("5 numbers: each 0 to 1")
        entry = person.app.screen.query_one(Entry)
        entry.value = "0.1 -0.5"
        await person.press("enter")
        await person.read("is no legal move")
        for ply in (0, 1):
            entry.value = "0.1 0.5 0 1 0"
            await person.press("enter")
            await person.see(lambda at=ply: table(person).game.over is not None or here(person).ply > at)  # type: ignore[misc]
        await person.see(lambda: table(person).game.over is not None)


async def test_a_key_from_before_the_position_is_no_move() -> None:
    async with sitting("tic_tac_toe", "first") as person:
        await my_turn(person)
        screen = table(person)
        early = Message().time
        screen._shown_at = Message().time + 1e9  # as if the position were shown later
        assert early < screen._shown_at
        await person.press("enter")
        await person.read("before the position was shown")
        assert here(person).ply == 0
        screen._stands()
        await person.press("enter")
        await my_turn(person, 0)


async def test_a_hint_comes_from_the_opponent() -> None:
    async with sitting("tic_tac_toe", "random") as person:
        await my_turn(person)
        await person.press("H")
        await person.read("random would play", "11%")
        await person.press("enter")
        await my_turn(person, 0)
        assert "would play" not in person.text()


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


async def test_a_rematch_changes_the_seats_and_a_resigned_game_is_asked_about_first() -> None:
    async with sitting("tic_tac_toe", "first") as person:
        await my_turn(person)
        await person.press("r")
        await person.read("under way")
        await person.press("R")
        await person.read("R once more")
        await person.press("R")
        await person.read("You resigned")
        await person.press("r")
        await my_turn(person)
        await person.read("You are ○ · first moves first")
        assert here(person).ply == 1


async def test_what_comes_late_of_a_resigned_game_is_not_heard() -> None:
    async with sitting("tic_tac_toe", "first") as person:
        await my_turn(person)
        old = here(person)
        await person.press("R", "R", "r")
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


async def test_leaving_a_game_is_asked_about() -> None:
    async with sitting("tic_tac_toe", "first") as person:
        await my_turn(person)
        await person.press("enter")
        await my_turn(person, 0)
        await person.press("escape")
        await person.read("esc once more")
        await person.press("escape")
        await person.see(lambda: not person.app.is_running)


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


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_shows_the_board_and_the_legal_moves(size: tuple[int, int]) -> None:
    async with sitting("tic_tac_toe", "first", size=size) as person:
        await my_turn(person)
        await person.read("✕ you", "○ first", "Your move.", "square 0", "square 8", "not recorded")
        assert {*map(len, person.text().split("\n"))} == {size[0]}


async def test_one_plays_on_from_a_position_of_a_replay_while_the_league_is_free_for_a_trainer(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    async with replaying(league, 5) as person:
        await person.read("Match 5", "the start")
        await person.press("right", "right", "P")
        await my_turn(person)
        screen = table(person)
        assert here(person).ply == 2
        assert len(screen.game.steps) == 2
        assert "not recorded" in person.text()
        with open_store(league).writer() as trainer:
            await play_to_the_end(person)
            assert trainer.count_matches() == 13
        await person.press("escape")
        await person.see(lambda: isinstance(person.app.screen, ReplayScreen))


def test_neither_play_nor_replay_loads_torch_or_ray() -> None:
    code = "import sys, arena.tui.play_app, arena.tui.screens.replay; print({'torch', 'ray'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
