"""What all screens share: header, footer, the league's newest view, and queries to the feed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.screen import Screen
from textual.widgets import Static

from arena.tui.feed import Answered, Feed, LeagueChanged, LeagueLost, LeagueView, Query
from arena.tui.keys import APP, Group, Key
from arena.tui.layout import LEAST, Size, size_of
from arena.tui.widgets.header import Header
from arena.tui.widgets.key_bar import KeyBar
from arena.view.text import plain

if TYPE_CHECKING:  # they load the store and NumPy, which the first paint need not wait for
    from arena.play.analyst import Analyst
    from arena.view.run_state import RunState
    from games.contract import Move


class Arena(Protocol):
    """What a screen may use of the app, see :class:`arena.tui.app.LeagueApp`."""

    feed: Feed
    analyst: Analyst
    folder: Path
    view: LeagueView | None
    problem: str
    paused: bool
    trust_code: bool
    marked: tuple[str, ...]

    def now(self) -> datetime: ...

    def run_state(self) -> RunState | None: ...

    def mark(self, member_id: str) -> bool: ...

    def open_match(self, match_id: int, words: str | None = None) -> None: ...

    def open_agent(self, member_id: str) -> None: ...

    def open_play(
        self, member_id: str, *, seat: int = 0, seed: int | None = None, opening: Sequence[Move] = ()
    ) -> None: ...

    def list_matches(self, *members: str, kind: str = "") -> None: ...


class Cramped(Static):
    """What a screen shows instead of its widgets where the terminal is too small for them."""


class ArenaScreen(Screen[None]):
    """A screen with keys of its own, whose colours follow the theme. It says so where the terminal is too small.

    A subclass composes ``Cramped()`` last, and gives the focus itself.
    """

    AUTO_FOCUS = ""
    """Textual would give the focus to the first widget that takes keys, and for a while to a hidden filter line."""

    GROUPS: ClassVar[tuple[Group, ...]] = ()
    """The keys of this screen and of its widgets, for the help."""

    @property
    def groups(self) -> Sequence[Group]:
        """The keys that work now, those of the app last."""
        return (*self.GROUPS, APP)

    @property
    def commands(self) -> list[Key]:
        """The keys that work now and are the screen's own, for the palette."""
        own = {each.action for each in self.BINDINGS if isinstance(each, Binding)}
        return [key for group in self.groups for key in group.keys if key.help and key.action in own]

    @property
    def at_stake(self) -> str:
        """What to ask before this screen is taken away; empty where nothing is lost with it."""
        return ""

    def show_again(self) -> None:
        """Show everything again, as after a resize and after a change of theme."""

    @on(events.Resize)
    def _resized(self) -> None:
        (width, height), (least_width, least_height) = self.app.size, LEAST
        self.query_one(Cramped).update(
            Text(f"arena needs at least {least_width}x{least_height}, has {width}x{height}: enlarge the terminal")
        )
        self.set_class(width < least_width or height < least_height, "-cramped")
        self.call_after_refresh(self.show_again)  # the widgets have their new size then


class LeagueScreen(ArenaScreen):
    """A screen about the league.

    A subclass gives the widgets of its body in :meth:`body`, its questions in :meth:`queries`, and shows the answers in
    :meth:`show`. After a change of what it wants to know, it calls :meth:`ask`. While another screen is in front it is
    asked nothing; when it comes back, the feed answers anew.
    """

    NAME: ClassVar[str] = ""
    """Its title, also in the header."""

    def __init__(self) -> None:
        super().__init__()
        self._answers: dict[Query, Any] = {}
        self._refused: dict[Query, str] = {}  # and why

    @property
    def arena(self) -> Arena:
        """The app."""
        return cast(Arena, self.app)

    @property
    def view(self) -> LeagueView | None:
        """The newest view of the league; None before the first."""
        return self.arena.view

    @property
    def room(self) -> Size:
        """The terminal's size."""
        return size_of(self.app.size.width)

    # What a subclass may define

    def body(self) -> ComposeResult:
        """The widgets between header and footer."""
        yield from ()

    def queries(self) -> Sequence[Query]:
        """What this screen wants to know now."""
        return ()

    @property
    def subject(self) -> object:
        """What it is about now, such as a member; None where that never changes."""
        return None

    def turn_to(self, subject: Any) -> None:
        """Be about something else from now on: a :attr:`subject` of a screen of this class."""

    def show(self, query: Query, value: Any) -> None:
        """Show the answer to a query. Called again after a resize and after a change of theme, so it must not move
        anything that the person has moved."""

    def refuse(self, query: Query, problem: str) -> None:
        """Show that there is no answer; by default as a notice, which is not said again while the problem stays."""
        if problem not in self._refused.values():
            self.say(problem, bad=True)

    def command(self) -> Sequence[str]:
        """The words of the command, without ``arena``, that shows the same; none where there is no such command."""
        return ()

    def step_back(self) -> bool:
        """Undo what the person has narrowed or enlarged, before the screen is left; return whether there was such."""
        return False

    # What it may call

    def ask(self) -> None:
        """Tell the feed what this screen wants to know now."""
        # Not `is_current`: while a screen above has no background yet, that also holds for the screens below it.
        league_screens = [screen for screen in self.app.screen_stack if isinstance(screen, LeagueScreen)]
        if league_screens[-1:] == [self]:
            self.arena.feed.ask(self.queries())

    def answer(self, query: Query) -> Any:
        """The newest answer to a query; None before there is one."""
        return self._answers.get(query)

    def say(self, sentence: str, *, bad: bool = False) -> None:
        """Show a sentence for a moment."""
        self.notify(plain(sentence), severity="error" if bad else "information", markup=False, timeout=4)

    # Its own work

    def compose(self) -> ComposeResult:
        yield Header(self.NAME)
        with Container(id="body"):
            yield from self.body()
        yield KeyBar()
        yield Static(id="waiting", markup=False)
        yield Cramped(markup=False)

    @property
    def _alive(self) -> bool:
        """Whether its widgets are there. They come after the screen, and go one by one when the app ends, before it."""
        # Not by a query, which would be a third of what a screen costs where nothing happens.
        return self.is_mounted and self.app.is_running and any(isinstance(child, Header) for child in self.children)

    def show_status(self) -> None:
        """Show the header."""
        if not self._alive:
            return
        app = self.arena
        self.query_one(Header).show(app.view, app.run_state(), app.problem, paused=app.paused)
        waiting = self.query_one("#waiting", Static)
        if waiting.content != (problem := Text(plain(app.problem))):
            waiting.update(problem)
        self.set_class(app.view is None and bool(app.problem), "-waiting")

    def show_again(self) -> None:
        if not self._alive:
            return
        with self.app.batch_update():
            self.show_status()
            for query in self.queries():
                if query in self._answers:
                    self.show(query, self._answers[query])
            self.query_one(KeyBar).refresh()

    @on(events.ScreenResume)
    def _came_to_the_front(self) -> None:
        self.ask()
        self.call_after_refresh(self.show_again)

    @on(LeagueChanged)
    @on(LeagueLost)
    def _league_changed(self) -> None:
        self.show_status()

    @on(Answered)
    def _answered(self, message: Answered) -> None:
        if not self._alive:
            return
        current = self.queries()
        if message.query not in current:
            return  # the person has asked for something else meanwhile
        if message.problem:
            self.refuse(message.query, message.problem)
            self._refused = {query: why for query, why in self._refused.items() if query in current}
            self._refused[message.query] = message.problem
            return
        known = message.query in self._answers and self._answers[message.query] == message.value
        if known and message.query not in self._refused:
            return  # it is on the screen already
        self._refused.pop(message.query, None)
        self._answers = {query: value for query, value in self._answers.items() if query in current}
        self._answers[message.query] = message.value
        with self.app.batch_update():
            self.show(message.query, message.value)
