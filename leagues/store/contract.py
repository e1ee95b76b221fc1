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
- Matches and frozen members are immutable: nothing updates or deletes them.
- Ratings are not stored. They are derived from the matches.
- A blob is stored before the record that names it: a member's weights before the member, a learner's state before the
  progress.
- Whatever lies in the store is data from a stranger. Reading it never runs code, never leaves the store's place,
  never hangs, and ends in a :class:`StoreError` if it cannot be understood.

A store, its readers and its writers may be opened in any thread, but each is used by one thread at a time. Run
:func:`leagues.store.conformance.check_store` on a back end of your own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from leagues.records import LeagueError, Match, MatchKind, Member, Tally
from leagues.results.blocks import BlockScores

MAX_BLOB = 2**32
"""Most bytes of a blob, so that a file from a stranger cannot fill the memory."""


class StoreError(LeagueError):
    """The store cannot do what was asked: there is no league, another process writes to it, a blob is missing, ..."""


@dataclass(frozen=True, slots=True)
class LeagueInfo:
    """What is fixed for a league's whole life.

    Attributes:
        game: canonical spec of its game.
        agent_ids: the game's name for each seat.
        seed: seed of the whole league.
        settings: the training settings as plain JSON, for people and for ``--resume``.
        versions: library versions that made it.
        created_at: UTC.
        teams: the team of each seat, ``0..t-1``; left out, every seat plays for itself.
    """

    game: str
    agent_ids: tuple[str, ...]
    seed: int
    settings: Mapping[str, Any]
    versions: Mapping[str, str]
    created_at: datetime
    teams: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.teams:
            object.__setattr__(self, "teams", tuple(range(len(self.agent_ids))))


@dataclass(frozen=True, slots=True)
class Progress:
    """Where training stood at the end of an iteration; the last one is what ``--resume`` starts from.

    Attributes:
        iteration: finished training iterations.
        agent_steps: agent steps trained on so far, over all learners.
        env_steps: game steps sampled so far.
        games: training games finished so far.
        seconds: wall-clock seconds spent training so far, over all runs.
        rate: env steps per second over the last iterations.
        remaining: seconds the run expects to go on; None when unknown or ended.
        state: name of the learners' state (weights and optimizers) in :attr:`Store.states`; None without one.
        league: the league's own state as plain JSON (counters, win rates, generator).
        metrics: newest learning metrics, module ID -> name -> value.
        at: UTC.
    """

    iteration: int
    agent_steps: int
    env_steps: int
    games: int
    seconds: float
    rate: float
    at: datetime
    remaining: float | None = None
    state: str | None = None
    league: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


class Reader(ABC):
    """Read-only view of a league. Cheap to open; each call is a short transaction of its own."""

    @abstractmethod
    def info(self) -> LeagueInfo:
        """What is fixed for the league's life."""

    @abstractmethod
    def version(self) -> int:
        """Changes whenever another process committed something; cheap enough to poll (about 0.1 ms)."""

    @abstractmethod
    def members(self) -> list[Member]:
        """All members in the order they joined."""

    @abstractmethod
    def member(self, member_id: str) -> Member:
        """One member.

        Raises:
            StoreError: there is none of this ID; the message suggests near ones.
        """

    @abstractmethod
    def progress(self) -> Progress | None:
        """The newest progress; None before the first iteration."""

    @abstractmethod
    def history(self) -> list[Progress]:
        """Progress of every iteration, oldest first, without ``league`` and ``state`` (for curves)."""

    @abstractmethod
    def matches(
        self,
        *,
        member: str | None = None,
        kind: MatchKind | None = None,
        before: int | None = None,
        limit: int | None = 100,
    ) -> list[Match]:
        """Recorded matches, newest first, with an empty ``history`` (fetch one by :meth:`match` for that).

        Args:
            member: only those in which this member sat.
            kind: only training, or only evaluation.
            before: only those with a smaller ID, to page on.
            limit: at most this many; None for all.
        """

    @abstractmethod
    def match(self, match_id: int) -> Match:
        """One match with its full history.

        Raises:
            StoreError: there is none of this ID.
        """

    @abstractmethod
    def iter_matches(self) -> Iterator[Match]:
        """Every match with its full history, oldest first, in bounded memory (for ``verify``)."""

    @abstractmethod
    def count_matches(self, kind: MatchKind | None = None) -> int:
        """Number of recorded matches."""

    @abstractmethod
    def tallies(self) -> list[Tally]:
        """Training games per ordered pair of members, summed over all iterations (all of them, also the matches
        that were not recorded move by move)."""

    @abstractmethod
    def block_scores(self) -> BlockScores:
        """Evaluation results, ascending by event and block, for ratings.

        A crash counts as a loss of the seat at fault and a win of the others. Other pairs of that match count nothing,
        and a match in which the game itself was at fault counts nothing at all. Members are numbered in the order they
        joined. Asked again, a reader fetches only what is new."""

    @abstractmethod
    def next_event(self) -> int:
        """One more than the highest event of all matches ever recorded; 1 while there is none. Cheap to ask."""

    @abstractmethod
    def close(self) -> None:
        """Release the connection."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Writer(Reader):
    """A reader that may also write. At most one per league at a time."""

    @abstractmethod
    def add_members(self, members: Sequence[Member]) -> None:
        """Add members.

        Raises:
            StoreError: an ID exists already, or a snapshot's weights file is missing (a league in memory has no
                folder and does not look).
        """

    @abstractmethod
    def record(
        self,
        *,
        matches: Sequence[Match] = (),
        tallies: Sequence[Tally] = (),
        members: Sequence[Member] = (),
        progress: Progress | None = None,
    ) -> list[int]:
        """Store the outcome of an iteration (or of some matches) in one transaction.

        Args:
            matches: new matches; their ``id`` is ignored.
            tallies: training games of this iteration, added to the sums.
            members: new members.
            progress: the new newest progress.

        Returns:
            The new match IDs, in order.

        Raises:
            StoreError: a member does not exist, or one exists already, or a match does not fit the league (its
                seats, moves, weights, fault); nothing is written.
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
        them stays. Call it while you hold the writer."""


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
