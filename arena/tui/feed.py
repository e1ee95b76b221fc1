"""The feed: one thread that reads the league and posts immutable views of it as messages."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from textual.message import Message

from arena.view.replay import Frame, frames
from leagues.ratings.leaderboard import Standing, leaderboard
from leagues.ratings.notes import Note, notes
from leagues.ratings.outside import with_outside
from leagues.records import JournalEntry, LeagueError, Match, Member
from leagues.results.blocks import BlockScores
from leagues.store import open_store
from leagues.store.contract import LeagueInfo, Progress, Reader

POLL = 0.5
"""Seconds between two checks of the store's version."""

LISTED = 200
"""Most matches and most entries of the journal listed."""

RATING_REST = 4.0
"""Rest after rating, as a multiple of the time it took. A league in training needs the processor more."""


@dataclass(frozen=True, slots=True)
class LeagueView:
    """The league at one moment.

    Attributes:
        info: what never changes.
        progress: the newest progress of training; None before the first iteration.
        members: all members, in the order they joined.
        standings: the leaderboard, best first; may lag behind the matches by a moment.
        notes: warnings that belong beside it.
        matches: the newest matches without their moves, newest first; only those of ``only`` if that is set.
        only: the member whose matches are listed; None for all.
        match_count: number of all recorded matches.
        journal: what happened in training, the newest entries first.
    """

    info: LeagueInfo
    progress: Progress | None
    members: tuple[Member, ...]
    standings: tuple[Standing, ...]
    notes: tuple[Note, ...]
    matches: tuple[Match, ...]
    only: str | None
    match_count: int
    journal: tuple[JournalEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """One match with its positions. ``problem`` says why there are none."""

    match: Match
    info: LeagueInfo
    frames: tuple[Frame, ...] = ()
    problem: str = ""


# The app forwards these messages to its screens. They do not bubble, which would bring them back to the app.


@dataclass
class LeagueChanged(Message, bubble=False):
    """The league has changed, or another list of matches was asked for."""

    view: LeagueView


@dataclass
class LeagueLost(Message, bubble=False):
    """The league cannot be read at the moment."""

    reason: str


@dataclass
class MatchOpened(Message, bubble=False):
    """The match that was asked for."""

    opened: Opened


@dataclass
class FeedFailed(Message, bubble=False):
    """The thread has ended with an error of the program."""

    error: Exception


@dataclass
class _Wanted:
    """What the screens want, merged from their requests."""

    only: str | None = None
    match: int | None = None
    changed: bool = False
    stop: bool = False


class _Ratings:
    """The newest standings and notes. Rating takes far longer than reading, so it comes last and rests in between."""

    def __init__(self) -> None:
        self.standings: tuple[Standing, ...] = ()
        self.notes: tuple[Note, ...] = ()
        self._of: tuple[list[Member], BlockScores] | None = None
        self._not_before = 0.0

    def update(self, reader: Reader) -> bool:
        """Rate again if something has changed and the rest is over; return whether it did."""
        began = time.monotonic()
        if began < self._not_before:
            return False
        members = [member for member in reader.members() if member.frozen]
        of = (members, reader.block_scores())
        if of == self._of:
            return False
        self.standings, self._of = tuple(with_outside(leaderboard(*of), of[1], reader.measures())), of
        self.notes = tuple(notes(*of))
        ended = time.monotonic()
        self._not_before = ended + RATING_REST * (ended - began)
        return True


class Feed(threading.Thread):
    """Follows the league in ``folder`` and posts messages about it.

    When the folder goes away, the feed posts :class:`LeagueLost` and waits for a league to come back.

    Args:
        folder: the league's folder.
        post: takes the messages; must be safe to call from a thread.
        trust_code: whether a game that is the league maker's own code, ``package.module:callable``, may run.
    """

    def __init__(self, folder: Path, post: Callable[[Message], object], *, trust_code: bool = False) -> None:
        super().__init__(name="league-feed", daemon=True)
        self._trust_code = trust_code
        self._folder = folder
        self._post = post
        self._requests: SimpleQueue[Callable[[_Wanted], None]] = SimpleQueue()
        self._wanted = _Wanted()
        self._ratings = _Ratings()

    def open(self, match_id: int) -> None:
        """Ask for a match. Of several requests at once, only the last is answered."""
        self._requests.put(lambda wanted: setattr(wanted, "match", match_id))

    def list_only(self, member: str | None) -> None:
        """List only the matches of ``member``, or all matches if it is None."""

        def change(wanted: _Wanted) -> None:
            wanted.only, wanted.changed = member, True

        self._requests.put(change)

    def stop(self) -> None:
        """End the thread soon."""
        self._requests.put(lambda wanted: setattr(wanted, "stop", True))

    def run(self) -> None:
        """Follow the league until stopped."""
        try:
            while not self._wanted.stop:
                try:
                    self._follow()
                except LeagueError as error:
                    self._post(LeagueLost(str(error)))
                    self._wait()
        except Exception as error:  # the app ends with it
            self._post(FeedFailed(error))

    def _follow(self) -> None:
        store = open_store(self._folder)
        identity = store.identity()
        with store.reader() as reader:
            seen: int | None = None
            while not self._wanted.stop:
                if store.identity() != identity:
                    return  # the folder holds another league now, or none
                version = reader.version()
                changed = version != seen or self._wanted.changed
                seen, self._wanted.changed = version, False
                if changed:
                    self._post(LeagueChanged(self._view(reader)))
                if self._wanted.match is not None:
                    wanted, self._wanted.match = self._wanted.match, None
                    self._post(MatchOpened(_open(reader, wanted, self._trust_code)))
                if self._ratings.update(reader):
                    self._post(LeagueChanged(self._view(reader)))
                self._wait()

    def _view(self, reader: Reader) -> LeagueView:
        only = self._wanted.only
        members = reader.members()
        if all(member.id != only for member in members):
            only = None
        return LeagueView(
            info=reader.info(),
            progress=reader.progress(),
            members=tuple(members),
            standings=self._ratings.standings,
            notes=self._ratings.notes,
            matches=tuple(reader.matches(member=only, limit=LISTED)),
            only=only,
            match_count=reader.count_matches(),
            journal=tuple(reader.journal(limit=LISTED)),
        )

    def _wait(self) -> None:
        """Apply the waiting requests; without any, wait for one until the next poll."""
        try:
            self._requests.get(timeout=POLL)(self._wanted)
            while True:
                self._requests.get_nowait()(self._wanted)
        except Empty:
            pass


def _open(reader: Reader, match_id: int, trust_code: bool) -> Opened:
    match, info = reader.match(match_id), reader.info()
    try:
        return Opened(match, info, tuple(frames(reader, match_id, trust_code=trust_code)))
    except Exception as error:  # a game may fail in any way; only this match suffers
        return Opened(match, info, problem=str(error))
