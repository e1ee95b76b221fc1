"""Block scores: the evaluation results that ratings are made of, one by one and as an array of many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self, overload

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

MOST_NUMBERS = 2**31
"""Event numbers and block numbers are below this, so that one int64 holds both."""


class BlockScore(NamedTuple):
    """The summed results of one block of evaluation matches between two members.

    ``member < opponent`` holds, and the results are those of ``member``. In a game of more than two seats, each pair of
    seats of different members counts once; in a game of teams, each pair of teams.
    """

    event: int
    block: int
    member: str
    opponent: str
    wins: int
    draws: int
    losses: int


@dataclass(frozen=True, eq=False)
class BlockScores(Sequence[BlockScore]):
    """Many block scores as one array: 56 bytes each, and quick to sum. A :class:`BlockScore` is made when asked for.

    Attributes:
        names: member IDs.
        rows: ``(M, 7)`` int64: event, block, place of the member in ``names``, place of the opponent, wins, draws,
            losses.
    """

    names: tuple[str, ...]
    rows: Ints

    @classmethod
    def of(cls, scores: Iterable[BlockScore]) -> Self:
        """The same scores in the same order."""
        if isinstance(scores, cls):
            return scores
        events, blocks, members, opponents, *results = list(zip(*scores, strict=True)) or [()] * 7
        names = tuple(dict.fromkeys((*members, *opponents)))
        place = {name: k for k, name in enumerate(names)}
        pairs = ([place[name] for name in column] for column in (members, opponents))
        return cls(names, np.array([events, blocks, *pairs, *results], np.int64).T)

    def placed(self, place: Mapping[str, int]) -> Ints:
        """``rows`` with members numbered by ``place``. Rows with a member that has no place are left out."""
        number = np.array([place.get(name, -1) for name in self.names], np.int64)
        rows = self.rows.copy()
        rows[:, 2:4] = number[rows[:, 2:4]]
        return rows[(rows[:, 2:4] >= 0).all(1)]

    def games(self) -> dict[str, int]:
        """Number of games of each member."""
        each = self.rows[:, 4:].sum(1)
        total = sum(np.bincount(self.rows[:, column], each, len(self.names)) for column in (2, 3))
        return dict(zip(self.names, np.asarray(total, np.int64).tolist(), strict=True))

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[BlockScore]:
        for event, block, member, opponent, wins, draws, losses in self.rows.tolist():
            yield BlockScore(event, block, self.names[member], self.names[opponent], wins, draws, losses)

    @overload
    def __getitem__(self, index: int) -> BlockScore: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> BlockScore | Self:
        if isinstance(index, slice):
            return type(self)(self.names, self.rows[index])
        return next(iter(type(self)(self.names, self.rows[index][None])))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, BlockScores) and self.names == other.names:
            return np.array_equal(self.rows, other.rows)
        return list(self) == list(other) if isinstance(other, Sequence) else NotImplemented


def block_keys(rows: Ints) -> Ints:
    """``(M,)`` a number for the block of each row of :attr:`BlockScores.rows`, ordered by event, then block."""
    return rows[:, 0] << 31 | rows[:, 1]


def merge(rows: Ints, new: Ints) -> Ints:
    """``rows`` with each block that occurs in ``new`` replaced by its rows there.

    Args:
        rows: rows of :attr:`BlockScores.rows`, ascending by event and block.
        new: such rows in any order. New blocks mostly come last, so only the rows from the first of them on are sorted.

    Returns:
        A read-only array that ascends by event and block.
    """
    keys, new_keys = block_keys(rows), block_keys(new)
    first = np.searchsorted(keys, new_keys.min()) if len(new) else len(rows)
    changed = np.concatenate([rows[first:][~np.isin(keys[first:], new_keys)], new])
    changed = changed[np.argsort(block_keys(changed), kind="stable")]
    merged = np.concatenate([rows[:first], changed])
    merged.setflags(write=False)
    return merged
