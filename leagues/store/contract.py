"""The contract of a league's store: one writer process, any number of read-only readers.

Guarantees. Every ``Writer`` call is one transaction: after a crash it is there whole or not at all. Matches and
frozen members are immutable: nothing updates or deletes them. Ratings are not stored; they are derived from matches.
A snapshot's weights file is on disk before its row is. A reader never blocks the writer and never changes a file.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from leagues.records import LeagueError, Match, MatchKind, Member, Tally

if TYPE_CHECKING:
    from leagues.results.blocks import BlockScores

WEIGHTS = "weights"
"""The folder inside a league's folder that holds its weights files, ``<sha256>.safetensors``."""

STATE = "state"
"""The folder inside a league's folder that holds the learners' states, ``<sha256>.safetensors``."""


class StoreError(LeagueError):
    """The store cannot be used as asked: no league here, another game, a newer schema, a second writer, ..."""


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
        state: SHA-256 of the learner-state file (weights and optimizer) in the league's folder; None when none.
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


class BlockScore(NamedTuple):
    """What rating needs of the evaluation matches: the games of one block between two members, summed.

    ``member < opponent`` holds; the numbers are seen from ``member``. With more than two seats every pair of seats
    of different members counts once, or with teams every pair of teams. Of many at once there is
    :class:`leagues.results.blocks.BlockScores`.
    """

    block: int
    member: str
    opponent: str
    wins: int
    draws: int
    losses: int


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
            limit: at most so many; None for all.
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
        """Evaluation results, ascending by block, for ratings. A crash counts as a loss of the seat at fault and a win
        of the others; other pairs of that match count nothing, nor does anything where the game itself was at fault.

        Members are numbered in the order they joined. Asked again, a reader fetches only what is new."""

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
