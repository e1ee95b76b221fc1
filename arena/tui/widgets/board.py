"""The board: one match, position by position."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import ScrollableContainer, Vertical
from textual.reactive import reactive
from textual.widgets import Static

from arena.tui.feed import Opened
from arena.view.outcome import outcome_text, seat_results
from arena.view.pictures import half_blocks
from arena.view.replay import Frame
from arena.view.text import plain, signed
from arena.view.theme import ACCENT, FAINT, GOOD, PARTS, PLAYING, SEATS, TO_MOVE, WARM
from games.drawing.spans import spans

PACE = 0.35
"""Seconds between two positions while the match plays by itself."""

_SLIDER_WIDTH = 18


class Board(Vertical):
    """Shows one position of the opened match and steps through the match.

    Attributes:
        ply: index of the position shown; 0 is the start.
        playing: whether the match plays by itself.
    """

    ply: reactive[int] = reactive(0, init=False)
    playing: reactive[bool] = reactive(False, init=False)

    def __init__(self) -> None:
        super().__init__()
        self.opened: Opened | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="seats", markup=False)
        with ScrollableContainer(id="position"):
            yield Static(id="drawing", markup=False)
        yield Static(id="move", markup=False)

    def on_mount(self) -> None:
        self.border_title = "Board"
        self._timer = self.set_interval(PACE, self._tick, pause=True)

    def on_resize(self) -> None:
        self._draw()

    @property
    def last(self) -> int:
        """Index of the last position."""
        return max(0, len(self.opened.frames) - 1) if self.opened else 0

    def open(self, opened: Opened, *, at_end: bool) -> None:
        """Show another match, at its end or before its first move."""
        self.playing = False
        self.opened = opened
        self.border_title = f"Match {opened.match.id}"
        self.border_subtitle = f"seed {opened.match.seed}"
        self.set_reactive(Board.ply, self.last if at_end else 0)
        self._draw()

    def say(self, sentence: str) -> None:
        """Show a sentence instead of a match."""
        self.query_one("#drawing", Static).update(Text(sentence, FAINT))

    def step(self, by: int) -> None:
        """Go ``by`` positions on, or back if negative, at most to the end or the start; stop playing."""
        self.go(self.ply + by)

    def go(self, ply: int) -> None:
        """Show the position ``ply``, or the nearest one; stop playing."""
        self.playing = False
        self.ply = max(0, min(ply, self.last))

    def play(self) -> None:
        """Play the match by itself, from the start if it is at its end; or pause."""
        if not self.playing and self.ply == self.last:
            self.ply = 0
        self.playing = not self.playing and self.last > 0

    def _tick(self) -> None:
        self.ply = min(self.ply + 1, self.last)
        if self.ply == self.last:
            self.playing = False

    def watch_playing(self, playing: bool) -> None:
        if playing:
            self._timer.resume()
        else:
            self._timer.pause()
        self._draw()

    def watch_ply(self) -> None:
        self._draw()

    def _draw(self) -> None:
        opened = self.opened
        if opened is None:
            return
        frame = opened.frames[self.ply] if opened.frames else None
        self.query_one("#seats", Static).update(_seats(opened, frame))
        if frame is None:
            drawing = Text(plain(opened.problem), WARM)
        elif frame.picture is not None:
            room = self.query_one("#position").size
            drawing = Text.from_ansi(half_blocks(frame.picture, max(1, room.width), max(1, room.height)))
        else:
            drawing = _drawing(opened, self.ply)
        self.query_one("#drawing", Static).update(drawing)
        self.query_one("#move", Static).update(self._move(opened, frame))

    def _move(self, opened: Opened, frame: Frame | None) -> Text:
        text = Text()
        if frame is not None:
            played = "\n".join(f"{plain(opened.match.seats[seat])}: {plain(name)}" for seat, name in frame.moves)
            text.append(played or "the start")
            text.append(" (opening)" if 0 < frame.ply <= opened.match.opening else "", FAINT)
            text.append("\n")
            # On a short screen the outcome replaces the slider, which is at its end then.
            short = self.screen.has_class("-short") and self.ply == self.last
            text.append("" if short else f"{_slider(self.ply, self.last, _SLIDER_WIDTH)} ", ACCENT)
            text.append(f"{self.ply}/{self.last}", FAINT)
            text.append(f" {PLAYING}" if self.playing else "", GOOD)
            text.append(" " if short else "\n" if self.ply == self.last else "")
        if self.ply == self.last:
            text.append(outcome_text(opened.match, opened.info.teams), f"bold {WARM}")
        return text


def _seats(opened: Opened, frame: Frame | None) -> Text:
    """The member at each seat, a mark on those to move, and the result of each."""
    text = Text()
    results = seat_results(opened.match, opened.info.teams)
    for seat, name in enumerate(opened.match.seats):
        style = SEATS[results[seat]]
        text.append("\n" if seat else "")
        text.append(f"{TO_MOVE} " if frame is not None and seat in frame.acting else "  ", ACCENT)
        text.append(plain(name), f"bold {style}".strip())
        text.append(f"  {plain(opened.info.agent_ids[seat])}", FAINT)
        text.append(f"  {signed(opened.match.returns[seat])}", style)
    return text


def _drawing(opened: Opened, ply: int) -> Text:
    """The drawing at ``ply``, coloured, with what the last step changed marked."""
    now = plain(opened.frames[ply].drawing, lines=True)
    before = plain(opened.frames[ply - 1].drawing, lines=True) if ply else None
    text = Text(now)
    for start, end, part in spans(now, before):
        text.stylize(PARTS[part].style, start, end)
    return text


def _slider(at: int, last: int, width: int) -> str:
    point = round(at * (width - 1) / last) if last else 0
    return "━" * point + "●" + "─" * (width - 1 - point)
