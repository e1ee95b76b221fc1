"""A person in front of a screen of the terminal UI: presses keys, clicks, and waits for what the screen shows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from small_league import NOW
from textual.app import App
from textual.pilot import Pilot

from arena.play.opponent import Seating
from arena.tui import LeagueApp
from arena.tui.play_app import PlayApp

SIZES = [(60, 16), (80, 24), (120, 40), (200, 60), (300, 80)]


class Person:
    """Drives an app."""

    def __init__(self, pilot: Pilot[Any]) -> None:
        self.pilot = pilot
        self.app: App[Any] = pilot.app

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
            await self.pilot.pause()

    async def see(self, condition: Callable[[], bool]) -> None:
        """Wait until ``condition`` holds."""
        for _ in range(900):
            await self.pilot.pause(0.01)
            if condition():
                return
        raise AssertionError(f"not seen; the screen shows:\n{self.text()}")

    def text(self) -> str:
        """Everything on the screen as text."""
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())

    def said(self) -> str:
        """The notices of the moment."""
        return "\n".join(str(notice.message) for notice in self.app._notifications)

    def shows(self, *texts: str) -> Callable[[], bool]:
        return lambda: all(text in self.text() for text in texts)

    async def read(self, *texts: str) -> None:
        """Wait until the screen shows these texts."""
        await self.see(self.shows(*texts))

    async def click_on(self, text: str) -> None:
        """Click in the middle of the first place that shows ``text``."""
        for row, line in enumerate(self.text().split("\n")):
            if text in line:
                await self.pilot.click(offset=(line.index(text) + len(text) // 2, row))
                return
        raise AssertionError(f"{text!r} is not there:\n{self.text()}")


@asynccontextmanager
async def replaying(folder: Path, match: int, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Person]:
    """The app on a league, with a match opened."""
    app = LeagueApp(folder, match, now=lambda: NOW)
    async with app.run_test(size=size) as pilot:
        yield Person(pilot)


@asynccontextmanager
async def sitting(
    game: str,
    against: str,
    seat: int = 0,
    *,
    seed: int = 5,
    size: tuple[int, int] = (120, 40),
    league: Path | None = None,
) -> AsyncIterator[Person]:
    """A table, with a person who has sat down at it."""
    place = None if league is None else str(league)
    app = PlayApp(Seating(game, against, place, trust_game=True), seat, seed=seed)
    async with app.run_test(size=size) as pilot:
        yield Person(pilot)
