"""A canvas of braille dots, two by four in a cell: curves and bands as cells with a colour.

A curve is drawn column by column. In each column of dots it covers a span from its lowest to its highest point there,
and a span sets whole cells at once, so that steep and noisy curves cost little.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

BRAILLE = 0x2800
_COLUMNS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Bits of the dots of a cell: for the left and the right column, from the top."""
_SPANS = tuple(
    tuple(tuple(sum(column[first : last + 1]) for last in range(4)) for first in range(4)) for column in _COLUMNS
)
"""Column, first dot, last dot -> bits."""


_CLOSE = 1e-6


class Canvas:
    """Cells with dots.

    Args:
        width, height: in cells.

    Attributes:
        bits: ``(width * height)`` the dots of each cell, row by row.
        owner: the number of the curve whose colour the cell has; -1 without a dot.
        tint: the number of the curve whose band lies behind the cell; -1 without one.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.bits = [0] * (width * height)
        self.owner = [-1] * (width * height)
        self.tint = [-1] * (width * height)

    def curve(self, xs: Sequence[float], ys: Sequence[float], owner: int) -> None:
        """Draw a line through points in dots, ``y`` from the top, with ``xs`` ascending. A ``y`` that is no number
        breaks it. What lies outside is cut off."""
        right = 2 * self.width - 1
        low, high = [math.inf] * (right + 1), [-math.inf] * (right + 1)
        before: tuple[float, float] | None = None
        for x, y in zip(xs, ys, strict=True):
            if y != y:
                before = None
                continue
            here = round(x)
            if 0 <= here <= right:
                if y < low[here]:
                    low[here] = y
                if y > high[here]:
                    high[here] = y
            if before is not None and here > round(before[0]):
                _join(low, high, before, (x, y))
            before = (x, y)
        for column in range(right + 1):
            bottom, top = low[column], high[column]
            if bottom <= top:
                # Halves belong to the next column, so that a line stays thin.
                first, last = math.floor(bottom + 0.5 + _CLOSE), math.ceil(top - 0.5 - _CLOSE)
                if first > last:
                    first = last = round((bottom + top) / 2)
                self._span(column, first, last, owner)

    def band(self, xs: Sequence[float], tops: Sequence[float], bottoms: Sequence[float], owner: int) -> None:
        """Tint the cells between two lines of dots; those that have a tint keep it."""
        for cell, (top, bottom) in enumerate(zip(self._at(xs, tops), self._at(xs, bottoms), strict=True)):
            if top != top or bottom != bottom:
                continue
            first = max(0, math.floor((max(top, -4.0) + 2) / 4))
            last = min(self.height, math.ceil((min(bottom, 4.0 * self.height + 4) - 1) / 4))
            for row in range(first, last):
                place = row * self.width + cell
                if self.tint[place] < 0:
                    self.tint[place] = owner

    def _at(self, xs: Sequence[float], ys: Sequence[float]) -> list[float]:
        """The height of a line in the middle of each column of cells; not a number beside it."""
        found = [math.nan] * self.width
        place = 0
        for cell in range(self.width):
            x = 2 * cell + 0.5
            while place + 1 < len(xs) and xs[place + 1] < x:
                place += 1
            if not xs or x < xs[0] - 1 or x > xs[-1] + 1:
                continue
            if place + 1 == len(xs) or x <= xs[place]:
                found[cell] = ys[place]
                continue
            length = xs[place + 1] - xs[place]
            share = (x - xs[place]) / length if length > 0 else 0.0
            found[cell] = ys[place] + share * (ys[place + 1] - ys[place])
        return found

    def _span(self, column: int, top: int, bottom: int, owner: int) -> None:
        top, bottom = max(0, top), min(4 * self.height - 1, bottom)
        if top > bottom:
            return
        first, last = top >> 2, bottom >> 2
        spans, width, place = _SPANS[column & 1], self.width, first * self.width + (column >> 1)
        if first == last:
            self.bits[place] |= spans[top & 3][bottom & 3]
            self.owner[place] = owner
            return
        self.bits[place] |= spans[top & 3][3]
        self.owner[place] = owner
        for _ in range(first + 1, last):
            place += width
            self.bits[place] |= spans[0][3]
            self.owner[place] = owner
        place += width
        self.bits[place] |= spans[0][bottom & 3]
        self.owner[place] = owner


def _join(low: list[float], high: list[float], start: tuple[float, float], end: tuple[float, float]) -> None:
    """Widen the spans of the columns between two points by the straight line that joins them."""
    (x0, y0), (x1, y1) = start, end
    slope = (y1 - y0) / (x1 - x0)
    first, last = max(0, round(x0)), min(len(low) - 1, round(x1))
    left = y0 + slope * (max(first - 0.5, x0) - x0)
    for column in range(first, last + 1):
        right = y1 if column + 0.5 >= x1 else y0 + slope * (column + 0.5 - x0)
        bottom, top = (right, left) if slope < 0 else (left, right)
        if bottom < low[column]:
            low[column] = bottom
        if top > high[column]:
            high[column] = top
        left = right
