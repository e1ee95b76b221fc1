"""The app around the screen: its theme, its styles, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from textual.app import App
from textual.theme import Theme

from arena.tui.screens.league import LeagueScreen
from arena.tui.widgets.rows import ACCENT, BAD, GOOD, HEIGHTS, SIZES, WARM

THEME = Theme(
    name="arena",
    dark=True,
    primary=ACCENT,
    secondary="#8fa6d8",
    accent=ACCENT,
    success=GOOD,
    warning=WARM,
    error=BAD,
    foreground="#d8dee9",
    background="#14171d",
    surface="#191d25",
    panel="#222833",
)


class LeagueApp(App[Exception]):
    """Shows the league in ``folder`` live. Its result is the error that ended it, or None.

    Args:
        folder: the league's folder.
        match: a match to open at its start; None opens the newest at its end.
        now: the clock, UTC.
        trust_code: whether the league's game may be code of its maker's own.
    """

    CSS_PATH = "arena.tcss"
    TITLE = "arena"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(width, f"-{name}") for width, name in SIZES]  # noqa: RUF012 - as Textual declares it
    VERTICAL_BREAKPOINTS = [(height, f"-{name}") for height, name in HEIGHTS]  # noqa: RUF012

    def __init__(
        self,
        folder: Path,
        match: int | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        trust_code: bool = False,
    ) -> None:
        super().__init__()
        self._screen = LeagueScreen(folder, match, now, trust_code)

    def on_mount(self) -> None:
        self.register_theme(THEME)
        self.theme = THEME.name

    def get_default_screen(self) -> LeagueScreen:
        """The one screen."""
        return self._screen


def run(folder: Path, match: int | None = None, *, trust_code: bool = False) -> int:
    """Show the league in ``folder`` until the person leaves, opened on ``match`` if one is given.

    Its game may be code of its maker's own only with ``trust_code``.

    Returns:
        0, or 1 when the screen itself broke (Textual has told then how).

    Raises:
        Exception: what ended the thread that reads the league.
    """
    app = LeagueApp(folder, match, trust_code=trust_code)
    failure = app.run()
    if failure is not None:
        raise failure
    return app.return_code or 0
