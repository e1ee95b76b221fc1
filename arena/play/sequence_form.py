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


_ROUNDING = 1e-9
"""A probability that is 0 but for rounding."""


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

    @property
    def of(self) -> IntArray:
        """``(S - 1,)`` the information state of each sequence."""
        return np.repeat(np.arange(len(self.parent)), self.counts)

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

    def chances(self, plan: Plan) -> npt.NDArray[np.float64]:
        """The probabilities ``(S - 1,)`` of a policy with this plan: where it never comes, its first actions."""
        reached = np.repeat(plan[self.parent], self.counts)
        first = np.zeros(len(plan) - 1)
        first[self.first - 1] = 1
        return np.divide(plan[1:], reached, out=first, where=reached > 0)

    def best(self, worth: npt.NDArray[np.float64]) -> tuple[float, IntArray]:
        """The value of a best response, and one that is pure: of equal actions it takes the first.

        Args:
            worth: ``(S,)`` what the ends reached by each sequence, and by no longer one, are worth in all. Overwritten.

        Returns:
            The value, and ``(I,)`` the sequence that is chosen in each information state.
        """
        chosen = np.empty(len(self.parent), np.int64)
        for here, sequences in reversed(list(self._parts())):
            chosen[here] = sequences.start + _first_best(worth[sequences], self.first[here] - sequences.start)
            np.add.at(worth, self.parent[here], worth[chosen[here]])
        return float(worth[0]), chosen

    def pure(self, chosen: IntArray) -> npt.NDArray[np.float64]:
        """The probabilities ``(S - 1,)`` of a policy that takes one sequence ``(I,)`` in each information state."""
        chances = np.zeros(len(self.action) - 1)
        chances[chosen - 1] = 1
        return chances

    def pure_parts(self, plan: Plan) -> Iterator[IntArray]:
        """Pure policies that mix to a plan: for each the sequences ``(I,)`` that it chooses. The first takes the
        likeliest action everywhere."""
        left = plan.copy()
        while left[0] > _ROUNDING:
            chosen = 1 + _first_best(left[1:], self.first - 1)
            used = self.plan(self.pure(chosen)) > 0
            share = left[used].min()
            if share <= 0:  # by rounding
                return
            yield chosen
            left[used] -= share

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

    def best_response(self, seat: int, plans: Sequence[Plan]) -> tuple[float, IntArray]:
        """The most that ``seat`` can expect while the others play by their plans, and how, as :meth:`SeatForm.best`;
        its own plan is not read."""
        form = self.seats[seat]
        paid = self._reach(plans, but=seat) * self.returns[:, seat]
        return form.best(np.bincount(self.last[:, seat], paid, len(form.action)).astype(np.float64))

    def payoffs(self, populations: Sequence[Sequence[Plan]]) -> npt.NDArray[np.float64]:
        """The expected returns of all joint choices of plans, ``(n, K_1, ..., K_n)``.

        Args:
            populations: the plans of each seat.
        """
        reaches = [np.stack(plans)[:, self.last[:, seat]] for seat, plans in enumerate(populations)]  # (K, T) each
        first, letters = self.chance * self.returns.T, "abcdefghijklmnopqrs"[: len(reaches)]  # (n, T)
        inputs = ",".join(["zt", *(f"{letter}t" for letter in letters)])
        found: npt.NDArray[np.float64] = np.einsum(f"{inputs}->z{letters}", first, *reaches, optimize=True)
        return found

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


def _first_best(values: npt.NDArray[np.float64], begins: IntArray) -> IntArray:
    """The place of the first highest value of each part of ``values``; ``begins`` says where the parts begin."""
    if not len(begins):
        return begins
    highest = np.repeat(np.maximum.reduceat(values, begins), np.diff(begins, append=len(values)))
    best = np.flatnonzero(values == highest)
    places: IntArray = best[np.searchsorted(best, begins)]
    return places


def apply_move(state: Any, move: Any) -> None:
    """Make a move of :attr:`GameTree.move` in an engine's state."""
    if isinstance(move, list):
        state.apply_actions(move)
    else:
        state.apply_action(move)
