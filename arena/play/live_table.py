"""Shows one game while it is being played to those who watch its league.

The loop that plays is asked a few times a second at most, and a thread writes, so that playing never waits. Games that
are over in a moment are shown to nobody.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from arena.play.rounds import Rounds
from arena.play.source import Seating
from games.contract import Game
from leagues.store.contract import HEARTBEAT, RunningGame, Store, StoreError

log = logging.getLogger(__name__)

PATIENCE = 2.0
"""Seconds that a game has lasted before it is shown."""

LOOK = 0.5
"""Seconds between two looks at the table, on average, and between two writings."""

_SAVED = 8
"""Looks that are saved up while nothing is played, for moves that follow each other quickly."""

_STALLED = 10.0
"""Seconds without a step after which games of another loop are shown instead."""


class LiveTable:
    """The table whose game is shown. It stays the same until that game is over.

    Games that cannot be replayed are not shown, because nobody could follow them, nor are a person's while others hold
    hidden cards. Close it.

    Args:
        store: where the league is.
        game: the game.
        members: a name at the seats of a pairing -> the member's ID, where they differ.
    """

    def __init__(self, store: Store, game: Game, members: Mapping[str, str] = {}) -> None:
        self._store, self._members = store, members
        self._open = game.perfect_information
        self._next = time.perf_counter() if game.replayable else math.inf  # when to look again
        self._rounds: Rounds | None = None
        self._table = 0
        self._seating: Seating | None = None
        self._looked = 0.0
        self._game: RunningGame | None = None  # read by the thread
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def look(self, rounds: Rounds) -> None:
        """Look at the table, if it is time. A :attr:`arena.play.rounds.Rounds.watch`."""
        now = time.perf_counter()
        if now < self._next:
            return
        self._next = max(self._next, now - _SAVED * LOOK) + LOOK
        if not self._turn_to(rounds, now):
            return
        found = rounds.under_way(self._table)
        if found is None or not (self._open or found.seating.pairing.kind != "human"):
            self._game = None
            return
        pairing = found.seating.pairing
        seats = tuple(self._members.get(name, name) for name in pairing.seats)
        self._game = RunningGame(seats, pairing.seed, pairing.kind, found.history, found.plies, found.started_at)
        if self._thread is None:
            self._thread = threading.Thread(target=self._show, name="live-table", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Show nothing any more."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()

    def _turn_to(self, rounds: Rounds, now: float) -> bool:
        """Choose the table if its game is over. Returns whether it is one of ``rounds``."""
        runs = self._rounds is not None and self._seating is self._rounds.seatings[self._table]
        if self._seating is None or not runs or (rounds is not self._rounds and now - self._looked > _STALLED):
            self._rounds, self._table = rounds, rounds.longest()
            self._seating = rounds.seatings[self._table]
        elif rounds is not self._rounds:
            return False
        self._looked = now
        return True

    def _show(self) -> None:
        try:
            self._follow()
            self._store.show(None)
        except StoreError as error:
            log.warning("running games are not shown to those who watch: %s", error)

    def _follow(self) -> None:
        shown: RunningGame | None = None
        at = 0.0
        while not self._closed.wait(LOOK):
            game, now = self._game, time.perf_counter()
            if game is None or (datetime.now(UTC) - game.started_at).total_seconds() < PATIENCE:
                if shown is not None and now - at > 2 * PATIENCE:  # games are quick now
                    self._store.show(None)
                    shown = None
            elif game != shown or now - at > HEARTBEAT:
                self._store.show(game)
                shown, at = game, now
