"""What the agents of a match think: the value over the plies, and the policy at one position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.text import Text
from textual import events
from textual.app import RenderResult
from textual.message import Message
from textual.widget import Widget

from arena.play.analysis import Opinion
from arena.tui.look import look
from arena.tui.widgets.canvas import BRAILLE, Canvas
from arena.tui.widgets.players import seat_colour
from arena.view.text import plain, signed
from arena.view.theme import TO_MOVE

_BLOCKS = " ▏▎▍▌▋▊▉█"

LEAST_REST = 0.005
"""From what probability on the actions that are not shown have a line: it would say 0% otherwise."""


class ValueLine(Widget):
    """The value of every position as each seat sees it, over the plies. A click asks for the position."""

    @dataclass
    class Chosen(Message):
        """The position ``ply`` is wanted."""

        ply: int

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._values: Mapping[int, Sequence[tuple[int, float]]] = {}
        self._last = self._ply = 0
        self._message = ""

    def show_values(self, opinions: Sequence[Opinion], last: int, message: str = "") -> None:
        """Show the values of ``opinions``, or ``message`` where there are none.

        Args:
            opinions: of a match.
            last: its last ply.
            message: a sentence.
        """
        values: dict[int, list[tuple[int, float]]] = {}
        for opinion in opinions:
            if opinion.value is not None:
                values.setdefault(opinion.seat, []).append((opinion.ply, opinion.value))
        self._values, self._last, self._message = values, last, message
        self.refresh()

    def show_ply(self, ply: int) -> None:
        """Mark a position."""
        self._ply = ply
        self.refresh()

    def render(self) -> RenderResult:
        colours, (width, height) = look(), self.size
        if not self._values or width < 8 or height < 1:
            return Text(self._message, colours.faint)
        low, high = self._range()
        labels = [signed(round(high, 2)), signed(round(low, 2))]
        left = max(map(len, labels)) + 1
        columns = width - left
        dots = Canvas(columns, height)
        for seat, values in self._values.items():
            xs = [self._x(ply, 2 * columns) for ply, _ in values]
            dots.curve(xs, [self._y(value, low, high, 4 * height) for _, value in values], seat)
        cursor, zero = self._x(self._ply, 2 * columns) // 2, self._y(0.0, low, high, 4 * height) // 4
        text = Text(end="", no_wrap=True)
        for row in range(height):
            label = labels[0] if row == 0 else labels[1] if row == height - 1 else "0" if row == zero else ""
            text.append(f"{label:>{left - 1}} ", colours.faint)
            for column in range(columns):
                owner = dots.owner[row * columns + column]
                style = colours.faint if owner < 0 else seat_colour(owner)
                empty = "┄" if row == zero else " "
                character = empty if owner < 0 else chr(BRAILLE + dots.bits[row * columns + column])
                text.append(character, f"{style} on {colours.raised}" if column == cursor else style)
            text.append("\n" if row < height - 1 else "")
        return text

    def on_click(self, event: events.Click) -> None:
        """Ask for the position that was clicked."""
        offset = event.get_content_offset(self)
        if offset is None or not self._values:
            return
        low, high = self._range()
        left = max(len(signed(round(high, 2))), len(signed(round(low, 2)))) + 1
        share = (offset.x - left) / max(1, self.size.width - left - 1)
        self.post_message(self.Chosen(round(max(0.0, min(1.0, share)) * self._last)))

    def _range(self) -> tuple[float, float]:
        """The lowest and the highest value of the axis; it always holds 0 and what lies as far on the other side."""
        most = max(abs(value) for values in self._values.values() for _, value in values)
        return -(most or 1.0), most or 1.0

    def _x(self, ply: int, columns: int) -> int:
        return round(ply * (columns - 1) / self._last) if self._last else 0

    def _y(self, value: float, low: float, high: float, rows: int) -> int:
        return round((high - value) / (high - low) * (rows - 1))


class PolicyBars(Widget):
    """The most probable actions at one position as bars, with the one that was chosen marked."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._opinions: Sequence[Opinion] = ()
        self._message = ""

    def show_opinions(self, opinions: Sequence[Opinion], message: str = "") -> None:
        """Show ``opinions`` on one position, or ``message`` where there are none."""
        self._opinions, self._message = tuple(opinions), message
        self.refresh()

    def render(self) -> RenderResult:
        colours = look()
        text = Text(end="")
        for number, opinion in enumerate(self._opinions):
            text.append("\n" if number else "")
            if len(self._opinions) > 1:
                text.append(f"seat {opinion.seat}\n", f"bold {seat_colour(opinion.seat)}")
            text.append_text(policy_text(opinion, self.size.width))
        if self._message:
            text.append("\n" if text else "").append(self._message, colours.faint)
        return text


def policy_text(opinion: Opinion, width: int) -> Text:
    """The most probable actions of an opinion, one a line, with bars that fit ``width`` columns."""
    colours, text = look(), Text(end="")
    choices = list(opinion.best)
    played = opinion.played
    if played is not None and all(choice.action != played.action for choice in choices):
        choices = [*choices[: max(0, len(choices) - 1)], played]
    names = [Text(plain(choice.name)) for choice in choices]
    longest = min(max((name.cell_len for name in names), default=0), max(6, width // 2 - 4))
    room = max(0, width - longest - 9)
    for number, (choice, name) in enumerate(zip(choices, names, strict=True)):
        chosen = played is not None and choice.action == played.action
        text.append("\n" if number else "")
        text.append(f"{TO_MOVE if chosen else ' '} ", colours.accent)
        name.truncate(longest, overflow="ellipsis", pad=True)
        name.stylize("bold" if chosen else "")
        text.append_text(name)
        if choice.probability is not None:
            text.append(f" {choice.probability:>4.0%} ", "bold" if chosen else colours.faint)
            text.append(_bar(choice.probability, room), seat_colour(opinion.seat) if chosen else colours.secondary)
    shares = [choice.probability for choice in choices if choice.probability is not None]
    rest = 1 - sum(shares)
    if shares and rest >= LEAST_REST:
        text.append(f"\n  {'others':<{longest}} {rest:>4.0%}", colours.faint)
    return text


def _bar(share: float, width: int) -> str:
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    return "█" * (eighths // 8) + _BLOCKS[eighths % 8].strip()
