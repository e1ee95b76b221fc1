"""The app: owns the feed, passes its messages to the screens, and goes from screen to screen."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.screen import Screen

from arena.tui.feed import Answered, Feed, FeedFailed, LeagueChanged, LeagueLost, LeagueView
from arena.tui.keys import APP, bindings
from arena.tui.layout import HEIGHTS, SIZES
from arena.tui.look import themes, use
from arena.tui.screens.agent import AgentScreen
from arena.tui.screens.base import ArenaScreen, LeagueScreen
from arena.tui.screens.events import EventsScreen
from arena.tui.screens.help import HelpScreen
from arena.tui.screens.leaderboard import LeaderboardScreen
from arena.tui.screens.matches import MatchesScreen
from arena.tui.screens.payoffs import PayoffsScreen
from arena.tui.screens.training import TrainingScreen
from arena.view.run_state import RunState
from arena.view.theme import PALETTES

if TYPE_CHECKING:
    from games.contract import Move

NUMBERED: tuple[type[LeagueScreen], ...] = (
    LeaderboardScreen,
    PayoffsScreen,
    MatchesScreen,
    TrainingScreen,
    EventsScreen,
    AgentScreen,
)
"""The screens of the keys 1, 2, ..."""


class LeagueApp(App[Exception]):
    """Shows the league in ``folder`` live. Its result is the error that ended it, or None.

    Args:
        folder: the league's folder. While there is no league in it, the app waits for one.
        match: a match to replay at the start, above the leaderboard.
        theme: name of a palette of :data:`arena.view.theme.PALETTES`.
        now: the clock, UTC.
        trust_code: whether a game that is the league maker's own code may run.

    Attributes:
        folder, trust_code, now: the arguments.
        feed: reads the league.
        view: the newest view of the league; None before the first.
        problem: why the league cannot be read at the moment; empty while it can be.
        paused: whether the screens stay as they are.
        marked: IDs of the members that the person has marked, in the order of marking.
    """

    CSS_PATH = "arena.tcss"
    TITLE = "arena"
    HORIZONTAL_BREAKPOINTS = [(width, f"-{name}") for width, name in SIZES]  # noqa: RUF012 - as Textual declares it
    VERTICAL_BREAKPOINTS = [(height, f"-{name}") for height, name in HEIGHTS]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(APP),
        *[(str(number), f"go('{screen.NAME.lower()}')") for number, screen in enumerate(NUMBERED, 1)],
    ]

    def __init__(
        self,
        folder: Path,
        match: int | None = None,
        *,
        theme: str = "dark",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        trust_code: bool = False,
    ) -> None:
        super().__init__()
        self.folder = folder
        self.trust_code = trust_code
        self.now = now
        self.feed = Feed(folder, self.post_message, trust_code=trust_code)
        self.view: LeagueView | None = None
        self.problem = ""
        self.paused = False
        self.marked: tuple[str, ...] = ()
        self._theme_name = theme
        self._match = match
        self._back: list[str] = []

    @property
    def titles(self) -> list[str]:
        """The titles of the numbered screens."""
        return [screen.NAME for screen in NUMBERED]

    def on_mount(self) -> None:
        for theme in themes():
            self.register_theme(theme)
        self.theme_changed_signal.subscribe(self, lambda theme: self._use(theme.name))
        use(self._theme_name)
        self.theme = self._theme_name
        for screen in NUMBERED:
            self.install_screen(screen(), screen.NAME.lower())
        self.push_screen(NUMBERED[0].NAME.lower())
        if self._match is not None:
            self.open_match(self._match)
        # Not before the first screen is there: the feed may fail at once, which ends the app.
        self.call_after_refresh(self.feed.start)

    def on_unmount(self) -> None:
        self.feed.stop()

    def run_state(self) -> RunState | None:
        """What the run does; None before the league was read."""
        if self.view is None:
            return None
        return RunState("training", "training")

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the palette lists."""
        for number, each in enumerate(NUMBERED, 1):
            name = each.NAME.lower()
            yield SystemCommand(each.NAME, f"the screen of key {number}", lambda name=name: self.action_go(name))
        for name in PALETTES:
            yield SystemCommand(f"Theme: {name}", "colours", lambda name=name: setattr(self, "theme", name))
        yield SystemCommand("Pause", "stop following the league, or go on", self.action_pause)
        yield SystemCommand("Copy command", "copy the command that shows the same", self.action_copy)
        yield SystemCommand("Keys", "the keys of this screen", self.action_help)
        yield SystemCommand("Quit", "leave", self.action_quit)

    # Going from screen to screen

    def action_go(self, name: str) -> None:
        """Show the numbered screen called ``name``; ``escape`` comes back to this one."""
        before = self._numbered()
        while len(self.screen_stack) > 2:  # screens that were opened above
            self.pop_screen()
        if before != name:
            self._back = [*self._back, before][-20:]
            self.switch_screen(name)

    def action_return(self) -> None:
        """Close the screen in front, or show the numbered screen of before."""
        if len(self.screen_stack) > 2:
            self.pop_screen()
        elif self._back:
            self.switch_screen(self._back.pop())

    def _numbered(self) -> str:
        """Name of the numbered screen that is in front, or below those that were opened above it."""
        screen = self.screen_stack[1]
        assert isinstance(screen, LeagueScreen)
        return screen.NAME.lower()

    def open_match(self, match_id: int, among: Sequence[int] = ()) -> None:
        """Replay a match; ``among`` are the IDs of the list that it was chosen from."""
        from arena.tui.screens.replay import ReplayScreen  # loads NumPy, which the first paint need not wait for

        self.push_screen(ReplayScreen(match_id, among))

    def open_play(
        self, member_id: str, *, seat: int = 0, seed: int | None = None, opening: Sequence[Move] = ()
    ) -> None:
        """Sit down against a member, once the league has been read; arguments as of :class:`PlayScreen`."""
        from arena.play.opponent import Seating, against_member
        from arena.tui.screens.play import PlayScreen

        if self.view is not None:
            seating = Seating(
                self.view.info.game,
                against_member(self.folder, member_id),
                os.fspath(self.folder),
                trust_game=self.trust_code,
                trust_code=self.trust_code,
            )
            self.push_screen(PlayScreen(seating, seat, seed=seed, opening=opening))

    def open_agent(self, member_id: str) -> None:
        """Show a member on the agent screen."""
        agent = self.get_screen(AgentScreen.NAME.lower(), AgentScreen)
        agent.choose(member_id)
        self.action_go(AgentScreen.NAME.lower())

    def list_matches(self, words: str) -> None:
        """Show the matches that fit ``words`` of the filter language."""
        matches = self.get_screen(MatchesScreen.NAME.lower(), MatchesScreen)
        matches.filter(words)
        self.action_go(MatchesScreen.NAME.lower())

    def mark(self, member_id: str) -> bool:
        """Mark a member, or remove its mark; return whether it is marked now."""
        there = member_id in self.marked
        self.marked = tuple(each for each in self.marked if each != member_id) if there else (*self.marked, member_id)
        return not there

    # Keys of every screen

    def action_help(self) -> None:
        """Show the keys."""
        groups = self.screen.GROUPS if isinstance(self.screen, ArenaScreen) else ()
        self.push_screen(HelpScreen([*groups, APP]))

    def action_pause(self) -> None:
        """Stop following the league, or go on."""
        self.paused = not self.paused
        self.feed.pause(self.paused)
        self._show_status()

    def action_copy(self) -> None:
        """Copy the command that shows the same."""
        screen = self.screen
        command = screen.command() if isinstance(screen, LeagueScreen) else ""
        if isinstance(screen, LeagueScreen):
            if command:
                self.copy_to_clipboard(f"arena {command}")
                screen.say(f"copied: arena {command}")
            else:
                screen.say("no command shows the same")

    # Messages of the feed

    @on(LeagueChanged)
    def _changed(self, message: LeagueChanged) -> None:
        self.view, self.problem = message.view, ""
        self._forward(message)

    @on(LeagueLost)
    def _lost(self, message: LeagueLost) -> None:
        where = os.fspath(self.folder)
        if not message.absent:
            self.problem = f"The league cannot be read: {message.reason}"
        elif self.view is None:
            self.problem = f"waiting for a league in {where}"
        else:
            self.problem = f"The league is gone from {where}; waiting for it to come back"
        self._forward(message)

    @on(Answered)
    def _forward(self, message: Answered | LeagueChanged | LeagueLost) -> None:
        if isinstance(self.screen, LeagueScreen):
            self.screen.post_message(message)
        elif len(self.screen_stack) > 1:  # below a box such as the help
            self.screen_stack[-2].post_message(message)

    @on(FeedFailed)
    def _end(self, message: FeedFailed) -> None:
        self.exit(message.error)

    def _use(self, name: str) -> None:
        if name in PALETTES:
            use(name)
            self._show_again()

    def _show_again(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, ArenaScreen):
                screen.show_again()

    def _show_status(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, LeagueScreen) and screen.is_mounted:
                screen.show_status()


def run(folder: Path, match: int | None = None, *, theme: str = "dark", trust_code: bool = False) -> int:
    """Show the league in ``folder`` until the person leaves. Arguments as of :class:`LeagueApp`.

    Returns:
        0, or 1 when the TUI itself failed; Textual has printed the error then.

    Raises:
        Exception: what ended the thread that reads the league.
    """
    app = LeagueApp(folder, match, theme=theme, trust_code=trust_code)
    failure = app.run()
    if failure is not None:
        raise failure
    return app.return_code or 0
