"""What a solver of a game says about a position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from games.contract import State


@dataclass(frozen=True, slots=True)
class Verdict:
    """A solved position, from the side of the seat that moves.

    Attributes:
        values: legal action -> its game value: the return of the seat if both play perfectly from there on.
        best: the exactly optimal actions. Their game value is the highest, and in games of win, draw and loss no
            action of that value wins sooner or loses later.
    """

    values: dict[int, float]
    best: tuple[int, ...]

    def mistakes(self) -> set[int]:
        """The actions that give game value away."""
        top = max(self.values.values())
        return {action for action, value in self.values.items() if value < top - TOLERANCE}


TOLERANCE = 1e-9
"""Game values that are closer than this are equal: chance makes them sums of rounded numbers."""


class Solver(Protocol):
    """Solves positions of one game."""

    @property
    def phases(self) -> tuple[tuple[int, int], ...]:
        """First and last ply of each phase of the game, in order. A ply counts the moves made, chance included."""

    def solve(self, state: State) -> Verdict:
        """The verdict on a position in which a seat moves."""
