"""The feed: a thread that reads the league, answers the queries of the screen in front, and posts what it found.

A screen has :class:`Query` objects. The feed answers a new query at once, and live ones again whenever the league
changes. Everything that it posts is immutable.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, ClassVar

from textual.message import Message

from arena.tui.derived import Derived
from arena.tui.pace import Pace
from arena.tui.rates import Rates
from arena.tui.rating import Rating
from leagues.errors import LeagueError

if TYPE_CHECKING:  # these load SQLAlchemy and NumPy, which the first paint need not wait for
    from arena.settings import Settings
    from leagues.ratings.leaderboard import Standing
    from leagues.records import JournalEntry
    from leagues.store.contract import Heartbeat, LeagueInfo, Progress, Reader

POLL = 0.5
"""Seconds between two looks at the league: at its sign of life, and at its version once an update may begin."""


@dataclass(frozen=True, slots=True)
class LeagueView:
    """What the header shows of the league.

    Attributes:
        info: what never changes.
        progress: the newest progress of training; None before the first iteration.
        rates: env steps per second in the newest iterations, oldest first.
        members: number of members.
        learners: number of learners.
        matches: number of recorded matches.
        best: the best snapshot; None before there is one.
        turns: the newest entry of the journal for each beginning and end of a run.
        heartbeat: the newest sign of life of a writer; None if there was never one.
    """

    info: LeagueInfo
    progress: Progress | None
    rates: tuple[float, ...]
    members: int
    learners: int
    matches: int
    best: Standing | None
    turns: tuple[JournalEntry, ...] = ()
    heartbeat: Heartbeat | None = None


class Source:
    """What a query may read. It belongs to one thread.

    Attributes:
        reader: the open league.
        trust_code: whether a game that is the league maker's own code may run.
        derived: what follows from the results; it may lag behind the matches.
    """

    def __init__(self, reader: Reader, trust_code: bool, derived: Derived | None = None) -> None:
        self.reader = reader
        self.trust_code = trust_code
        self.derived = Derived() if derived is None else derived
        self._newest: list[JournalEntry] = []
        self._turns: tuple[JournalEntry, ...] = ()
        self._progress: tuple[int, Progress | None] | None = None

    @cached_property
    def info(self) -> LeagueInfo:
        """What never changes in the league."""
        return self.reader.info()

    @cached_property
    def settings(self) -> Settings:
        """The league's settings, which never change either.

        Raises:
            LeagueError: they cannot be read.
        """
        from arena.settings import Settings

        return Settings.from_dict(self.info.settings) if self.info.settings else Settings()

    @property
    def rated(self) -> bool:
        """Whether the league was rated yet."""
        return self.derived.board.rated

    def standings(self) -> Sequence[Standing]:
        """The newest standings.

        Raises:
            LeagueError: the league is not rated yet.
        """
        if not self.rated:
            raise LeagueError("`best` is not known while the league is rated for the first time; wait for its ratings")
        return self.derived.standings

    def progress(self) -> Progress | None:
        """The newest progress. It holds the state of matchmaking, so it is read once for each change of the league."""
        version = self.reader.version()
        if self._progress is None or self._progress[0] != version:
            self._progress = version, self.reader.progress()
        return self._progress[1]

    def view(self, rates: Sequence[float]) -> LeagueView:
        """What the header shows."""
        heartbeat = self.reader.heartbeat()  # first: a process that is gone by now has written how it ended
        members, board = self.reader.members(), self.derived.board
        best = board.row(board.best)
        return LeagueView(
            info=self.info,
            progress=self.progress(),
            rates=tuple(rates),
            members=len(members),
            learners=sum(not member.frozen for member in members),
            matches=self.reader.count_matches(),
            best=None if best is None else best.standing,
            turns=self._read_turns(),
            heartbeat=heartbeat,
        )

    def _read_turns(self) -> tuple[JournalEntry, ...]:
        """The newest beginnings and ends of runs. They are searched for only where the journal has grown."""
        from arena.view.run_state import TURNS

        newest = self.reader.journal(limit=1)
        if newest != self._newest:
            self._newest = newest
            self._turns = tuple(entry for kind in TURNS for entry in self.reader.journal(kind=kind, limit=1))
        return self._turns


class Query(ABC):
    """A question of a screen. Subclasses are frozen dataclasses, so that equal questions are equal."""

    live: ClassVar[bool] = True
    """Whether the answer may change; otherwise it is answered once."""

    slow: ClassVar[bool] = False
    """Whether it may take seconds, such as to play a match again: another thread answers it, so that no other query
    waits for it."""

    @abstractmethod
    def answer(self, source: Source) -> Any:
        """The answer, as an immutable value. Called in a thread of the feed's.

        Raises:
            LeagueError: there is none; the message says why.
        """


# The app forwards these messages to its screens. They do not bubble, which would bring them back to the app.


@dataclass
class LeagueChanged(Message, bubble=False):
    """The league has changed."""

    view: LeagueView


@dataclass
class HeartbeatSeen(Message, bubble=False):
    """A writer has given a sign of life."""

    heartbeat: Heartbeat | None


@dataclass
class LeagueLost(Message, bubble=False):
    """The league cannot be read at the moment. ``absent``: there is none."""

    reason: str
    absent: bool


@dataclass
class Answered(Message, bubble=False):
    """The answer to a query, or ``problem``, the reason why there is none."""

    query: Query
    value: Any
    problem: str = ""


@dataclass
class FeedFailed(Message, bubble=False):
    """The thread has ended with an error."""

    error: Exception


@dataclass
class _Wanted:
    """What the app wants, merged from its requests."""

    queries: tuple[Query, ...] = ()
    paused: bool = False
    stop: bool = False


class Feed(threading.Thread):
    """Follows the league in ``folder`` and posts messages about it.

    While there is no league in the folder, or when it goes away, the feed posts :class:`LeagueLost` and waits for one
    to come, also where one that is copied there cannot be read yet. A folder that holds something unreadable from the
    start ends the feed.

    Args:
        folder: the league's folder.
        post: takes the messages; must be safe to call from a thread.
        trust_code: whether a game that is the league maker's own code, ``package.module:callable``, may run.
        pace: says when a league that changes may be read again; by default one by the clocks of this machine.
    """

    def __init__(
        self, folder: Path, post: Callable[[Message], object], *, trust_code: bool = False, pace: Pace | None = None
    ) -> None:
        super().__init__(name="league-feed", daemon=True)
        self._trust_code = trust_code
        self._folder = folder
        self._post = post
        self._requests: SimpleQueue[Callable[[_Wanted], None]] = SimpleQueue()
        self._wanted = _Wanted()
        self._pace = Pace() if pace is None else pace
        self._rating: Rating | None = None
        self._slow: SimpleQueue[tuple[Query, Derived] | None] = SimpleQueue()
        self._patient = False  # not while the folder may hold something else; one that is missing may be being copied

    def ask(self, queries: Sequence[Query]) -> None:
        """Answer these queries from now on, and no others."""
        wanted = tuple(queries)
        self._requests.put(lambda state: setattr(state, "queries", wanted))

    def pause(self, paused: bool) -> None:
        """Stop answering queries again when the league changes, or go on. New queries are answered all the same, and
        the header shows how the run goes."""
        self._requests.put(lambda state: setattr(state, "paused", paused))

    def stop(self) -> None:
        """End the thread soon."""
        self._requests.put(lambda state: setattr(state, "stop", True))

    def _wake(self) -> None:
        """Look at the league now. Called from any thread."""
        self._requests.put(lambda state: None)

    def run(self) -> None:
        """Follow the league until stopped."""
        threading.Thread(target=self._answer_slow_ones, name="league-replays", daemon=True).start()
        try:
            while not self._wanted.stop:
                try:
                    self._follow()
                except LeagueError as error:
                    absent = not self._present()
                    self._patient = self._patient or absent
                    if not self._patient:
                        raise
                    self._post(LeagueLost(str(error), absent))
                    self._wait(POLL)
        except Exception as error:  # the app ends with it
            self._post(FeedFailed(error))
        finally:
            self._slow.put(None)
            self._forget_ratings()

    def _present(self) -> bool:
        from leagues.store import open_store

        try:
            return open_store(self._folder).exists()
        except LeagueError:  # nobody may look, or the folder has become a file
            return True

    def _forget_ratings(self) -> None:
        if self._rating is not None:
            self._rating.close()
        self._rating = None

    def _follow(self) -> None:
        from leagues.store import open_store

        store = open_store(self._folder)
        identity = store.identity()
        with store.reader() as reader:
            self._forget_ratings()
            self._rating = rating = Rating(self._folder, self._wake)
            source = Source(reader, self._trust_code)
            rates = Rates()
            seen: int | None = None
            answered: tuple[Query, ...] = ()
            heartbeat: Heartbeat | None = None
            at_once, rated = True, False  # for the first reading and the first ratings a person waits
            outdated = False  # whether the answers may be older than what the header shows
            while not self._wanted.stop:
                if store.identity() != identity:
                    return  # the folder holds another league now, or none
                queries, following = self._wanted.queries, not self._wanted.paused
                new = [query for query in queries if query not in answered]
                for query in new:
                    self._answer(query, source)
                answered = queries
                if at_once or not self._pace.wait():
                    version = reader.version()
                    if rated or version != seen:
                        self._pace.begin()
                        seen, at_once, rated, outdated = version, False, False, True
                        self._post(LeagueChanged(source.view(rates.update(reader, source.progress()))))
                        self._patient = True
                if following and outdated:
                    outdated = False
                    self._answer_again(source, new)
                if (beat := reader.heartbeat()) != heartbeat:
                    heartbeat = beat
                    if beat is not None and beat.gone:  # its last words are to be read before it is called killed
                        self._post(LeagueChanged(source.view(rates.update(reader, source.progress()))))
                    else:
                        self._post(HeartbeatSeen(beat))
                # What the person has asked for meanwhile comes before the ratings, which may take long.
                if following and self._requests.empty() and self._rate(rating, reader, seen):
                    at_once, rated, source.derived = not source.rated, True, rating.derived
                self._wait(0 if at_once else POLL)

    def _rate(self, rating: Rating, reader: Reader, version: int | None) -> bool:
        try:
            return rating.update(reader, version)
        except LeagueError as error:  # the old ratings stay, until it goes well again
            self._post(LeagueLost(str(error), absent=False))
            return False

    def _answer_again(self, source: Source, fresh: Sequence[Query]) -> None:
        for query in self._wanted.queries:
            if query.live and query not in fresh:
                self._answer(query, source)

    def _answer(self, query: Query, source: Source) -> None:
        if query.slow:
            self._slow.put((query, source.derived))
        else:
            self._post(_answered(query, source))

    def _answer_slow_ones(self) -> None:
        """In a thread of its own: answer slow queries that are still wanted, until there are no more."""
        from leagues.store import open_store

        try:
            while (asked := self._slow.get()) is not None:
                query, derived = asked
                if query not in self._wanted.queries:
                    continue
                try:
                    with open_store(self._folder).reader() as reader:
                        self._post(_answered(query, Source(reader, self._trust_code, derived)))
                except LeagueError as error:  # the league has gone away
                    self._post(Answered(query, None, str(error)))
        except Exception as error:  # the app ends with it
            self._post(FeedFailed(error))

    def _wait(self, most: float) -> None:
        """Apply the waiting requests; without any, wait for one, but at most so many seconds."""
        with suppress(Empty):
            self._requests.get(timeout=most)(self._wanted)
            while True:
                self._requests.get_nowait()(self._wanted)


def _answered(query: Query, source: Source) -> Answered:
    try:
        return Answered(query, query.answer(source))
    except LeagueError as error:
        return Answered(query, None, str(error))
