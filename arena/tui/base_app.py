"""What the apps do alike: the help, how they end, and every way out, which asks before a game is lost."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from textual.app import SystemCommand
from textual.screen import Screen

from arena.tui.dressed import DressedApp
from arena.tui.screens.ask import AskScreen
from arena.tui.screens.base import ArenaScreen
from arena.tui.screens.help import HelpScreen
from arena.view.text import plain
from arena.view.theme import PALETTES


def app_of(screen: Screen[Any]) -> ArenaApp:
    """The app of one of our screens."""
    assert isinstance(screen.app, ArenaApp)
    return screen.app


class ArenaApp(DressedApp):
    """An app of screens of ours. Its result is the error that ended it, or None.

    Args:
        theme: as of :class:`DressedApp`.

    Attributes:
        traces: tracebacks of errors that nobody expects, of other processes; they are printed when the app has ended.
    """

    def __init__(self, theme: str) -> None:
        super().__init__(theme)
        self.traces: list[str] = []

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
