"""A person at the table: shows the position, reads a move, explains what was wrong with it and asks again."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from agents.contract import Agent, QuitGame, Turn
from games.contract import Action, ActionArray, FloatArray, State

WIDTH = 79
"""Columns that sentences are wrapped to."""

_BLANK = "\xa0"  # where no line is broken

_MOST_LINES = 5
"""Lines that the legal moves may take; a board has to stay in sight above them."""


class HumanAgent(Agent):
    """Asks a person for every move.

    An entry is a move's name (upper or lower case alike), or the number that is shown in one name alone (``3`` for
    ``bid 3``). Where names are long or alike, moves are numbered, and ``#12``, or ``12`` where it means nothing else,
    is an entry, too. A continuous action is entered as its numbers, separated by blanks or commas. ``?`` lists all,
    ``q`` or the end of the input quits. An entry that is no legal move is explained and asked again.
    """

    def __init__(
        self,
        read: Callable[[str], str] = input,
        write: Callable[[str], object] = print,
        show: Callable[[State, int], object] | None = None,
    ) -> None:
        """Read lines with ``read(prompt)``, say something with ``write(text)``, show a position with
        ``show(state, seat)``; without, the drawing is written."""
        self._read = read
        self._write = write
        self._show = show or (lambda state, seat: write(f"\n{state.draw(seat)}"))

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        """The person's move for each row, ``(B,)`` int64, or ``(B, D)`` float32 where actions are continuous.

        Raises:
            QuitGame: the person entered ``q``, or the input ended.
        """
        moves = []
        for table, seat, mask in zip(turn.tables.tolist(), turn.seats.tolist(), turn.masks, strict=True):
            state = turn.state(table)
            choice: _Choice
            if turn.action_bounds is None:
                choice = _Names({action: state.action_name(seat, action) for action in np.flatnonzero(mask).tolist()})
            else:
                choice = _Point(*turn.action_bounds)
            moves.append(self._ask(state, seat, choice))
        return np.array(moves, np.int64 if turn.action_bounds is None else np.float32)

    def _ask(self, state: State, seat: int, choice: _Choice) -> Action:
        self._show(state, seat)
        self._write(f"You sit at seat {seat}.\n{choice.told(brief=True)}")
        while True:
            try:
                entry = self._read("Your move (q quits): ").strip()
            except EOFError as error:
                self._write("")  # what follows begins a line of its own
                raise QuitGame("the input ended") from error
            meant = choice.find(entry)
            if len(meant) == 1:
                return meant[0]
            if entry.lower() == "q":
                raise QuitGame("the person quit")
            if entry != "?":
                wrong = f"means {len(meant)} legal moves" if meant else "is no legal move"
                self._write(f"{entry!r} {wrong} here; enter one of these, or q to quit.")
            self._write(choice.told(brief=False))


class _Choice(Protocol):
    """What may be chosen now."""

    def told(self, *, brief: bool) -> str:
        """It in words, or only some of it if they are to be brief."""

    def find(self, entry: str) -> Sequence[Action]:
        """The legal actions that ``entry`` may mean."""


class _Names:
    """Legal moves with names."""

    def __init__(self, names: dict[int, str]) -> None:
        self._names = names
        # Numbers are shown only where they save typing, or names cannot be told apart.
        long = any(sum(map(str.isalpha, name.split())) > 1 for name in names.values())
        self._numbered = long or len(set(names.values())) < len(names)

    def told(self, *, brief: bool) -> str:
        """The legal moves, as many as have room if it is to be brief."""
        choices = [f"#{action} {name}" if self._numbered else name for action, name in self._names.items()]
        sentence = f"Legal moves: {', '.join(choice.replace(' ', _BLANK) for choice in choices)}"
        lines = textwrap.wrap(sentence, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
        if brief and len(lines) > _MOST_LINES:
            more = f" ... ({len(choices)} in all, ? lists them)"
            lines = textwrap.wrap(sentence, WIDTH, max_lines=1, placeholder=more)
        return "\n".join(lines).replace(_BLANK, " ")

    def find(self, entry: str) -> list[int]:
        """The moves of this name, or else those with this number shown before or in their name."""
        names = self._names.items()
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
    """The numbers that stand in a name as words."""
    return [int(word) for word in name.split() if re.fullmatch("[0-9]+", word)]


@dataclass(frozen=True)
class _Point:
    """A continuous action between its bounds, each ``(D,)``."""

    low: FloatArray
    high: FloatArray

    def told(self, *, brief: bool) -> str:
        """How many numbers there must be, and between which bounds."""
        bounds = [f"{low:g} to {high:g}" for low, high in zip(self.low.tolist(), self.high.tolist(), strict=True)]
        each = f"each {bounds[0]}" if len(set(bounds)) == 1 else ", ".join(bounds)
        count = f"{len(bounds)} numbers" if len(bounds) > 1 else "1 number"
        return textwrap.fill(f"A move is {count}: {each}.", WIDTH, subsequent_indent="  ")

    def find(self, entry: str) -> list[tuple[float, ...]]:
        """The numbers, if they are as many as there must be and lie within the bounds."""
        try:
            with np.errstate(over="ignore"):  # what overflows lies outside every bound
                point = np.array(entry.replace(",", " ").split(), np.float64).astype(np.float32)
        except ValueError:
            return []
        fits = point.shape == self.low.shape and ((self.low <= point) & (point <= self.high)).all()  # NaN is not
        return [tuple(point.tolist())] if fits else []
