"""A match beside its list: the position at its end, its moves one by one, or the whole of it played by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from arena.tui.look import look
from arena.tui.match_pages import Opened
from arena.tui.widgets.board import Board
from arena.tui.widgets.cells import name_cell
from arena.view.outcome import outcome_text, seat_results
from arena.view.pieces import marks_of
from arena.view.text import counted, duration, moment, plain, signed
from arena.view.theme import PLAYING, TO_MOVE

PACE = 0.4
"""Seconds between two positions at most, while a match plays by itself."""

LONGEST = 24.0
"""Seconds that a match takes at most, while it plays by itself."""

HOLD = 2.0
"""Seconds for which its last position stays."""

_DAY = 86_400

_ROOMY = 32
"""Columns from which on all facts of a match are shown."""

_TALL = 18
"""Lines of a terminal from which on the preview says when a match was played."""

_MOST_SEATS = 4
"""Seats that have a line of their own."""


class MatchPreview(Vertical):
    """Shows positions of one match, with what is known of it below.

    Attributes:
        opened: the match; None before the first.
        ply: index of its position in sight, among those that are there.
    """

    @dataclass
    class Ended(Message):
        """A match that played by itself is over."""

    @dataclass
    class Clicked(Message):
        """The person wants to see all of the match."""

    def __init__(self) -> None:
        super().__init__(classes="pane")
        self.opened: Opened | None = None
        self.ply = 0
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Board()
        yield Static(id="matches-facts", markup=False)

    @property
    def playing(self) -> bool:
        """Whether the match plays by itself."""
        return self._timer is not None

    def show_match(self, opened: Opened, *, back: int = 0) -> None:
        """Show a match at its end, or ``back`` positions before."""
        self._stop()
        self.opened = opened
        self.ply = max(0, len(opened.frames) - 1 - back)
        self.show_again()

    def play(self, opened: Opened, ply: int = 0) -> None:
        """Play a match from its start, or from a later position."""
        self._stop()
        self.opened, self.ply = opened, min(ply, max(0, len(opened.frames) - 1))
        pace = min(PACE, LONGEST / max(1, len(opened.frames)))
        self._timer = self.set_interval(pace, self._tick)
        self.show_again()

    def say(self, sentence: str) -> None:
        """Show a sentence instead of a match."""
        self._stop()
        self.opened = None
        self.query_one(Board).say(sentence)
        self.query_one("#matches-facts", Static).update("")
        self.border_title = None

    def step(self, by: int) -> None:
        """Go some positions on, or back if negative."""
        if self.opened is not None:
            self.ply = max(0, min(self.ply + by, len(self.opened.frames) - 1))
            self.show_again()

    def show_title(self, now: datetime) -> None:
        """Show which match it is, and how long ago it was played."""
        if self.opened is None:
            return
        match, colours = self.opened.match, look()
        title = Text(f"Match {match.id}")
        if self.opened.running is not None:
            title = Text.assemble((f"{PLAYING} live", f"bold {colours.good}"), " · being played")
            title.append(f", ply {match.plies:,}", colours.faint)
        elif self.playing:
            ago = (now - match.started_at).total_seconds() - match.duration
            when = f"played {duration(ago)} ago" if ago < _DAY else f"of {match.started_at:%Y-%m-%d}"
            title = Text.assemble((f"{PLAYING} live", f"bold {colours.good}"), f" · match {match.id}")
            title.append(f", {when}", colours.faint)
        self.border_title = title

    def show_again(self) -> None:
        """Draw everything again, as after a resize."""
        opened = self.opened
        if opened is None:
            return
        board, frames = self.query_one(Board), opened.frames
        if frames:
            before = frames[self.ply - 1] if self.ply else None
            board.show_position(frames[self.ply], before, game=opened.info.game)
        else:
            board.say(opened.problem or "this match has no positions")
        self.query_one("#matches-facts", Static).update(self._facts(opened))

    def on_resize(self) -> None:
        self.show_again()

    def on_click(self) -> None:
        """Ask for a replay of the match."""
        if self.opened is not None:
            self.post_message(self.Clicked())

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = None

    def _tick(self) -> None:
        assert self.opened is not None
        assert self._timer is not None
        if self.ply < len(self.opened.frames) - 1:
            self.step(1)
        if self.ply >= len(self.opened.frames) - 1:
            self._timer.stop()
            self._timer = self.set_timer(HOLD, self._end)

    def _end(self) -> None:
        self.post_message(self.Ended())

    def _facts(self, opened: Opened) -> Text:
        """The seats with their results, the move, and the match."""
        match, info, colours = opened.match, opened.info, look()
        frame = opened.frames[self.ply] if opened.frames else None
        running = opened.running is not None
        over = not running and (frame is None or frame.ply >= match.plies)
        width = max(20, self.size.width - 4)
        text = Text()
        results = seat_results(match, info.teams)
        if len(match.seats) <= _MOST_SEATS:
            outcomes = [f"{result} {signed(value)}" for result, value in zip(results, match.returns, strict=True)]
            room = width - 4 - max(map(len, outcomes))
            room = min(room, max(cell_len(plain(name)) for name in match.seats))
            marks = marks_of(info.game, len(match.seats))
            for seat, name in enumerate(match.seats):
                to_move = frame is not None and seat in frame.acting and not over
                text.append(f"{TO_MOVE if to_move else marks[seat]} ", colours.seats[seat % len(colours.seats)])
                cell = name_cell(name, room, f"bold {colours.good}" if over and results[seat] == "won" else "bold")
                cell.pad_right(room - cell.cell_len + 2)
                text.append_text(cell).append(f"{outcomes[seat] if over else ''}\n", colours.result(results[seat]))
        elif over:
            text.append(f"{outcome_text(match, info.teams)}\n", "bold")
        if frame is not None:
            moves = ", ".join(
                f"{plain(match.seats[seat]) if len(frame.moves) > 1 else ''} {plain(name)}".strip()
                for seat, name in frame.moves
            )
            if running:
                text.append(f"ply {frame.ply} ", colours.faint)
            else:
                last = match.plies
                bar = max(6, min(24, width - len(moves) - 16))
                at = round(frame.ply * (bar - 1) / last) if last else bar - 1
                text.append("━" * at + "●", colours.accent).append("─" * (bar - 1 - at), colours.faint)
                text.append(f" {frame.ply}/{last} ", colours.faint)
            text.append(f"{moves or 'the start'}\n")
        if over and (match.ending != "terminated" or match.void):
            text.append(f"{outcome_text(match, info.teams)}\n", colours.warm)
        if self.app.size.height < _TALL:
            return text[:-1]  # the board needs the lines
        facts = [match.kind, moment(match.started_at)]
        if width >= _ROOMY:
            facts += [
                f"took {duration(match.duration)}" if match.duration >= 1 else "",
                f"iteration {match.iteration:,}" if match.iteration else "",
                f"event {match.event:,}" + (f", block {match.block:,}" if match.block else "") if match.event else "",
                f"opening of {counted(match.opening, 'move')}" if match.opening else "",
                f"seed {match.seed}",
            ]
        return text.append(" · ".join(filter(None, facts)), colours.faint)
