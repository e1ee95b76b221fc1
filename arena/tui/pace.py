"""How often the feed may read a league that changes: as often as its share of the processor allows."""

from __future__ import annotations

import time
from collections.abc import Callable

SHARE = 0.005
"""Part of one core that following a league may take."""

LEAST, MOST = 2.0, 10.0
"""Fewest and most seconds between the beginnings of two updates. The most keeps the screen from being old, also where
an update costs more than the share."""


class Pace:
    """Says when the next update may begin.

    An update is all that follows from a change of the league: the feed reads, and the screen in front draws. The next
    one waits until what this process has taken since the beginning of the last one, drawing, clocks and keys included,
    is at most :data:`SHARE` of the time that has passed.

    Args:
        clock: seconds that pass.
        processor: seconds of the processor that this process has taken.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, processor: Callable[[], float] = time.process_time
    ) -> None:
        self._clock, self._processor = clock, processor
        self._began: tuple[float, float] | None = None

    def begin(self) -> None:
        """An update begins."""
        self._began = self._clock(), self._processor()

    def wait(self) -> float:
        """Seconds until the next update may begin; 0 where it may begin now."""
        if self._began is None:
            return 0.0
        began, before = self._began
        pause = min(max(LEAST, (self._processor() - before) / SHARE), MOST)
        return max(0.0, began + pause - self._clock())
