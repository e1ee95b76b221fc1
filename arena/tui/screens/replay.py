"""The replay: one match, position by position, with what its agents thought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.message import Message
from textual.widgets import Static

from arena.play.analysis import Analysis
from arena.tui.base_app import app_of
from arena.tui.feed import Query
from arena.tui.keys import PLAYERS, REPLAY, Group, bindings
from arena.tui.layout import ROOMY
from arena.tui.match_pages import Neighbours
from arena.tui.replay_words import players, said, thinker, why_none
from arena.tui.replayed import Replay, Replayed
from arena.tui.screens.base import LeagueScreen
from arena.tui.widgets.board import Board
from arena.tui.widgets.moves import MoveList
from arena.tui.widgets.opinions import PolicyBars, ValueLine
from arena.tui.widgets.players import Players
from arena.tui.widgets.timeline import Timeline
from arena.view.text import moment, plain
from games.contract import CHANCE

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Positions a second while the match plays by itself."""


@dataclass
class Analysed(Message, bubble=False):
    """The analysis of a match has arrived."""

    match_id: int
    analysis: Analysis


class ReplayScreen(LeagueScreen):
    """One match.

    Args:
        match_id: the match.
        words: the filter of the list that the person came from, whose newest match is on top; ``n`` goes down this
            list. Without one, None, ``n`` goes to the match that was recorded next.
    """

    NAME = ""
    GROUPS: ClassVar[tuple[Group, ...]] = (REPLAY, PLAYERS)
    BINDINGS: ClassVar[list[BindingType]] = bindings(REPLAY)

    def __init__(self, match_id: int, words: str | None = None) -> None:
        super().__init__()
        self.match_id = match_id
        self.words = words
        self.ply = 0
        self.playing = False
        self._neighbour = 0  # the way to go as soon as the neighbours are known
        self._view: int | None = None
        self._flipped = False
        self._speed = SPEEDS.index(2.0)
        self._analysing: bool | None = None  # as the person decided; None: where there is room
        self._analyses: dict[int, Analysis] = {}
        self._asked: int | None = None  # the match whose analysis is under way
        self._listed: Replay | None = None  # whose moves are listed
        self._note = ""  # the answer to what the person did last, until they go on

    def body(self) -> ComposeResult:
        yield Board(id="replay-board", classes="pane")
        with Container(id="replay-side"):
            with Vertical(id="replay-game"):
                yield Players(id="replay-players")
                yield Static(id="replay-said", markup=False)
                yield MoveList(id="replay-moves", classes="pane")
            with Vertical(id="replay-analysis"):
                yield ValueLine(id="replay-values", classes="pane")
                yield PolicyBars(id="replay-policy", classes="pane")
        yield Timeline(id="replay-time")

    def on_mount(self) -> None:
        self.query_one(Board).say("reading the match ...")
        self._timer = self.set_interval(1 / SPEEDS[self._speed], self._tick, pause=True)

    @on(events.ScreenResume)
    def _ask_again(self) -> None:
        self._asked = None  # another replay may have asked meanwhile, and of several requests the last is answered

    def queries(self) -> Sequence[Query]:
        return (Replayed(self.match_id, self._view), self._neighbours)

    @property
    def _neighbours(self) -> Neighbours:
        return Neighbours(self.match_id, self.words or "")

    def command(self) -> Sequence[str]:
        return "replay", str(self.arena.folder), str(self.match_id)

    @property
    def opened(self) -> Replay | None:
        """The match; None before it was read."""
        found: Replay | None = self.answer(Replayed(self.match_id, self._view))
        return found

    @property
    def last(self) -> int:
        """The last position."""
        return self.opened.last if self.opened else 0

    @property
    def analysing(self) -> bool:
        """Whether the analysis is shown."""
        return self.room in ROOMY if self._analysing is None else self._analysing

    def show(self, query: Query, value: Any) -> None:
        if isinstance(query, Neighbours) and self._neighbour:
            by, self._neighbour = self._neighbour, 0
            self.action_neighbour(by)
            return
        if isinstance(query, Replayed):
            self.ply = min(self.ply, max(0, len(value.frames) - 1))
            self._show_match()

    def refuse(self, query: Query, problem: str) -> None:
        if isinstance(query, Replayed):
            self.query_one(Board).say(problem)
        else:
            super().refuse(query, problem)

    def say(self, sentence: str, *, bad: bool = False) -> None:
        """Show a sentence beside the board until the next key: a notice would cover the moves or the timeline."""
        if self.opened is None:
            super().say(sentence, bad=bad)
            return
        self._note = sentence
        self.query_one("#replay-said", Static).update(said(self.opened, self.ply, self._note))

    # What is shown

    def _show_match(self) -> None:
        opened = self.opened
        if opened is None:
            return
        moves = self.query_one(MoveList)
        if self._listed is not opened:
            self._listed = opened
            moves.show_moves([frame.moves for frame in opened.frames[1:]], len(opened.match.seats), opened.marks)
            moves.scroll_home(animate=False)
        moves.border_title = Text("Moves")
        self.set_class(self.analysing, "-analysing")
        self._ask_analysis(opened)
        self._show_analysis(opened)
        self._show_ply()

    def _show_ply(self) -> None:
        opened, board = self.opened, self.query_one(Board)
        if opened is None:
            return
        match = opened.match
        board.border_title = Text(f"Match {match.id} · {match.kind}")
        board.border_subtitle = Text(self._seen(opened))
        if not opened.frames:
            board.say(opened.problem)
        else:
            frame = opened.frames[self.ply]
            before = opened.frames[self.ply - 1] if self.ply else None
            board.show_position(frame, before, game=opened.game, flipped=self._flipped, largest=opened.largest)
        self.query_one(Players).show_players(players(opened, self.ply))
        self.query_one("#replay-said", Static).update(said(opened, self.ply, self._note))
        self.query_one(MoveList).show_ply(self.ply)
        self._show_time(opened)
        self._show_opinion(opened)

    def _show_time(self, opened: Replay) -> None:
        speed = f"{SPEEDS[self._speed]:g} a second" if self.playing else ""
        time, opening = self.query_one(Timeline), opened.match.opening
        time.show_time(self.ply, self.last, opening=opening, playing=self.playing, speed=speed)

    def _seen(self, opened: Replay) -> str:
        if self._view is not None:
            return f"as {plain(opened.agent_ids[self._view])} sees it"
        if opened.hides:
            return "everything is shown (v)" if self.room != "slim" else "all shown"
        return f"seed {opened.match.seed} · {moment(opened.match.started_at)}" if self.room in ROOMY else ""

    # The analysis

    def _ask_analysis(self, opened: Replay) -> None:
        known, number = self._analyses.get(self.match_id), self.match_id
        missing = known is None or known.problem  # where it has failed, it is asked for again
        if self.analysing and opened.frames and missing and number != self._asked:
            self._asked, app = number, self.app
            self.arena.analyst.match(
                self.arena.folder,
                number,
                # By way of the app: this screen may be gone by then.
                lambda found: app.call_later(self.post_message, Analysed(number, found)),
                trust_code=self.arena.trust_code,
            )

    @on(Analysed)
    def _analysed(self, message: Analysed) -> None:
        self._analyses[message.match_id] = message.analysis
        if message.analysis.trace:
            app_of(self).traces.append(message.analysis.trace)
        if message.match_id == self._asked:
            self._asked = None
        if self.opened is not None and self.match_id == message.match_id:
            self._show_analysis(self.opened)
            self._show_opinion(self.opened)

    def _show_analysis(self, opened: Replay) -> None:
        analysis = self._analyses.get(self.match_id)
        opinions = () if analysis is None else analysis.opinions
        line = self.query_one(ValueLine)
        line.border_title = Text("Value for each seat")
        why, below = (why_none(opened, analysis, self.ply, what) for what in ("value", "policy"))
        line.show_values(opinions, self.last, "" if why == below else why)  # once is enough
        signs = {
            each.ply + 1: f"{each.played.probability:.0%}"
            for each in opinions
            if each.played is not None
            and each.played.probability is not None
            and len(opened.frames[each.ply].acting) == 1
        }
        self.query_one(MoveList).show_signs(signs if self.analysing else {})

    def _show_opinion(self, opened: Replay) -> None:
        analysis = self._analyses.get(self.match_id)
        here = [] if analysis is None else [each for each in analysis.opinions if each.ply == self.ply]
        bars = self.query_one(PolicyBars)
        bars.border_title = Text(thinker(opened, here))
        bars.show_opinions(here, "" if here else why_none(opened, analysis, self.ply, "policy"))
        self.query_one(ValueLine).show_ply(self.ply)

    # Going through the match

    def on_key(self) -> None:
        """Take away the answer to the key before. What the key does comes after this."""
        if self._note and self.opened is not None:
            self.say("")

    def go(self, ply: int) -> None:
        """Show a position, or the nearest one, and stop playing."""
        self._play(False)
        self._show_at(ply)

    def _show_at(self, ply: int) -> None:
        self.ply, self._note = max(0, min(ply, self.last)), ""
        with self.app.batch_update():
            self._show_ply()

    def _play(self, playing: bool) -> None:
        self.playing = playing
        (self._timer.resume if playing else self._timer.pause)()
        if self.opened is not None:
            self._show_time(self.opened)

    def _tick(self) -> None:
        self._show_at(self.ply + 1)
        if self.ply == self.last:
            self._play(False)

    @on(MoveList.Chosen)
    @on(Timeline.Chosen)
    @on(ValueLine.Chosen)
    def _chosen(self, message: MoveList.Chosen | Timeline.Chosen | ValueLine.Chosen) -> None:
        self.go(message.ply)

    @on(Players.Chosen)
    def _agent(self, message: Players.Chosen) -> None:
        if self.opened is not None:
            self.arena.open_agent(self.opened.match.seats[message.seat])

    def action_step(self, by: int) -> None:
        """Go some plies on, or back."""
        self.go(self.ply + by)

    def action_first(self) -> None:
        """Go to the start."""
        self.go(0)

    def action_last(self) -> None:
        """Go to the end."""
        self.go(self.last)

    def action_autoplay(self) -> None:
        """Play by itself, from the start if it is at its end; or stop."""
        if not self.playing and self.ply == self.last:
            self._show_at(0)
        self._play(not self.playing and self.last > 0)

    def action_speed(self, by: int) -> None:
        """Play faster or slower."""
        self._speed = max(0, min(self._speed + by, len(SPEEDS) - 1))
        self._timer.stop()
        self._timer = self.set_interval(1 / SPEEDS[self._speed], self._tick, pause=not self.playing)
        self._play(self.playing)
        if not self.playing:  # otherwise the timeline tells it
            self.say(f"{SPEEDS[self._speed]:g} positions a second")

    def action_flip(self) -> None:
        """Show the board from the other side."""
        grid = self.query_one(Board).grid
        if grid is None or not grid.turns:
            self.say("this board has no sides to show it from")
            return
        self._flipped = not self._flipped
        self._show_ply()

    def action_view(self) -> None:
        """Show what one seat saw, then the next one, then everything."""
        opened = self.opened
        if opened is None:
            return
        if not opened.hides:
            self.say("nothing is hidden in this game")
            return
        seats = len(opened.match.seats)
        now = -1 if self._view is None else self._view
        self._view = None if now + 1 == seats else now + 1
        self.ask()
        self._show_match()

    def action_analysis(self) -> None:
        """Show what the agents thought, or hide it."""
        self._analysing = not self.analysing
        self._show_match()

    def action_neighbour(self, by: int) -> None:
        """Go to the next match, or to the one before."""
        found = self.answer(self._neighbours)
        if found is None:
            self._neighbour = by  # once it is known
            return
        earlier, later = found
        newer = (by > 0) is (self.words is None)
        to = later if newer else earlier
        if to is None:
            listed = " that fits the filter" if self.words else ""
            self.say(f"there is no {'newer' if newer else 'older'} match{listed}")
            return
        self._play(False)
        self.match_id, self.ply, self._view, self._note = to, 0, None, ""
        self.ask()

    def action_play_here(self) -> None:
        """Play on from this position."""
        opened = self.opened
        if opened is None or not opened.frames:
            return
        acting = opened.frames[self.ply].acting
        others = [seat for seat in range(len(opened.match.seats)) if seat not in acting[:1]]
        if not acting or not others:
            self.say("the match is over here; go back to a position in which somebody moves")
            return
        at = sum(len(frame.moves) for frame in opened.frames[: self.ply + 1])
        opening = [move for move in opened.match.history if move[0] != CHANCE][:at]
        self._play(False)
        self.arena.open_play(opened.match.seats[others[0]], seat=acting[0], seed=opened.match.seed, opening=opening)
