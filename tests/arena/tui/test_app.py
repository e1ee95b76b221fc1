"""The app: its messages to the screens, and how it ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from small_league import play, played_league
from textual import on
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static
from tui_person import watching

from arena.tui import LeagueApp
from arena.tui.feed import LeagueChanged
from leagues.store import open_store


class MatchCounter(Screen[None]):
    """A screen that follows the league."""

    def compose(self) -> ComposeResult:
        yield Static(id="counter")

    @on(LeagueChanged)
    def _count(self, message: LeagueChanged) -> None:
        self.query_one("#counter", Static).update(f"counted {message.view.match_count}")


async def test_a_screen_of_a_few_lines_follows_the_league(tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    async with watching(league) as person:
        await person.see(person.shows("Match 13"))
        app = person.pilot.app
        assert isinstance(app, LeagueApp)
        app.open_screen(MatchCounter())
        await person.see(person.shows("counted 13"))
        with open_store(league).writer() as store:
            play(store, [("random", "first")], block=8)
        await person.see(person.shows("counted 14"))
        app.pop_screen()
        await person.see(person.shows("Match 14", "14 matches"))


async def test_an_interrupt_leaves(league: Path) -> None:
    async with watching(league) as person:
        await person.press("ctrl+c")
        await person.see(lambda: not person.pilot.app.is_running)


async def test_an_error_of_the_program_ends_the_app_with_it(league: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("arena.tui.feed.leaderboard", broken)
    app = LeagueApp(league)
    async with app.run_test() as pilot:
        for _ in range(1500):
            await pilot.pause(0.01)
            if not app.is_running:
                break
    assert isinstance(app.return_value, ZeroDivisionError)


def test_it_loads_neither_torch_nor_ray() -> None:
    code = "import sys, arena.tui; print({'torch', 'ray'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
