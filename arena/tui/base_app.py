"""What the apps do alike: their themes in the colours that the terminal has, the palette of commands, the help, how
they end, and every way out, which asks before a game is lost."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from textual import events
from textual.app import App, SystemCommand
from textual.dom import DOMNode
from textual.filter import LineFilter
from textual.screen import Screen
from textual.theme import Theme

from arena.tui.layout import HEIGHTS, SIZES
from arena.tui.look import look, wear
from arena.tui.nearest import Nearest
from arena.tui.screens.ask import AskScreen
from arena.tui.screens.base import ArenaScreen
from arena.tui.screens.help import HelpScreen
from arena.view.text import plain
from arena.view.theme import DARK, PALETTES, Palette, palette_for

SETTLING = 0.1
"""Seconds in which a key has its effect once it was handled. What comes later need not wait."""

_IN_ORDER = (events.Key, events.Paste, events.MouseDown, events.MouseUp, events.MouseScrollDown, events.MouseScrollUp)


def app_of(screen: Screen[Any]) -> ArenaApp:
    """The app of one of our screens."""
    assert isinstance(screen.app, ArenaApp)
    return screen.app


class ArenaApp(App[Exception]):
    """An app of screens of ours, with a theme for every palette. Its result is the error that ended it, or None.

    Args:
        theme: name of the palette that it begins with, of :data:`arena.view.theme.PALETTES`.

    Attributes:
        traces: tracebacks of errors that nobody expects, of other processes; they are printed when the app has ended.
    """

    CSS_PATH = ["arena.tcss", "league.tcss", "table.tcss"]  # noqa: RUF012 - as Textual declares it
    TITLE = "arena"
    HORIZONTAL_BREAKPOINTS = [(width, f"-{name}") for width, name in SIZES]  # noqa: RUF012 - as Textual declares it
    VERTICAL_BREAKPOINTS = [(height, f"-{name}") for height, name in HEIGHTS]  # noqa: RUF012

    def __init__(self, theme: str) -> None:
        super().__init__()
        self.traces: list[str] = []
        self._first_theme = theme
        self._nearest = [Nearest()] if self.console.color_system == "256" else []
        self._waiting: deque[events.Event] = deque()  # what the person has done since the key that is under way
        self._path: list[DOMNode] = []  # of the newest key: the widget that got it, and those around it
        self._settled = 0.0  # when the newest key has surely had its effect

    def dress(self) -> None:
        """Make the themes, and use the first. To be called before there is a screen."""
        for name in PALETTES:
            self.register_theme(_theme(name, self._palette(name)))
        self._use(self.available_themes[self._first_theme])
        self.theme = self._first_theme
        self.theme_changed_signal.subscribe(self, self._use)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return _variables(DARK)  # until there is a theme; only their names count

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), *self._nearest]

    # What the person does, one thing at a time

    async def on_event(self, event: events.Event) -> None:
        """Let a key, a paste and a click wait until the key before has had its effect.

        Textual hands a key to the widget that has the focus by then. Of keys that come at once, as over a slow
        connection, those after a ``/`` would go to the list instead of the line that it opens. A key of the app itself,
        such as ``ctrl+c``, waits for nothing.
        """
        if event.is_forwarded or not isinstance(event, _IN_ORDER):
            await super().on_event(event)
            if isinstance(event, events.Key):  # it is handled last of all by the app
                self._settled = time.monotonic() + SETTLING
        elif isinstance(event, events.Key) and await self._check_bindings(event.key, priority=True):
            return
        elif self._waiting or time.monotonic() < self._settled:
            self._waiting.append(event)
            if len(self._waiting) == 1:
                self._follow(deque([*self._path, *self._path]))  # an effect may be a message to those around
        else:
            await self._hand_on(event)

    async def _hand_on(self, event: events.Event) -> None:
        if isinstance(event, (events.Key, events.Paste)):
            self._path = (self.focused or self.screen).ancestors_with_self
            self._settled = time.monotonic() + SETTLING
        await super().on_event(event)

    def _follow(self, nodes: deque[DOMNode]) -> None:
        """Go behind a key through the queues of its widget, of those around it, and of the app."""
        while nodes:
            if nodes.popleft().call_later(self._follow, nodes):  # not if the key has closed it
                return
        self.call_later(self._go_on)  # the focus moves after the key

    async def _go_on(self) -> None:
        """Hand on what waits, up to the next key."""
        while self._waiting:
            event = self._waiting.popleft()
            await self._hand_on(event)
            if self._waiting and isinstance(event, (events.Key, events.Paste)):
                self._follow(deque([*self._path, *self._path]))
                return

    def _palette(self, name: str) -> Palette:
        return palette_for(name, None if self.no_color else self.console.color_system)

    def _use(self, theme: Theme) -> None:
        if theme.name in PALETTES and self._palette(theme.name) is not look():
            wear(self._palette(theme.name))
            for screen in self.screen_stack:
                if isinstance(screen, ArenaScreen):
                    screen.show_again()

    def leave(self, then: Callable[[], object], again: str = "q") -> None:
        """Do ``then``, which takes screens away, once the person agrees to lose what is at stake on them.

        Every way out goes through here. A second one, while its question stands, means yes.

        Args:
            then: what to do.
            again: the key that asks for it.
        """

        def answered(yes: bool | None) -> None:
            if yes:
                self.call_later(then)

        front = self.screen
        stakes = (screen.at_stake for screen in reversed(self.screen_stack) if isinstance(screen, ArenaScreen))
        question = next(filter(None, stakes), "")
        if not question or (isinstance(front, AskScreen) and front.question == question):
            then()
        else:
            self.push_screen(AskScreen(question, again), answered)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the palette lists: what the screen in front can do, the themes, and what the keys of all screens do."""
        if isinstance(screen, ArenaScreen):
            for key in screen.commands:
                yield SystemCommand(key.label.capitalize(), key.help, partial(screen.run_action, key.action))
        for name in PALETTES:
            yield SystemCommand(f"Theme: {name}", "colours", partial(setattr, self, "theme", name))
        yield SystemCommand("Keys", "the keys of this screen", self.action_help)
        yield SystemCommand("Quit", "leave", self.action_quit)

    async def action_quit(self) -> None:
        """Leave the app."""
        self.leave(self.exit)

    def action_help(self) -> None:
        """Show the keys of the screen in front."""
        if isinstance(self.screen, ArenaScreen):
            self.push_screen(HelpScreen(self.screen.groups))

    def outcome(self) -> int:
        """Run until the person leaves.

        Returns:
            0, or 1 when the app itself failed; Textual has printed the error then.

        Raises:
            Exception: the app's result.
        """
        failure = self.run()
        for trace in self.traces:
            print(plain(trace, lines=True), file=sys.stderr)
        if failure is not None:
            raise failure
        return self.return_code or 0


def _theme(name: str, palette: Palette) -> Theme:
    """Textual's theme of a palette."""
    return Theme(
        name=name,
        dark=palette.dark,
        primary=palette.accent,
        secondary=palette.secondary,
        accent=palette.accent,
        success=palette.good,
        warning=palette.warm,
        error=palette.bad,
        foreground=palette.foreground,
        background=palette.background,
        surface=palette.surface,
        panel=palette.panel,
        variables=_variables(palette),
    )


def _variables(palette: Palette) -> dict[str, str]:
    """The variables of our styles that Textual does not have."""
    return {"faint": palette.faint, "frame": palette.frame}
