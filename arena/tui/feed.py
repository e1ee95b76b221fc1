"""What the screen is told: one thread reads the league and posts immutable pictures of it."""

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
from leagues.records import LeagueError, Match, Member
from leagues.results.blocks import BlockScores
from leagues.store import open_store
from leagues.store.contract import LeagueInfo, Progress, Reader

POLL = 0.5
"""Seconds between two looks at the store's version."""

LISTED = 200
"""Newest matches listed."""

RATING_REST = 4.0
"""After rating, rest so many times as long as it took: a league in training needs the processor more."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The league at one moment.

    Attributes:
        members: everybody, in the order they joined.
        standings: the rated members, best first; may lag behind the matches by a moment.
        matches: the newest ones without their moves, newest first; only those of ``only`` if that is set.
        only: the member whose matches are listed; None for all.
        match_count: number of recorded matches, listed or not.
    """

    info: LeagueInfo
    progress: Progress | None
    members: tuple[Member, ...]
    standings: tuple[Standing, ...]
    matches: tuple[Match, ...]
    only: str | None
    match_count: int


@dataclass(frozen=True, slots=True)
class Opened:
    """One match with its positions; ``problem`` says why it has none."""

    match: Match
    agent_ids: tuple[str, ...]
    frames: tuple[Frame, ...] = ()
    problem: str = ""


@dataclass
class LeagueChanged(Message):
    """The league, or what is asked of it, is not what it was."""

    picture: Picture


@dataclass
class LeagueLost(Message):
    """The league cannot be read for now."""

    reason: str


@dataclass
class MatchOpened(Message):
    """The match that was asked for."""

    opened: Opened


@dataclass
class FeedFailed(Message):
    """The thread has ended with an error that is no fault of the league."""

    error: Exception


@dataclass
class _Wanted:
    """What the screen wants, merged from its requests."""

    only: str | None = None
    match: int | None = None
    changed: bool = False
    stop: bool = False


class _Ratings:
    """The last standings. Rating takes far longer than reading, so it comes last and takes a part of the time only."""

    def __init__(self) -> None:
        self.standings: tuple[Standing, ...] = ()
        self._of: tuple[list[Member], BlockScores] | None = None
        self._not_before = 0.0

    def update(self, reader: Reader) -> bool:
        """Rate again if something has changed and it is time; whether it did."""
        began = time.monotonic()
        if began < self._not_before:
            return False
        members = [member for member in reader.members() if member.frozen]
        of = (members, reader.block_scores())
        if of == self._of:
            return False
        self.standings, self._of = tuple(leaderboard(*of)), of
        ended = time.monotonic()
        self._not_before = ended + RATING_REST * (ended - began)
        return True


class Feed(threading.Thread):
    """Follows the league in ``folder`` and hands messages to ``post`` (which must be safe to call from a thread).

    It outlives the league: when the folder goes away it says so, and picks up whatever league comes back. The league's
    game may be code of its maker's own, ``package.module:callable``, only with ``trust_code``.
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
        """Ask for a match; of several asked for at once only the last is opened."""
        self._requests.put(lambda wanted: setattr(wanted, "match", match_id))

    def list_only(self, member: str | None) -> None:
        """List only the matches of ``member``; of everybody if None."""

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
        except Exception as error:  # shown by the screen, which ends the program with it
            self._post(FeedFailed(error))

    def _follow(self) -> None:
        store = open_store(self._folder)
        identity = store.identity()
        with store.reader() as reader:
            seen: int | None = None
            while not self._wanted.stop:
                if store.identity() != identity:
                    return  # another league lies there now, or none: open it anew
                version = reader.version()
                changed = version != seen or self._wanted.changed
                seen, self._wanted.changed = version, False
                if changed:
                    self._post(LeagueChanged(self._picture(reader)))
                if self._wanted.match is not None:
                    wanted, self._wanted.match = self._wanted.match, None
                    self._post(MatchOpened(_open(reader, wanted, self._trust_code)))
                if self._ratings.update(reader):
                    self._post(LeagueChanged(self._picture(reader)))
                self._wait()

    def _picture(self, reader: Reader) -> Picture:
        only = self._wanted.only
        members = reader.members()
        if all(member.id != only for member in members):
            only = None
        return Picture(
            info=reader.info(),
            progress=reader.progress(),
            members=tuple(members),
            standings=self._ratings.standings,
            matches=tuple(reader.matches(member=only, limit=LISTED)),
            only=only,
            match_count=reader.count_matches(),
        )

    def _wait(self) -> None:
        """Take the requests that are there, or wait for one for the time of a poll."""
        try:
            self._requests.get(timeout=POLL)(self._wanted)
            while True:
                self._requests.get_nowait()(self._wanted)
        except Empty:
            pass


def _open(reader: Reader, match_id: int, trust_code: bool) -> Opened:
    match, agent_ids = reader.match(match_id), reader.info().agent_ids
    try:
        return Opened(match, agent_ids, tuple(frames(reader, match_id, trust_code=trust_code)))
    except Exception as error:  # a game may break in any way: that is this match's problem, not the screen's
        return Opened(match, agent_ids, problem=str(error))
