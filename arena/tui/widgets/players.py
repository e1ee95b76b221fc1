"""Who plays: the agent at each seat, in the colour of its pieces, with what it got."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from arena.tui.keys import PLAYERS, bindings
from arena.tui.look import look
from arena.tui.widgets.cells import strip_of
from arena.view.text import plain
from arena.view.theme import TO_MOVE


@dataclass(frozen=True, slots=True)
class Player:
    """One seat as it is shown.

    Attributes:
        seat: the seat.
        name: of the agent that sits there.
        mark: how its pieces look, or the name of the seat, such as ``p0``.
        note: what stands after the name, such as the result.
        style: of the note.
        to_move: whether it acts now.
    """

    seat: int
    name: str
    mark: str
    note: str = ""
    style: str = ""
    to_move: bool = False


def seat_colour(seat: int) -> str:
    """The colour of a seat: that of its pieces where it has any."""
    colours = look().seats
    return colours[seat % len(colours)]


class Players(ScrollView, can_focus=True, inherit_bindings=False):
    """One line a seat. ``enter`` or a click on a name asks for the agent's page."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(PLAYERS)

    @dataclass
    class Chosen(Message):
        """A seat was chosen."""

        seat: int

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._players: tuple[Player, ...] = ()
        self._cursor = 0

    def show_players(self, players: Sequence[Player]) -> None:
        """Show the seats."""
        self._players = tuple(players)
        self._cursor = min(self._cursor, max(0, len(players) - 1))
        self.virtual_size = Size(1, len(players))
        self.styles.height = max(1, min(len(players), 6))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One seat."""
        at, width = y + round(self.scroll_y), self.scrollable_content_region.width
        if at >= len(self._players):
            return Strip.blank(width, self.rich_style)
        player, colours = self._players[at], look()
        colour = seat_colour(player.seat)
        note = Text(f" {player.note}" if player.note else "", player.style, end="")
        name = Text(plain(player.name), f"bold {colour}", end="")
        text = Text(f"{TO_MOVE if player.to_move else ' '} ", colours.accent, end="")
        text.append(f"{player.mark} ", colour)
        name.truncate(max(4, width - text.cell_len - note.cell_len), overflow="ellipsis")
        text.append_text(name).append_text(note)
        if self.has_focus and at == self._cursor:
            text.pad_right(max(0, width - text.cell_len))
            text.stylize(f"on {colours.panel}")
        return strip_of(self, text, width)

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Choose the seat that was clicked."""
        at = event.y + round(self.scroll_y)
        if at < len(self._players):
            self._cursor = at
            self.action_choose()

    def action_cursor(self, by: int) -> None:
        """Move the cursor."""
        self._cursor = max(0, min(self._cursor + by, len(self._players) - 1))
        self.scroll_to_region_line(self._cursor)
        self.refresh()

    def action_choose(self) -> None:
        """Choose the seat under the cursor."""
        if self._players:
            self.post_message(self.Chosen(self._players[self._cursor].seat))

    def scroll_to_region_line(self, line: int) -> None:
        """Scroll so that ``line`` is in sight."""
        height = max(1, self.size.height)
        top = round(self.scroll_y)
        if not top <= line < top + height:
            self.scroll_to(y=line - height // 2, animate=False)
