"""The timeline: how far a match is shown, with a bar that can be clicked and dragged."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual import events
from textual.app import RenderResult
from textual.message import Message
from textual.widget import Widget

from arena.tui.look import look
from arena.view.theme import PLAYING


class Timeline(Widget):
    """One line: the ply, the bar, and the speed of the play."""

    @dataclass
    class Chosen(Message):
        """The position ``ply`` is wanted."""

        ply: int

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ply = self._last = self._opening = 0
        self._playing, self._speed = False, ""
        self._left = self._width = 0

    def show_time(self, ply: int, last: int, *, opening: int, playing: bool, speed: str) -> None:
        """Show how far the match is.

        Args:
            ply: the position that is shown.
            last: the last one.
            opening: number of steps that were given.
            playing: whether the match plays by itself.
            speed: of this play, as text.
        """
        self._ply, self._last, self._opening, self._playing, self._speed = ply, last, opening, playing, speed
        self.refresh()

    def render(self) -> RenderResult:
        colours = look()
        digits = len(str(self._last))
        text = Text(f"{PLAYING} " if self._playing else "", colours.good, end="")
        text.append(f"{self._ply:>{digits}}", "bold").append(f"/{self._last} ", colours.faint)
        after = Text(f" {self._speed}", colours.good if self._playing else colours.faint)
        self._left, self._width = text.cell_len, max(1, self.size.width - text.cell_len - after.cell_len)
        point = self._column(self._ply)
        given = self._column(self._opening) if self._opening else -1
        text.append("━" * min(point, given + 1), colours.secondary)
        text.append("━" * (point - min(point, given + 1)), colours.accent)
        text.append("●", f"bold {colours.accent}")
        text.append("─" * (self._width - 1 - point), colours.faint)
        return text.append_text(after)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Go where the bar is pressed, and follow the mouse."""
        self.capture_mouse()
        self._choose(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the mouse while it is pressed."""
        if self.app.mouse_captured is self:
            self._choose(event.x)

    def on_mouse_up(self) -> None:
        """Let the mouse go."""
        self.release_mouse()

    def _column(self, ply: int) -> int:
        return round(ply * (self._width - 1) / self._last) if self._last else 0

    def _choose(self, x: int) -> None:
        share = (x - self.gutter.left - self._left) / max(1, self._width - 1)
        self.post_message(self.Chosen(round(max(0.0, min(1.0, share)) * self._last)))
