"""Play: a person at the table, against an agent in another process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from small_league import played_league
from table_person import SIZES, Person, replaying, sitting
from textual import events
from textual.message import Message

from agents.errors import AgentError
from arena.play.told import Failed, Position
from arena.tui import LeagueApp
from arena.tui.screens.base import LeagueScreen
from arena.tui.screens.play import Heard, PlayScreen
from arena.tui.screens.replay import ReplayScreen
from arena.tui.widgets.board import Board
from arena.tui.widgets.choices import Choices, Entry, TableBoard
from games.drawing.grids import Cell, named_cells
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


async def test_a_terminal_that_is_too_small_says_so_at_the_table() -> None:
    async with sitting("tic_tac_toe", "first") as person:
        await my_turn(person)
        await person.pilot.resize_terminal(40, 12)
        await person.see(person.shows("has 40x12", "enlarge the terminal"))
        await person.pilot.resize_terminal(80, 24)
        await person.see(lambda: "enlarge" not in person.text() and "q quit" in person.text())


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


@pytest.mark.parametrize(
    ("game", "typed", "played"),
    [("othello", "f5", "f5"), ("go", "f4", "f4"), ("hex", "g4", "g4"), ("chess", "g4", "g4")],
)
async def test_a_letter_that_begins_a_move_is_typed_even_where_it_is_a_key(game: str, typed: str, played: str) -> None:
    async with sitting(game, "first", seat=1 if game == "chess" else 0) as person:
        await my_turn(person)
        await person.press(*typed, "enter")
        await my_turn(person, 0)
        assert table(person).game.steps[0][0][1].lower() == played
        assert not table(person)._flipped


async def test_the_palette_has_what_keys_do_that_are_typed_now() -> None:
    async with sitting("othello", "first") as person:
        await my_turn(person)
        await person.press("ctrl+p")
        await person.read("Theme: light", "Undo", "Resign", "Quit")
        assert not any(word in person.text() for word in ("Screenshot", "Maximize", "dracula"))
        await person.press(*"Flip", "enter")
        await person.see(lambda: isinstance(person.app.screen, PlayScreen) and table(person)._flipped)


async def test_in_chess_a_rook_is_typed_once_it_may_move_and_q_still_quits() -> None:
    async with sitting("chess", "first", 1) as person:
        await my_turn(person)
        await person.read("R resign")
        names = {1: "Rb1", 2: "Qd3"}
        screen, position = table(person), here(person)
        screen.game.hear(replace(position, ply=position.ply + 2, legal=names, routes={}, asks=True))
        screen._stands()
        screen._show()
        await person.see(lambda: "resign" not in person.text() and "q quit" in person.text())
        await person.press(*"Rb1")
        assert person.app.screen.query_one(Entry).value == "Rb1"


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


async def test_in_chess_a_piece_moves_by_two_cells_and_only_its_targets_are_lit() -> None:
    async with sitting("chess", "first", 1) as person:
        await my_turn(person)
        screen = table(person)
        board = screen.query_one(TableBoard)
        cells = {
            name: cell for name in ("g1", "f3", "h3", "e4") if board.grid for cell in named_cells(board.grid, name)
        }
        screen._pressed_at = Message().time
        screen._point(cells["e4"])
        await person.read("no piece that may move stands on e4")
        screen._point(cells["g1"])
        await person.read("Where to?", "Legal moves (2)")
        lit = {cell for cell, part in screen.game.cell_marks(board.grid) if part == "target"}
        assert lit == {cells["f3"], cells["h3"]}
        await person.press("escape")  # puts it back
        await person.read("Your move.", "Legal moves (20)")
        screen._point(cells["g1"])
        screen._point(cells["f3"])
        await my_turn(person, 0)
        assert screen.game.steps[0] == ((1, "Nf3"),)


async def test_a_promotion_asks_for_the_piece() -> None:
    async with sitting("chess", "first", 1) as person:
        await my_turn(person)
        screen, ply = table(person), 0
        grid = screen.query_one(TableBoard).grid
        assert grid is not None
        routes = {1: "b7b8", 2: "b7b8", 3: "b7a8", 4: "b7b8", 5: "a2a3"}
        names = {1: "b8=Q", 2: "b8=R", 3: "bxa8=Q", 4: "b8=N", 5: "a3"}
        screen.game.hear(replace(here(person), ply=ply + 2, legal=names, routes=routes, asks=True))
        screen._stands()
        screen._show()
        start, end = named_cells(grid, "b7b8")
        screen._point(start)
        screen._point(end)
        await person.read("Which move to b8? b8=Q, b8=R, b8=N", "Choose from the list.", "Legal moves (3)")
        assert isinstance(person.app.focused, Choices)
        await person.press("escape")
        await person.read("Your move.", "Legal moves (5)")
        assert isinstance(person.app.focused, TableBoard)


async def test_in_chess_moves_are_typed_and_the_board_is_turned() -> None:
    async with sitting("chess", "first", 1) as person:
        await my_turn(person)
        await person.press("m", "e", "2", "e", "4", "enter")
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
        assert not any(word in person.text() for word in ("leaderboard", "stop following", "copy the command"))
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
        assert "everything by name" not in person.text()
        await person.press("end")
        await person.read("everything by name", "leave")


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
