"""The moves of a match, as players write them down."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.text import Text
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from arena.tui.look import look
from arena.tui.widgets.cells import strip_of
from arena.tui.widgets.players import seat_colour
from arena.view.text import plain

_GAP = 1

Step = tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class _Made:
    """One step: the position after it, and what each seat did."""

    ply: int
    moves: tuple[tuple[int, str], ...]


class MoveList(ScrollView, can_focus=False):
    """The steps of a match. Where two seats move in turn, a line holds the moves of both; otherwise one step.

    A click on a move asks for the position after it.
    """

    @dataclass
    class Chosen(Message):
        """The position ``ply`` is wanted."""

        ply: int

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: list[tuple[_Made | None, ...]] = []
        self._numbers = 1
        self._ply = 0
        self._paired = False
        self._signs: Mapping[int, str] = {}
        self._marks: Sequence[str] = ()

    @property
    def columns(self) -> int:
        """Moves a line."""
        return 2 if self._paired else 1

    def show_moves(self, steps: Sequence[Step], seats: int, marks: Sequence[str]) -> None:
        """Show the moves of a match.

        Args:
            steps: ``(seat, name of its action)`` of every step.
            seats: number of seats.
            marks: what stands before the move of each seat where a line holds the moves of a step.
        """
        made = [_Made(ply, moves) for ply, moves in enumerate(steps, 1) if moves]
        movers = [each.moves[0][0] for each in made if len(each.moves) == 1]
        self._paired = seats == 2 and len(movers) == len(made) and all(a != b for a, b in itertools.pairwise(movers))
        self._lines = []
        if self._paired:
            padded: list[_Made | None] = [*made]
            self._lines = [tuple(padded[at : at + 2]) for at in range(0, len(padded), 2)]
        else:
            self._lines = [(each,) for each in made]
        self._marks = marks
        self._numbers = len(str(len(self._lines))) + 1
        self.virtual_size = Size(1, len(self._lines))
        self.refresh()

    def show_signs(self, signs: Mapping[int, str]) -> None:
        """Show a sign after moves, such as the share of a policy: ply after the move -> sign."""
        self._signs = signs
        self.refresh()

    def show_ply(self, ply: int) -> None:
        """Light the move that led to ``ply``, and keep it in sight."""
        self._ply = ply
        line = max(0, (ply - 1) // self.columns)
        height, top = max(1, self.scrollable_content_region.height), round(self.scroll_y)
        if not top <= line < top + height:
            self.scroll_to(y=max(0, line - height // 2), animate=False)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line."""
        at, width = y + round(self.scroll_y), self.scrollable_content_region.width
        if at >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        text = Text(no_wrap=True).append(f"{at + 1:>{self._numbers}} ", look().faint)
        room = self._room(width)
        for made in self._lines[at]:
            cell = self._cell(made, room) if made else Text("")
            cell.pad_right(max(0, room - cell.cell_len))
            text.append_text(cell)
        return strip_of(self, text, width)

    def on_click(self, event: events.Click) -> None:
        """Ask for the position after the move that was clicked."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        at = offset.y + round(self.scroll_y)
        column = max(0, offset.x - self._numbers - 1) // max(1, self._room(self.scrollable_content_region.width))
        if at < len(self._lines):
            made = self._lines[at][min(column, len(self._lines[at]) - 1)]
            if made is not None:
                self.post_message(self.Chosen(made.ply))

    def _room(self, width: int) -> int:
        return max(1, (width - self._numbers - 1) // self.columns)

    def _cell(self, made: _Made, room: int) -> Text:
        colours = look()
        text = Text(" ", end="")
        for number, (seat, name) in enumerate(made.moves):
            mark = "" if self._paired else f"{self._marks[seat]} " if seat < len(self._marks) else f"p{seat} "
            text.append("  " if number else "")
            text.append(mark, seat_colour(seat))
            text.append(plain(name), "" if self._paired else colours.foreground)
        sign = self._signs.get(made.ply, "")
        free = room - _GAP - text.cell_len - len(sign)
        if sign and free >= _GAP:  # the name of the move comes first
            text.pad_right(free)
            text.append(sign, colours.faint)
        text.truncate(max(1, room - _GAP), overflow="ellipsis")
        if made.ply == self._ply:
            text.pad_right(max(0, room - _GAP - text.cell_len))
            text.stylize(f"bold {colours.background} on {colours.accent}")
        return text
