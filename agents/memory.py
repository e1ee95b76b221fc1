"""What a player remembers of its games: one row of numbers for each table and seat. Loads no torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from games.contract import IntArray

States = npt.NDArray[np.float32]
"""``(B, S)``: states as rows of numbers."""


class Memory:
    """The states of one player at each table and seat. A seat's state changes with its own steps only.

    So it does not matter which seats act in a step, or whether a seat's game is over before that of the others.

    Args:
        initials: for each seat, gives the state ``(S,)`` before its first step. Seats whose networks remember nothing,
            or less than others, have shorter ones.
    """

    def __init__(self, initials: Sequence[Callable[[], npt.NDArray[np.float32]]]) -> None:
        self._initials = initials
        self._states = np.zeros((0, len(initials), max(len(initial()) for initial in initials)), np.float32)

    @property
    def size(self) -> int:
        """S, numbers of a state."""
        return self._states.shape[2]

    def reset(self, tables: Sequence[int]) -> None:
        """New games begin at ``tables``."""
        self._grow(max(tables, default=-1))
        self._begin(list(tables))

    def _grow(self, table: int) -> None:
        """Have room for a table."""
        if (size := len(self._states)) <= table:
            more = max(table + 1 - size, size)
            self._states = np.concatenate([self._states, np.zeros((more, *self._states.shape[1:]), np.float32)])
            self._begin(list(range(size, size + more)))

    def _begin(self, tables: list[int]) -> None:
        for seat, initial in enumerate(self._initials):
            state = initial()
            self._states[tables, seat, : len(state)] = state

    def of(self, tables: IntArray, seats: IntArray) -> States:
        """The states ``(B, S)`` at places ``(B,)``."""
        self._grow(int(tables.max(initial=-1)))
        return self._states[tables, seats]

    def keep(self, tables: IntArray, seats: IntArray, states: States) -> None:
        """The states ``(B, S')`` at places ``(B,)`` after a step there."""
        self._states[tables, seats, : states.shape[1]] = states

    def at(self, tables: Sequence[int]) -> npt.NDArray[np.float32]:
        """All states at ``tables``, ``(len(tables), seats, S)``, to go on with in another process."""
        return self._states[list(tables)]

    def restore(self, tables: Sequence[int], states: Any) -> None:
        """Go on from what :meth:`at` gave.

        Raises:
            TypeError, ValueError: these are not such states.
        """
        self.reset(tables)
        given = np.asarray(states)
        if given.shape != (len(tables), *self._states.shape[1:]):
            raise ValueError(f"the states of {len(tables)} games have shape {given.shape}")
        self._states[list(tables)] = given.astype(np.float32, casting="same_kind")
