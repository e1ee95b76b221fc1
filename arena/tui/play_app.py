"""The app of ``arena play``: one table, without a league around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.binding import BindingType

from agents.errors import AgentError
from arena.play.opponent import Seating
from arena.tui.base_app import ArenaApp
from arena.tui.keys import TABLE_APP, bindings
from arena.tui.screens.play import NoTable, PlayScreen
from games.contract import Move


class PlayApp(ArenaApp):
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

    def action_return(self) -> None:
        """Leave the app with the table."""
        self.leave(self.exit)

    @on(NoTable)
    def _no_table(self, message: NoTable) -> None:
        self.exit(AgentError(message.why))


def play(seating: Seating, seat: int = 0, *, seed: int | None = None) -> int:
    """Let a person play until they leave. Arguments as of :class:`PlayApp`, result as of :meth:`ArenaApp.outcome`.

    Raises:
        AgentError: no game could begin.
    """
    return PlayApp(seating, seat, seed=seed).outcome()
