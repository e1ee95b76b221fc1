"""The app of ``arena play``: one table, without a league around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.binding import BindingType

from agents.errors import AgentError
from arena.play.opponent import Seating
from arena.tui.dressed import DressedApp
from arena.tui.keys import TABLE_APP, bindings
from arena.tui.screens.help import HelpScreen
from arena.tui.screens.play import NoTable, PlayScreen
from games.contract import Move


class PlayApp(DressedApp):
    """A person plays. Its result is the error because of which no game could begin, or None.

    Args:
        seating, seat, seed, opening: as of :class:`PlayScreen`.
        theme: name of a palette.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(TABLE_APP)

    def __init__(
        self,
        seating: Seating,
        seat: int = 0,
        *,
        seed: int | None = None,
        opening: Sequence[Move] = (),
        theme: str = "dark",
    ) -> None:
        super().__init__(theme)
        self.table = PlayScreen(seating, seat, seed=seed, opening=opening)

    def on_mount(self) -> None:
        self.dress()
        self.push_screen(self.table)

    def action_help(self) -> None:
        """Show the keys."""
        self.push_screen(HelpScreen([*PlayScreen.GROUPS, TABLE_APP]))

    def action_return(self) -> None:
        """Close the screen in front; leave the app with the table."""
        if self.screen is self.table:
            self.exit()
        else:
            self.pop_screen()

    @on(NoTable)
    def _no_table(self, message: NoTable) -> None:
        self.exit(AgentError(message.why))


def play(seating: Seating, seat: int = 0, *, seed: int | None = None) -> int:
    """Let a person play until they leave. Arguments as of :class:`PlayApp`.

    Returns:
        0, or 1 when the TUI itself failed; Textual has printed the error then.

    Raises:
        AgentError: no game could begin.
    """
    app = PlayApp(seating, seat, seed=seed)
    failure = app.run()
    if failure is not None:
        raise failure
    return app.return_code or 0
