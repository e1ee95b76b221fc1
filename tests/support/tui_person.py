"""A person who drives the terminal UI by keys and mouse, and reads its screen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import cast

from small_league import NOW
from textual.events import Event, Key
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.screen import Screen

from arena.tui import LeagueApp
from arena.tui.widgets.row_list import RowList

SLIM, NARROW, WIDE, HUGE, WALL = (60, 16), (80, 24), (120, 40), (200, 60), (300, 80)
SIZES = (SLIM, NARROW, WIDE, HUGE, WALL)
"""Columns and rows of the terminals that every screen is made for."""


class Person:
    """Presses keys, and waits until the screen shows what was asked for."""

    def __init__(self, pilot: Pilot[Exception]) -> None:
        self.pilot = pilot

    @property
    def app(self) -> LeagueApp:
        """The app; the tests of tables know that theirs is another one."""
        return cast("LeagueApp", self.pilot.app)

    @property
    def screen(self) -> Screen[object]:
        """The screen in front."""
        return self.pilot.app.screen

    async def press(self, *keys: str) -> None:
        """Press keys by Textual's names, one after the other."""
        await self.pilot.press(*keys)

    async def burst(self, *parts: str | Event) -> None:
        """Send characters and other events as a slow connection does: all at once. A line feed is the return key."""
        driver = self.app._driver
        assert driver is not None
        for part in parts:
            for each in part if isinstance(part, str) else [part]:
                if isinstance(each, str):
                    key = "enter" if each == "\n" else _character_to_key(each)
                    driver.send_message(Key(key, None if each == "\n" else each))
                else:
                    driver.send_message(each)
        await self.pilot.pause()

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

    async def click_on(self, text: str, times: int = 1) -> None:
        """Click on the first place that shows ``text``."""
        for row, line in enumerate(self.text().split("\n")):
            if text in line:
                await self.pilot.click(offset=(line.index(text) + len(text) // 2, row), times=times)
                return
        raise AssertionError(f"{text!r} is not there:\n{self.text()}")

    def said(self) -> str:
        """The notices of the moment."""
        return "\n".join(str(notice.message) for notice in self.app._notifications)

    def shows(self, *texts: str) -> Callable[[], bool]:
        """Whether all of ``texts`` are on the screen, as a condition for :meth:`see`."""
        return lambda: all(text in self.text() for text in texts)

    async def read(self, *texts: str) -> None:
        """Wait until the screen shows these texts."""
        await self.see(self.shows(*texts))


def go_to_row(rows: RowList, key: str) -> None:
    """Move the cursor of a list to a row."""
    rows._go(rows.keys.index(key))


@asynccontextmanager
async def watching(
    folder: Path,
    match: int | None = None,
    size: tuple[int, int] = WIDE,
    now: datetime = NOW,
    theme: str = "dark",
) -> AsyncIterator[Person]:
    """The app on the league in ``folder``, with somebody at its keyboard."""
    app = LeagueApp(folder, match, theme=theme, now=lambda: now)
    async with app.run_test(size=size) as pilot:
        yield Person(pilot)
