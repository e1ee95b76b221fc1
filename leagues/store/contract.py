"""The contract of a league's store. :func:`leagues.store.open_store` finds the back end; the rest of the program sees
only the classes below.

A store is a place that holds one league, or none yet. It has three parts: the league's records, read through a
:class:`Reader` and written through a :class:`Writer`; the weights of its snapshots; and the states of its learners.

Guarantees, which every back end keeps:

- One writer at a time, in one process; any number of readers, in any process. A reader never blocks the writer and
  never changes the store; only a league of an older version is brought up to date when it is opened.
- Every call of a ``Writer`` is one transaction. After a crash, or after an exception, all of it is there or nothing.
- When a ``Writer`` call or :meth:`BlobStore.put` has returned, a crash of the process or the machine takes nothing
  back, unless the store lives in memory.
- Matches, frozen members and journal entries are immutable: nothing updates or deletes them.
- Ratings are not stored. They are derived from the matches.
- A blob is stored before the record that names it: a member's weights before the member, a learner's state before the
  progress.
- Whatever lies in the store may come from a stranger. Reading it runs no code, leaves the store's place by no link,
  waits for no pipe or device, and ends in a :class:`StoreError` if it cannot be understood.

A store, its readers and its writers may be opened in any thread, but each is used by one thread at a time. Run
:func:`leagues.store.conformance.check_store` on a back end of your own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Hashable, Iterator, Sequence
from types import TracebackType
from typing import Self

from leagues.errors import LeagueError
from leagues.records import (
    Event,
    JournalEntry,
    JournalKind,
    LiveResult,
    Match,
    MatchFilter,
    MatchKind,
    Measure,
    Member,
    Tally,
)
from leagues.results.blocks import BlockScores
from leagues.store.values import FORGOTTEN, HEARTBEAT, Heartbeat, LeagueInfo, Progress, RunningGame

__all__ = [
    "FORGOTTEN",
    "HEARTBEAT",
    "MAX_BLOB",
    "BlobStore",
    "Heartbeat",
    "LeagueInfo",
    "Progress",
    "Reader",
    "RunningGame",
    "Store",
    "StoreError",
    "Writer",
]

MAX_BLOB = 2**32
"""Most bytes of a blob, so that a file from a stranger cannot fill the memory."""


class StoreError(LeagueError):
    """The store cannot do what was asked: there is no league, another process writes to it, a blob is missing, ..."""


class Reader(ABC):
    """Reads a league. It is cheap to open, and each call is one short transaction."""

    @abstractmethod
    def info(self) -> LeagueInfo:
        """What never changes in this league."""

    @abstractmethod
    def version(self) -> int:
        """A number that changes when something was recorded. Cheap enough to poll (about 0.1 ms)."""

    @abstractmethod
    def members(self) -> list[Member]:
        """All members in the order they joined."""

    @abstractmethod
    def member(self, member_id: str) -> Member:
        """The member with this ID.

        Raises:
            StoreError: there is none; the message suggests similar IDs.
        """

    @abstractmethod
    def progress(self) -> Progress | None:
        """The newest progress; None before the first iteration."""

    @abstractmethod
    def history(self, *, since: int = 0, every: int = 1) -> list[Progress]:
        """The progress of the iterations after ``since``, oldest first, without ``league`` and ``state``. Recording an
        iteration again replaces it. With ``every``, only of those that are multiples of it, which is quick also in long
        runs."""

    def matches(
        self,
        where: MatchFilter | None = None,
        *,
        member: str | None = None,
        kind: MatchKind | None = None,
        event: int | None = None,
        before: int | None = None,
        limit: int | None = 100,
    ) -> list[Match]:
        """Recorded matches, newest first, with an empty ``history``; :meth:`match` gives the history.

        Args:
            where: which matches.
            member, kind, event: the same as a filter with this member, kind and event, where that is all there is to
                say; they are not read with ``where``.
            before: only matches with a smaller ID. Pass the last ID of a page to get the next page.
            limit: at most this many; None for all.

        Raises:
            StoreError: there is no such member.
        """
        if where is None:
            where = MatchFilter(() if member is None else (member,), kind, event)
        return self.find_matches(where, before=before, limit=limit)

    @abstractmethod
    def find_matches(self, where: MatchFilter, *, before: int | None, limit: int | None) -> list[Match]:
        """What :meth:`matches` gives."""

    @abstractmethod
    def match(self, match_id: int) -> Match:
        """The match with this ID, with its history.

        Raises:
            StoreError: there is none, or its record cannot be read.
        """

    @abstractmethod
    def iter_matches(self) -> Iterator[Match]:
        """Every match with its history, oldest first, in bounded memory.

        Raises:
            StoreError: the record of a match cannot be read.
        """

    @abstractmethod
    def count_matches(self, kind: MatchKind | None = None) -> int:
        """Number of recorded matches."""

    @abstractmethod
    def seeds_met(self, members: Collection[str]) -> set[int]:
        """The seeds of the evaluation matches in which at least two of these members had seats.

        Raises:
            StoreError: there is no such member.
        """

    @abstractmethod
    def tallies(self) -> list[Tally]:
        """The sums of all recorded tallies, one for each ordered pair of members. They count all training games, also
        those that are not recorded as matches. Games of leagues from before schema 0005 have unknown returns:
        ``squares`` is NaN."""

    @abstractmethod
    def block_scores(self) -> BlockScores:
        """Evaluation results, ascending by event and block, for ratings.

        A fault counts as a loss of the seat at fault and a win of the others. Other pairs of that match count nothing,
        and a match in which the game itself was at fault counts nothing at all. Members are numbered in the order they
        joined, and ``sides`` says whether the game is graded. The arrays are read-only. A reader that is asked again
        fetches only what is new.
        """

    def lost_rows(self) -> dict[str, int]:
        """Tables that have fewer or more rows than were ever added to them -> how many fewer. By default none, for
        stores whose rows nobody else can reach."""
        return {}

    def hidden_matches(self) -> list[int]:
        """Some matches that :meth:`matches` may not find by a filter, or finds by a wrong one, because what they are
        found by was altered. By default none, for stores whose rows nobody else can reach."""
        return []

    @abstractmethod
    def next_event(self) -> int:
        """One more than the highest event ever recorded, of a match or alone; 1 while there is none. Cheap to ask."""

    @abstractmethod
    def events(self) -> list[Event]:
        """The recorded events, ascending. Events that nobody can take up again, as those of a training, are not
        here."""

    @abstractmethod
    def live_results(self, *, since: int = 0, every: int = 1) -> list[LiveResult]:
        """The training games of learners against frozen members, ascending by iteration.

        Args:
            since: only those after this iteration.
            every: sum those of so many iterations, 1 to ``every``, and so on, which then count for the last of them
                that has any. It keeps the answer short for a long run.
        """

    @abstractmethod
    def measures(self, name: str | None = None) -> list[Measure]:
        """What was measured of members, ascending by iteration; `name` narrows it to one kind of number."""

    @abstractmethod
    def journal(
        self,
        *,
        kind: JournalKind | None = None,
        subject: str | None = None,
        before: int | None = None,
        limit: int | None = 100,
    ) -> list[JournalEntry]:
        """What happened in training, newest first. Narrowed and paged as :meth:`matches`; ``subject`` is a member.

        Raises:
            StoreError: there is no such member, or an entry cannot be read.
        """

    @abstractmethod
    def heartbeat(self) -> Heartbeat | None:
        """The newest sign of life of a writer; None if there never was a writer, or none that can be known of, as in a
        copy. Cheap enough to poll. Says nothing about how a writer has ended: the journal does."""

    @abstractmethod
    def running(self) -> RunningGame | None:
        """The game that a process shows (:meth:`Store.show`); None if there is none, or none that has the shape of a
        game of this league. Its moves may break the rules. Cheap enough to poll."""

    @abstractmethod
    def close(self) -> None:
        """Release what the reader holds. A writer lets the next one write."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Writer(Reader):
    """Reads and writes a league. A league has at most one writer at a time."""

    @abstractmethod
    def add_members(self, members: Sequence[Member]) -> None:
        """The same as ``record(members=members)``."""

    @abstractmethod
    def record(
        self,
        *,
        matches: Sequence[Match] = (),
        tallies: Sequence[Tally] = (),
        members: Sequence[Member] = (),
        progress: Progress | None = None,
        earlier: Sequence[Progress] = (),
        event: Event | None = None,
        live: Sequence[LiveResult] = (),
        measures: Sequence[Measure] = (),
        journal: Sequence[JournalEntry] = (),
    ) -> list[int]:
        """Store records in one transaction. The rules are in :mod:`leagues.store.rules`.

        Args:
            matches: new matches; their ``id`` is ignored. Evaluation matches add to the block scores.
            tallies: training games, added to the sums.
            members: new members, which these matches and tallies may name already.
            progress: becomes the newest progress.
            earlier: the progress of iterations before it, oldest first, for the history only.
            event: a new event, or an unfinished one as it is now, which replaces it.
            live: training games of learners against frozen members; they replace those of the same iteration.
            measures: what was measured of members; a number replaces that of the same name, member and iteration.
            journal: what happened; the ``id`` of an entry is ignored.

        Returns:
            The IDs of the new matches, in order. IDs ascend, also from call to call.

        Raises:
            StoreError: a record breaks a rule: a member is unknown, a member ID is taken, the weights of a snapshot or
                guest are not in the store, a match does not fit the league, an event has ended. Nothing is stored then.
        """


class BlobStore(ABC):
    """Immutable bytes, each named by the SHA-256 of its content as 64 lower-case hex digits: its *digest*."""

    @abstractmethod
    def put(self, data: bytes) -> str:
        """Store ``data`` and return its digest. If the blob is there already, nothing changes; if it is there but
        damaged, it is replaced.

        Raises:
            StoreError: it cannot be written, or is larger than :data:`MAX_BLOB`.
        """

    @abstractmethod
    def get(self, digest: str) -> bytes:
        """The bytes of a blob, checked against its digest.

        Raises:
            StoreError: the blob is missing or altered, or ``digest`` is not a digest.
        """

    @abstractmethod
    def has(self, digest: str) -> bool:
        """Whether a blob of this name is there. Its bytes are not checked.

        Raises:
            StoreError: ``digest`` is not a digest.
        """

    @abstractmethod
    def prune(self, keep: Collection[str]) -> None:
        """Remove the blobs that this league has written, except those in ``keep``. Anything else that lies beside
        them stays, also a state that an older program wrote and recorded no longer: a league from before schema 0004
        keeps one such file. Call it while you hold the writer."""


class Store(ABC):
    """A place that holds one league, or none yet. Making a store object opens, reads and writes nothing.

    Attributes:
        name: the place, for messages: its folder or URL.
        weights: the weights of snapshots; see :mod:`agents.policies.weights` for their content.
        states: the states of learners; see :mod:`arena.training.learner_state` for their content.
    """

    name: str
    weights: BlobStore
    states: BlobStore

    @abstractmethod
    def exists(self) -> bool:
        """Whether a league is here. It may still be damaged, or of another version: opening it tells."""

    @abstractmethod
    def identity(self) -> Hashable | None:
        """A value that stays the same as long as the same league is here; None while there is none. Cheap to ask."""

    @abstractmethod
    def check(self) -> list[str]:
        """Problems of the database itself, one line each; empty when all is well. Does not look at what the records
        mean.

        Raises:
            StoreError: there is no league here.
        """

    @abstractmethod
    def create(self, info: LeagueInfo) -> Writer:
        """Make a new league and open its writer.

        Raises:
            StoreError: there is a league here already, or this place cannot be written to.
        """

    @abstractmethod
    def reader(self) -> Reader:
        """Open the league for reading, whether or not somebody writes to it.

        A league with an older schema is brought up to date first.

        Raises:
            StoreError: there is no league here, it is damaged, a newer program made it, or an older one and it cannot
                be brought up to date.
        """

    @abstractmethod
    def writer(self) -> Writer:
        """Open the league for writing. A league with an older schema is brought up to date first.

        Raises:
            StoreError: there is no league here, another writer is open, the league is damaged, or a newer program
                made it.
        """

    @abstractmethod
    def show(self, game: RunningGame | None) -> None:
        """Show a game that this process plays to everybody who watches; None for no longer any.

        It must be shown again every :data:`HEARTBEAT` seconds, because it is forgotten after :data:`FORGOTTEN`. This
        needs no :class:`Writer`, and changes no record. While another process shows a game, nothing happens; nor where
        there is no league.

        Raises:
            StoreError: it cannot be written.
        """
