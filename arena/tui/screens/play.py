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
from textual.containers import Container
from textual.message import Message
from textual.widgets import Static

from arena.play.opponent import Opponent, Seating
from arena.play.told import Begun, Failed, Told
from arena.tui.base_app import app_of
from arena.tui.keys import AFTERWARDS, CHOICES, ENTRY, PLAY, SEAT, TABLE_APP, TABLE_BOARD, Group, bindings, characters
from arena.tui.screens.ask import AskScreen
from arena.tui.screens.base import ArenaScreen, Cramped
from arena.tui.sitting import Sitting
from arena.tui.sitting_words import heading, invitation, resigning, title
from arena.tui.widgets.board import Board
from arena.tui.widgets.choices import Choices, Entry, TableBoard
from arena.tui.widgets.key_bar import KeyBar
from arena.tui.widgets.moves import MoveList
from arena.tui.widgets.table_side import TableSide
from arena.view.pieces import begins_above
from games.contract import Action, Move
from games.drawing.grids import Cell, read_grid

_KEYS = characters(PLAY, SEAT, AFTERWARDS, TABLE_BOARD, CHOICES, TABLE_APP)
"""Characters that do not begin a typed move, unless a move's name begins with them."""


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

    GROUPS: ClassVar[tuple[Group, ...]] = (PLAY, SEAT, TABLE_BOARD, CHOICES)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PLAY), *bindings(SEAT), *bindings(AFTERWARDS)]

    def __init__(
        self, seating: Seating, seat: int = 0, *, seed: int | None = None, opening: Sequence[Move] = ()
    ) -> None:
        super().__init__()
        self._first_seed, self._opening = seed, tuple(opening)
        self.game = Sitting(seating, seat, 0)
        self._opponent: Opponent | None = None
        self._ever = False  # whether a game has begun
        self._flipped: bool | None = None  # whether the board is shown from the other side; None before it is known
        self._pressed_at = 0.0  # when the last key or click came
        self._shown_at = float("inf")  # when the position could be seen

    def compose(self) -> ComposeResult:
        yield Static(id="play-title", markup=False)
        with Container(id="body"):
            yield TableBoard(id="play-board", classes="pane")
            yield TableSide(id="play-side")
            yield Entry(id="play-entry")
        yield KeyBar()
        yield Cramped(markup=False)

    def on_mount(self) -> None:
        self.query_one(TableBoard).say("setting the table ...")
        self.set_interval(0.5, self._tick)
        self._sit_down(self.game.seat)

    def on_unmount(self) -> None:
        if self._opponent is not None:
            self._opponent.close()

    def show_again(self) -> None:
        if self.is_mounted:
            self._show()

    @property
    def groups(self) -> Sequence[Group]:
        if not self.game.running:
            return AFTERWARDS, SEAT, TABLE_APP
        if self.game.position is None:
            return (*self.GROUPS, TABLE_APP)
        board = [TABLE_BOARD] * self.game.is_chosen_on(self.query_one(TableBoard).grid)
        return PLAY, SEAT, *board, *[CHOICES] * self.query_one(Choices).display, ENTRY, TABLE_APP

    @property
    def at_stake(self) -> str:
        return self.game.at_stake

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
        self._flipped = None
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
            self._failed(told)
        elif self.game.hear(told):
            self._shown_at = float("inf")
            self.call_after_refresh(self._stands)
        self._ever = self._ever or isinstance(told, Begun)
        self._show()

    def _stands(self) -> None:
        """The position can be seen: keys count from now on."""
        self._shown_at = Message().time

    def _failed(self, told: Failed) -> None:
        self.game.failure = told.why
        if told.trace:
            app_of(self).traces.append(told.trace)
        if self._opponent is not None:
            self._opponent.close()
            self._opponent = None
        if not self._ever:
            self.post_message(NoTable(told.why))

    # What is shown

    def _show(self) -> None:
        game, entry = self.game, self.query_one(Entry)
        with self.app.batch_update():
            self.query_one("#play-title", Static).update(title(game))
            self._show_board()
            self.query_one(TableSide).show_game(game, self.query_one(TableBoard).grid)
            entry.placeholder = invitation(game)
            self._give_focus()
            self.query_one(KeyBar).show_keys(game.keys(self.query_one(TableBoard).grid), typed=game.letters)

    def _show_board(self) -> None:
        game, board = self.game, self.query_one(TableBoard)
        board.border_title = Text(heading(game))
        if game.frame is None:
            board.say(game.failure or "setting the table ...")
            return
        grid = read_grid(game.frame.drawing)
        if self._flipped is None and grid is not None:  # the person's pieces are below at first
            self._flipped = begins_above(game.seating.game, game.seat, grid)
        marks, flipped = game.cell_marks(board.grid), bool(self._flipped)
        board.show_position(
            game.frame, game.before, game=game.seating.game, marks=marks, flipped=flipped, largest=game.largest
        )

    def _give_focus(self) -> None:
        """Put the keys where moves are chosen, unless the person has gone elsewhere."""
        position = self.game.position
        if not self.game.running and isinstance(self.focused, TableBoard):
            self.set_focus(None)  # the arrows go through the game then
        if position is None or not self.game.running or (self.focused is not None and self.focused.display):
            return
        if self.game.is_chosen_on(self.query_one(TableBoard).grid):
            self.set_focus(self.query_one(TableBoard))
        elif position.legal:
            self.set_focus(self.query_one(Choices))
        elif position.bounds is not None:
            self.set_focus(self.query_one(Entry))

    def _say(self, sentence: str) -> None:
        self.game.answer = sentence
        self.query_one(TableSide).show_said(self.game)

    def _tick(self) -> None:
        self.game.tick()
        self.query_one(TableSide).show_players(self.game)

    # Choosing a move

    def _play(self, action: Action) -> None:
        """Play a legal action that the last key or click has chosen."""
        game, position = self.game, self.game.position
        if position is None or not game.running or self._opponent is None:
            return
        if self._pressed_at < self._shown_at:
            self._say("that key came before the position was shown, so it is no move")
        elif not position.asks and game.seat not in position.acting:
            self._say(f"it is not your turn: {game.opponent} thinks")
        elif game.advance:
            self._say("you have chosen already")
        else:
            self._opponent.move(position.number, position.ply, action)
            game.let_go()
            game.moved = True
            if not position.asks:  # the opponent is not there yet
                game.advance = position.legal.get(action, "your move") if isinstance(action, int) else "your move"
            self._show()

    @on(Choices.Chosen)
    def _listed(self, message: Choices.Chosen) -> None:
        asked = self.game.target is not None
        self._play(message.action)
        if asked:
            self._go_back()

    @on(Entry.Typed)
    def _typed(self, message: Entry.Typed) -> None:
        entry = message.text.strip()
        self._go_back()  # its keys are commands again
        if not self.game.running:  # the line is for nothing else then
            if entry and self._opponent is not None:
                self._opponent.record(entry)
        elif (action := self.game.typed(entry, self.query_one(TableBoard).grid)) is not None:
            self._play(action)
        self._show()

    @on(Board.Pressed)
    def _clicked(self, message: Board.Pressed) -> None:
        self._point(message.cell)

    @on(TableBoard.Pointed)
    def _pointed(self) -> None:
        if self.game.cursor is not None:
            self._point(self.game.cursor)

    def _point(self, cell: Cell) -> None:
        grid = self.query_one(TableBoard).grid
        if grid is None:
            return
        action = self.game.point(cell, grid)
        if action is not None:
            self._play(action)
        self._show()
        if self.game.target is not None:
            self.set_focus(self.query_one(Choices))

    @on(TableBoard.Moved)
    def _move_cursor(self, message: TableBoard.Moved) -> None:
        board = self.query_one(TableBoard)
        if not self.game.running:
            self.action_step(message.rows + message.columns)
        elif board.grid is None:
            board.scroll_relative(message.columns, message.rows, animate=False)
        else:
            turn = -1 if self._flipped and board.grid.turns else 1
            self.game.move_cursor(turn * message.rows, turn * message.columns, board.grid)
            self._show_board()

    @on(MoveList.Chosen)
    def _look_back(self, message: MoveList.Chosen) -> None:
        self.action_step(message.ply - self.game.ply)

    def on_key(self, event: events.Key) -> None:
        """A character that is no key, or that begins a move's name, begins a typed move."""
        self._pressed_at = event.time
        if self.game.answer:
            self._say("")
        character = event.character or ""
        begins = event.is_printable and character.strip() and (character not in _KEYS or character in self.game.letters)
        if begins and self.game.running and not isinstance(self.focused, Entry):
            event.stop()
            event.prevent_default()
            self.set_focus(self.query_one(Entry).begun_with(character))  # at once: the next key is part of the move

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Remember when the click came."""
        self._pressed_at = event.time

    def _go_back(self) -> None:
        """Leave the line to type into."""
        self.set_focus(None)
        self._give_focus()

    # Commands

    def action_type(self) -> None:
        """Go to the line to type into."""
        if self.game.running:
            self.set_focus(self.query_one(Entry))
        else:
            self._say("the game is over")

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
        """Give the game up, once the person has said yes."""
        if not self.game.running:
            self._say("the game is over")
        else:
            self.app.push_screen(AskScreen(resigning(self.game), "R"), self._resign)

    def _resign(self, yes: bool | None) -> None:
        if yes and self.game.running:
            self.game.resigned = True
            self._show()

    def action_rematch(self) -> None:
        """Play another game at the next seat, or start the opponent again."""
        game = self.game
        if game.running:
            self._say("the game is under way; R resigns it")
        else:
            seat = game.seat if game.failure else (game.seat + 1) % game.seats
            app_of(self).leave(lambda: self._sit_down(seat), "r")

    def action_step(self, by: int) -> None:
        """Look at another position of the game that is over."""
        self.game.look_at(self.game.ply + by)
        self._show()

    def action_record(self) -> None:
        """Ask for the league that is to record the game, by default the one that could not be written."""
        over, entry = self.game.over, self.query_one(Entry)
        if over is None or not over.unrecorded:
            self._say("there is no game to record")
        else:
            entry.value = self.game.seating.league or ""
            self.set_focus(entry)

    def action_flip(self) -> None:
        """Show the board from the other side."""
        grid = self.query_one(TableBoard).grid
        if grid is None or not grid.turns:
            self._say("this board has no sides to show it from")
        else:
            self._flipped = not self._flipped
            self._show_board()

    async def action_leave(self) -> None:
        """Leave the line to type into, put a piece back, or leave the table."""
        entry = self.query_one(Entry)
        if self.focused is entry and (entry.value or self.game.position is None or self.game.position.bounds is None):
            entry.value = ""
            self._go_back()
        elif self.game.let_go():
            self._go_back()
            self._show()
        else:
            await self.run_action("app.return")
