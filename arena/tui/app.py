"""The app: owns the feed, passes its messages to the screens, and goes from screen to screen."""

from __future__ import annotations

import gc
import importlib
import os
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import SystemCommand
from textual.binding import BindingType
from textual.screen import Screen

from arena.tui.base_app import ArenaApp
from arena.tui.feed import Answered, Feed, FeedFailed, HeartbeatSeen, LeagueChanged, LeagueLost, LeagueView
from arena.tui.keys import APP, bindings
from arena.tui.layout import NUMBERED
from arena.tui.member_commands import MemberCommands
from arena.tui.screens.base import LeagueScreen

if TYPE_CHECKING:  # they load the store and NumPy, which the first paint need not wait for
    from arena.play.analyst import Analyst
    from arena.view.run_state import RunState
    from games.contract import Move

LOADED = 10.0
"""Seconds after which all that the app needs is loaded."""


class LeagueApp(ArenaApp):
    """Shows the league in ``folder`` live. Its result is the error that ended it, or None.

    Args:
        folder: the league's folder. While there is no league in it, the app waits for one.
        match: a match to replay at the start, above the leaderboard.
        theme: name of a palette of :data:`arena.view.theme.PALETTES`.
        now: the clock, UTC.
        trust_code: whether a game that is the league maker's own code may run.

    Attributes:
        folder, trust_code, now: the arguments.
        feed: reads the league.
        view: the newest view of the league; None before the first.
        problem: why the league cannot be read at the moment; empty while it can be.
        paused: whether the screens stay as they are; the header goes on.
        marked: IDs of the members that the person has marked, in the order of marking.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(APP)
    COMMANDS = ArenaApp.COMMANDS | {MemberCommands}

    def __init__(
        self,
        folder: Path,
        match: int | None = None,
        *,
        theme: str = "dark",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        trust_code: bool = False,
    ) -> None:
        super().__init__(theme)
        self.folder = folder
        self.trust_code = trust_code
        self.now = now
        self.feed = Feed(folder, self.post_message, trust_code=trust_code)
        self.view: LeagueView | None = None
        self.problem = ""
        self.paused = False
        self.marked: tuple[str, ...] = ()
        self._match = match
        self._analyst: Analyst | None = None
        self._back: list[tuple[str, object]] = []  # numbered screens of before, and what they were about

    def on_mount(self) -> None:
        self.dress()
        self.push_screen(self._installed(NUMBERED[0].lower()))
        if self._match is not None:
            self.open_match(self._match)
        self.set_interval(1.0, self._show_status)  # its times
        # What is loaded by then stays, and to search it for garbage takes some hundredths of a second each time.
        self.set_timer(LOADED, gc.freeze)
        # Not before the first screen is there: the feed may fail at once, which ends the app.
        self.call_after_refresh(self.feed.start)

    @property
    def analyst(self) -> Analyst:
        """Asks agents what they think. All replays share it, because its process takes seconds to load torch."""
        from arena.play.analyst import Analyst

        if self._analyst is None:
            self._analyst = Analyst()
        return self._analyst

    def on_unmount(self) -> None:
        self.feed.stop()
        if self._analyst is not None:
            self._analyst.close()

    def run_state(self) -> RunState | None:
        """How the newest run goes or has ended; None before the league was read."""
        if self.view is None:
            return None
        from arena.view.run_state import state_of

        return state_of(self.view.turns, self.view.progress, self.view.heartbeat, self.now())

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the palette lists."""
        for number, title in enumerate(NUMBERED, 1):
            name = title.lower()
            yield SystemCommand(title, f"the screen of key {number}", lambda name=name: self.action_go(name))
        yield SystemCommand("Pause", "keep the screen as it is, or go on", self.action_pause)
        yield SystemCommand("Copy command", "copy the command that shows the same", self.action_copy)
        yield from super().get_system_commands(screen)

    # Going from screen to screen

    def action_go(self, name: str) -> None:
        """Show the numbered screen called ``name``; ``escape`` comes back to this one.

        What was opened above a numbered screen is closed. If it is of the same kind, its subject stays.
        """
        front = self.screen
        subject = front.subject if isinstance(front, LeagueScreen) and front.NAME.lower() == name else None
        self.leave(lambda: self._go(name, subject))

    def _go(self, name: str, subject: object = None) -> None:
        """Show the numbered screen called ``name``, about ``subject`` unless that is None."""
        while len(self.screen_stack) > 2:  # screens that were opened above
            self.pop_screen()
        before, screen = self._numbered(), self._installed(name)
        place = before.NAME.lower(), before.subject
        if subject not in (None, screen.subject):
            screen.turn_to(subject)
        if place != (name, screen.subject):
            self._back = [*self._back, place][-20:]
            self._show(screen)

    def _drill(self, name: str, subject: object) -> None:
        """Show a numbered screen about ``subject``. Where a screen was opened above a numbered one, another of its kind
        is opened above that, so that ``escape`` comes back to it."""
        if len(self.screen_stack) > 2:
            screen = _made(name)
            screen.turn_to(subject)
            self.push_screen(screen)
        else:
            self._go(name, subject)

    def _show(self, screen: LeagueScreen) -> None:
        if screen is not self._numbered():
            self.switch_screen(screen)

    def action_replay(self, match_id: int) -> None:
        """Replay a match."""
        self.open_match(match_id)

    def action_return(self) -> None:
        """Undo what the screen in front has narrowed or enlarged; otherwise close it, or show the numbered one of
        before."""
        if isinstance(self.screen, LeagueScreen) and self.screen.step_back():
            return
        if len(self.screen_stack) > 2:
            self.leave(self.pop_screen)
        elif self._back:
            name, subject = self._back.pop()
            screen = self._installed(name)
            if screen.subject != subject:
                screen.turn_to(subject)
            self._show(screen)

    def _numbered(self) -> LeagueScreen:
        """The numbered screen that is in front, or below those that were opened above it."""
        screen = self.screen_stack[1]
        assert isinstance(screen, LeagueScreen)
        return screen

    def _installed(self, name: str) -> LeagueScreen:
        """The numbered screen called ``name``, made when it is first asked for."""
        if not self.is_screen_installed(name):
            self.install_screen(_made(name), name)
        screen = self.get_screen(name)
        assert isinstance(screen, LeagueScreen)
        return screen

    def open_match(self, match_id: int, words: str | None = None) -> None:
        """Replay a match; ``words`` are the filter of the list that it is in, None where it is in none."""
        from arena.tui.screens.replay import ReplayScreen

        self.push_screen(ReplayScreen(match_id, words))

    def open_play(
        self, member_id: str, *, seat: int = 0, seed: int | None = None, opening: Sequence[Move] = ()
    ) -> None:
        """Sit down against a member, once the league has been read; arguments as of :class:`PlayScreen`.

        The game is not recorded: to watch a league must never stop a training that wants to write to it.
        """
        from arena.play.opponent import Seating, against_member
        from arena.tui.screens.play import PlayScreen

        if self.view is not None:
            seating = Seating(
                self.view.info.game,
                against_member(self.folder, member_id),
                trust_game=self.trust_code,
                trust_code=self.trust_code,
            )
            self.push_screen(PlayScreen(seating, seat, seed=seed, opening=opening))

    def open_agent(self, member_id: str) -> None:
        """Show a member on the agent screen."""
        self._drill("agent", member_id)

    def list_matches(self, *members: str, kind: str = "") -> None:
        """Show the matches in which all of these members had a seat, of a kind if it is not empty."""
        from arena.tui.screens.matches import Filter
        from arena.view.match_filter import member_word

        words = " ".join([*map(member_word, members), *filter(None, [kind])])
        self._drill("matches", Filter(words))

    def mark(self, member_id: str) -> bool:
        """Mark a member, or remove its mark; return whether it is marked now."""
        there = member_id in self.marked
        self.marked = tuple(each for each in self.marked if each != member_id) if there else (*self.marked, member_id)
        return not there

    # Keys of every screen

    def action_pause(self) -> None:
        """Stop following the league, or go on."""
        self.paused = not self.paused
        self.feed.pause(self.paused)
        self._show_status()

    def action_copy(self) -> None:
        """Copy the command that shows the same."""
        screen = self.screen
        if not isinstance(screen, LeagueScreen):
            return
        if words := screen.command():
            command = shlex.join(["arena", *words])  # members' names are not ours, and a shell will read them
            self.copy_to_clipboard(command)
            screen.say(f"copied: {command}")
        else:
            screen.say("no command shows the same")

    # Messages of the feed

    @on(LeagueChanged)
    def _changed(self, message: LeagueChanged) -> None:
        before, self.view, self.problem = self.view, message.view, ""
        if before is None:
            self.run_worker(_load_screens, thread=True)
        elif before.info.created_at != message.view.info.created_at:
            self.marked = ()
            if isinstance(self.screen, LeagueScreen):
                self.screen.say(f"Another league is in {os.fspath(self.folder)} now")
        self._forward(message)

    @on(HeartbeatSeen)
    def _heard(self, message: HeartbeatSeen) -> None:
        if self.view is not None:
            self.view = replace(self.view, heartbeat=message.heartbeat)  # the clock shows it

    @on(LeagueLost)
    def _lost(self, message: LeagueLost) -> None:
        where = os.fspath(self.folder)
        if not message.absent:
            self.problem = f"{message.reason[:1].upper()}{message.reason[1:]}"
        elif self.view is None:
            self.problem = f"Waiting for a league in {where}; arena train GAME --league {where} makes one"
        else:
            self.problem = f"The league is gone from {where}; waiting for it to come back"
        self._forward(message)

    @on(Answered)
    def _forward(self, message: Answered | LeagueChanged | LeagueLost) -> None:
        # A box such as the help may be in front. No screen is left where a message comes while the app ends.
        for screen in reversed(self.screen_stack):
            if isinstance(screen, LeagueScreen):
                screen.post_message(message)
                return

    @on(FeedFailed)
    def _end(self, message: FeedFailed) -> None:
        self.exit(message.error)

    def _show_status(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, LeagueScreen):
                screen.show_status()


def _made(name: str) -> LeagueScreen:
    """A new screen of the kind called ``name``."""
    module = importlib.import_module(f"arena.tui.screens.{name}")
    screen = getattr(module, f"{name.capitalize()}Screen")()
    assert isinstance(screen, LeagueScreen)
    return screen


def _load_screens() -> None:
    """Load the modules of all screens, so that the first key which opens one need not wait for that."""
    for name in (*NUMBERED, "replay"):
        importlib.import_module(f"arena.tui.screens.{name.lower()}")


def run(folder: Path, match: int | None = None, *, theme: str = "dark", trust_code: bool = False) -> int:
    """Show the league in ``folder`` until the person leaves. Arguments as of :class:`LeagueApp`, result as of
    :meth:`ArenaApp.outcome`.

    Raises:
        Exception: what ended the thread that reads the league.
    """
    return LeagueApp(folder, match, theme=theme, trust_code=trust_code).outcome()
