"""Replay: the newest experience of a module in columns, of which it learns from random rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import tree

from arena.training.columns import Float, holds_bits
from games.contract import IntArray

ROWS, WEIGHTS = "replay_rows", "weights"
"""Columns of what is drawn: the place of each row in the replay, and its weight in the loss."""

LEAST_ERROR = 1e-6
"""Added to errors, so that every row can be drawn."""

Columns = Mapping[str, Any]
"""Arrays of the same number of rows; a value may also be a mapping of such arrays."""


class _Column:
    """A ring of rows in little memory: bits while all rows hold only zeros and ones.

    Args:
        capacity: rows.
        like: an array of such rows.
    """

    def __init__(self, capacity: int, like: npt.NDArray[Any]) -> None:
        self.shape, self.dtype, self.size = like.shape[1:], like.dtype, math.prod(like.shape[1:])
        self.bits = True
        self.rows: npt.NDArray[Any] = np.empty((capacity, -(-self.size // 8)), np.uint8)

    @property
    def row_bytes(self) -> int:
        return self.rows[0].nbytes

    def write(self, at: IntArray, values: npt.NDArray[Any]) -> None:
        if self.bits and not holds_bits(np.ascontiguousarray(values)):
            self.unpack()
        self.rows[at] = np.packbits(values.reshape(len(values), -1) != 0, axis=1) if self.bits else values

    def read(self, at: IntArray) -> npt.NDArray[Any]:
        return self._unpacked(self.rows[at]) if self.bits else self.rows[at]

    def unpack(self) -> None:
        """Keep the numbers themselves from now on."""
        self.rows, self.bits = self._unpacked(self.rows), False

    def _unpacked(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.unpackbits(rows, axis=1, count=self.size).reshape(-1, *self.shape).astype(self.dtype)


class Replay:
    """The newest rows of experience. Older ones make room for new ones.

    Rows are drawn at random, or in proportion to the power ``alpha`` of the error that the learner made on them
    (Schaul et al. 2016, arXiv 1511.05952, section 3.3). New rows have the greatest error so far. Weights
    ``(rows * probability) ** -beta``, divided by their maximum, make up for it (section 3.4).

    Args:
        capacity: most rows.
        like: columns without a row, which say what rows look like.
        alpha: 0 draws all rows alike.
        beta: 1 makes up for it in full.
    """

    def __init__(self, capacity: int, like: Columns, *, alpha: float = 0.0, beta: float = 0.0) -> None:
        self._structure = like
        self._capacity, self._alpha, self._beta = capacity, alpha, beta
        self._odds = np.empty(capacity)
        self.clear()

    def __len__(self) -> int:
        return self._size

    def clear(self) -> None:
        """Drop all rows."""
        self._columns = [_Column(self._capacity, array) for array in tree.flatten(self._structure)]
        self._size = self._next = 0
        self._highest = 1.0

    def add(self, columns: Columns) -> None:
        """Add rows."""
        arrays = tree.flatten(columns)
        count = len(arrays[0])
        first = max(0, count - self._capacity)
        at = (self._next + np.arange(first, count)) % self._capacity
        for column, array in zip(self._columns, arrays, strict=True):
            column.write(at, array[first:])
        self._odds[at] = self._highest
        self._next = (self._next + count) % self._capacity
        self._size = min(self._capacity, self._size + count)

    def draw(self, count: int, rng: np.random.Generator) -> dict[str, Any]:
        """Draw rows, with replacement.

        Returns:
            The columns, with :data:`ROWS` ``(count,)`` int64 and :data:`WEIGHTS` ``(count,)`` float32.
        """
        weights = np.ones(count, np.float32)
        if self._alpha:
            sums = np.cumsum(self._odds[: self._size])
            rows = np.searchsorted(sums, rng.random(count) * sums[-1], side="right").clip(max=self._size - 1)
            raw = (self._size * self._odds[rows] / sums[-1]) ** -self._beta
            weights = (raw / raw.max()).astype(np.float32)
        else:
            rows = rng.integers(self._size, size=count)
        drawn = [column.read(rows) for column in self._columns]
        return {**tree.unflatten_as(self._structure, drawn), ROWS: rows, WEIGHTS: weights}

    def set_errors(self, rows: IntArray, errors: Float) -> None:
        """Take the errors that the learner made on rows; those that are not finite change nothing."""
        finite = np.isfinite(errors)
        rows, odds = rows[finite], (np.abs(errors[finite].astype(np.float64)) + LEAST_ERROR) ** self._alpha
        self._odds[rows] = odds
        self._highest = max(self._highest, odds.max(initial=0.0))

    def state(self, most_bytes: int) -> dict[str, Any]:
        """The newest rows that fit into ``most_bytes``, oldest first."""
        per_row = sum(column.row_bytes for column in self._columns) + self._odds.itemsize
        count = min(self._size, most_bytes // per_row)
        at = (self._next - count + np.arange(count)) % self._capacity
        return {
            "columns": [{"rows": column.rows[at], "bits": column.bits} for column in self._columns],
            "odds": self._odds[at],
            "highest": self._highest,
            "next": self._next if count == self._size == self._capacity else count,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what :meth:`state` gave.

        Raises:
            LookupError, TypeError, ValueError, AttributeError: these are not rows of such a replay.
        """
        odds, highest, following = np.asarray(state["odds"], np.float64), float(state["highest"]), int(state["next"])
        count = len(odds)
        full = count == self._capacity
        sound = count <= self._capacity and np.isfinite(odds).all() and (odds > 0).all() and 0 < highest < math.inf
        if not (sound and (0 <= following < count if full else following == count)):
            raise ValueError(f"a replay of {self._capacity} rows cannot have {count} and go on at {following}")
        self.clear()
        self._size, self._next, self._highest = count, following, highest
        at = (self._next - count + np.arange(count)) % self._capacity
        for column, kept in zip(self._columns, state["columns"], strict=True):
            if not kept["bits"]:
                column.unpack()
            rows = np.asarray(kept["rows"])
            if rows.shape != (count, *column.rows.shape[1:]) or rows.dtype != column.rows.dtype:
                raise ValueError(f"rows of a replay have the shape {column.rows.shape[1:]}, but got {rows.shape}")
            column.rows[at] = rows
        self._odds[at] = odds
