"""Play: a seat at the table, against an agent in a separate process."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.message import Message
from textual.widgets import Static

from agents.human import Point
from arena.play.opponent import Opponent, Seating
from arena.play.told import Begun, Failed, Told
from arena.tui.keys import CHOICES, PLAY, TABLE_BOARD, Group, bindings
from arena.tui.screens.base import ArenaScreen
from arena.tui.sitting import Sitting
from arena.tui.widgets.board import Board
from arena.tui.widgets.choices import Choices, Entry, TableBoard
from arena.tui.widgets.key_bar import KeyBar
from arena.tui.widgets.moves import MoveList
from arena.tui.widgets.players import Players
from arena.view.choosing import cell_name, cells_of, pick, refusal
from games.contract import Action, Move
from games.drawing.grids import Cell

_COMMANDS = frozenset(" mHuRrfq?hjklgG")
"""Characters that do not begin a typed move."""


@dataclass
class Heard(Message, bubble=False):
    """The opponent's process has told something."""

    opponent: Opponent | None
    told: Told


@dataclass
class NoTable(Message):
    """No game could begin."""

    why: str


class PlayScreen(ArenaScreen):
    """A person's games against an agent. The screen belongs to no league, so that it works in any app.

    Args:
        seating: who plays what.
        seat: the person's seat.
        seed: of the first game; None draws one.
        opening: moves that are made before anybody is asked, without chance.

    Attributes:
        game: the game at the table.
    """

    AUTO_FOCUS = ""
    GROUPS: ClassVar[tuple[Group, ...]] = (PLAY, TABLE_BOARD, CHOICES)
    BINDINGS: ClassVar[list[BindingType]] = bindings(PLAY)

    def __init__(
        self, seating: Seating, seat: int = 0, *, seed: int | None = None, opening: Sequence[Move] = ()
    ) -> None:
        super().__init__()
        self._first_seed, self._opening = seed, tuple(opening)
        self.game = Sitting(seating, seat, 0)
        self._opponent: Opponent | None = None
        self._ever = False  # whether a game has begun
        self._flipped = False
        self._again = ""  # what has to be asked for twice: resign, leave
        self._typing = False  # whether the person has gone to the line to type into
        self._pressed_at = 0.0  # when the last key or click came
        self._shown_at = float("inf")  # when the position could be seen

    def compose(self) -> ComposeResult:
        yield Static(id="play-title", markup=False)
        with Container(id="body"):
            yield TableBoard(id="play-board", classes="pane")
            with Vertical(id="play-side"):
                yield Players(id="play-players")
                yield Static(id="play-said", markup=False)
                yield Static(id="play-advice", markup=False)
                yield MoveList(id="play-moves", classes="pane")
                yield Choices(id="play-choices", classes="pane")
            yield Entry(id="play-entry")
        yield KeyBar()

    def on_mount(self) -> None:
        self.query_one(Players).can_focus = False
        self.query_one(MoveList).border_title = Text("Moves")
        self.query_one(TableBoard).say("setting the table ...")
        self.set_interval(0.5, self._tick)
        self._sit_down(self.game.seat)

    def on_unmount(self) -> None:
        if self._opponent is not None:
            self._opponent.close()

    def on_resize(self) -> None:
        self.call_after_refresh(self.show_again)

    def show_again(self) -> None:
        if self.is_mounted:
            self._show()

    @property
    def ready(self) -> bool:
        """Whether the person is asked, and sees the position."""
        position = self.game.position
        return position is not None and position.asks and self._shown_at < float("inf")

    # The opponent's process

    def _sit_down(self, seat: int) -> None:
        """Begin a game, in a new process if there is none."""
        old = self.game
        if self._opponent is None:
            self.game = Sitting(old.seating, seat, 1)
            opponent: Opponent | None = None

            def hear(told: Told) -> None:
                self.post_message(Heard(opponent, told))

            self._opponent = opponent = Opponent(old.seating, hear)
        else:
            self.game = Sitting(old.seating, seat, old.number + 1, old.laid)
        seed = secrets.randbelow(2**31) if self._first_seed is None else self._first_seed
        self._opponent.start(seed, seat, self._opening)
        self._first_seed, self._opening = None, ()
        self._show()

    @on(Heard)
    def _heard(self, message: Heard) -> None:
        if message.opponent is not None and message.opponent is not self._opponent:
            return  # one that has left
        told = message.told
        if isinstance(told, Failed):
            self._failed(told.why)
        elif self.game.hear(told):
            self._shown_at = float("inf")
            self.call_after_refresh(self._stands)
        self._ever = self._ever or isinstance(told, Begun)
        self._show()

    def _stands(self) -> None:
        """The position can be seen: keys count from now on."""
        self._shown_at = Message().time

    def _failed(self, why: str) -> None:
        self.game.failure = why
        if self._opponent is not None:
            self._opponent.close()
            self._opponent = None
        if not self._ever:
            self.post_message(NoTable(why))

    # What is shown

    def _show(self) -> None:
        game = self.game
        with self.app.batch_update():
            self.query_one("#play-title", Static).update(game.title())
            self._show_board()
            if game.laid is not None:
                self.query_one(Players).show_players(game.players())
            self.query_one("#play-said", Static).update(game.said())
            advice, box = game.advised(self._side_width()), self.query_one("#play-advice", Static)
            box.display = advice is not None
            box.update(advice or "")
            self._show_moves()
            self.query_one(KeyBar).refresh()

    def _side_width(self) -> int:
        return max(20, self.query_one("#play-side").size.width - 3)

    def _show_board(self) -> None:
        game, board = self.game, self.query_one(TableBoard)
        board.border_title = Text(game.heading())
        if game.frame is None:
            board.say(game.failure or "setting the table ...")
            return
        board.show_position(
            game.frame,
            game.before,
            game=game.seating.game if game.over is not None else "",
            marks=game.cell_marks(board.grid),
            flipped=self._flipped,
            largest=game.largest,
        )

    def _show_moves(self) -> None:
        game, moves, choices = self.game, self.query_one(MoveList), self.query_one(Choices)
        moves.show_moves(game.steps, game.seats, game.marks)
        moves.show_ply(len(game.steps))
        listed, choice = game.listed(self.query_one(TableBoard).grid), game.choice()
        choices.show_choices(listed)
        choices.border_title = Text(f"Legal moves ({len(listed)})" if listed else "Legal moves")
        choices.display = game.running and not isinstance(choice, Point)
        if isinstance(choice, Point):
            self.query_one(Entry).placeholder = choice.text(brief=True).replace("\n", " ")
        self._give_focus()

    def _give_focus(self) -> None:
        """Put the keys where moves are chosen, unless the person has gone elsewhere."""
        position, board = self.game.position, self.query_one(TableBoard)
        if position is None or not (self.focused is None or not self.focused.display):
            return
        grid = board.grid
        if grid is not None and (not position.legal or cells_of(grid, position.legal)):
            self.set_focus(board)
        elif position.legal:
            self.set_focus(self.query_one(Choices))
        elif position.bounds is not None:
            self.set_focus(self.query_one(Entry))

    def _say(self, sentence: str) -> None:
        self.game.note = sentence
        self.query_one("#play-said", Static).update(self.game.said())

    def _tick(self) -> None:
        self.game.tick()
        if self.game.laid is not None:
            self.query_one(Players).show_players(self.game.players())

    # Choosing a move

    def _play(self, action: Action) -> None:
        """Play a legal action that the last key or click has chosen."""
        game, position = self.game, self.game.position
        if position is None or not game.running or self._opponent is None:
            return
        if self._pressed_at < self._shown_at:
            self._say("that key came before the position was shown, so it is no move")
        elif not position.asks and game.begun is not None:
            self._say(f"it is not your turn: {game.opponent} thinks")
        elif game.advance:
            self._say("you have chosen already")
        else:
            self._opponent.move(position.number, position.ply, action)
            game.source, game.note = None, ""
            if game.begun is None:
                game.advance = position.legal.get(action, "your move") if isinstance(action, int) else "your move"
            self._show()

    @on(Choices.Chosen)
    def _listed(self, message: Choices.Chosen) -> None:
        self._play(message.action)

    @on(Entry.Typed)
    def _typed(self, message: Entry.Typed) -> None:
        choice, entry = self.game.choice(), message.text.strip()
        if not self._typing:
            self._go_back()
        if choice is None:
            self._say("it is not your turn" if self.game.running else "the game is over")
            return
        meant = choice.find(entry)
        if len(meant) == 1:
            self._play(meant[0])
        elif meant:
            self._say(f"{entry!r} means {len(meant)} legal moves; choose one by its number")
        elif isinstance(choice, Point):
            self._say(f"{entry!r} is no legal move. {choice.text(brief=True)}")
        else:
            self._say(refusal(entry, choice.names, self.query_one(TableBoard).grid))

    @on(Board.Pressed)
    def _clicked(self, message: Board.Pressed) -> None:
        self.game.cursor = message.cell
        self._point(message.cell)

    @on(TableBoard.Pointed)
    def _pointed(self) -> None:
        if self.game.cursor is not None:
            self._point(self.game.cursor)

    @on(TableBoard.Moved)
    def _move_cursor(self, message: TableBoard.Moved) -> None:
        grid, cursor = self.query_one(TableBoard).grid, self.game.cursor
        if grid is None or cursor is None:
            return
        turn = -1 if self._flipped and grid.turns else 1
        row = max(0, min(cursor.row + turn * message.rows, len(grid.cells) - 1))
        column = max(0, min(cursor.column + turn * message.columns, len(grid.cells[0]) - 1))
        self.game.cursor = Cell(row, column)
        self._show_board()

    def _point(self, cell: Cell) -> None:
        """The person points at a cell."""
        game, position, grid = self.game, self.game.position, self.query_one(TableBoard).grid
        if position is None or grid is None or not game.running:
            return
        if not position.legal:
            self._say(f"it is not your turn: {game.opponent} thinks")
            return
        picked = pick(cells_of(grid, position.legal), cell, game.source)
        if picked.source is not None:
            game.source, game.note = None if picked.source == game.source else picked.source, ""
            self._show()
        elif len(picked.actions) == 1:
            self._play(picked.actions[0])
        elif picked.actions:
            self._say(f"{len(picked.actions)} moves go to {cell_name(grid, cell)}; choose one from the list")
            self.set_focus(self.query_one(Choices))
        elif game.source is not None:
            game.source, game.note = None, f"the piece cannot move to {cell_name(grid, cell)}"
            self._show()
        else:
            self._say(refusal(cell_name(grid, cell), position.legal, grid))

    def on_key(self, event: events.Key) -> None:
        """A character that is no command begins a typed move."""
        self._pressed_at = event.time
        if self._again and event.key not in ("R", "escape"):
            self._again = ""
        character = event.character or ""
        if event.is_printable and character not in _COMMANDS and not isinstance(self.focused, Entry):
            event.stop()
            event.prevent_default()
            entry = self.query_one(Entry)
            self.set_focus(entry)  # at once: the next key is part of the move
            entry.value, entry.cursor_position = character, 1

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Remember when the click came."""
        self._pressed_at = event.time

    def _go_back(self) -> None:
        """Leave the line to type into."""
        self.set_focus(None)
        self._give_focus()

    # Commands

    def action_type(self) -> None:
        """Go to the line to type into, and stay there."""
        self._typing = True
        self.set_focus(self.query_one(Entry))

    def action_hint(self) -> None:
        """Ask what the opponent thinks of the position, and what it would play."""
        position = self.game.position
        if self.game.running and position is not None and position.asks and self._opponent is not None:
            self._opponent.advise()
        else:
            self._say("advice comes when it is your turn")

    def action_undo(self) -> None:
        """Take back the person's last move."""
        position = self.game.position
        if self._opponent is None or position is None or self.game.resigned:
            self._say("there is no game to set back")
        elif self.game.running and not position.asks:
            self._say("moves are taken back when it is your turn")
        else:
            self._opponent.undo()

    def action_resign(self) -> None:
        """Give the game up, when asked twice."""
        if not self.game.running:
            self._say("the game is over")
        elif self._again != "resign":
            self._again = "resign"
            self._say("R once more resigns the game")
        else:
            self.game.resigned, self._again = True, ""
            self._show()

    def action_rematch(self) -> None:
        """Play another game at the next seat, or start the opponent again."""
        game = self.game
        if game.running:
            self._say("the game is under way; R resigns it")
        else:
            self._sit_down(game.seat if game.failure else (game.seat + 1) % game.seats)

    def action_flip(self) -> None:
        """Show the board from the other side."""
        grid = self.query_one(TableBoard).grid
        if grid is None or not grid.turns:
            self._say("this board has no sides to show it from")
        else:
            self._flipped = not self._flipped
            self._show_board()

    async def action_leave(self) -> None:
        """Leave the line to type into; or the table, when asked twice while a game is under way."""
        entry = self.query_one(Entry)
        if self.focused is entry:
            entry.value, self._typing = "", False
            self._go_back()
        elif self.game.running and self.game.has_moved and self._again != "leave":
            self._again = "leave"
            self._say("esc once more leaves the table; the game does not count then")
        else:
            await self.run_action("app.return")
