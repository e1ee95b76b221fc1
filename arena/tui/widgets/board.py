"""The board: one position, as large as its room allows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from arena.tui.look import look
from arena.view.pictures import half_blocks
from arena.view.pieces import is_chequered, winning_cells
from arena.view.replay import Frame
from arena.view.text import plain
from games.drawing.grids import Cell, Grid, changed_cells, read_grid
from games.drawing.large import Board as Drawn
from games.drawing.large import draw_grid
from games.drawing.large_cards import ROOM, fits, large_cards
from games.drawing.spans import Part, spans

Mark = tuple[Cell, Part]
"""A cell and how it is marked."""


def largest_of(frames: Iterable[Frame]) -> tuple[int, int]:
    """Columns and rows of the largest drawing of a match."""
    largest = (0, 0)
    for frame in frames:
        largest = larger_of(largest, frame.drawing)
    return largest


def larger_of(largest: tuple[int, int], drawing: str) -> tuple[int, int]:
    """``largest``, or what is larger in a drawing."""
    lines = plain(drawing, lines=True).split("\n")
    return max(largest[0], *map(cell_len, lines)), max(largest[1], len(lines))


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    """What :meth:`Board.show_position` was given."""

    frame: Frame
    before: Frame | None
    game: str
    marks: tuple[Mark, ...]
    flipped: bool
    largest: tuple[int, int]


class Board(ScrollView, can_focus=False):
    """One position. Boards with cells grow with the room; pictures are shown in half blocks, all else as text.

    Lines of text that are too long are wrapped. Text that is too high is shown from its end, where the newest part of a
    history stands, and can be scrolled.
    """

    @dataclass
    class Pressed(Message):
        """A cell was clicked."""

        board: Board
        cell: Cell

        @property
        def control(self) -> Board:
            """The board."""
            return self.board

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._shown: _Shown | str = ""
        self._lines: list[Text] = []
        self._drawn: Drawn | None = None
        self._left = self._top = 0

    @property
    def grid(self) -> Grid | None:
        """The cells of the position; None where it has none."""
        return read_grid(self._shown.frame.drawing) if isinstance(self._shown, _Shown) else None

    def show_position(
        self,
        frame: Frame,
        before: Frame | None = None,
        *,
        game: str = "",
        marks: Sequence[Mark] = (),
        flipped: bool = False,
        largest: tuple[int, int] = (0, 0),
    ) -> None:
        """Show a position.

        Args:
            frame: the position.
            before: the one before it; what differs is marked.
            game: the game's spec, by which its board is chequered and the line that has won is found.
            marks: more cells to mark, such as a cursor; later marks lie over earlier ones.
            flipped: whether to show a board from the other side, where it has sides.
            largest: columns and rows of the largest drawing of the match: text without cells stays in its place then.
        """
        self._shown = _Shown(frame, before, game, tuple(marks), flipped, largest)
        self._draw()

    def say(self, sentence: str) -> None:
        """Show a sentence instead of a position."""
        self._shown = sentence
        self._draw()

    def show_again(self) -> None:
        """Draw the same again, as after a change of theme."""
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def on_click(self, event: events.Click) -> None:
        """Tell which cell was clicked."""
        offset = event.get_content_offset(self)
        if self._drawn is None or offset is None:
            return
        x, y = offset.x + round(self.scroll_x) - self._left, offset.y + round(self.scroll_y) - self._top
        cell = self._drawn.cell_at(x, y)
        if cell is not None:
            self.post_message(self.Pressed(self, cell))

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        row, column = y + round(self.scroll_y), round(self.scroll_x)
        width, style = self.scrollable_content_region.width, self.rich_style
        at = row - self._top
        if not 0 <= at < len(self._lines):
            return Strip.blank(width, style)
        line = Strip(self._lines[at].render(self.app.console)).simplify()
        if self._left:
            line = Strip.join([Strip.blank(self._left), line])
        return line.crop(column, column + width).extend_cell_length(width).apply_style(style)

    def _draw(self) -> None:
        room = self.size
        if not room.width or not room.height:
            return
        drawn: Drawn | None = None
        if isinstance(self._shown, str):
            text = Text(plain(self._shown), look().faint)
            self._lines = list(text.wrap(self.app.console, min(room.width, 60), overflow="fold"))
        else:
            self._lines, drawn = self._position(self._shown, room)
        self._drawn = drawn
        for line in self._lines:
            line.end = ""
        width, height = max((line.cell_len for line in self._lines), default=0), len(self._lines)
        self.virtual_size = Size(max(width, 1), max(height, 1))
        # What changes from position to position must not move the board: the footer of a grid, the length of a text.
        if drawn is not None:
            width = max(map(len, drawn.lines[: height - len(drawn.grid.footer)]))
        elif isinstance(self._shown, _Shown) and self._shown.frame.picture is None:
            columns, rows = self._shown.largest
            tall = height > rows and rows > 0  # cards as boxes
            width, height = max(width, columns), max(height, rows * (ROOM[0] if tall else 1))
            self.scroll_to(y=max(0, len(self._lines) - room.height), animate=False, force=True)
        self._left = max(0, (room.width - width) // 2)
        self._top = max(0, (room.height - height) // 2)
        self.refresh()

    def _position(self, shown: _Shown, room: Size) -> tuple[list[Text], Drawn | None]:
        frame = shown.frame
        if frame.picture is not None:
            picture = Text.from_ansi(half_blocks(frame.picture, room.width, room.height))
            return list(picture.split("\n")), None
        drawing = plain(frame.drawing, lines=True)
        before = plain(shown.before.drawing, lines=True) if shown.before is not None else None
        grid = read_grid(drawing)
        colours = look()
        if grid is None:
            columns, rows = shown.largest
            if rows and fits(columns, rows, room.width, room.height) and (larger := large_cards(drawing)) is not None:
                drawing, before = larger, None if before is None else large_cards(before)
            text = Text(drawing)
            for start, end, part in spans(drawing, before):
                text.stylize(colours.part(part), start, end)
            wrapped = self._wrapped(text, room.width)
            if len(wrapped) > room.height:
                wrapped = self._wrapped(text, room.width - self.styles.scrollbar_size_vertical)
            return wrapped, None
        drawn = draw_grid(
            grid,
            room.width,
            room.height,
            marks=(
                *_changes(grid, before),
                *[(cell, "winning") for cell in winning_cells(shown.game, grid) if not frame.acting],
                *shown.marks,
            ),
            flipped=shown.flipped,
        )
        width = max(max(map(len, drawn.lines)), max((span.end for span in drawn.spans), default=0))
        lines = [Text(line.ljust(width)) for line in drawn.lines]
        if colours.scaled and is_chequered(shown.game):
            _chequer(lines, drawn)
        for span in drawn.spans:
            lines[span.row].stylize(colours.part(span.part), span.start, span.end)
        return lines, drawn

    def _wrapped(self, text: Text, width: int) -> list[Text]:
        """The lines of a text, each in as many as it needs; what goes on is indented."""
        found: list[Text] = []
        for line in text.split("\n", allow_blank=True):
            if line.cell_len <= width:
                found.append(line)
            else:
                first, *rest = line.wrap(self.app.console, max(1, width - len(_INDENT)), overflow="fold")
                found += [first, *(Text(_INDENT) + each for each in rest)]
        return found


def _chequer(lines: list[Text], drawn: Drawn) -> None:
    """Give half of the squares another background, as of :attr:`arena.view.theme.Palette.square`."""
    colours, (width, height) = look(), drawn.cell_size
    for row, cells in enumerate(drawn.grid.cells):
        for column in range(len(cells)):
            if (row + column) % 2 != colours.dark:
                x, y = drawn.place(Cell(row, column))
                for line in lines[y : y + height]:
                    line.pad_right(max(0, x + width - len(line)))  # the last column ends with its piece
                    line.stylize(f"on {colours.square}", x, x + width)


_INDENT = "  "
"""What stands before the rest of a line that is too long."""

_MOST_CHANGED = 6
"""If more cells change, they do not show the move."""


def _changes(grid: Grid, before: str | None) -> list[Mark]:
    old = None if before is None else read_grid(before)
    if old is None or [*map(len, old.cells)] != [*map(len, grid.cells)]:
        return []
    cells = changed_cells(old, grid)
    return [(cell, "changed") for cell in cells] if len(cells) <= _MOST_CHANGED else []
