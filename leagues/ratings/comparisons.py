"""Blocks of games between players, in the form that ratings are fitted to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from leagues.results.blocks import BlockScore, BlockScores, block_keys

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Number = TypeVar("Number", np.int64, np.float64)

_DIMENSIONS = 32
"""The most dimensions of an array that NumPy finds places in."""


@dataclass(frozen=True)
class Comparisons:
    """Blocks of games between ``n`` players. Blocks with equal results are of one kind, and each kind is kept once.

    Attributes:
        n: number of players.
        i, j: ``(P,)`` the players of each pair that met, ``i < j``.
        times: ``(K,)`` number of blocks of each kind.
        kind, pair: ``(E,)`` the kind and the pair of each entry, ascending by pair. An entry is one pair in one kind.
        results: ``(E, 3)`` wins, draws, losses of an entry, seen from its pair's ``i``.
        margins: ``(E,)`` sums of the margins of an entry in a graded game, seen from its pair's ``i``; otherwise zero.
    """

    n: int
    i: Ints
    j: Ints
    times: Ints
    kind: Ints
    pair: Ints
    results: Ints
    margins: Floats

    @classmethod
    def between(cls, place: Mapping[str, int], block_scores: Iterable[BlockScore]) -> Comparisons:
        """From block scores; ``place`` numbers the players from 0, and games with others are left out."""
        scores = BlockScores.of(block_scores).placed(place)
        return cls.of(len(place), scores.rows, scores.margins if scores.graded else None)

    @classmethod
    def of(cls, n: int, rows: Ints, margins: Floats | None = None) -> Comparisons:
        """From rows ``(M, 7)`` in any order: event, block, i, j, wins, draws, losses. A pair is once in a block.

        Args:
            n: number of players.
            rows: as above.
            margins: ``(M,)`` sums of the margins of ``i`` in a graded game.
        """
        turned = rows[:, 2] > rows[:, 3]
        if turned.any():
            rows = np.where(turned[:, None], rows[:, [0, 1, 3, 2, 6, 5, 4]], rows)
        values = np.zeros(1)
        if margins is not None and len(rows):  # equal margins have equal numbers, in a column of their own
            values, numbers = np.unique(np.where(turned, -margins, margins), return_inverse=True)
            rows = np.column_stack([rows, numbers])
        columns = rows.shape[1] - 2
        keys = block_keys(rows)
        if (np.diff(keys) < 0).any():
            order = np.argsort(keys, kind="stable")
            rows, keys = rows[order], keys[order]
        starts = np.flatnonzero(np.diff(keys, prepend=keys[:1] - 1))
        if len(starts) < len(rows):
            rows = rows[np.lexsort((rows[:, 3], rows[:, 2], keys))]
        lengths = np.diff(starts, append=len(rows))
        times: list[Ints] = [np.zeros(0, np.int64)]
        kinds: list[Ints] = [np.zeros(0, np.int64)]
        entries: list[Ints] = [np.zeros((0, columns), np.int64)]
        for length in np.unique(lengths).tolist():
            blocks = rows[starts[lengths == length][:, None] + np.arange(length), 2:]  # (blocks, length, columns)
            distinct, count = _distinct(blocks.reshape(len(blocks), -1))
            known = sum(map(len, times))
            times.append(count)
            kinds.append(np.repeat(np.arange(known, known + len(count)), length))
            entries.append(distinct.reshape(-1, columns))
        kind, entry = np.concatenate(kinds), np.concatenate(entries)
        code = entry[:, 0] * n + entry[:, 1]
        order = np.argsort(code, kind="stable")
        kind, entry, code = kind[order], entry[order], code[order]
        new = np.diff(code, prepend=-1) > 0
        pairs = code[new]
        return cls(
            n,
            pairs // max(n, 1),
            pairs % max(n, 1),
            np.concatenate(times),
            kind,
            new.cumsum() - 1,
            entry[:, 2:5],
            values[entry[:, 5]] if columns > 5 else np.zeros(len(entry)),
        )

    @cached_property
    def sums(self) -> Ints:
        """``(P, 3)`` wins, draws and losses of each pair over all blocks, seen from ``i``."""
        return self.by_pair(self.results * self.times[self.kind, None])

    @cached_property
    def games(self) -> Floats:
        """``(P,)`` games of each pair."""
        games: Floats = self.sums.sum(1).astype(np.float64)
        return games

    @cached_property
    def _starts(self) -> Ints:
        """``(P,)`` the first entry of each pair."""
        return np.flatnonzero(np.diff(self.pair, prepend=-1))

    def by_pair(self, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """``(P, R)`` sums over the entries of each pair, of ``values`` ``(E, R)``."""
        return _sums(values, self._starts)

    def among(self, players: Bools) -> Comparisons:
        """The games in which any of these ``players`` ``(n,)`` took part."""
        pairs = players[self.i] | players[self.j]
        entries = pairs[self.pair]
        kinds, kind = np.unique(self.kind[entries], return_inverse=True)
        pair = (pairs.cumsum() - 1)[self.pair[entries]]
        results, margins = self.results[entries], self.margins[entries]
        return Comparisons(self.n, self.i[pairs], self.j[pairs], self.times[kinds], kind, pair, results, margins)

    def differences(self, values: Floats) -> Floats:
        """``B x``: the value of each pair's ``i`` minus that of its ``j``, ``(P, R)`` from ``(n, R)``."""
        return values.take(self.i, axis=0) - values.take(self.j, axis=0)

    def totals(self, values: Floats) -> Floats:
        """``B' y``: the values of a player's pairs, added where it is the ``i`` and subtracted where it is the ``j``;
        ``(n, R)`` from ``(P, R)``."""
        totals = np.zeros((self.n, values.shape[1]))
        (first, starts), (second, order, turned) = self._ends
        totals[first] = _sums(values, starts)
        totals[second] -= _sums(values.take(order, axis=0), turned)
        return totals

    @cached_property
    def _ends(self) -> tuple[tuple[Ints, Ints], tuple[Ints, Ints, Ints]]:
        """How pairs are summed by player.

        Returns:
            The players that are an ``i`` and where their pairs start; and the players that are a ``j``, the order that
            sorts pairs by ``j``, and where their pairs start in it.
        """
        first, starts = np.unique(self.i, return_index=True)
        order = np.argsort(self.j, kind="stable")
        second, turned = np.unique(self.j[order], return_index=True)
        return (first, starts), (second, order, turned)

    def spread(self, pairs: Floats, nodes: Floats) -> Floats:
        """``D + B' W B`` as a matrix ``(n, n)``, with ``W`` of ``pairs`` ``(P,)`` and ``D`` of ``nodes`` ``(n,)``."""
        matrix = np.zeros((self.n, self.n))
        matrix[self.i, self.j] = -pairs
        matrix += matrix.T
        matrix[np.diag_indices(self.n)] = nodes - matrix.sum(0)
        return matrix


def _sums(values: npt.NDArray[Number], starts: Ints) -> npt.NDArray[Number]:
    """``(len(starts), R)`` sums of the rows of ``values`` from each start to the next."""
    return np.add.reduceat(values, starts, axis=0) if len(starts) else values[:0]


def _distinct(rows: Ints) -> tuple[Ints, Ints]:
    """The distinct rows of non-negative numbers, in some order, and how often each occurs."""
    sizes = [int(column.max()) + 1 for column in rows.T] if rows.shape[1] <= _DIMENSIONS else []
    if sizes and math.prod(sizes) <= np.iinfo(np.int64).max:  # one number for each row sorts faster
        code, count = np.unique(np.ravel_multi_index(tuple(rows.T), sizes), return_counts=True)
        return np.array(np.unravel_index(code, sizes)).T, count
    whole = np.ascontiguousarray(rows).view(f"V{rows.itemsize * rows.shape[1]}")
    distinct, count = np.unique(whole, return_counts=True)
    return distinct.view(np.int64).reshape(-1, rows.shape[1]), count
