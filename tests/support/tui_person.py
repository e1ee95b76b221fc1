"""A person who drives the terminal UI by keys and reads its screen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from arena.tui.screens.league import LeagueScreen
from small_league import NOW
from textual.pilot import Pilot
from textual.widgets import Static

from arena.tui import LeagueApp

SLIM, NARROW, WIDE, HUGE = (60, 15), (80, 24), (120, 40), (200, 50)


class Person:
    """Presses keys, and waits until the screen shows what was asked for."""

    def __init__(self, pilot: Pilot[Exception]) -> None:
        self.pilot = pilot

    @property
    def screen(self) -> LeagueScreen:
        screen = self.pilot.app.screen_stack[0]
        assert isinstance(screen, LeagueScreen)
        return screen

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def choose(self, member: str) -> None:
        """Press enter on a member of the leaderboard."""
        table = self.screen.leaderboard
        await self.see(lambda: member in table.keys and "rating ..." not in self.text())
        table.focus()
        await self.press("pageup", *["down"] * table.keys.index(member), "enter")

    async def see(self, condition: Callable[[], bool]) -> None:
        """Wait until ``condition`` holds; the feed's thread needs some turns of the loop to answer."""
        for _ in range(1500):
            await self.pilot.pause(0.01)
            if condition():
                return
        raise AssertionError(f"not seen; the screen shows:\n{self.text()}")

    def text(self) -> str:
        """Everything on the screen as text."""
        lines = self.pilot.app.screen._compositor.render_strips()
        return "\n".join(strip.text for strip in lines)

    def shows(self, *texts: str) -> Callable[[], bool]:
        return lambda: all(text in self.text() for text in texts)

    def board_text(self, part: str) -> str:
        """The text of the part of the board called ``part``."""
        return str(self.screen.board.query_one(f"#{part}", Static).content)


@asynccontextmanager
async def watching(
    folder: Path, match: int | None = None, size: tuple[int, int] = WIDE, now: datetime = NOW
) -> AsyncIterator[Person]:
    """The app on the league in ``folder``, with somebody at its keyboard."""
    app = LeagueApp(folder, match, now=lambda: now)
    async with app.run_test(size=size) as pilot:
        yield Person(pilot)
