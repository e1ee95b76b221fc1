"""Play: a seat at the table, against an agent in a process of its own."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.message import Message
from textual.widgets import Static

from agents.human import Names, Point
from arena.play.analysis import Choice, Opinion
from arena.play.opponent import Opponent, Seating
from arena.play.told import Advice, Begun, Failed, Laid, Over, Position, Refused, Step, Told
from arena.tui.keys import CHOICES, PLAY, TABLE_BOARD, Group, bindings
from arena.tui.look import look
from arena.tui.screens.base import ArenaScreen
from arena.tui.widgets.board import Board, Mark
from arena.tui.widgets.choices import Choices, Entry
from arena.tui.widgets.key_bar import KeyBar
from arena.tui.widgets.moves import MoveList
from arena.tui.widgets.opinions import policy_text
from arena.tui.widgets.players import Player, Players, marks_of
from arena.tui.widgets.table_board import TableBoard
from arena.view.choosing import cell_name, cells_of, pick, refusal, targets
from arena.view.pieces import pieces
from arena.view.replay import Frame
from arena.view.text import plain, signed
from games.contract import Action, Move
from games.drawing.grids import Cell, read_grid

_COMMANDS = frozenset("mHuRrfq?hjklgG")
"""Characters that do not begin a typed move."""


@dataclass
class Heard(Message, bubble=False):
    """The opponent's process has told something."""

    opponent: Opponent | None
    told: Told


@dataclass
class NoTable(Message):
    """The game could not begin."""

    why: str


class PlayScreen(ArenaScreen):
    """A person's games against an agent. The screen belongs to no league, so that it works in any app.

    Args:
        seating: who plays what.
        seat: the person's seat.
        seed: of the first game; None draws one.
        opening: moves that are made before anybody is asked, without chance.
    """

    AUTO_FOCUS = ""
    GROUPS: ClassVar[tuple[Group, ...]] = (PLAY, TABLE_BOARD, CHOICES)
    BINDINGS: ClassVar[list[BindingType]] = bindings(PLAY)

    def __init__(
        self, seating: Seating, seat: int = 0, *, seed: int | None = None, opening: Sequence[Move] = ()
    ) -> None:
        super().__init__()
        self.seating, self.seat = seating, seat
        self._seed, self._opening = seed, tuple(opening)
        self._opponent: Opponent | None = None
        self._laid: Laid | None = None
        self._number = 0  # of the game, as the opponent counts
        self._ever = False  # whether a game has begun
        self._flipped = False
        self._again = ""  # what has to be asked for twice: resign, leave
        self._pressed_at = 0.0  # when the last key or click came
        self._typing = False  # whether the person has gone to the line to type into
        self._clear()

    def _clear(self) -> None:
        """Forget the game."""
        self.position: Position | None = None
        self.begun: Begun | None = None
        self.over: Over | None = None
        self.failure = ""
        self.resigned = False
        self.undone = False
        self.steps: list[Step] = []
        self.cursor: Cell | None = None
        self._source: Cell | None = None
        self._before: Frame | None = None
        self._largest = (0, 0)  # columns and rows of the largest drawing so far
        self._advance: str = ""  # the move chosen before the opponent is there
        self._note = Text("")
        self._hinted: Advice | None = None
        self._shown_at = float("inf")
        self._times = [0.0, 0.0]  # seconds of the person, and of the others
        self._tick_at = time.monotonic()

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
        self._sit_down()

    def on_unmount(self) -> None:
        if self._opponent is not None:
            self._opponent.close()

    def on_resize(self) -> None:
        self.call_after_refresh(self.show_again)

    def show_again(self) -> None:
        """Show everything again, as after a change of theme."""
        if self.is_mounted:
            self._show()

    @property
    def running(self) -> bool:
        """Whether a game is under way."""
        return not (self.over or self.resigned or self.failure)

    # The opponent's process

    def _sit_down(self) -> None:
        """Start the process, and a game."""
        self._clear()
        if self._opponent is None:
            opponent: Opponent | None = None

            def hear(told: Told) -> None:
                self.post_message(Heard(opponent, told))

            self._opponent = opponent = Opponent(self.seating, hear)
        seed = secrets.randbelow(2**31) if self._seed is None else self._seed
        self._number = self._opponent.start(seed, self.seat, self._opening)
        self._seed, self._opening = None, ()
        self._show()

    @on(Heard)
    def _heard(self, message: Heard) -> None:
        if message.opponent is not None and message.opponent is not self._opponent:
            return  # one that has left
        match message.told:
            case Begun() | Position() | Over() | Advice() as told if told.number != self._number:
                return  # of the game before, which was left while the opponent was thinking
            case Laid() as laid:
                self._laid = laid
            case Begun() as begun:
                self.begun, self._ever = begun, True
            case Position() as position:
                self._moved(position)
            case Over() as over if not self.resigned:
                self._ended(over)
            case Advice() as advice:
                self._advised(advice)
            case Refused() as refused:
                self._say(refused.why, bad=True)
            case Failed() as failed:
                self._failed(failed.why)
        self._show()

    def _moved(self, position: Position) -> None:
        if self.resigned:
            return
        old = self.position
        if old is not None and old.ply < position.ply:
            self._before = self._frame(old)
        elif old is not None and old.ply > position.ply:
            self._before, self.undone = None, True
        self.position, self.over = position, None
        self._largest = _larger(self._largest, position.drawing)
        self.steps[position.first :] = position.steps
        if position.ply == len(self.steps) and old is not None and old.ply != position.ply:
            self._source, self._hinted, self._note = None, None, Text("")
        if position.asks:
            self._advance = ""
        if old is None or old.ply != position.ply or not old.legal:
            self._shown_at = float("inf")
            self.call_after_refresh(self._stands)
        self._place_cursor()

    def _stands(self) -> None:
        """The position can be seen: keys count from now on."""
        self._shown_at = Message().time

    def _ended(self, over: Over) -> None:
        if self.position is not None:
            self._before = self._frame(self.position)
        self.over, self.steps = over, list(over.steps)
        self._largest = _larger(self._largest, over.drawing or "")
        self._note = Text("")

    def _failed(self, why: str) -> None:
        self.failure = why
        if self._opponent is not None:
            self._opponent.close()
            self._opponent = None
        if not self._ever:
            self.post_message(NoTable(why))

    def _advised(self, advice: Advice) -> None:
        here = self.position
        if here is not None and (advice.number, advice.ply) == (here.number, here.ply):
            self._hinted = advice

    # What is shown

    def _show(self) -> None:
        with self.app.batch_update():
            self.query_one("#play-title", Static).update(self._title())
            self._show_board()
            self._show_players()
            self.query_one("#play-said", Static).update(self._said())
            self._show_advice()
            self._show_moves()
            self.query_one(KeyBar).refresh()

    def _against(self) -> str:
        return plain(self.seating.name)

    def _marks(self) -> list[str]:
        seats = 2 if self._laid is None else len(self._laid.agent_ids)
        return marks_of(self.seating.game, seats)

    def _title(self) -> Text:
        colours = look()
        line = Text(plain(self.seating.game), f"bold {colours.accent}", no_wrap=True, overflow="ellipsis")
        line.append("  you against ", colours.faint).append(plain(self.seating.against), "bold")
        if self.undone or self._opening:
            kept = "not recorded, because a move was taken back" if self.undone else ""
        elif self.begun is not None and self.begun.kept:
            kept = f"recorded in {plain(self.begun.kept)} when it is over"
        else:
            kept = "not recorded"
        return line.append(f"  {kept}", colours.faint)

    def _frame(self, position: Position) -> Frame:
        return Frame(position.ply, (), position.drawing, (position.got,), position.acting or (self.seat,))

    def _show_board(self) -> None:
        board = self.query_one(TableBoard)
        if self.over is not None and self.over.drawing is not None:
            frame = Frame(self.over.ply, (), self.over.drawing, (), ())
            board.show_position(
                frame, self._before, game=self.seating.game, flipped=self._flipped, largest=self._largest
            )
        elif self.position is not None:
            board.show_position(
                self._frame(self.position),
                self._before,
                marks=self._cell_marks(),
                flipped=self._flipped,
                largest=self._largest,
            )
        elif self.failure:
            board.say(self.failure)
        board.border_title = Text(self._sitting())

    def _sitting(self) -> str:
        """Which pieces are the person's, and who moves first."""
        laid = self._laid
        if laid is None:
            return ""
        own = pieces(laid.game)
        who = f"You are {own[self.seat].name if self.seat < len(own) else plain(laid.agent_ids[self.seat])}"
        if laid.together:
            return f"{who} · all move at once"
        if len(laid.agent_ids) == 1:
            return who
        first = self.steps[0][0][0] if self.steps and self.steps[0] else None
        if first is None and self.position is not None and not self.position.ply and self.position.acting:
            first = self.position.acting[0]
        if first is None:
            return who
        return f"{who} · {'you move first' if first == self.seat else f'{self._against()} moves first'}"

    def _cell_marks(self) -> list[Mark]:
        position, grid = self.position, self.query_one(TableBoard).grid
        if position is None or grid is None or not self.running or not position.legal or self._advance:
            return []
        cells = cells_of(grid, position.legal)
        marks: list[Mark] = [(cell, "legal") for cell in targets(cells, self._source)]
        if self._hinted is not None and self._hinted.best:
            way = cells.get(self._hinted.best[0][0], ())
            marks += [(cell, "winning") for cell in (way[-1:] if len(way) != 2 else way)]
        if self._source is not None:
            marks.append((self._source, "changed"))
        if self.cursor is not None and marks:
            ways = [cells[action] for action in pick(cells, self.cursor, self._source).actions]
            # In a column the piece falls down, so the cursor is where it lands.
            marks.append((ways[0][-1] if len(ways) == 1 and len(ways[0]) > 2 else self.cursor, "cursor"))
        return marks

    def _show_players(self) -> None:
        laid = self._laid
        if laid is None:
            return
        marks, colours = self._marks(), look()
        acting = self.position.acting if self.position is not None and self.running else ()
        players = []
        for seat in range(len(laid.agent_ids)):
            mine = seat == self.seat
            if self.over is not None:
                result = self.over.results[seat]
                note = f"{result} {signed(self.over.returns[seat])}"
                style = colours.result(result)  # type: ignore[arg-type]
            else:
                clock = round(self._times[0 if mine else 1])
                got = f"{signed(self.position.got)}  " if mine and self.position and self.position.got else ""
                note, style = f"{got}{clock // 60}:{clock % 60:02}", colours.faint
            players.append(Player(seat, "you" if mine else self.seating.name, marks[seat], note, style, seat in acting))
        self.query_one(Players).show_players(players)

    def _said(self) -> Text:
        """What happens now, and the answer to what the person did last."""
        colours, position = look(), self.position
        text = Text(style="bold")
        if self.failure:
            return Text(f"{plain(self.failure)}; r starts again", colours.bad)
        if self.resigned:
            return Text(
                "You resigned. A game that is not played to its end is not recorded; r plays another.", colours.warm
            )
        if self.over is not None:
            text = Text(f"{self.over.sentence[:1].upper()}{self.over.sentence[1:]}.", f"bold {colours.warm}")
            kept = f" Recorded as match {self.over.match}." if self.over.match else ""
            return text.append(f"{kept} r plays another.", colours.faint)
        if position is None:
            return Text("setting the table ...", colours.faint)
        if self._note:
            text.append_text(self._note).append("\n")
        if self._advance:
            text.append(f"{plain(self._advance)}: waits for {self._against()}, which is loading", colours.warm)
        elif self.begun is None:
            rest = "; choose your move meanwhile" if self.seat in position.acting else ""
            text.append(f"{self._against()} is loading{rest}", colours.warm)
        elif position.asks:
            text.append("Where to?" if self._source is not None else "Your move.", colours.good)
        else:
            text.append(f"{self._against()} thinks ...", colours.faint)
        return text

    def _show_advice(self) -> None:
        box, advice = self.query_one("#play-advice", Static), self._hinted
        box.display = advice is not None and self.running
        if advice is None:
            return
        colours = look()
        if advice.problem:
            box.update(Text(plain(advice.problem), colours.warm))
            return
        text = Text(self._against(), colours.faint)
        if advice.value is not None:
            text.append(" expects ").append(f"{advice.value:+.2f}", f"bold {colours.foreground}").append(" for you")
            text.append(" and" if advice.best else "")
        text.append(" would play" if advice.best else "")
        if advice.best:
            best = tuple(Choice(action, name, share) for action, name, share in advice.best)
            text.append("\n").append_text(policy_text(Opinion(advice.ply, self.seat, None, best), self._side_width()))
        box.update(text)

    def _side_width(self) -> int:
        return max(20, self.query_one("#play-side").size.width - 3)

    def _show_moves(self) -> None:
        seats = 2 if self._laid is None else len(self._laid.agent_ids)
        moves = self.query_one(MoveList)
        moves.show_moves(self.steps, seats, self._marks())
        moves.show_ply(len(self.steps))
        choices = self.query_one(Choices)
        names = self._choice()
        listed: list[tuple[int, str]] = []
        if isinstance(names, Names) and self.running:
            listed = [(action, names.label(action)) for action in self._narrowed(names.names)]
        choices.show_choices(listed)
        choices.border_title = Text(f"Legal moves ({len(listed)})" if listed else "Legal moves")
        choices.display = self.running and not isinstance(names, Point)
        if isinstance(names, Point):
            self.query_one(Entry).placeholder = names.text(brief=True).replace("\n", " ")
        self._give_focus()

    def _narrowed(self, legal: Mapping[int, str]) -> list[int]:
        """The legal moves that the piece chosen can make; all without one."""
        grid, position = self.query_one(TableBoard).grid, self.position
        if self._source is None or grid is None or position is None:
            return list(legal)
        return list(pick(cells_of(grid, position.legal), self._source).actions)

    def _give_focus(self) -> None:
        """Put the keys where moves are chosen, unless the person has gone elsewhere."""
        if self.focused is None or (self.focused.id == "play-choices" and not self.focused.display):
            board, position = self.query_one(TableBoard), self.position
            if position is None:
                return
            grid = board.grid
            if grid is not None and (not position.legal or cells_of(grid, position.legal)):
                self.set_focus(board)
            elif position.legal:
                self.set_focus(self.query_one(Choices))
            elif position.bounds is not None:
                self.set_focus(self.query_one(Entry))

    # Choosing a move

    def _choice(self) -> Names | Point | None:
        """What the person may choose from now; None if it is not their turn."""
        position = self.position
        if position is None or not self.running:
            return None
        if position.bounds is not None:
            low, high = (np.array(bound, np.float32) for bound in position.bounds)
            return Point(low, high)
        return Names(position.legal) if position.legal else None

    def _place_cursor(self) -> None:
        grid = read_grid(self.position.drawing) if self.position else None
        drawn = self.position and self.position.legal
        if self.cursor is None and grid is not None and drawn:
            assert self.position is not None
            found = targets(cells_of(grid, self.position.legal))
            self.cursor = found[len(found) // 2] if found else None

    def _play(self, action: Action) -> None:
        """Play a legal action that the last key or click has chosen."""
        position = self.position
        if position is None or not self.running:
            return
        if self._pressed_at < self._shown_at:
            self._say("that key came before the position was shown, so it is no move", bad=True)
        elif not position.asks and self.begun is not None:
            self._say(f"it is not your turn: {self._against()} thinks", bad=True)
        elif self._advance:
            self._say("you have chosen already", bad=True)
        elif self._opponent is not None:
            self._opponent.move(position.number, position.ply, action)
            self._source = None
            if self.begun is None:
                self._advance = position.legal.get(action, "your move") if isinstance(action, int) else "your move"
            self._show()

    @on(Choices.Chosen)
    def _listed(self, message: Choices.Chosen) -> None:
        self._play(message.action)

    @on(Entry.Typed)
    def _typed(self, message: Entry.Typed) -> None:
        choice, entry = self._choice(), message.text.strip()
        if not self._typing:
            self._go_back()
        if choice is None:
            self._say("it is not your turn" if self.running else "the game is over; r plays another", bad=True)
            return
        meant = choice.find(entry)
        if len(meant) == 1:
            self._play(meant[0])
        elif meant:
            self._say(f"{entry!r} means {len(meant)} legal moves; choose one by its number", bad=True)
        elif isinstance(choice, Point):
            self._say(f"{entry!r} is no legal move. {choice.text(brief=True)}", bad=True)
        else:
            self._say(refusal(entry, choice.names, self.query_one(TableBoard).grid), bad=True)

    @on(Board.Pressed)
    def _clicked(self, message: Board.Pressed) -> None:
        self.cursor = message.cell
        self._point(message.cell)

    @on(TableBoard.Pointed)
    def _pointed(self) -> None:
        if self.cursor is not None:
            self._point(self.cursor)

    @on(TableBoard.Moved)
    def _move_cursor(self, message: TableBoard.Moved) -> None:
        grid = self.query_one(TableBoard).grid
        if grid is None or self.cursor is None:
            return
        turn = -1 if self._flipped and grid.turns else 1
        rows, columns = len(grid.cells), len(grid.cells[0])
        row = max(0, min(self.cursor.row + turn * message.rows, rows - 1))
        column = max(0, min(self.cursor.column + turn * message.columns, columns - 1))
        self.cursor = Cell(row, column)
        self._show_board()

    def _point(self, cell: Cell) -> None:
        """The person points at a cell."""
        position, grid = self.position, self.query_one(TableBoard).grid
        if position is None or grid is None or not self.running:
            return
        if not position.legal:
            self._say(f"it is not your turn: {self._against()} thinks", bad=True)
            return
        picked = pick(cells_of(grid, position.legal), cell, self._source)
        if picked.source is not None:
            self._source = None if picked.source == self._source else picked.source
            self._show()
        elif len(picked.actions) == 1:
            self._play(picked.actions[0])
        elif picked.actions:
            self._say(f"{len(picked.actions)} moves go to {cell_name(grid, cell)}; choose one from the list", bad=True)
            self.set_focus(self.query_one(Choices))
        elif self._source is not None:
            self._source = None
            self._say(f"the piece cannot move to {cell_name(grid, cell)}", bad=True)
        else:
            self._say(refusal(cell_name(grid, cell), position.legal, grid), bad=True)

    def on_key(self, event: events.Key) -> None:
        """A character that is no command begins a typed move."""
        self._pressed_at = event.time
        if self._again and event.key not in ("R", "escape"):
            self._again = ""
        character = event.character or ""
        if (
            event.is_printable
            and character not in _COMMANDS
            and not isinstance(self.focused, Entry)
            and character != " "
        ):
            event.stop()
            event.prevent_default()
            entry = self.query_one(Entry)
            self.set_focus(entry)  # at once: the next key is part of the move
            entry.value = character
            entry.cursor_position = 1

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Remember when the click came."""
        self._pressed_at = event.time

    # Commands

    def _say(self, sentence: str, *, bad: bool = False) -> None:
        self._note = Text(plain(sentence), look().warm if bad else "")
        self.query_one("#play-said", Static).update(self._said())

    def action_type(self) -> None:
        """Go to the line to type into, and stay there."""
        self._typing = True
        self.set_focus(self.query_one(Entry))

    def action_hint(self) -> None:
        """Ask what the opponent would play here."""
        if self.running and self.position is not None and self.position.asks and self._opponent is not None:
            self._opponent.advise()
        else:
            self._say("advice comes when it is your turn", bad=True)

    def action_undo(self) -> None:
        """Take back the person's last move."""
        if self._opponent is None or self.position is None:
            return
        if self.running and not self.position.asks:
            self._say("moves are taken back when it is your turn", bad=True)
        else:
            self._opponent.undo()

    def action_resign(self) -> None:
        """Give the game up, when asked twice."""
        if not self.running:
            self._say("the game is over; r plays another", bad=True)
        elif self._again != "resign":
            self._again = "resign"
            self._say("R once more resigns the game", bad=True)
        else:
            self.resigned, self._again = True, ""
            self._show()

    def action_rematch(self) -> None:
        """Play another game at the next seat, or start the opponent again."""
        if self.running:
            self._say("the game is under way; R resigns it", bad=True)
            return
        if self._laid is not None and not self.failure:
            self.seat = (self.seat + 1) % len(self._laid.agent_ids)
        self._sit_down()

    def action_flip(self) -> None:
        """Show the board from the other side."""
        grid = self.query_one(TableBoard).grid
        if grid is None or not grid.turns:
            self._say("this board has no sides to show it from", bad=True)
            return
        self._flipped = not self._flipped
        self._show_board()

    async def action_leave(self) -> None:
        """Leave the line to type into; or the table, when asked twice while a game is under way."""
        entry = self.query_one(Entry)
        if self.focused is entry:
            entry.value, self._typing = "", False
            self._go_back()
        elif (
            self.running
            and any(seat == self.seat for step in self.steps for seat, _ in step)
            and self._again != "leave"
        ):
            self._again = "leave"
            self._say("esc once more leaves the table; the game does not count then", bad=True)
        else:
            await self.run_action("app.return")

    def _go_back(self) -> None:
        """Leave the line to type into."""
        self.set_focus(None)
        self._give_focus()

    def _tick(self) -> None:
        now = time.monotonic()
        position = self.position
        if position is not None and self.running and position.acting:
            mine = self.seat in position.acting and not self._advance
            if mine or self.begun is not None:
                self._times[0 if mine else 1] += now - self._tick_at
            self._show_players()
        self._tick_at = now


def _larger(largest: tuple[int, int], drawing: str) -> tuple[int, int]:
    lines = drawing.split("\n")
    return max(largest[0], *map(len, lines)), max(largest[1], len(lines))
