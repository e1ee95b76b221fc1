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

_AFTERWARDS = 4.0
"""Seconds for which a game stays that is over, until its match is recorded or another one is shown."""

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
        self._hidden = not game.perfect_information
        self._next = time.perf_counter() if game.replayable else math.inf  # when to look again
        self._chosen: tuple[Rounds, int, Seating | None] | None = None  # the loop, the table, and who plays there
        self._looked = 0.0
        self._game: RunningGame | None = None
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def look(self, rounds: Rounds) -> None:
        """Look at the table, if it is time. A :attr:`arena.play.rounds.Rounds.watch`."""
        now = time.perf_counter()
        if now < self._next:
            return
        self._next = max(self._next, now - _SAVED * LOOK) + LOOK
        if self._chosen is None or not self._runs() or now - self._looked > _STALLED:
            table = rounds.longest()
            self._chosen = rounds, table, rounds.seatings[table]
        chosen, table, _ = self._chosen
        if chosen is not rounds:
            return
        self._looked = now
        found = rounds.under_way(table)
        if found is None or (self._hidden and found.seating.pairing.kind == "human"):
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

    def _runs(self) -> bool:
        """Whether the chosen game still runs."""
        if self._chosen is None:
            return False
        rounds, table, seating = self._chosen
        return rounds.seatings[table] is seating

    def _show(self) -> None:
        try:
            self._follow()
            self._store.show(None)
        except StoreError as error:
            log.warning("running games are not shown to those who watch: %s", error)

    def _follow(self) -> None:
        shown: RunningGame | None = None
        at, visible = 0.0, False
        while not self._closed.wait(LOOK):
            game, now = self._game, time.perf_counter()
            lasts = game is not None and (datetime.now(UTC) - game.started_at).total_seconds() >= PATIENCE
            if lasts and (game != shown or (self._runs() and now - at > HEARTBEAT)):
                self._store.show(game)
                shown, at, visible = game, now, True
            elif visible and now - at > _AFTERWARDS:
                self._store.show(None)
                visible = False
