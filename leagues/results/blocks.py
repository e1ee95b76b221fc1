"""Block scores: the evaluation results that ratings are made of, one by one and as an array of many."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self, TypeVar, overload

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Number = TypeVar("Number", np.int64, np.float64)

MOST_NUMBERS = 2**31
"""Event numbers and block numbers are below this, so that one int64 holds both."""


class BlockScore(NamedTuple):
    """The summed results of one block of evaluation matches between two members.

    ``member < opponent`` holds, and the results are those of ``member``. In a game of more than two seats, each pair of
    seats of different members counts once; in a game of teams, each pair of teams. ``returns`` and
    ``opponent_returns`` are the sums of the returns of both over these games.
    """

    event: int
    block: int
    member: str
    opponent: str
    wins: int
    draws: int
    losses: int
    returns: float = 0.0
    opponent_returns: float = 0.0

    def agrees(self, other: BlockScore) -> bool:
        """Whether both are the same; sums of returns in another order may differ by the rounding of floats."""
        return self[:7] == other[:7] and all(
            math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9)
            for ours, theirs in zip(self[7:], other[7:], strict=True)
        )


@dataclass(frozen=True, eq=False)
class BlockScores(Sequence[BlockScore]):
    """Many block scores as two arrays: 72 bytes each, and quick to sum. A :class:`BlockScore` is made when asked for.

    Attributes:
        names: member IDs.
        rows: ``(M, 7)`` int64: event, block, place of the member in ``names``, place of the opponent, wins, draws,
            losses.
        returns: ``(M, 2)`` float64: sums of the returns of the member and of the opponent.
        sides: number of sides (seats, or teams) of the league's game if it is graded, so that scores are returns; 0 in
            games of wins, draws and losses.
    """

    names: tuple[str, ...]
    rows: Ints
    returns: Floats
    sides: int = 0

    @property
    def graded(self) -> bool:
        """Whether scores are returns, see :attr:`games.contract.Game.graded`."""
        return self.sides > 0

    @property
    def margins(self) -> Floats:
        """``(M,)`` sums of the margins of the member, see :func:`leagues.results.scoring.margin`. Only in a graded
        game."""
        margins: Floats = (self.sides - 1) / self.sides * (self.returns[:, 0] - self.returns[:, 1])
        return margins

    @classmethod
    def of(cls, scores: Iterable[BlockScore], *, sides: int = 0) -> Self:
        """The same scores in the same order; `sides` as above, unless they know it already."""
        if isinstance(scores, cls):
            return scores
        events, blocks, members, opponents, wins, draws, losses, *returns = list(zip(*scores, strict=True)) or [()] * 9
        names = tuple(dict.fromkeys((*members, *opponents)))
        place = {name: k for k, name in enumerate(names)}
        pairs = ([place[name] for name in column] for column in (members, opponents))
        rows = np.array([events, blocks, *pairs, wins, draws, losses], np.int64).T
        return cls(names, rows, np.array(returns, np.float64).T, sides)

    def placed(self, place: Mapping[str, int]) -> Self:
        """The scores with members numbered by ``place``, ``0..n-1``; those with a member without a place are left
        out."""
        number = np.array([place.get(name, -1) for name in self.names], np.int64)
        rows = self.rows.copy()
        rows[:, 2:4] = number[rows[:, 2:4]]
        both = (rows[:, 2:4] >= 0).all(1)
        return type(self)(tuple(sorted(place, key=place.__getitem__)), rows[both], self.returns[both], self.sides)

    def games(self) -> dict[str, int]:
        """Number of games of each member."""
        each = self.rows[:, 4:].sum(1)
        total = sum(np.bincount(self.rows[:, column], each, len(self.names)) for column in (2, 3))
        return dict(zip(self.names, np.asarray(total, np.int64).tolist(), strict=True))

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[BlockScore]:
        for (event, block, member, opponent, *results), returns in zip(
            self.rows.tolist(), self.returns.tolist(), strict=True
        ):
            yield BlockScore(event, block, self.names[member], self.names[opponent], *results, *returns)

    @overload
    def __getitem__(self, index: int) -> BlockScore: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> BlockScore | Self:
        if isinstance(index, slice):
            return type(self)(self.names, self.rows[index], self.returns[index], self.sides)
        return next(iter(type(self)(self.names, self.rows[index][None], self.returns[index][None])))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, BlockScores) and self.names == other.names:
            return np.array_equal(self.rows, other.rows) and np.array_equal(self.returns, other.returns)
        return list(self) == list(other) if isinstance(other, Sequence) else NotImplemented


def block_keys(rows: Ints) -> Ints:
    """``(M,)`` a number for the block of each row of :attr:`BlockScores.rows`, ordered by event, then block."""
    return rows[:, 0] << 31 | rows[:, 1]


def merge(old: tuple[Ints, Floats], new: tuple[Ints, Floats]) -> tuple[Ints, Floats]:
    """``old`` with each block that occurs in ``new`` replaced by its rows there.

    Args:
        old: :attr:`BlockScores.rows` and :attr:`BlockScores.returns`, ascending by event and block.
        new: such arrays in any order. New blocks mostly come last, so only the rows from the first of them on are
            sorted.

    Returns:
        Read-only arrays that ascend by event and block.
    """
    keys, new_keys = block_keys(old[0]), block_keys(new[0])
    first = np.searchsorted(keys, new_keys.min()) if len(new_keys) else len(keys)
    kept = ~np.isin(keys[first:], new_keys)
    order = np.argsort(np.concatenate([keys[first:][kept], new_keys]), kind="stable")

    def merged(ours: npt.NDArray[Number], theirs: npt.NDArray[Number]) -> npt.NDArray[Number]:
        values = np.concatenate([ours[:first], np.concatenate([ours[first:][kept], theirs])[order]])
        values.setflags(write=False)
        return values

    return merged(old[0], new[0]), merged(old[1], new[1])
