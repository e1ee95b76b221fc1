"""The app: owns the feed, passes its messages to the screens, and holds the theme and the keys of all screens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from textual import on
from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.theme import Theme

from arena.tui.feed import Feed, FeedFailed, LeagueChanged, LeagueLost, MatchOpened
from arena.tui.layout import HEIGHTS, SIZES
from arena.tui.screens.help import HelpScreen
from arena.tui.screens.journal import JournalScreen
from arena.tui.screens.league import LeagueScreen
from arena.view import theme

THEME = Theme(
    name="arena",
    dark=True,
    primary=theme.ACCENT,
    secondary=theme.SECONDARY,
    accent=theme.ACCENT,
    success=theme.GOOD,
    warning=theme.WARM,
    error=theme.BAD,
    foreground=theme.FOREGROUND,
    background=theme.BACKGROUND,
    surface=theme.SURFACE,
    panel=theme.PANEL,
)


class LeagueApp(App[Exception]):
    """Shows the league in ``folder`` live. Its result is the error that ended it, or None.

    Args:
        folder: the league's folder.
        match: a match to open at its start; None opens the newest match at its end.
        now: the clock, UTC.
        trust_code: whether a game that is the league maker's own code may run.
    """

    CSS_PATH = "arena.tcss"
    TITLE = "arena"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(width, f"-{name}") for width, name in SIZES]  # noqa: RUF012 - as Textual declares it
    VERTICAL_BREAKPOINTS = [(height, f"-{name}") for height, name in HEIGHTS]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "journal", "journal"),
        Binding("question_mark", "help", "help", key_display="?"),
        Binding("q", "quit", "quit"),
        Binding("ctrl+c", "quit", "quit", show=False, priority=True),
    ]

    def __init__(
        self,
        folder: Path,
        match: int | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        trust_code: bool = False,
    ) -> None:
        super().__init__()
        self.feed = Feed(folder, self.post_message, trust_code=trust_code)
        self._first_screen = LeagueScreen(self.feed, match, now)
        self._newest: LeagueChanged | None = None

    def on_mount(self) -> None:
        self.register_theme(THEME)
        self.theme = THEME.name
        # Not before the first screen is there: the feed may fail at once, which ends the app.
        self._first_screen.call_after_refresh(self.feed.start)

    def on_unmount(self) -> None:
        self.feed.stop()

    def get_default_screen(self) -> Screen[Any]:
        """The screen below all others."""
        return self._first_screen

    def open_screen(self, screen: Screen[Any]) -> None:
        """Open ``screen`` above the others and send it the newest view of the league."""
        self.push_screen(screen)
        if self._newest is not None:
            screen.post_message(self._newest)

    def action_help(self) -> None:
        """Show the keys."""
        self.open_screen(HelpScreen())

    def action_journal(self) -> None:
        """Show what happened in training."""
        self.open_screen(JournalScreen())

    @on(LeagueChanged)
    def _remember(self, message: LeagueChanged) -> None:
        self._newest = message
        self._forward(message)

    @on(LeagueLost)
    @on(MatchOpened)
    def _forward(self, message: LeagueChanged | LeagueLost | MatchOpened) -> None:
        for screen in self.screen_stack:
            screen.post_message(message)

    @on(FeedFailed)
    def _end(self, message: FeedFailed) -> None:
        self.exit(message.error)


def run(folder: Path, match: int | None = None, *, trust_code: bool = False) -> int:
    """Show the league in ``folder`` until the person leaves. Arguments as of :class:`LeagueApp`.

    Returns:
        0, or 1 when the TUI itself failed; Textual has printed the error then.

    Raises:
        Exception: what ended the thread that reads the league.
    """
    app = LeagueApp(folder, match, trust_code=trust_code)
    failure = app.run()
    if failure is not None:
        raise failure
    return app.return_code or 0
