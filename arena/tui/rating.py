"""Keeps the ratings of the league that the feed follows new, without holding up keys or training."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from arena.tui.derived import MANY_MATCHES, Derivation, Derived, Deriver
from leagues.errors import LeagueError

if TYPE_CHECKING:  # it loads SQLAlchemy and NumPy, which the first paint need not wait for
    from leagues.store.contract import Reader

SHARE = 0.002
"""Part of one core that rating may take."""

YIELDING = 0.025
"""Part of the time for which the process of low priority may work: it takes from training only what that leaves."""


class Rating:
    """Rates a league again and again. Rating takes far longer than reading, so it rests in between; and where it would
    hold up the keys, another process does it.

    Attributes:
        derived: the newest ratings, and what else follows from the results.

    Args:
        folder: the league's folder.
        wake: called, in another thread, when the next :meth:`update` gives what the process has found.
    """

    def __init__(self, folder: Path, wake: Callable[[], None]) -> None:
        self.derived = Derived()
        self._wake = wake
        self._deriver = Deriver(folder)
        self._derive = Derivation()
        self._waiter: threading.Thread | None = None
        self._arrived: SimpleQueue[Derived | LeagueError] = SimpleQueue()
        self._version: int | None = None
        self._of: tuple[int, int, int] | None = None
        self._began = 0.0
        self._not_before = 0.0

    def update(self, reader: Reader, version: int | None) -> bool:
        """Rate again if something has changed and the rest is over; return whether there is something new.

        Args:
            reader: the league.
            version: of the store. While it is the same, nothing is read.

        Raises:
            LeagueError: the league cannot be read, or the process that rates it has died.
        """
        try:
            if self._waiter is not None:
                return self._take()
            now = time.monotonic()
            if now < self._not_before or version == self._version:
                return False
            self._version = version
            matches = reader.count_matches()
            frozen = sum(member.frozen for member in reader.members())
            of = (frozen, matches, len(reader.measures()))
            if of == self._of:
                return False
            self._of, self._began = of, now
            if matches >= MANY_MATCHES:
                self._deriver.ask()
                self._waiter = threading.Thread(target=self._await, name="league-ratings", daemon=True)
                self._waiter.start()
                return False
            self.derived = self._derive(reader)
            self._rest(self.derived.seconds / SHARE)
        except LeagueError:
            self._version = self._of = None  # to try again after a rest
            self._rest(self._passed / YIELDING)
            raise
        return True

    def close(self) -> None:
        """End the process and its thread."""
        self._deriver.kill()
        if self._waiter is not None:
            self._waiter.join()
        self._deriver.close()

    def _await(self) -> None:
        try:
            self._arrived.put(self._deriver.result())
        except LeagueError as error:
            self._arrived.put(error)
        self._wake()

    def _take(self) -> bool:
        try:
            found = self._arrived.get_nowait()
        except Empty:
            return False
        self._waiter = None
        if isinstance(found, LeagueError):
            raise found
        self.derived = found
        self._rest(min(found.seconds / SHARE, self._passed / YIELDING))
        return True

    @property
    def _passed(self) -> float:
        """Seconds since it began to rate."""
        return time.monotonic() - self._began

    def _rest(self, seconds: float) -> None:
        self._not_before = time.monotonic() + seconds
