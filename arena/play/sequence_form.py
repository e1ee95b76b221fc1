"""A small game in its sequence form: everything that exact values and best responses take, as arrays.

A *sequence* of a seat is an information state of that seat with one of its actions, or the empty sequence 0. With
perfect recall, an information state has one sequence that leads to it, so the policy of a seat is a *realization plan*:
for each sequence, the product of the seat's own probabilities along it (von Stengel, "Efficient computation of behavior
strategies", 1996; Koller, Megiddo and von Stengel, "Efficient computation of equilibria for extensive two-person
games", 1996). The probability of an end of the game is the product of the plans of all seats and of chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from games.contract import BoolArray, FloatArray, IntArray
from games.open_spiel.game import OpenSpielGame

Plan = npt.NDArray[np.float64]
"""The realization plan of a seat, ``(S,)``; the empty sequence has 1."""


@dataclass(frozen=True, slots=True, eq=False)
class SeatForm:
    """The information states of one seat, ``(I,)``, by the number of own decisions before them, and its sequences.

    Attributes:
        parent: ``(I,)`` the sequence that leads to each.
        first: ``(I,)`` the sequence of its first legal action; those of the others follow.
        levels: where the information states of each number of decisions begin, and I at the end.
        row: ``(I,)`` its row in :attr:`GameTree.observations`.
        position: ``(I,)`` a position in which the seat is in it.
        action: ``(S,)`` the action of each sequence; -1 for the empty one.
    """

    parent: IntArray
    first: IntArray
    levels: tuple[int, ...]
    row: IntArray
    position: IntArray
    action: IntArray

    @property
    def counts(self) -> IntArray:
        """``(I,)`` the number of legal actions."""
        return np.diff(self.first, append=len(self.action))

    def plan(self, chances: npt.NDArray[np.float64]) -> Plan:
        """The realization plan of a policy.

        Args:
            chances: ``(S - 1,)`` the probability of each sequence's action in its information state.
        """
        made, counts = np.ones(len(self.action)), self.counts
        for here, sequences in self._parts():
            reached = np.repeat(made[self.parent[here]], counts[here])
            made[sequences] = reached * chances[sequences.start - 1 : sequences.stop - 1]
        return made

    def best(self, worth: npt.NDArray[np.float64]) -> float:
        """The value of a best response.

        Args:
            worth: ``(S,)`` what the ends reached by each sequence, and by no longer one, are worth in all. Overwritten.
        """
        for here, sequences in reversed(list(self._parts())):
            values = np.maximum.reduceat(worth[sequences], self.first[here] - sequences.start)
            np.add.at(worth, self.parent[here], values)
        return float(worth[0])

    def _parts(self) -> Iterator[tuple[slice, slice]]:
        """The information states of each level and their sequences."""
        starts = [int(self.first[begin]) for begin in self.levels[:-1]]
        for level, (start, end) in enumerate(pairwise([*starts, len(self.action)])):
            yield slice(self.levels[level], self.levels[level + 1]), slice(start, end)


@dataclass(frozen=True, slots=True, eq=False)
class GameTree:
    """A game in sequence form.

    Attributes:
        game: the game.
        positions: how many there are, chance and ends included.
        seats: the information states of each seat.
        observations, masks, acting: the different rows that agents see: ``(R, *observation_shape)`` float32, ``(R, A)``
            bool, and the seat that acts, ``(R,)``. Several information states may share a row.
        last: ``(T, n)`` the last sequence of each seat at each end of the game.
        chance: ``(T,)`` the probability of chance on the way to it.
        returns: ``(T, n)`` the returns.
        before, move: of each position, the one before it and the action (or joint action) that led to it.
    """

    game: OpenSpielGame
    positions: int
    seats: tuple[SeatForm, ...]
    observations: FloatArray
    masks: BoolArray
    acting: IntArray
    last: IntArray
    chance: npt.NDArray[np.float64]
    returns: npt.NDArray[np.float64]
    before: IntArray
    move: Sequence[Any]

    @property
    def information_states(self) -> int:
        """The number of information states of all seats."""
        return sum(len(form.parent) for form in self.seats)

    def values(self, plans: Sequence[Plan]) -> npt.NDArray[np.float64]:
        """``(n,)`` the expected return of each seat when all play by their plans."""
        values: npt.NDArray[np.float64] = self._reach(plans) @ self.returns
        return values

    def best_response(self, seat: int, plans: Sequence[Plan]) -> float:
        """The most that ``seat`` can expect while the others play by their plans; its own plan is not read."""
        form = self.seats[seat]
        paid = self._reach(plans, but=seat) * self.returns[:, seat]
        return form.best(np.bincount(self.last[:, seat], paid, len(form.action)).astype(np.float64))

    def engine(self, position: int) -> Any:
        """The engine's state in a position."""
        moves = []
        while position:
            moves.append(self.move[position])
            position = int(self.before[position])
        state = self.game.engine.new_initial_state()
        for move in reversed(moves):
            apply_move(state, move)
        return state

    def _reach(self, plans: Sequence[Plan], but: int | None = None) -> npt.NDArray[np.float64]:
        """``(T,)`` the probability of each end, without the part of the seat ``but``."""
        reach = self.chance.copy()
        for seat, plan in enumerate(plans):
            if seat != but:
                reach *= plan[self.last[:, seat]]
        return reach


def apply_move(state: Any, move: Any) -> None:
    """Make a move of :attr:`GameTree.move` in an engine's state."""
    if isinstance(move, list):
        state.apply_actions(move)
    else:
        state.apply_action(move)
