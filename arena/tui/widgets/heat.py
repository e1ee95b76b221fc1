"""What a heatmap shows, as a value, and its scores as text."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from leagues.results.payoff_table import PayoffMatrix

LEVELS = 32
"""Steps of colour between the middle and each end."""

SIZES = ((1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (7, 3), (10, 4), (14, 6), (20, 9), (32, 14))
"""Columns and lines of a cell, from the smallest zoom on."""

READABLE = 2
"""The first zoom whose cells have digits."""


@dataclass(frozen=True, slots=True)
class Heat:
    """What a heatmap shows. Arrays are of all members; ``order`` says which of them are shown. Those of the same matrix
    in the same order are equal.

    Attributes:
        matrix: the payoffs.
        level: ``(n, n)`` int8, ``-32..32`` from the lowest to the highest colour.
        thin: ``(n, n)`` whether a payoff is hardly known.
        roles: the role of each member.
        learners: place of each member's learner among the learners, for the colour; None for members that are no
            snapshots.
        order: places of the shown members, from the top.
        scale: the size of a score that has the full colour; 0.5 from the middle where scores are not returns.
    """

    matrix: PayoffMatrix
    level: npt.NDArray[np.int8] = field(compare=False)
    thin: npt.NDArray[np.bool_] = field(compare=False)
    roles: tuple[str, ...]
    learners: tuple[int | None, ...]
    order: tuple[int, ...]
    scale: float

    def name(self, place: int) -> str:
        """The member in this row."""
        return self.matrix.members[self.order[place]]

    def first_met(self) -> tuple[int, int]:
        """The first cell of two shown members that have met, row by row; 0, 0 where there is none."""
        met = np.isfinite(self.matrix.score[np.ix_(self.order, self.order)])
        row, column = np.unravel_index(int(met.argmax()), met.shape) if met.any() else (0, 0)
        return int(row), int(column)


def levels(strength: npt.NDArray[np.floating]) -> npt.NDArray[np.int8]:
    """The colours of strengths -1..1; NaN counts as the middle."""
    found: npt.NDArray[np.int8] = np.rint(np.clip(np.nan_to_num(strength), -1, 1) * LEVELS).astype(np.int8)
    return found


def tenth(level: int) -> int:
    """The tenth of the scale, 0..9, that a level is in, for cells with room for one figure."""
    return min(9, 10 * (level + LEVELS) // (2 * LEVELS))


def score_text(score: float, width: int, *, graded: bool) -> str:
    """A score in ``width`` columns: percents, or in a graded game returns with as many digits as fit."""
    if not graded:
        text = f"{100 * score:.0f}" + "%" * (width >= 7)
        return f"{text:>{width}}" if width <= 3 else f"{text:^{width}}"
    room = width - 1 if width > 3 else width
    for digits in (2, 1, 0):
        text = f"{score:+.{digits}f}"
        text = text if float(text) else "0"
        if abs(score) < 1 and len(text) > room:
            text = text.replace("0.", ".", 1)  # +.3
        if len(text) <= room:
            return f"{text:^{width}}" if width > 3 else f"{text:>{width}}"
    return f"{'+' if score > 0 else '-'}{'…':<{width - 1}}"
