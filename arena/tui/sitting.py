"""A person's game as they know it, and how it is put into words: what the play screen shows."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from rich.style import Style
from rich.text import Text

from agents.human import Names, Point
from arena.play.analysis import Choice, Opinion
from arena.play.opponent import Seating
from arena.play.told import Advice, Begun, Laid, Over, Position, Refused, Step, Told
from arena.tui.look import look, pressing
from arena.tui.widgets.board import Mark, larger_of
from arena.tui.widgets.opinions import policy_text
from arena.tui.widgets.players import Player
from arena.view.choosing import cells_of, pick, targets
from arena.view.pieces import marks_of, pieces
from arena.view.replay import Frame
from arena.view.text import plain, signed
from games.drawing.grids import Cell, Grid, read_grid


class Sitting:
    """One game of the person, from the moment they sit down.

    Args:
        seating: who plays what.
        seat: the person's seat.
        number: of the game at this table; messages about other games are ignored.
        laid: the game that lies on the table; None before that is known.

    Attributes:
        seating, seat, number, laid: the arguments.
        position: the newest position; None before the first.
        begun: how the game began; None while the opponent loads.
        over: how it ended; None before.
        failure: why it cannot go on; empty while it can.
        resigned: whether the person gave it up.
        undone: whether a move was taken back.
        steps: the steps so far, as far as the person knows them.
        before: the position before; None at the start.
        largest: columns and rows of the largest drawing so far.
        cursor, source: the cell under the cursor, and the one whose piece is to move.
        advance: the move that was chosen before the opponent was there; empty without one.
        note: the answer to what the person did last.
        advice: what the opponent thinks of the position; None if it was not asked.
    """

    def __init__(self, seating: Seating, seat: int, number: int, laid: Laid | None = None) -> None:
        self.seating, self.seat, self.number, self.laid = seating, seat, number, laid
        self.position: Position | None = None
        self.begun: Begun | None = None
        self.over: Over | None = None
        self.failure = ""
        self.resigned = self.undone = False
        self.steps: list[Step] = []
        self.before: Frame | None = None
        self.largest = (0, 0)
        self.cursor: Cell | None = None
        self.source: Cell | None = None
        self.advance = self.note = ""
        self.advice: Advice | None = None
        self._times = [0.0, 0.0]  # seconds of the person, and of the others
        self._clock = time.monotonic()

    @property
    def running(self) -> bool:
        """Whether the game is under way."""
        return not (self.over or self.resigned or self.failure)

    @property
    def seats(self) -> int:
        """Number of seats; 2 before that is known."""
        return 2 if self.laid is None else len(self.laid.agent_ids)

    @property
    def marks(self) -> list[str]:
        """What stands for each seat."""
        return marks_of(self.seating.game, self.seats)

    @property
    def opponent(self) -> str:
        """The opponent's name, safe to show."""
        return plain(self.seating.name)

    @property
    def has_moved(self) -> bool:
        """Whether the person has made a move."""
        return any(seat == self.seat for step in self.steps for seat, _ in step)

    def hear(self, told: Told) -> bool:
        """Take what the opponent's process tells; returns whether there is a new position to choose in."""
        if getattr(told, "number", self.number) != self.number or self.resigned:
            return False
        match told:
            case Laid():
                self.laid = told
            case Begun():
                self.begun = told
            case Position():
                return self._moved(told)
            case Over():
                self._ended(told)
            case Advice() if self.position is not None and told.ply == self.position.ply:
                self.advice = told
            case Refused():
                self.note = told.why
        return False

    def _moved(self, position: Position) -> bool:
        old = self.position
        new = old is None or old.ply != position.ply
        if old is not None and new:
            back = old.ply > position.ply or self.over is not None
            self.before, self.undone = None if back else self._frame(old), self.undone or back
            self.source, self.advice, self.note = None, None, ""
        self.position, self.over = position, None
        self.largest = larger_of(self.largest, position.drawing)
        self.steps[position.first :] = position.steps
        if position.asks:
            self.advance = ""
        grid = read_grid(position.drawing)
        if self.cursor is None and grid is not None and position.legal:
            found = targets(cells_of(grid, position.legal))
            self.cursor = found[len(found) // 2] if found else None
        return new

    def _ended(self, over: Over) -> None:
        if self.position is not None:
            self.before = self._frame(self.position)
        self.over, self.steps, self.note = over, list(over.steps), ""
        self.largest = larger_of(self.largest, over.drawing or "")

    # The board

    @property
    def frame(self) -> Frame | None:
        """The position to show; None before there is one."""
        if self.over is not None and self.over.drawing is not None:
            return Frame(self.over.ply, (), self.over.drawing, (), ())
        return None if self.position is None else self._frame(self.position)

    def _frame(self, position: Position) -> Frame:
        return Frame(position.ply, (), position.drawing, (position.got,), position.acting or (self.seat,))

    def cell_marks(self, grid: Grid | None) -> list[Mark]:
        """The cells to mark: those that may be chosen, the hint, the piece to move, and the cursor."""
        position = self.position
        if position is None or grid is None or not self.running or not position.legal or self.advance:
            return []
        cells = cells_of(grid, position.legal)
        marks: list[Mark] = [(cell, "legal") for cell in targets(cells, self.source)]
        if self.advice is not None and self.advice.best:
            way = cells.get(self.advice.best[0][0], ())
            marks += [(cell, "winning") for cell in (way[-1:] if len(way) != 2 else way)]
        if self.source is not None:
            marks.append((self.source, "changed"))
        if self.cursor is not None and marks:
            ways = [cells[action] for action in pick(cells, self.cursor, self.source).actions]
            # In a column the piece falls down, so the cursor is where it lands.
            marks.append((ways[0][-1] if len(ways) == 1 and len(ways[0]) > 2 else self.cursor, "cursor"))
        return marks

    def choice(self) -> Names | Point | None:
        """What the person may choose from; None if it is not their turn."""
        position = self.position
        if position is None or not self.running:
            return None
        if position.bounds is not None:
            low, high = (np.array(bound, np.float32) for bound in position.bounds)
            return Point(low, high)
        return Names(position.legal) if position.legal else None

    def listed(self, grid: Grid | None) -> list[tuple[int, str]]:
        """The legal moves to list, ``(action, label)``: those of the piece that is chosen, or all."""
        names = self.choice()
        if not isinstance(names, Names):
            return []
        shown: Sequence[int] = tuple(names.names)
        if self.source is not None and grid is not None:
            shown = pick(cells_of(grid, names.names), self.source).actions
        return [(action, names.label(action)) for action in shown]

    # In words

    def title(self) -> Text:
        """The game, the opponent, and whether it is recorded."""
        colours = look()
        line = Text(no_wrap=True, overflow="ellipsis").append(plain(self.seating.game), f"bold {colours.accent}")
        line.append("  you against ", colours.faint).append(plain(self.seating.against), "bold")
        if self.undone:
            kept = "not recorded, because a move was taken back"
        elif self.begun is not None and self.begun.kept:
            kept = f"recorded in {plain(self.begun.kept)} when it is over"
        else:
            kept = "not recorded"
        line.append(f"  {kept}  ", colours.faint)
        return line.append("esc leaves", Style.parse(colours.faint) + pressing("escape"))

    def heading(self) -> str:
        """Which pieces are the person's, and who moves first."""
        laid, position = self.laid, self.position
        if laid is None:
            return ""
        own = pieces(laid.game)
        who = f"You are {own[self.seat].name if self.seat < len(own) else plain(laid.agent_ids[self.seat])}"
        if laid.together:
            return f"{who} · all move at once"
        first = self.steps[0][0][0] if self.steps and self.steps[0] else None
        if first is None and position is not None and not position.ply and position.acting:
            first = position.acting[0]
        if first is None or self.seats == 1:
            return who
        return f"{who} · {'you move first' if first == self.seat else f'{self.opponent} moves first'}"

    def players(self) -> list[Player]:
        """The seats, with their clocks, or what they got."""
        marks, colours, position = self.marks, look(), self.position
        acting = position.acting if position is not None and self.running else ()
        players = []
        for seat in range(self.seats):
            mine = seat == self.seat
            if self.over is not None:
                result = self.over.results[seat]
                note, style = f"{result} {signed(self.over.returns[seat])}", colours.result(result)
            else:
                clock = round(self._times[0 if mine else 1])
                got = f"{signed(position.got)}  " if mine and position is not None and position.got else ""
                note, style = f"{got}{clock // 60}:{clock % 60:02}", colours.faint
            players.append(Player(seat, "you" if mine else self.seating.name, marks[seat], note, style, seat in acting))
        return players

    def said(self) -> Text:
        """The answer to what the person did last, and what happens now."""
        colours, position = look(), self.position
        if self.failure:
            return Text(f"{plain(self.failure)}; ", colours.bad).append("r starts again", pressing("r"))
        if self.resigned:
            kept = "A game that is not played to its end is not recorded"
            text = Text(f"You resigned. {kept}; ", colours.warm)
            return text.append("r plays another", pressing("r")).append(".")
        text = Text(f"{self.note}\n" if self.note else "", colours.warm)
        if self.over is not None:
            text.append(f"{self.over.sentence[:1].upper()}{self.over.sentence[1:]}.", "bold")
            kept = f" Recorded as match {self.over.match}." if self.over.match else ""
            text.append(f"{kept} ", colours.faint)
            return text.append("r plays another", Style.parse(colours.faint) + pressing("r")).append(".", colours.faint)
        if position is None:
            return text.append("setting the table ...", colours.faint)
        if self.advance:
            text.append(f"{plain(self.advance)}: waits for {self.opponent}, which is loading")
        elif self.begun is None:
            rest = "; choose your move meanwhile" if self.seat in position.acting else ""
            text.append(f"{self.opponent} is loading{rest}")
        elif position.asks:
            text.append("Where to?" if self.source is not None else "Your move.", f"bold {colours.good}")
        else:
            text.append(f"{self.opponent} thinks ...", colours.faint)
        return text

    def advised(self, width: int) -> Text | None:
        """What the opponent thinks of the position, in ``width`` columns; None if it was not asked."""
        advice, colours = self.advice, look()
        if advice is None or not self.running:
            return None
        if advice.problem:
            return Text(plain(advice.problem), colours.warm)
        text = Text(self.opponent, colours.faint)
        if advice.value is not None:
            text.append(" expects ").append(f"{advice.value:+.2f}", f"bold {colours.foreground}").append(" for you")
        if advice.best:
            best = tuple(Choice(action, name, share) for action, name, share in advice.best)
            text.append(" and would play\n" if advice.value is not None else " would play\n")
            text.append_text(policy_text(Opinion(advice.ply, self.seat, None, best), width))
        return text

    def tick(self) -> None:
        """Let the clocks go on."""
        now = time.monotonic()
        if self.position is not None and self.running and self.position.acting:
            mine = self.seat in self.position.acting and not self.advance
            if mine or self.begun is not None:
                self._times[0 if mine else 1] += now - self._clock
        self._clock = now
