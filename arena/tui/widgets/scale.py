"""Axes: from numbers to dots, and the round numbers that are written beside them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_STEPS = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from ``low`` to ``high`` on ``size`` dots.

    Attributes:
        low, high: its ends, ``low < high``; above 0 if ``log``.
        size: number of dots, at least 1.
        log: whether equal factors are equally long.
    """

    low: float
    high: float
    size: int
    log: bool = False

    def place(self) -> Callable[[float], float]:
        """The function from a value to its place, ``0..size-1`` for values on the axis. It is made once, because it is
        called for every point."""
        if self.log:
            start, factor = math.log(self.low), (self.size - 1) / (math.log(self.high) - math.log(self.low))
            log = math.log
            return lambda value: (log(value) - start) * factor
        low, step = self.low, (self.size - 1) / (self.high - self.low)
        return lambda value: (value - low) * step

    def value(self, place: float) -> float:
        """The value at a place."""
        share = place / max(1, self.size - 1)
        if self.log:
            return float(self.low * (self.high / self.low) ** share)
        return self.low + share * (self.high - self.low)

    def ticks(self, most: int) -> list[float]:
        """At most ``most`` round numbers on the axis, ascending."""
        if most < 1:
            return []
        return _log_ticks(self.low, self.high, most) if self.log else _ticks(self.low, self.high, most)


def span(values: Iterable[float], *, log: bool = False) -> tuple[float, float] | None:
    """The least and the largest of ``values``, which are moved apart where they are as good as equal; numbers that
    the axis cannot show are left out. None without any."""
    kept = [value for value in values if math.isfinite(value) and (value > 0 or not log)]
    if not kept:
        return None
    low, high = min(kept), max(kept)
    if high - low <= 1e-9 * max(abs(low), abs(high)):  # nothing but rounding
        return (low / 2, high * 2) if log else (low - (abs(low) / 10 or 1), high + (abs(high) / 10 or 1))
    return low, high


def short_number(value: float) -> str:
    """A number in at most six characters or so: ``0.034``, ``12.5``, ``250k``, ``1.5M``."""
    size = abs(value)
    for unit, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size >= unit * 0.9995:
            return f"{value / unit:.3g}{letter}"
    if 0 < size < 0.001:
        return f"{value:.0e}".replace("e-0", "e-")
    return f"{value:.3g}"


def _ticks(low: float, high: float, most: int) -> list[float]:
    least = (high - low) / most
    power = 10.0 ** math.floor(math.log10(least))
    step = next(power * each for each in _STEPS if power * each >= least * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)][:most]


def _log_ticks(low: float, high: float, most: int) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for digits in ((1, 2, 5), (1, 3), (1,)):
        found = [
            digit * 10.0**power
            for power in range(first, last + 1)
            for digit in digits
            if low * 0.999 <= digit * 10.0**power <= high * 1.001
        ]
        if len(found) <= most:
            return found or _ticks(low, high, most)
    return found[:: math.ceil(len(found) / most)]
