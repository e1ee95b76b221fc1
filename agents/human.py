"""A person at the table: shows the position, reads a move, and explains and asks again when it is not legal."""

from __future__ import annotations

import re
import sys
import termios
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from agents.contract import Agent, QuitGame, Turn
from games.contract import Action, ActionArray, FloatArray, State

WIDTH = 79
"""Columns at which sentences are wrapped."""

_BLANK = "\xa0"  # a blank at which no line is broken

_MOST_LINES = 5
"""Lines that the list of legal moves may take, so that the board above stays in sight."""


def read_line(prompt: str) -> str:
    """A line that is typed after the prompt. What was typed into a terminal before is dropped, as it was no answer.

    Raises:
        EOFError: the input ended.
    """
    if sys.stdin.isatty():
        termios.tcflush(sys.stdin, termios.TCIFLUSH)
    return input(prompt)


class HumanAgent(Agent):
    """Asks a person for every move.

    An entry is a move's name in upper or lower case, or a number that stands in one name only (``3`` for ``bid 3``).
    Long or equal names are numbered; then ``#12`` is an entry too, and so is ``12`` where it means nothing else. A
    continuous action is entered as its numbers, separated by blanks or commas. ``?`` lists all moves; ``q`` or the end
    of the input quits. After an entry that is not a legal move, the person is asked again.
    """

    batched = False
    spec = "human"

    def __init__(
        self,
        read: Callable[[str], str] = read_line,
        write: Callable[[str], object] = print,
        show: Callable[[State, int], object] | None = None,
    ) -> None:
        """Make an agent that talks to a person.

        Args:
            read: reads a line after showing a prompt.
            write: shows a text.
            show: shows a state as a seat sees it; None writes its drawing.
        """
        self._read = read
        self._write = write
        self._show = show or (lambda state, seat: write(f"\n{state.draw(seat)}"))

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        """The person's move for each row, ``(B,)`` int64, or ``(B, D)`` float32 for continuous actions.

        Raises:
            QuitGame: the person entered ``q``, or the input ended.
        """
        moves = []
        for table, seat, mask in zip(turn.tables.tolist(), turn.seats.tolist(), turn.masks, strict=True):
            state = turn.state(table)
            choice: _Choice
            if turn.action_bounds is None:
                choice = Names({action: state.action_name(seat, action) for action in np.flatnonzero(mask).tolist()})
            else:
                choice = Point(*turn.action_bounds)
            moves.append(self._ask(state, seat, choice))
        return np.array(moves, np.int64 if turn.action_bounds is None else np.float32)

    def _ask(self, state: State, seat: int, choice: _Choice) -> Action:
        self._show(state, seat)
        self._write(f"You sit at seat {seat}.\n{choice.text(brief=True)}")
        while True:
            try:
                entry = self._read("Your move (q quits): ").strip()
            except EOFError as error:
                self._write("")  # ends the prompt's line
                raise QuitGame("the input ended") from error
            meant = choice.find(entry)
            if len(meant) == 1:
                return meant[0]
            if entry.lower() == "q":
                raise QuitGame("the person quit")
            if entry != "?":
                wrong = f"means {len(meant)} legal moves" if meant else "is not a legal move"
                self._write(f"{entry!r} {wrong} here; enter one of these, or q to quit.")
            self._write(choice.text(brief=False))


class _Choice(Protocol):
    """The moves a person can choose from."""

    def text(self, *, brief: bool) -> str:
        """The moves in words; some of them if ``brief`` and there are many."""

    def find(self, entry: str) -> Sequence[Action]:
        """The legal actions that ``entry`` may mean."""


class Names:
    """Legal moves with names.

    Args:
        names: action -> its name.
    """

    def __init__(self, names: Mapping[int, str]) -> None:
        self.names = names
        # Numbers are shown only where they save typing or where names are equal.
        long = any(sum(map(str.isalpha, name.split())) > 1 for name in names.values())
        self._numbered = long or len(set(names.values())) < len(names)

    def label(self, action: int) -> str:
        """A legal move as it is shown: its name, after its number where that helps."""
        return f"#{action} {self.names[action]}" if self._numbered else self.names[action]

    def text(self, *, brief: bool) -> str:
        """The legal moves; if ``brief``, as many as there is room for."""
        choices = [self.label(action) for action in self.names]
        sentence = f"Legal moves: {', '.join(choice.replace(' ', _BLANK) for choice in choices)}"
        lines = textwrap.wrap(sentence, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
        if brief and len(lines) > _MOST_LINES:
            more = f" ... ({len(choices)} in all, ? lists them)"
            lines = textwrap.wrap(sentence, WIDTH, max_lines=1, placeholder=more)
        return "\n".join(lines).replace(_BLANK, " ")

    def find(self, entry: str) -> list[int]:
        """The moves with this name, or else those with this number before or in their name."""
        names = self.names.items()
        exact = [action for action, name in names if name == entry]
        alike = exact or [action for action, name in names if name.casefold() == entry.casefold()]
        if alike or not re.fullmatch("#?[0-9]{1,18}", entry):
            return alike
        number = int(entry.removeprefix("#"))
        return [
            action
            for action, name in names
            if (self._numbered and action == number) or (entry[0] != "#" and _numbers(name) == [number])
        ]


def _numbers(name: str) -> list[int]:
    """The words of a name that are numbers."""
    return [int(word) for word in name.split() if re.fullmatch("[0-9]+", word)]


@dataclass(frozen=True)
class Point:
    """A continuous action between its bounds, each ``(D,)``."""

    low: FloatArray
    high: FloatArray

    def text(self, *, brief: bool) -> str:
        """How many numbers a move has, and their bounds."""
        bounds = [f"{low:g} to {high:g}" for low, high in zip(self.low.tolist(), self.high.tolist(), strict=True)]
        each = f"each {bounds[0]}" if len(set(bounds)) == 1 else ", ".join(bounds)
        count = f"{len(bounds)} numbers" if len(bounds) > 1 else "1 number"
        return textwrap.fill(f"A move is {count}: {each}.", WIDTH, subsequent_indent="  ")

    def find(self, entry: str) -> list[tuple[float, ...]]:
        """The entered numbers if their count is right and they lie within the bounds."""
        try:
            with np.errstate(over="ignore"):  # a number that overflows lies outside the bounds
                point = np.array(entry.replace(",", " ").split(), np.float64).astype(np.float32)
        except ValueError:
            return []
        fits = point.shape == self.low.shape and ((self.low <= point) & (point <= self.high)).all()  # false for NaN
        return [tuple(point.tolist())] if fits else []
