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
"""Part of one core that rating may take in this process."""

YIELDING = 0.004
"""Part of one core that it may take in a process of low priority, which leaves training what that needs."""

LONG = 0.15
"""Seconds of the processor from which on rating would hold up the keys, so that the process does it from then on."""


class Rating:
    """Rates a league again and again. Rating takes far longer than reading, so it rests in between; and where it would
    hold up the keys, another process does it. That depends on members and blocks as much as on matches, so what rating
    took last decides, and :data:`~arena.tui.derived.MANY_MATCHES` only until something was measured.

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
        self._apart = False  # whether the process rates from now on
        self._waiter: threading.Thread | None = None
        self._arrived: SimpleQueue[Derived | LeagueError] = SimpleQueue()
        self._version: int | None = None
        self._of: tuple[int, int, int] | None = None
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
            self._of = of
            self._apart = self._apart or matches >= MANY_MATCHES
            if self._apart:
                self._deriver.ask()
                self._waiter = threading.Thread(target=self._await, name="league-ratings", daemon=True)
                self._waiter.start()
                return False
            self._found(self._derive(reader))
        except LeagueError:
            self._version = self._of = None  # to try again after a rest
            self._rest(LONG)
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
        self._found(found)
        return True

    def _found(self, derived: Derived) -> None:
        self.derived = derived
        self._apart = self._apart or derived.seconds > LONG
        self._rest(derived.seconds)

    def _rest(self, seconds: float) -> None:
        """Rest until ``seconds`` of work were its share of the time."""
        self._not_before = time.monotonic() + seconds / (YIELDING if self._apart else SHARE)
