"""The feed: one thread that reads the league, answers the queries of the screen in front, and posts what it found.

A screen has :class:`Query` objects. The feed answers a new query at once, and live ones again whenever the league
changes. Everything that it posts is immutable.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, ClassVar

from textual.message import Message

from arena.tui.derived import MANY_MATCHES, Derivation, Derived, Deriver
from leagues.errors import LeagueError

if TYPE_CHECKING:  # these load SQLAlchemy and NumPy, which the first paint need not wait for
    from leagues.ratings.leaderboard import Standing
    from leagues.records import JournalEntry
    from leagues.store.contract import Heartbeat, LeagueInfo, Progress, Reader, Store

POLL = 0.5
"""Seconds between two checks of the store's version."""

CALM = 2.0
"""Least seconds between two readings because the league has changed."""

REST = 40.0
"""Rest after answering or rating because the league has changed, as a multiple of the time it took: training needs the
processor more. What the person asks for is answered at once."""

RATES = 60
"""Number of iterations of which the newest rates are kept."""


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
    """What a query may read. It belongs to the feed's thread.

    Attributes:
        folder: the league's folder.
        reader: the open league.
        trust_code: whether a game that is the league maker's own code may run.
        derived: the newest standings, warnings and payoffs; they may lag behind the matches by a moment.
        rated: whether ``derived`` holds anything yet.
    """

    def __init__(self, folder: Path, store: Store, reader: Reader, trust_code: bool) -> None:
        self.folder = folder
        self.store = store
        self.reader = reader
        self.trust_code = trust_code
        self.derived = Derived()
        self.rated = False

    def standings(self) -> Sequence[Standing]:
        """The newest standings.

        Raises:
            LeagueError: the league is not rated yet.
        """
        if not self.rated:
            raise LeagueError("`best` is not known while the league is rated for the first time; wait for its ratings")
        return self.derived.standings

    def view(self, rates: Sequence[float]) -> LeagueView:
        """What the header shows."""
        from arena.view.run_state import TURNS
        from leagues.ratings.leaderboard import best

        members, standings = self.reader.members(), self.derived.standings
        name = best(standings)
        return LeagueView(
            info=self.reader.info(),
            progress=self.reader.progress(),
            rates=tuple(rates),
            members=len(members),
            learners=sum(not member.frozen for member in members),
            matches=self.reader.count_matches(),
            best=next((each for each in standings if each.agent == name), None),
            turns=tuple(entry for kind in TURNS for entry in self.reader.journal(kind=kind, limit=1)),
            heartbeat=self.reader.heartbeat(),
        )


class Query(ABC):
    """A question of a screen. Subclasses are frozen dataclasses, so that equal questions are equal."""

    live: ClassVar[bool] = True
    """Whether the answer may change; otherwise it is answered once."""

    @abstractmethod
    def answer(self, source: Source) -> Any:
        """The answer, as an immutable value. Called in the feed's thread.

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
    to come. A folder that holds something unreadable from the start ends the feed.

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
        self._rating: _Rating | None = None
        self._found = False

    def ask(self, queries: Sequence[Query]) -> None:
        """Answer these queries from now on, and no others."""
        wanted = tuple(queries)
        self._requests.put(lambda state: setattr(state, "queries", wanted))

    def pause(self, paused: bool) -> None:
        """Stop following the league, or go on. New queries are answered all the same."""
        self._requests.put(lambda state: setattr(state, "paused", paused))

    def stop(self) -> None:
        """End the thread soon."""
        self._requests.put(lambda state: setattr(state, "stop", True))

    def run(self) -> None:
        """Follow the league until stopped."""
        try:
            while not self._wanted.stop:
                try:
                    self._follow()
                except LeagueError as error:
                    absent = not self._present()
                    if not (absent or self._found):
                        raise  # it was unreadable from the start
                    self._post(LeagueLost(str(error), absent))
                    self._wait()
        except Exception as error:  # the app ends with it
            self._post(FeedFailed(error))
        finally:
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
            self._rating = rating = _Rating(self._folder)
            source = Source(self._folder, store, reader, self._trust_code)
            rates = _Rates()
            seen: int | None = None
            answered: tuple[Query, ...] = ()
            not_before = 0.0
            heartbeat: Heartbeat | None = None
            while not self._wanted.stop:
                if store.identity() != identity:
                    return  # the folder holds another league now, or none
                queries, following = self._wanted.queries, not self._wanted.paused
                new = [query for query in queries if query not in answered]
                for query in new:
                    self._answer(query, source)
                answered = queries
                began = time.monotonic()
                version = reader.version() if following else seen
                if version != seen and (seen is None or began >= not_before):
                    seen = version
                    self._post(LeagueChanged(source.view(rates.update(reader))))
                    self._found = True
                    self._answer_again(source, new)
                    ended = time.monotonic()
                    not_before = ended + max(CALM, REST * (ended - began))
                if following and (beat := reader.heartbeat()) != heartbeat:
                    heartbeat = beat
                    self._post(HeartbeatSeen(beat))
                # What the person has asked for meanwhile comes before the ratings, which may take long.
                if following and self._requests.empty() and self._rate(rating, source, version):
                    self._post(LeagueChanged(source.view(rates.update(reader))))
                    self._answer_again(source, ())
                self._wait(rating.soon)

    def _rate(self, rating: _Rating, source: Source, version: int | None) -> bool:
        try:
            return rating.update(source, version)
        except LeagueError as error:  # the old ratings stay, until it goes well again
            self._post(LeagueLost(str(error), absent=False))
            return False

    def _answer_again(self, source: Source, fresh: Sequence[Query]) -> None:
        for query in self._wanted.queries:
            if query.live and query not in fresh:
                self._answer(query, source)

    def _answer(self, query: Query, source: Source) -> None:
        try:
            self._post(Answered(query, query.answer(source)))
        except LeagueError as error:
            self._post(Answered(query, None, str(error)))

    def _wait(self, poll: float | None = None) -> None:
        """Apply the waiting requests; without any, wait for one until the next poll."""
        with suppress(Empty):
            self._requests.get(timeout=POLL if poll is None else poll)(self._wanted)
            while True:
                self._requests.get_nowait()(self._wanted)


class _Rates:
    """The rates of the newest iterations. Only the first reading fetches the history."""

    def __init__(self) -> None:
        self._rates: list[float] = []
        self._last: int | None = None

    def update(self, reader: Reader) -> Sequence[float]:
        newest = reader.progress()
        if newest is None:
            return ()
        if self._last is None:
            self._rates = [each.rate for each in reader.history(since=max(0, newest.iteration - RATES))]
        elif newest.iteration != self._last:
            self._rates = [*self._rates, newest.rate][-RATES:]
        self._last = newest.iteration
        return self._rates


class _Rating:
    """Keeps ``source.derived`` new. Rating takes far longer than reading, so it rests in between; and where it would
    hold up the keys, another process does it."""

    def __init__(self, folder: Path) -> None:
        self._deriver = Deriver(folder)
        self._derive = Derivation()
        self._waiter: threading.Thread | None = None
        self._arrived: SimpleQueue[Derived | LeagueError] = SimpleQueue()
        self._version: int | None = None
        self._of: tuple[int, int, int] | None = None
        self._began = 0.0
        self._not_before = 0.0

    @property
    def soon(self) -> float | None:
        """Seconds after which to look again, where an answer is under way; otherwise None."""
        return 0.1 if self._waiter is not None else None

    def update(self, source: Source, version: int | None) -> bool:
        """Rate again if something has changed and the rest is over; return whether there is something new.

        Args:
            source: what is read and rated.
            version: of the store. While it is the same, nothing is read.

        Raises:
            LeagueError: the league cannot be read, or the process that rates it has died.
        """
        try:
            if self._waiter is not None:
                return self._take(source)
            now = time.monotonic()
            if now < self._not_before or version == self._version:
                return False
            self._version = version
            matches = source.reader.count_matches()
            frozen = sum(member.frozen for member in source.reader.members())
            of = (frozen, matches, len(source.reader.measures()))
            if of == self._of:
                return False
            self._of, self._began = of, now
            if matches >= MANY_MATCHES:
                self._deriver.ask()
                self._waiter = threading.Thread(target=self._await, name="league-ratings", daemon=True)
                self._waiter.start()
                return False
            self._set(source, self._derive(source.reader))
        except LeagueError:
            self._version = self._of = None  # to try again after a rest
            self._rest()
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

    def _take(self, source: Source) -> bool:
        try:
            found = self._arrived.get_nowait()
        except Empty:
            return False
        self._waiter = None
        if isinstance(found, LeagueError):
            raise found
        self._set(source, found)
        return True

    def _set(self, source: Source, derived: Derived) -> None:
        source.derived, source.rated = derived, True
        self._rest()

    def _rest(self) -> None:
        ended = time.monotonic()
        self._not_before = ended + REST * (ended - self._began)
