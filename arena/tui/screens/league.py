"""The first screen: a leaderboard, a match list and a board."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar, Literal

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Static

from arena.tui.feed import Feed, LeagueChanged, LeagueLost, LeagueView, MatchOpened
from arena.tui.layout import LEAST, Size, size_of
from arena.tui.widgets.board import Board
from arena.tui.widgets.leaderboard import Leaderboard
from arena.tui.widgets.match_list import MatchList
from arena.tui.widgets.status import StatusLine
from arena.view.text import plain
from arena.view.theme import WARM, WARNED

Opening = Literal["start", "end", "play"]
"""Where a match opens: before its first move, at its end, or at its start and playing."""


class LeagueScreen(Screen[None]):
    """Shows one league and applies each new view of it in one batch.

    Args:
        feed: the app's feed, which this screen asks for matches.
        match: a match to open at its start; None opens the newest match at its end, and follows the newest.
        now: the clock, UTC.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        # Priority, because a focused table uses the arrows, home and end itself.
        Binding("left", "step(-1)", "back", key_display="←", priority=True),
        Binding("right", "step(1)", "on", key_display="→", priority=True),
        Binding("home", "first", "first", show=False, priority=True),
        Binding("end", "last", "last", show=False, priority=True),
        Binding("space", "play", "play", priority=True),
        Binding("tab", "app.focus_next", "next", show=False),
        Binding("escape", "show_all", "all matches", show=False),
    ]

    def __init__(self, feed: Feed, match: int | None, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._feed = feed
        self._now = now
        self._view: LeagueView | None = None
        self._lost = ""
        self._wanted = match
        self._opening: Opening = "end" if match is None else "start"
        self._under_cursor: str | None = None
        self._following = match is None

    def compose(self) -> ComposeResult:
        yield StatusLine()
        with Container(id="body"):
            with Container(id="lists"):
                yield Leaderboard()
                yield Static(id="notes", markup=False)
                yield MatchList()
            yield Board()
        yield Footer(show_command_palette=False)
        yield Static(id="cramped", markup=False)

    def on_mount(self) -> None:
        self.matches.focus()
        self._follow(self._following)
        self.board.say("Reading the league ...")
        self._show_status()
        self.set_interval(1.0, self._show_status)
        if self._wanted is not None:
            self._feed.open(self._wanted)

    @property
    def leaderboard(self) -> Leaderboard:
        """The leaderboard."""
        return self.query_one(Leaderboard)

    @property
    def matches(self) -> MatchList:
        """The match list."""
        return self.query_one(MatchList)

    @property
    def board(self) -> Board:
        """The board."""
        return self.query_one(Board)

    @property
    def room(self) -> Size:
        """The terminal's size."""
        return size_of(self.app.size.width)

    # Messages of the feed

    @on(LeagueChanged)
    def _league_changed(self, message: LeagueChanged) -> None:
        before, self._view, self._lost = self._view, message.view, ""
        self._show()
        if message.view.standings and (before is None or not before.standings):
            self.leaderboard.select(self.leaderboard.keys[0])  # the first ratings have changed the order
        keys = self.matches.keys
        if not keys:
            if self._wanted is None:
                self.board.say(_no_matches(message.view))
        elif self._following:
            self.matches.select(keys[0])
            if keys[0] != str(self._wanted):
                self._open(keys[0], "end")
        elif before is None and str(self._wanted) in keys:
            self.matches.select(str(self._wanted))
        self._under_cursor = self.matches.key

    @on(LeagueLost)
    def _league_lost(self, message: LeagueLost) -> None:
        self._lost = message.reason
        self._show_status()

    @on(MatchOpened)
    def _match_opened(self, message: MatchOpened) -> None:
        if message.opened.match.id != self._wanted:
            return  # the person has chosen another match meanwhile
        self.board.open(message.opened, at_end=self._opening == "end")
        if self._opening == "play":
            self.board.play()

    # Actions of the person

    @on(DataTable.RowHighlighted, "MatchList")
    def _cursor_moved(self) -> None:
        key = self.matches.key
        # The cursor also moves when rows come and go; only a move by the person opens another match.
        if key is not None and key != self._under_cursor:
            self._under_cursor = key
            self._follow(False)
            self._open(key, "end")

    @on(DataTable.RowSelected, "MatchList")
    def _match_chosen(self) -> None:
        if self.matches.key is not None:
            self._follow(False)
            self._open(self.matches.key, "play")

    @on(DataTable.RowSelected, "Leaderboard")
    def _member_chosen(self) -> None:
        if self._view is not None:
            member = self.leaderboard.key
            self._follow(True)
            self._feed.list_only(None if member == self._view.only else member)

    def action_show_all(self) -> None:
        """List all matches again and follow the newest."""
        self._follow(True)
        self._feed.list_only(None)

    def action_step(self, by: int) -> None:
        """Step through the match."""
        self._follow(False)
        self.board.step(by)

    def action_first(self) -> None:
        """Go to the first position."""
        self._follow(False)
        self.board.go(0)

    def action_last(self) -> None:
        """Go to the last position."""
        self._follow(False)
        self.board.go(self.board.last)

    def action_play(self) -> None:
        """Play the match, or pause."""
        self._follow(False)
        self.board.play()

    @on(events.Resize)
    def _resized(self) -> None:
        (width, height), (least_width, least_height) = self.app.size, LEAST
        self.query_one("#cramped", Static).update(
            f"arena needs at least {least_width}x{least_height}, has {width}x{height}: enlarge the terminal"
        )
        self.set_class(width < least_width or height < least_height, "-cramped")
        self.query_one(Footer).compact = self.room == "slim"
        self.call_after_refresh(self._show)  # the tables have their new size then

    def _follow(self, newest: bool) -> None:
        self._following = newest
        self.matches.border_subtitle = "following the newest" if newest else "escape: follow the newest"

    def _open(self, key: str, opening: Opening) -> None:
        self._wanted, self._opening = int(key), opening
        if self.board.opened is None:
            self.board.say(f"Opening match {key} ...")
        self._feed.open(self._wanted)

    def _show(self) -> None:
        if self._view is None:
            return
        with self.app.batch_update():
            self._show_status()
            self.leaderboard.show_league(self._view, self.room)
            self._show_notes(self._view)
            self.matches.show_league(self._view, self.room)

    def _show_notes(self, view: LeagueView) -> None:
        """Show what a reader of the leaderboard should know, below it."""
        notes = self.query_one("#notes", Static)
        notes.display = bool(view.notes)
        notes.update(Text("\n".join(f"{WARNED} {plain(note.text)}" for note in view.notes), WARM))

    def _show_status(self) -> None:
        self.query_one(StatusLine).show(self._view, self._lost, self._now(), self.room)


def _no_matches(view: LeagueView) -> str:
    if view.only is not None:
        return f"{plain(view.only)} has no recorded match yet."
    return "No matches yet. They appear here as soon as the first ones are recorded."
