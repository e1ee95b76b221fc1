"""The board: it grows with its room, marks what happened, and tells which cell was clicked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from textual import on
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from arena.tui.look import wear
from arena.tui.widgets.board import Board
from arena.view.replay import Frame
from arena.view.theme import DARK, LIGHT, palette_for
from games import make_game
from games.contract import State
from games.drawing.grids import Cell

CELLS = [Cell(row, column) for row in range(8) for column in range(8)]


@pytest.fixture(autouse=True)
def _in_the_dark_palette() -> Iterator[None]:
    yield
    wear(DARK)


class Shown(App[None]):
    """A board alone."""

    def __init__(self) -> None:
        super().__init__()
        self.pressed: list[Cell] = []

    def compose(self) -> ComposeResult:
        yield Board()

    @on(Board.Pressed)
    def _pressed(self, message: Board.Pressed) -> None:
        self.pressed.append(message.cell)


def frame(state: State) -> Frame:
    return Frame(len(state.history()), (), state.draw(), state.returns(), state.acting())


def text(pilot: Pilot[None]) -> list[str]:
    return [strip.text for strip in pilot.app.screen._compositor.render_strips()]


def played(game: str, *actions: int) -> list[Frame]:
    state = make_game(game).new_state(0)
    frames = [frame(state)]
    for action in actions:
        state.apply([action])
        frames.append(frame(state))
    return frames


@pytest.mark.parametrize(
    ("size", "piece"), [((120, 50), "█████████████"), ((80, 40), "█████████"), ((70, 30), "▐███▌"), ((24, 9), "●")]
)
async def test_it_grows_with_its_room_and_stands_in_the_middle(size: tuple[int, int], piece: str) -> None:
    frames = played("connect_four", 3)
    async with Shown().run_test(size=size) as pilot:
        board = pilot.app.screen.query_one(Board)
        board.show_position(frames[1], frames[0])
        await pilot.pause()
        lines = text(pilot)
        assert any(piece in line for line in lines)
        blank = [not line.strip() for line in lines]
        assert abs(blank.index(False) - blank[::-1].index(False)) <= 1


async def test_a_click_tells_the_cell_also_of_a_turned_board() -> None:
    frames = played("chess")
    app = Shown()
    async with app.run_test(size=(60, 30)) as pilot:
        board = app.screen.query_one(Board)
        board.show_position(frames[0])
        await pilot.pause()
        await pilot.click(Board, offset=(30, 14))
        board.show_position(frames[0], flipped=True)
        await pilot.pause()
        await pilot.click(Board, offset=(30, 14))
        await pilot.click(Board, offset=(0, 0))
    (first, turned) = app.pressed
    assert first == Cell(7 - turned.row, 7 - turned.column)


async def test_the_line_that_has_won_is_marked_at_the_end_only() -> None:
    frames = played("tic_tac_toe", 0, 3, 1, 4, 2)
    async with Shown().run_test(size=(60, 30)) as pilot:
        board = pilot.app.screen.query_one(Board)
        for at, count in ((4, 0), (5, 3)):
            board.show_position(frames[at], game="tic_tac_toe")
            drawn = board._drawn
            assert drawn is not None
            rows = [span for span in drawn.spans if span.part == "winning"]
            assert len(rows) == count * drawn.cell_size[1]


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("size", [(90, 45), (60, 20), (24, 11)])
async def test_the_squares_of_chess_are_light_and_dark(size: tuple[int, int], flipped: bool) -> None:
    (frame,) = played("chess")
    async with Shown().run_test(size=size) as pilot:
        board = pilot.app.screen.query_one(Board)
        for palette in (DARK, LIGHT):
            wear(palette)
            board.show_position(frame, game="chess", flipped=flipped)
            for light in (cell for cell in CELLS if sum(cell) % 2 == 0):  # such as a8
                dark = Cell(light.row, light.column + (1 if light.column < 7 else -1))
                both = behind(board, light), behind(board, dark)
                assert both == (({palette.square}, {None}) if palette.dark else ({None}, {palette.square}))


async def test_squares_look_alike_without_colours_and_in_other_games() -> None:
    (chess,), (othello,) = played("chess"), played("othello")
    async with Shown().run_test(size=(60, 30)) as pilot:
        board = pilot.app.screen.query_one(Board)
        for frame, game, palette in ((othello, "othello", DARK), (chess, "chess", palette_for("dark", None))):
            wear(palette)
            board.show_position(frame, game=game)
            assert {each for cell in CELLS for each in behind(board, cell)} == {None}


async def test_a_mark_covers_the_square_behind_it() -> None:
    (frame,) = played("chess")
    async with Shown().run_test(size=(60, 30)) as pilot:
        board = pilot.app.screen.query_one(Board)
        board.show_position(frame, game="chess", marks=[(Cell(0, 0), "changed")])
        assert behind(board, Cell(0, 0)) == {DARK.raised}


def behind(board: Board, cell: Cell) -> set[str | None]:
    """The colours behind a cell; None for the background."""
    drawn = board._drawn
    assert drawn is not None
    (x, y), (width, height) = drawn.place(cell), drawn.cell_size
    styles = [
        board._lines[line].get_style_at_offset(board.app.console, column)
        for line in range(y, y + height)
        for column in range(x, x + width)
    ]
    return {None if style.bgcolor is None else style.bgcolor.name for style in styles}


async def test_long_lines_are_wrapped_and_of_a_long_history_the_newest_part_is_shown() -> None:
    async with Shown().run_test(size=(30, 6)) as pilot:
        board = pilot.app.screen.query_one(Board)
        history = "\n".join(f"round {number}: " + "rock " * 6 for number in range(1, 9))
        board.show_position(Frame(0, (), history, (0.0,), (0,)))
        await pilot.pause()
        assert sum(line.count("rock") for line in text(pilot)) == 18
        assert "round 8: rock" in text(pilot)[4]
        assert "round 1" not in "".join(text(pilot))
        board.scroll_home(animate=False)
        await pilot.pause()
        assert "round 1: rock" in text(pilot)[0]


async def test_text_that_is_no_board_keeps_its_shape_and_control_characters_are_escaped() -> None:
    async with Shown().run_test(size=(60, 10)) as pilot:
        board = pilot.app.screen.query_one(Board)
        board.show_position(Frame(0, (), "[red]a\x1b[2J\n\n  b", (0.0,), (0,)))
        await pilot.pause()
        lines = [line.strip() for line in text(pilot) if line.strip()]
        assert lines == ["[red]a\\x1b[2J", "b"]
        board.say("nothing to see " * 8)
        await pilot.pause()
        assert sum("nothing" in line for line in text(pilot)) > 1
