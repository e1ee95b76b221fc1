"""Play: a person at the table chooses moves, against an agent in another process."""

from __future__ import annotations

from dataclasses import replace

import pytest
from table_person import here, my_turn, sitting, table
from textual import events
from textual.message import Message
from tui_person import SIZES

from arena.tui.screens.play import PlayScreen
from arena.tui.widgets.board import Board
from arena.tui.widgets.choices import Choices, Entry, TableBoard
from games.drawing.grids import Cell, named_cells


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


async def test_a_move_that_the_board_has_no_cell_for_is_offered_first_and_enter_does_not_make_it() -> None:
    async with sitting("go(board_size=5)", "first") as person:
        await my_turn(person)
        await person.read("Your move. [pass]", "type a move by its name, such as pass")
        listed = person.app.screen.query_one(Choices)
        assert listed.render_line(0).text.split()[0] == "pass"
        listed.focus()
        await person.press("enter")
        await my_turn(person, 0)
        assert table(person).game.steps[0][0][1] == "A1"
        ply = here(person).ply
        await person.click_on("[pass]")
        await my_turn(person, ply)
        assert [step[0][1] for step in table(person).game.steps if step[0][0] == 0] == ["A1", "pass"]


async def test_where_every_move_has_its_cell_nothing_stands_beside_the_board() -> None:
    async with sitting("tic_tac_toe", "first") as person:
        await my_turn(person)
        await person.read("Your move.")
        assert table(person).game.beside == ()
        assert "Your move. [" not in person.text()


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
        await person.press("up", "enter")  # the person's pieces are below
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
        for cell in (start, end):  # as clicks come
            screen.post_message(Board.Pressed(screen.query_one(TableBoard), cell))
            await person.pilot.pause()
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
        await person.press("ctrl+p", *"Flip", "enter")  # f begins a move
        await person.read("h      g      f")
        assert "e4" in person.text()


@pytest.mark.parametrize(("game", "seat", "files"), [("chess", 0, "h      g      f"), ("chess", 1, "a      b      c")])
async def test_the_board_is_shown_from_the_persons_side(game: str, seat: int, files: str) -> None:
    async with sitting(game, "first", seat) as person:
        await person.read(files)


async def test_the_keys_are_commands_again_after_a_typed_move_and_after_a_refused_one() -> None:
    async with sitting("chess", "first", 1, size=(120, 40)) as person:
        await my_turn(person)
        await person.press("m")
        await person.read("enter done", "esc back")
        await person.press("K", "e", "4", "enter")
        await person.read("Ke4 is not legal here")
        assert not isinstance(person.app.focused, Entry)
        await person.press("m", "e", "4", "enter")
        await person.see(lambda: bool(table(person).game.steps))
        assert not isinstance(person.app.focused, Entry)


async def test_esc_leaves_a_table_whose_moves_are_typed() -> None:
    async with sitting("pettingzoo:simple_v3(continuous_actions=True,max_cycles=3)", "random") as person:
        await my_turn(person)
        assert isinstance(person.app.focused, Entry)
        await person.press("1", "escape")
        assert person.app.screen.query_one(Entry).value == ""
        await person.press("escape")
        await person.see(lambda: not person.app.is_running)


async def test_backgammon_is_whole_at_80x24_and_is_played_from_the_list() -> None:
    async with sitting("backgammon", "first", 0, size=(80, 24)) as person:
        await my_turn(person)
        board = person.app.screen.query_one(Board)
        assert len(board._lines) <= board.size.height
        assert max(line.cell_len for line in board._lines) <= board.size.width
        assert isinstance(person.app.focused, Choices)
        number = next(iter(here(person).legal))
        assert f"such as #{number}" in person.app.screen.query_one(Entry).placeholder
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


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_shows_the_board_and_the_legal_moves(size: tuple[int, int]) -> None:
    async with sitting("tic_tac_toe", "first", size=size) as person:
        await my_turn(person)
        await person.read("✕ you", "○ first", "Your move.", "square 0", "square 8", "not recorded")
        assert {*map(len, person.text().split("\n"))} == {size[0]}
