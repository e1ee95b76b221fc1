"""The match list: a window over any number of matches, newest at the top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from arena.tui.keys import PAGES, TABLE, bindings
from arena.tui.look import look
from arena.tui.match_pages import AROUND, Page
from arena.tui.widgets.cells import row_style
from arena.view.outcome import SeatResult, returns_text, seat_results
from arena.view.text import LOADING, duration, moment, plain, short_name
from leagues.records import Match

_GAP = 2
_LEAST_NAME = 8
"""Columns that a member's name has at least."""

_WHEEL = 3
"""Rows that a turn of the wheel scrolls."""

_MINUTE = 60.0
_BAR, _THUMB = "│", "┃"


class MatchList(Widget, can_focus=True):
    """Shows the part of a :class:`~arena.tui.match_pages.Page` that fits, and asks for another page near its ends.

    The cursor stays on its match when matches come, and on its line of the screen. It is always in sight.

    Attributes:
        page: what the list has of the matches.
        playing: ID of a match that is marked as being played; 0 for none.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(TABLE), *bindings(PAGES)]

    @dataclass
    class Moved(Message):
        """The person has moved the cursor."""

        match: Match

    @dataclass
    class Chosen(Message):
        """The person wants to see a match."""

        match: Match

    @dataclass
    class Wanted(Message):
        """The list needs the matches around the ID ``at``; the newest for None. ``jump``: the cursor goes there."""

        at: int | None
        jump: bool = False

    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self.playing = 0
        self._cursor = 0  # index in the page
        self._top = 0  # index of the first row in sight
        self._columns: tuple[_Column, ...] = ()
        self._length = 0  # columns of the screen that they take
        self._names = 0  # columns of the screen of the longest name so far
        self._sentence = LOADING

    @property
    def match(self) -> Match | None:
        """The match under the cursor; None without any."""
        return self.page.matches[self._cursor] if self.page.matches else None

    @property
    def newer_above(self) -> bool:
        """Whether there are newer matches than those in sight."""
        return bool(self.page.matches) and (self._top > 0 or not self.page.first)

    @property
    def height(self) -> int:
        """Number of rows that fit."""
        return max(1, self.size.height - 1)

    # What the screen calls

    def show_page(self, page: Page, *, at: int | None = None, empty: str = "") -> None:
        """Show a page.

        Args:
            page: the page.
            at: ID of the match that the cursor goes to, or nearest to it; None: it stays on its match.
            empty: what is said where the list has no match.
        """
        before = self.match
        line = self._cursor - self._top
        key = at if at is not None else before.id if before is not None else page.newest
        if page.teams != self.page.teams or not page.matches:
            self._names = 0
        self.page, self._sentence = page, empty
        self._cursor = next(
            (index for index, match in enumerate(page.matches) if match.id <= key), max(0, len(page.matches) - 1)
        )
        self._top = self._cursor - line
        self._lay_out()

    def on_resize(self) -> None:
        self._lay_out()

    def show_again(self) -> None:
        """Draw everything again, as after a change of theme."""
        self._lay_out()

    def mark_playing(self, match_id: int) -> None:
        """Mark a match as being played; 0 for none."""
        if match_id != self.playing:
            self.playing = match_id
            self.refresh()

    # Keys and mouse

    def action_cursor_down(self) -> None:
        """Go to the next match."""
        self.move(1)

    def action_cursor_up(self) -> None:
        """Go to the match before."""
        self.move(-1)

    def action_page_down(self) -> None:
        """Go down by a screenful."""
        self._top += self.height
        self.move(self.height)

    def action_page_up(self) -> None:
        """Go up by a screenful."""
        self._top -= self.height
        self.move(-self.height)

    def action_first_row(self) -> None:
        """Go to the newest match."""
        if self.page.first:
            self.move(-self._cursor)
        else:
            self.post_message(self.Wanted(None, jump=True))

    def action_last_row(self) -> None:
        """Go to the oldest match."""
        if self.page.last:
            self.move(len(self.page.matches))
        else:
            self.post_message(self.Wanted(0, jump=True))

    def move(self, by: int) -> None:
        """Move the cursor by a number of rows, as far as the page goes."""
        self._go(self._cursor + by)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._scroll(_WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._scroll(-_WHEEL)

    def on_click(self, event: events.Click) -> None:
        """Go to the row under the mouse; a second click opens it. The bar at the right edge goes to any place."""
        place = event.get_content_offset(self)
        if place is None or place.y == 0:
            return
        if place.x == self.size.width - 1 and self.page.newest > self.height:
            part = (place.y - 1) / max(1, self.height - 1)
            self.post_message(self.Wanted(round(self.page.newest * (1 - part)), jump=True))
            return
        index = self._top + place.y - 1
        if index >= len(self.page.matches):
            return
        if event.chain > 1 and index == self._cursor:
            self.post_message(self.Chosen(self.page.matches[index]))
        else:
            self._go(index)

    def _scroll(self, by: int) -> None:
        self._top = max(0, min(self._top + by, len(self.page.matches) - self.height))
        self._go(max(self._top, min(self._cursor, self._top + self.height - 1)), scrolled=True)

    def _go(self, index: int, *, scrolled: bool = False) -> None:
        """Move the cursor to a row of the page."""
        matches = self.page.matches
        if not matches:
            self._top = 0
            return
        before, top = self._cursor, self._top
        self._cursor = max(0, min(index, len(matches) - 1))
        self._keep_in_sight()
        if top != self._top or scrolled:
            self.refresh()
        else:  # only two lines differ
            for row in {before, self._cursor}:
                self.refresh(Region(0, 1 + row - self._top, self.size.width, 1))
        if before != self._cursor:
            self.post_message(self.Moved(matches[self._cursor]))
        near = AROUND // 2
        if (self._cursor < near and not self.page.first) or (
            self._cursor >= len(matches) - near and not self.page.last
        ):
            self.post_message(self.Wanted(matches[self._cursor].id))

    def _keep_in_sight(self) -> None:
        count = len(self.page.matches)
        self._top = max(self._cursor - self.height + 1, min(self._top, self._cursor))
        self._top = max(0, min(self._top, count - self.height))

    # Drawing

    def _lay_out(self) -> None:
        self._keep_in_sight()
        matches = self.page.matches
        self._names = max(
            [self._names, *(cell_len(plain(name)) for name in {name for match in matches for name in match.seats})]
        )
        self._columns = _columns(matches, self.page, self._names, self.size.width - 1)
        self._length = sum(column.width + _GAP for column in self._columns)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the screen: the labels, or a match, and a piece of the bar that says where in the league it
        is."""
        index = self._top + y - 1
        if y == 0:
            line = [column.label() for column in self._columns]
        elif index < len(self.page.matches):
            line = self._row(self.page.matches[index])
        elif not self.page.matches and y == 1:
            line = [Segment(plain(self._sentence), Style.parse(look().faint))]
        else:
            line = []
        style = row_style(self, here=bool(y and self.page.matches and index == self._cursor))
        # Every cell is as wide as its column, so rows need not be measured, which would take most of the time.
        length = self._length if len(line) == len(self._columns) else None
        strip = Strip(line, length).adjust_cell_length(self.size.width - 1)
        return Strip([*strip, self._bar(y)], self.size.width).apply_style(style)

    def _row(self, match: Match) -> list[Segment]:
        results = seat_results(match, self.page.teams)
        number, *rest = [column.cell(match, results) for column in self._columns]
        if match.id == self.playing:
            number = Segment(number.text, Style.parse(f"bold {look().good}"))
        return [number, *rest]

    def _bar(self, y: int) -> Segment:
        """The piece of the bar beside a line: where between the newest and the oldest match the rows in sight lie."""
        shown = self.page.matches[self._top : self._top + self.height]
        if y == 0 or not shown or (self.page.first and self.page.last and len(self.page.matches) <= self.height):
            return Segment(" ")
        of, room = max(1, self.page.newest), self.height
        start = int((of - shown[0].id) / of * room)
        end = max(start + 1, round((of - shown[-1].id + 1) / of * room))
        if start >= room:
            start, end = room - 1, room
        here = start <= y - 1 < end
        style = look().accent if here and self.has_focus else look().faint
        return Segment(_THUMB if here else _BAR, Style.parse(style))


# Columns


@dataclass(frozen=True, slots=True)
class _Column:
    """A column: ``name`` says which; ``seat`` of which seat."""

    name: str
    width: int
    right: bool = False
    seat: int = 0

    def label(self) -> Segment:
        if self.name != "seat":
            return self._fitted(self.name, look().faint)
        seats = look().seats
        return self._fitted(f"seat {self.seat}", seats[self.seat % len(seats)])

    def cell(self, match: Match, results: Sequence[SeatResult]) -> Segment:
        colours = look()
        text, style = "", colours.faint
        match self.name:
            case "seat":
                if self.seat < len(match.seats):
                    text, result = _cut(match.seats[self.seat], self.width), results[self.seat]
                    style = f"bold {colours.good}" if result == "won" else colours.result(result)
            case "match":
                text = str(match.id)
            case "returns":
                text, style = returns_text(match), ""
            case "plies":
                text, style = f"{match.plies:,}", ""
            case "kind":
                text, style = match.kind, colours.accent if match.kind == "evaluation" else colours.faint
            case "ending":
                text = "" if match.ending == "terminated" else match.ending
                style = colours.bad if match.fault is not None or match.void else colours.warm
            case "UTC":
                text = moment(match.started_at, brief=True)
            case "took":
                text = f"{match.duration:.2f}s" if match.duration < _MINUTE else duration(match.duration)
            case "iteration":
                text = f"{match.iteration:,}" if match.iteration else ""
            case "event":
                text = f"{match.event:,}" if match.event else ""
        return self._fitted(text, style)

    def _fitted(self, text: str, style: str) -> Segment:
        if cell_len(text) > self.width:
            text = set_cell_size(text, self.width - 1) + "…"
        elif self.right:
            text = text.rjust(self.width)
        return Segment(set_cell_size(text, self.width) + " " * _GAP, Style.parse(style))


_cut = lru_cache(4096)(short_name)


def _columns(matches: Sequence[Match], page: Page, names: int, width: int) -> tuple[_Column, ...]:
    """The columns that fit ``width``, the most useful first: names are cut before a column is left out, but only down
    to a length at which most can be read."""
    seats = max((len(match.seats) for match in matches), default=2)
    number = max(5, len(str(page.newest)))
    returns = max((len(returns_text(match)) for match in matches), default=0)
    odd = any(match.ending != "terminated" for match in matches)
    wanted = [
        _Column("returns", max(7, returns), right=True),
        _Column("plies", 5, right=True),
        *([_Column("ending", 11)] if odd else []),
        _Column("kind", 10),
        _Column("UTC", 14),
        _Column("took", 7, right=True),
        _Column("iteration", 9, right=True),
        _Column("event", 7, right=True),
    ]
    least = max(_LEAST_NAME, min(names, 12))
    room = width - number - seats * _GAP
    rest: list[_Column] = []
    for column in wanted:
        if room - (column.width + _GAP) < seats * least:
            break
        room -= column.width + _GAP
        rest.append(column)
    each = max(_LEAST_NAME, min(max(names, 6), room // max(1, seats)))
    players = [_Column("seat", each, seat=seat) for seat in range(seats)]
    return (_Column("match", number, right=True), *players, *rest)
