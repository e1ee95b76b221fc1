"""A person at the table: shows the position, reads a move, explains what was wrong with it and asks again."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import numpy as np

from agents.contract import Agent, QuitGame, Turn
from games.contract import IntArray, State

WIDTH = 79
"""Columns that sentences are wrapped to."""

_BLANK = "\xa0"  # where no line is broken

_MOST_LINES = 5
"""Lines that the legal moves may take; a board has to stay in sight above them."""


class HumanAgent(Agent):
    """Asks a person for every move.

    An entry is a move's name (upper or lower case alike) or its number; ``q`` or the end of the input quits. An
    entry that is no legal move is explained and asked again.
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

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        """The person's move for each row, ``(B,)`` int64.

        Raises:
            QuitGame: the person entered ``q``, or the input ended.
        """
        rows = zip(turn.tables.tolist(), turn.seats.tolist(), turn.masks, strict=True)
        moves = [self._ask(turn.state(table), seat, np.flatnonzero(mask).tolist()) for table, seat, mask in rows]
        return np.array(moves, np.int64)

    def _ask(self, state: State, seat: int, legal: list[int]) -> int:
        names = {action: state.action_name(seat, action) for action in legal}
        # Numbers are offered only where no name looks like one, so that an entry never means two moves.
        numbered = not any(name.strip().lstrip("+-").isdigit() for name in names.values())
        self._show(state, seat)
        self._write(f"You sit at seat {seat}.\n{_listed(names, numbered, brief=True)}")
        while True:
            try:
                entry = self._read("Your move (q quits): ").strip()
            except EOFError as error:
                raise QuitGame("the input ended") from error
            if entry.lower() == "q" and "q" not in names.values():
                raise QuitGame("the person quit")
            action = _find(entry, names, numbered)
            if action is not None:
                return action
            listed = _listed(names, numbered, brief=False)
            self._write(f"{entry!r} is no legal move here; enter one of these, or q to quit.\n{listed}")


def _listed(names: dict[int, str], numbered: bool, *, brief: bool) -> str:
    """The legal moves, or only some if it is to be brief; with its number where a name of several words tells none."""
    choices = [
        f"{action} {name}" if numbered and " " in name and not name.endswith(f" {action}") else name
        for action, name in names.items()
    ]
    sentence = f"Legal moves: {', '.join(choice.replace(' ', _BLANK) for choice in choices)}"
    lines = textwrap.wrap(sentence, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    if brief and len(lines) > _MOST_LINES:
        lines = textwrap.wrap(sentence, WIDTH, max_lines=1, placeholder=f" ... ({len(choices)} in all, ? lists them)")
    return "\n".join(lines).replace(_BLANK, " ")


def _find(entry: str, names: dict[int, str], numbered: bool) -> int | None:
    """The action that ``entry`` means, None when it means no or more than one legal action."""
    exact = [action for action, name in names.items() if name == entry]
    alike = exact or [action for action, name in names.items() if name.casefold() == entry.casefold()]
    if len(alike) == 1:
        return alike[0]
    if numbered and entry.isdecimal() and int(entry) in names:
        return int(entry)
    return None
