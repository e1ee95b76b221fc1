"""The matches: all of them, or those that fit a filter, with the one under the cursor beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.timer import Timer

from arena.tui.feed import Query
from arena.tui.keys import FILTER, MATCHES, PAGES, TABLE, Group, bindings
from arena.tui.look import look
from arena.tui.match_pages import BeingPlayed, Followed, Listed, NextLive, Opened, Page, Preview, Suggested
from arena.tui.screens.base import LeagueScreen
from arena.tui.widgets.match_filter_line import FilterLine
from arena.tui.widgets.match_list import MatchList
from arena.tui.widgets.match_preview import MatchPreview
from leagues.records import Match

if TYPE_CHECKING:  # it loads the store, which the first paint need not wait for
    from leagues.store import RunningGame

REST = 0.08
"""Seconds for which the cursor rests on a match before it is opened beside the list, and typing before it is read."""

LOOK = 0.5
"""Seconds between two looks at what is being played, on the live table."""


@dataclass(frozen=True)
class Filter:
    """What the matches that are listed have to fit.

    Attributes:
        words: of the filter language.
        typed: whether the person has written them; otherwise they came from another screen.
    """

    words: str = ""
    typed: bool = False


class MatchesScreen(LeagueScreen):
    """The list, its filter, and the preview, which is also the live table."""

    NAME = "Matches"
    GROUPS: ClassVar[tuple[Group, ...]] = (MATCHES, FILTER, TABLE, PAGES)
    BINDINGS: ClassVar[list[BindingType]] = bindings(MATCHES)

    def __init__(self) -> None:
        super().__init__()
        self._words = ""
        self._wrong = False  # whether the filter means nothing
        self._typed = False  # whether the filter is the person's own and not another screen's
        self._at: int | None = None  # the page's place
        self._jump = True  # whether the cursor goes there
        self._follow = False
        self._preview: Preview | None = None
        self._back = 0  # moves before the end, in the preview
        self._rested: Timer | None = None  # until the match under the cursor is opened
        self._written: Timer | None = None  # until the filter is read
        self._next: NextLive | None = None  # asked while the table waits for a match
        self._live = False
        self._free = False  # whether it is to be asked what the table shows next
        self._look: BeingPlayed | Followed | None = None  # asked at the moment
        self._looks = 0
        self._found: RunningGame | None = None  # at the last look
        self._followed: RunningGame | None = None  # what the table follows, while it is being played
        self._ending = False  # whether the table shows how that has ended
        self._played: tuple[int, int] | None = None  # lowest and highest ID that the table has shown

    def body(self) -> ComposeResult:
        with Vertical(id="matches"):
            yield FilterLine()
            yield MatchList()
        yield MatchPreview()

    def on_mount(self) -> None:
        self.query_one(FilterLine).put(self._words)
        self.set_focus(self.list)
        self.set_interval(LOOK, self._look_again)

    @property
    def list(self) -> MatchList:
        """The list."""
        return self.query_one(MatchList)

    @property
    def preview(self) -> MatchPreview:
        """The match beside the list."""
        return self.query_one(MatchPreview)

    def command(self) -> Sequence[str]:
        words = () if self._wrong or not self._words else (self._words,)
        return "matches", str(self.arena.folder), *words

    @property
    def subject(self) -> Filter:
        """The filter."""
        return Filter(self._words, self._typed)

    def turn_to(self, subject: Filter) -> None:
        self._typed = subject.typed
        self._take(subject.words)
        if self.is_mounted:
            self.query_one(FilterLine).put(subject.words)
            self.list.focus()

    # Questions and answers

    def queries(self) -> Sequence[Query]:
        listed = Listed(self._words, None if self._follow else self._at)
        filter_line = self.query_one(FilterLine)
        suggested = Suggested(filter_line.words) if filter_line.writing else None
        preview = None if self._live else self._preview
        return [query for query in (listed, suggested, self._look, self._next, preview) if query is not None]

    def show(self, query: Query, value: Any) -> None:
        if isinstance(query, Listed):
            self._show_page(value)
        elif isinstance(query, Preview):
            self.preview.show_match(value, back=self._back)
        elif isinstance(query, Suggested):
            self.query_one(FilterLine).suggest(value)
        elif isinstance(query, BeingPlayed | Followed):
            self._look = None
            (self._compare if isinstance(query, BeingPlayed) else self._show_running)(value)
        elif value is not None:
            self._play(value)
        self._show_titles()

    def refuse(self, query: Query, problem: str) -> None:
        if isinstance(query, Preview):
            self.preview.say(problem)
            return
        self._look = self._found = None  # to look again
        if not isinstance(query, Followed):
            self._wrong = True
            self.query_one(FilterLine).judge(problem)
            self._show_titles()

    def show_again(self) -> None:
        super().show_again()
        if self.is_mounted:
            self.list.show_again()
            self.preview.show_again()
            self._show_titles()

    def _show_page(self, page: Page) -> None:
        self._wrong = False
        self.query_one(FilterLine).judge("")
        at = None
        if page.matches and (self._follow or (self._jump and self._at is None)):
            at = page.matches[0].id
        elif self._jump:
            at = self._at
        self._jump = False
        empty = "no match fits the filter" if page.newest else "no match is recorded yet"
        self.list.show_page(page, at=at, empty=empty)
        match = self.list.match
        if match is None:
            self._preview = None
            self.preview.say("")
            return
        if self._at is None and not self._follow:
            self._at = match.id  # from now on, newer matches do not move the list
            self.ask()
        if self._preview is None or self._preview.match != match.id:
            self._open_soon()

    def _show_titles(self) -> None:
        """Show the match under the cursor, and what the list follows."""
        matches, colours = self.list, look()
        match = matches.match
        title = Text("Matches")
        if self._words:
            title.append(" as before" if self._wrong else " that fit", colours.faint)
        if self._follow:
            title.append(" · following", f"bold {colours.good}")
        elif matches.newer_above:
            title.append(" · newer ones above", colours.faint)
        matches.border_title = title
        matches.border_subtitle = None if match is None else Text(f"match {match.id}")
        self.preview.show_title(self.arena.now())

    # The list

    @on(MatchList.Moved)
    def _moved(self, message: MatchList.Moved) -> None:
        self._jump = False  # also where the page that it was for has not come yet
        if self._follow:
            self._follow, self._at = False, message.match.id
            self.ask()
        self._stop_live()
        self._open_soon()
        self._show_titles()

    @on(MatchList.Wanted)
    def _wanted(self, message: MatchList.Wanted) -> None:
        self._at, self._jump = message.at, message.jump
        self._follow = False
        self.ask()

    @on(MatchList.Chosen)
    def _chosen(self, message: MatchList.Chosen) -> None:
        self._replay(message.match)

    def _open_soon(self) -> None:
        """Open the match under the cursor once the cursor rests."""
        if self._rested is not None:
            self._rested.stop()
        self._rested = self.set_timer(REST, self._open)

    def _open(self) -> None:
        match = self.list.match
        if match is not None:
            self._back = 0
            self._preview = Preview(match.id, whole=False)
            self.ask()

    # Keys

    def _shown(self) -> Match | None:
        """The match that the keys are about: on the live table, or under the cursor."""
        if self._live and self.preview.opened is not None:
            return self.preview.opened.match
        return self.list.match

    def action_open(self) -> None:
        """Replay the match."""
        match = self._shown()
        if match is not None:
            self._replay(match)

    def _replay(self, match: Match) -> None:
        if not match.id:
            self.say("this match is being played; it can be replayed when it is over")
            return
        self.arena.open_match(match.id, "" if self._wrong else self._words)

    def action_agent(self, seat: int) -> None:
        """Show the agent at a seat."""
        match = self._shown()
        if match is not None and seat < len(match.seats):
            self.arena.open_agent(match.seats[seat])

    def action_follow(self) -> None:
        """Stay on the newest match, or no longer."""
        self._follow = not self._follow
        self._at, self._jump = None, self._follow
        if not self._follow and self.list.match is not None:
            self._at = self.list.match.id
        self.ask()
        self._show_titles()

    def action_step(self, by: int) -> None:
        """Go a move on in the preview, or back."""
        match = self.list.match
        if self._live or self._preview is None or match is None or match.id != self._preview.match:
            return
        if not self._preview.whole:
            self._back = max(0, -by)
            self._preview = Preview(match.id, whole=True)
            self.ask()
        elif self.preview.opened is not None:
            self.preview.step(by)
            self._back = len(self.preview.opened.frames) - 1 - self.preview.ply

    def step_back(self) -> bool:
        """Stop the live table, else list all matches again. The filter of another screen goes with this one."""
        if self._live:
            self._stop_live()
            self._open()
            return True
        if narrowed := bool(self._words):
            self._clear()
        return narrowed and self._typed

    # The filter

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While the filter is written, its key is a letter."""
        return not (action == "filter" and self.is_mounted and self.query_one(FilterLine).writing)

    def action_filter(self) -> None:
        """Write a filter."""
        self.query_one(FilterLine).write()
        self.call_after_refresh(self.ask)  # for suggestions

    def action_complete(self, number: int) -> None:
        """Complete the filter by a suggestion that was clicked."""
        self.query_one(FilterLine).complete(number)

    @on(FilterLine.Changed)
    def _typing(self, message: FilterLine.Changed) -> None:
        """Read what is written once the typing rests."""
        if self._written is not None:
            self._written.stop()
        self._written = self.set_timer(REST, lambda: self._read(message.words))

    def _read(self, words: str) -> None:
        if words != self._words:
            self._typed = True
            self._take(words)
        self.ask()

    @on(FilterLine.Left)
    def _left(self) -> None:
        self._read(self.query_one(FilterLine).words.strip())
        self.list.focus()

    def _clear(self) -> None:
        self.query_one(FilterLine).put("")
        self._take("")

    def _take(self, words: str) -> None:
        """List the matches that fit ``words``, from the newest."""
        self._words, self._at, self._jump = words, None, True
        if self.is_mounted:
            self.ask()

    # The live table

    def action_live(self) -> None:
        """Follow the game that is being played; without any, play the newest match, then the next one that is the
        newest then, and so on. Or stop."""
        if self._live:
            self._stop_live()
            self._open()
            return
        self._live, self._played = True, None
        self.set_class(True, "-live")
        self._ask_next()

    @on(MatchPreview.Clicked)
    def _clicked(self) -> None:
        self.action_open()

    @on(MatchPreview.Ended)
    def _ask_next(self) -> None:
        self._free, self._ending, self._found = True, False, None
        self._look_again()

    def _look_again(self) -> None:
        """Look at what is being played, unless a look is under way, and show how long ago a match was played."""
        if not self._alive:
            return
        if self.preview.playing and self.is_current:
            self.preview.show_title(self.arena.now())
        if self._live and not (self._ending or self._look or self.arena.paused) and self.is_current:
            self._looks += 1
            self._look = BeingPlayed(self._words, self._looks)
            self.ask()

    def _compare(self, found: RunningGame | None) -> None:
        """Open what is being played if it is not what was being played at the last look."""
        if found != self._found:
            self._found, self._look = found, Followed(found, self._followed)
            self.ask()
        elif self._free:
            self._ask_finished()

    def _show_running(self, found: Opened | None) -> None:
        """Show the game that is being played, or how the followed one has ended."""
        if found is not None and found.running is not None:
            self._followed, self._next, self._free = found.running, None, False
            self.preview.show_match(found)
            self.list.mark_playing(0)
        elif found is not None and self._followed is not None:
            ply, self._followed, self._ending = self._followed.plies, None, True
            self._play(found, ply)
        elif self._followed is not None or self._free:
            self._followed = None
            self._ask_finished()

    def _ask_finished(self) -> None:
        low, high = self._played or (None, 0)
        self._free, self._next = False, NextLive(self._words, high, low)
        self.ask()

    def _play(self, opened: Opened, ply: int = 0) -> None:
        match_id = opened.match.id
        low, high = self._played or (match_id, match_id)
        self._played, self._next = (min(low, match_id), max(high, match_id)), None
        self.preview.play(opened, ply)
        self.list.mark_playing(match_id)

    def _stop_live(self) -> None:
        if self._live:
            self._live = self._ending = False
            self._next = self._look = self._followed = None
            self.set_class(False, "-live")
            self.list.mark_playing(0)
            self._preview = None
