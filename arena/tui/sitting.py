"""A person's game as they know it, and how far they have come in choosing a move."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from agents.human import Names, Point
from arena.play.opponent import Seating
from arena.play.told import Advice, Begun, Laid, Over, Position, Recorded, Refused, Step, Told
from arena.tui.keys import TABLE_APP, characters
from arena.tui.widgets.board import Mark, larger_of
from arena.view.choosing import cell_name, cells_of, listed, moves_pieces, pick, refusal, targets
from arena.view.pieces import marks_of
from arena.view.replay import Frame
from arena.view.text import plain
from games.contract import Action
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
        ply: the position that is looked at, once it is over.
        failure: why it cannot go on; empty while it can.
        resigned: whether the person gave it up.
        undone: whether a move was taken back.
        moved: whether the person has made a move.
        steps: the steps so far, as far as the person knows them.
        largest: columns and rows of the largest drawing so far.
        beside: the legal moves for which the board has no cell, such as a pass; none where no move is made on it.
        cursor, source, target: the cell under the cursor, the one whose piece is to move, and the one that several
            moves go to.
        advance: the move that was chosen before the opponent was there; empty without one.
        note: the answer to the person's choice.
        answer: the answer to another key of theirs, until the next one.
        advice: what the opponent thinks of the position; None if it was not asked.
        times: seconds of the person, and of the others.
    """

    def __init__(self, seating: Seating, seat: int, number: int, laid: Laid | None = None) -> None:
        self.seating, self.seat, self.number, self.laid = seating, seat, number, laid
        self.position: Position | None = None
        self.begun: Begun | None = None
        self.over: Over | None = None
        self.ply = 0
        self.failure = ""
        self.resigned = self.undone = self.moved = False
        self.steps: list[Step] = []
        self._initials: set[str] = set()  # of the names of legal moves so far
        self.largest = (0, 0)
        self.beside: tuple[int, ...] = ()
        self.cursor: Cell | None = None
        self.source: Cell | None = None
        self.target: Cell | None = None
        self.advance = self.note = self.answer = ""
        self.advice: Advice | None = None
        self._before: Frame | None = None  # the position before; None at the start
        self.times = [0.0, 0.0]
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
    def kept(self) -> str:
        """Where the game is recorded, or will be; empty if nowhere."""
        return "" if self.begun is None or self.undone or self.resigned else self.begun.kept

    @property
    def is_for_a_league(self) -> bool:
        """Whether it is to be recorded when it is played to its end."""
        return self.seating.league is not None and not self.undone

    @property
    def at_stake(self) -> str:
        """What to ask before this game is left; empty where nothing is lost."""
        if self.over is not None and self.over.unrecorded and not self.failure:
            return "The game is not recorded yet. Lose it?"
        return "The game is not over. Leave it?" if self.running and self.moved else ""

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
            case Recorded() if self.over is not None:
                self.over, self.begun = (
                    replace(self.over, match=told.match, unrecorded=""),
                    Begun(told.number, told.place),
                )
            case Refused() if self.over is not None and self.over.unrecorded:
                self.over = replace(self.over, unrecorded=told.why)
            case Refused():
                self.note = told.why
        return False

    def _moved(self, position: Position) -> bool:
        old = self.position
        new = old is None or old.ply != position.ply
        if old is not None and new:
            back = old.ply > position.ply or self.over is not None
            self._before, self.undone = None if back else self._frame(old), self.undone or back
            self.advice = None
            self.let_go()
        self.position, self.over = position, None
        self._initials.update(name[0] for name in (*position.legal.values(), *position.routes.values()) if name)
        self.largest = larger_of(self.largest, position.drawing)
        self.steps[position.first :] = position.steps
        if position.asks:
            self.advance = ""
        grid = read_grid(position.drawing)
        cells = {} if grid is None else cells_of(grid, position.ways)
        self.beside = tuple(action for action in position.legal if action not in cells) if cells else ()
        if self.cursor is None and cells:
            found = targets(cells)
            self.cursor = found[len(found) // 2]
        return new

    def _ended(self, over: Over) -> None:
        self.over, self.steps, self.ply = over, list(over.steps), over.ply
        self.let_go()
        for drawing in over.drawings:
            self.largest = larger_of(self.largest, drawing)

    @property
    def letters(self) -> frozenset[str]:
        """Characters that begin a typed move, also where they are keys. Small letters do so for capital ones, but those
        of the app, such as ``q``, only where a name has the small one."""
        if not self.running:
            return frozenset()
        return frozenset(self._initials | ({each.lower() for each in self._initials} - characters(TABLE_APP)))

    def keys(self, grid: Grid | None) -> tuple[str, ...]:
        """The actions that the person may want once the game is over; empty while it runs.

        Args:
            grid: the board; None without one.
        """
        if self.running:
            return ()
        waits = self.over is not None and bool(self.over.unrecorded)
        past = self.over is not None and len(self.over.drawings) > 1
        turns = grid is not None and grid.turns
        return (*["record"] * waits, "rematch", *["step(-1)"] * past, *["flip"] * turns)

    # The board

    @property
    def frame(self) -> Frame | None:
        """The position to show; None before there is one."""
        if self.over is not None and self.over.drawings:
            return self._past(self.over, self.ply)
        return None if self.position is None else self._frame(self.position)

    @property
    def before(self) -> Frame | None:
        """The one before it; None at the start."""
        if self.over is not None and self.over.drawings:
            return self._past(self.over, self.ply - 1) if self.ply else None
        return self._before

    def look_at(self, ply: int) -> None:
        """Look at a position of the game that is over, or at the nearest one."""
        if self.over is not None and self.over.drawings:
            self.ply = max(0, min(ply, len(self.over.drawings) - 1))

    def _past(self, over: Over, ply: int) -> Frame:
        return Frame(ply, (), over.drawings[ply], (), (self.seat,) if ply < len(over.drawings) - 1 else ())

    def _frame(self, position: Position) -> Frame:
        return Frame(position.ply, (), position.drawing, (position.got,), position.acting or (self.seat,))

    def cell_marks(self, grid: Grid | None) -> list[Mark]:
        """The cells to mark: those that may be chosen, the hint, the piece to move, and the cursor."""
        position = self.position
        if position is None or grid is None or not self.running or not position.legal or self.advance:
            return []
        cells = cells_of(grid, position.ways)
        found = targets(cells, self.source)
        marks: list[Mark] = [(cell, "target") for cell in found if self.source is not None]
        marks += [(cell, "legal") for cell in found]
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
        """The legal moves to list, ``(action, label)``: those of the piece that is chosen, or all, first those beside
        the board."""
        names, position = self.choice(), self.position
        if not isinstance(names, Names) or position is None:
            return []
        shown: Sequence[int] = sorted(names.names, key=lambda action: action not in self.beside)
        here = self.target or self.source
        if here is not None and grid is not None:
            shown = pick(cells_of(grid, position.ways), here, self.source if self.target else None).actions
        return [(action, names.label(action)) for action in shown]

    # Choosing a move

    def let_go(self) -> bool:
        """Put the piece that is to move back; returns whether there was one."""
        held = self.source is not None or self.target is not None
        self.source, self.target, self.note, self.answer = None, None, "", ""
        return held

    def point(self, cell: Cell, grid: Grid) -> Action | None:
        """The person points at a cell. Returns the move that it means; where it means none yet, the piece to move is
        chosen, or :attr:`note` says what is missing."""
        self.cursor = cell
        position, start = self.position, self.source
        if position is None or not self.running:
            return None
        self.let_go()
        if not position.legal:
            self.note = f"it is not your turn: {self.opponent} thinks"
            return None
        cells, name = cells_of(grid, position.ways), cell_name(grid, cell)
        picked = pick(cells, cell, start)
        if picked.source is not None:
            self.source = None if picked.source == start else picked.source
        elif len(picked.actions) == 1:
            return picked.actions[0]
        elif picked.actions:
            self.source, self.target = start, cell
            self.note = f"Which move to {name}? {listed([position.legal[action] for action in picked.actions])}"
        elif start is not None:
            self.note = f"the piece cannot move to {name}"
        elif moves_pieces(cells):
            self.note = f"no piece that may move stands on {name}"
        else:
            self.note = refusal(name, position.legal, grid)
        return None

    def typed(self, entry: str, grid: Grid | None) -> Action | None:
        """The move that the person has typed; where it is none, :attr:`note` says why."""
        choice, position = self.choice(), self.position
        if choice is None or position is None:
            self.note = "it is not your turn" if self.running else "the game is over"
            return None
        meant = choice.find(entry) or [each for each, route in position.routes.items() if route == entry.lower()]
        if len(meant) == 1:
            return meant[0]
        if meant:
            self.note = f"{entry!r} means {len(meant)} legal moves; choose one from the list"
        elif isinstance(choice, Point):
            self.note = f"{entry!r} is no legal move. {choice.text(brief=True)}"
        else:
            moves = grid is not None and moves_pieces(cells_of(grid, position.ways))
            self.note = refusal(entry, choice.names, None if moves else grid)
        return None

    def move_cursor(self, rows: int, columns: int, grid: Grid) -> None:
        """Move the cursor over the board."""
        if self.cursor is not None:
            row = max(0, min(self.cursor.row + rows, len(grid.cells) - 1))
            self.cursor = Cell(row, max(0, min(self.cursor.column + columns, len(grid.cells[0]) - 1)))

    def is_chosen_on(self, grid: Grid | None) -> bool:
        """Whether moves can be chosen on the board ``grid``."""
        position = self.position
        return position is not None and grid is not None and (not position.legal or bool(cells_of(grid, position.ways)))

    def tick(self) -> None:
        """Let the clocks go on."""
        now = time.monotonic()
        if self.position is not None and self.running and self.position.acting:
            mine = self.seat in self.position.acting and not self.advance
            if mine or self.begun is not None:
                self.times[0 if mine else 1] += now - self._clock
        self._clock = now
