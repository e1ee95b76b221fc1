"""The one screen: a leaderboard, a match list and a board, fed by the thread that reads the league."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Literal

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import DataTable, Footer, Static

from arena.tui.feed import Feed, FeedFailed, LeagueChanged, LeagueLost, MatchOpened, Picture
from arena.tui.widgets.board import Board
from arena.tui.widgets.rows import BAD, LEAST, SIZES, Size, leaderboard_rows, match_rows, status
from arena.tui.widgets.tables import KeyedTable
from arena.view.text import plain

HELP = """\
↑ ↓        choose a row
tab        the next list, or the board
enter      on a member: its matches, or all
           on a match: play it from the start
escape     all matches, following the newest

← →        one step back, one step on
home end   the first, the last position
space      play the match, or pause

?          this help
q          leave"""


class HelpScreen(ModalScreen[None]):
    """The keys."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,enter,space", "dismiss", "close")]

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as box:
            yield Static(HELP, markup=False)
        box.border_title = "Keys"


class Leaderboard(KeyedTable):
    """The members by rating."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select_cursor", "its matches")]


class MatchList(KeyedTable):
    """The newest matches."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select_cursor", "replay")]


class LeagueScreen(Screen[None]):
    """Shows one league, and applies each new picture of it in one batch."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # Priority: a focused table would take the arrows, home and end for itself.
        Binding("left", "step(-1)", "back", key_display="←", priority=True),
        Binding("right", "step(1)", "on", key_display="→", priority=True),
        Binding("home", "first", "first", show=False, priority=True),
        Binding("end", "last", "last", show=False, priority=True),
        Binding("space", "play", "play", priority=True),
        Binding("tab", "app.focus_next", "next", show=False),
        Binding("escape", "show_all", "all matches", show=False),
        Binding("question_mark", "help", "help", key_display="?"),
        Binding("q", "app.quit", "quit"),
        Binding("ctrl+c", "app.quit", "quit", show=False, priority=True),
    ]

    def __init__(self, folder: Path, match: int | None, now: Callable[[], datetime], trust_code: bool) -> None:
        super().__init__()
        self._now = now
        self._picture: Picture | None = None
        self._lost = ""
        self._wanted = match
        self._opening: Literal["start", "end", "play"] = "end" if match is None else "start"
        self._under_cursor: str | None = None
        self._following = match is None
        self._feed = Feed(folder, self.post_message, trust_code=trust_code)

    def compose(self) -> ComposeResult:
        yield Static(id="status", markup=False)
        with Container(id="body"):
            with Container(id="lists"):
                yield Leaderboard()
                yield MatchList()
            yield Board()
        yield Footer(show_command_palette=False)
        yield Static(id="cramped", markup=False)

    def on_mount(self) -> None:
        self.leaderboard.border_title = "Leaderboard"
        self.matches.focus()
        self._follow(self._following)
        self.board.say("Reading the league ...")
        self._show_status()
        self.set_interval(1.0, self._show_status)
        if self._wanted is not None:
            self._feed.open(self._wanted)
        self._feed.start()

    def on_unmount(self) -> None:
        self._feed.stop()

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
        """How much room there is."""
        return next(name for width, name in reversed(SIZES) if self.app.size.width >= width)

    # What the thread tells

    @on(LeagueChanged)
    def _changed(self, message: LeagueChanged) -> None:
        before, self._picture, self._lost = self._picture, message.picture, ""
        self._show()
        if message.picture.standings and (before is None or not before.standings):
            self.leaderboard.select(self.leaderboard.keys[0])  # the first ratings put the members in order
        keys = self.matches.keys
        if not keys:
            if self._wanted is None:
                self.board.say(_empty(message.picture))
        elif self._following:
            self.matches.select(keys[0])
            if keys[0] != str(self._wanted):
                self._open(keys[0], "end")
        elif before is None and str(self._wanted) in keys:
            self.matches.select(str(self._wanted))
        self._under_cursor = self.matches.key

    @on(LeagueLost)
    def _is_lost(self, message: LeagueLost) -> None:
        self._lost = message.reason
        self._show_status()

    @on(MatchOpened)
    def _opened(self, message: MatchOpened) -> None:
        if message.opened.match.id != self._wanted:
            return  # the person has moved on meanwhile
        self.board.open(message.opened, at_end=self._opening == "end")
        if self._opening == "play":
            self.board.play()

    @on(FeedFailed)
    def _failed(self, message: FeedFailed) -> None:
        self.app.exit(message.error)

    # What the person does

    @on(DataTable.RowHighlighted, "MatchList")
    def _moved(self) -> None:
        key = self.matches.key
        # The cursor's row also changes when rows come and go; only a person's own move opens another match.
        if key is not None and key != self._under_cursor:
            self._under_cursor = key
            self._follow(False)
            self._open(key, "end")

    @on(DataTable.RowSelected, "MatchList")
    def _chosen(self) -> None:
        if self.matches.key is not None:
            self._follow(False)
            self._open(self.matches.key, "play")

    @on(DataTable.RowSelected, "Leaderboard")
    def _filtered(self) -> None:
        if self._picture is not None:
            member = self.leaderboard.key
            self._follow(True)
            self._feed.list_only(None if member == self._picture.only else member)

    def action_show_all(self) -> None:
        """List everybody's matches again, and follow the newest."""
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

    def action_help(self) -> None:
        """Show the keys."""
        self.app.push_screen(HelpScreen())

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

    def _open(self, key: str, opening: Literal["start", "end", "play"]) -> None:
        self._wanted, self._opening = int(key), opening
        if self.board.opened is None:
            self.board.say(f"Opening match {key} ...")
        self._feed.open(self._wanted)

    def _show(self) -> None:
        picture = self._picture
        if picture is None:
            return
        size = self.room
        with self.app.batch_update():
            self._show_status()
            room = self.leaderboard.scrollable_content_region.width
            self.leaderboard.show(*leaderboard_rows(picture, size, room))
            self.matches.show(*match_rows(picture.matches, size))
            of = "" if picture.only is None else f" of {plain(picture.only)}"
            self.matches.border_title = Text(f"Matches{of}")

    def _show_status(self) -> None:
        line = self.query_one("#status", Static)
        line.set_class(bool(self._lost), "-lost")
        lost = Text(f"The league is lost: {plain(self._lost)}", BAD)
        line.update(lost if self._lost else status(self._picture, self._now(), self.room))


def _empty(picture: Picture) -> str:
    if picture.only is not None:
        return f"{plain(picture.only)} has no recorded match yet."
    return "No matches yet. They appear here as soon as the first ones are recorded."
