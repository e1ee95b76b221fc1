"""The speed of the newest iterations, for the header."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it loads SQLAlchemy and NumPy, which the first paint need not wait for
    from leagues.store.contract import Progress, Reader

RATES = 60
"""Number of iterations of which the newest rates are kept."""


class Rates:
    """The rates of the newest iterations. Only the first reading fetches the history."""

    def __init__(self) -> None:
        self._rates: list[float] = []
        self._last: int | None = None

    def update(self, reader: Reader, newest: Progress | None) -> Sequence[float]:
        """Env steps per second of the newest iterations, oldest first.

        Args:
            reader: the league.
            newest: its newest progress.
        """
        if newest is None:
            return ()
        if self._last is None:
            self._rates = [each.rate for each in reader.history(since=max(0, newest.iteration - RATES))]
        elif newest.iteration != self._last:
            self._rates = [*self._rates, newest.rate][-RATES:]
        self._last = newest.iteration
        return self._rates
