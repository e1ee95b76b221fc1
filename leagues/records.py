"""The records of a league as immutable values: members, pairings, matches and tallies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from leagues.errors import LeagueError

if TYPE_CHECKING:  # it loads NumPy, which help and the first paint of the TUI need not wait for
    from games.contract import Move

__all__ = [
    "ENDINGS",
    "FAULTS",
    "JOURNAL_KINDS",
    "MATCH_KINDS",
    "Event",
    "JournalEntry",
    "JournalKind",
    "Kind",
    "LeagueError",
    "LiveResult",
    "Match",
    "MatchEnding",
    "MatchFilter",
    "MatchKind",
    "Measure",
    "Member",
    "Pairing",
    "Result",
    "Tally",
]

Kind = Literal["learner", "snapshot", "baseline", "guest"]
MatchKind = Literal["training", "evaluation", "human"]
MatchEnding = Literal["terminated", "truncated", "adjudicated", "crash", "illegal", "timeout", "stall"]
JournalKind = Literal[
    "start",
    "stop",
    "resume",
    "snapshot",
    "reset",
    "gate_passed",
    "gate_failed",
    "retired",
    "restored",
    "mutated",
    "copied",
    "crash",
]

Result = Literal["won", "drew", "lost"]

MATCH_KINDS: tuple[MatchKind, ...] = get_args(MatchKind)
ENDINGS: tuple[MatchEnding, ...] = get_args(MatchEnding)
JOURNAL_KINDS: tuple[JournalKind, ...] = get_args(JournalKind)

FAULTS: tuple[MatchEnding, ...] = ("crash", "illegal", "timeout", "stall")
"""Endings that are the fault of a seat. Only a crash can also be the fault of the game itself."""


@dataclass(frozen=True, slots=True)
class Member:
    """An entry of a league. Snapshots and baselines never change. A learner's weights are in the training, not here.

    Attributes:
        id: unique in its league and stable: ``main``, ``main@12``, ``random``.
        kind: learner (in training), snapshot (frozen), baseline (random, search, script; there from the start), guest
            (any agent that came to play: a program, another league's snapshot, a person).
        role: name of the learner's role, or of the role of the snapshot's learner; ``baseline`` for opponents that a
            league trains against, ``anchor`` for baselines that only measure it; ``guest`` for guests.
        generation: 1, 2, ... for the snapshots of one learner; None for all others.
        modules: agent ID -> name of its module inside the member's weights; equal names share a module.
        weights: digest of the weights in the store, of a snapshot or of a guest that is a network; None otherwise.
        agent: spec of the agent of a baseline or guest (``random``, ``mcts:200``, ``exec:./program``); None for
            learners, snapshots, and guests with weights.
        learner: ID of the learner that a snapshot is a copy of; None otherwise.
        step: of a snapshot, agent steps of all learners by then; 0 otherwise.
        origin: where a guest with weights came from, as the caller named it; None otherwise.
        parent: ID of the snapshot whose weights this snapshot's training went on from: the learner's previous one, or
            another learner's after a copy, or the guest ``initial`` with which the league began. None if its training
            began from new weights, where that is unknown, and for
            members that are no snapshots.
    """

    id: str
    kind: Kind
    role: str
    generation: int | None = None
    modules: Mapping[str, str] = field(default_factory=dict)
    weights: str | None = None
    agent: str | None = None
    learner: str | None = None
    step: int = 0
    origin: str | None = None
    parent: str | None = None

    @property
    def frozen(self) -> bool:
        """Whether this member never changes. Only frozen members are rated."""
        return self.kind != "learner"


class Pairing(NamedTuple):
    """A planned match. A tuple, because thousands are planned and sent in a second.

    Attributes:
        seats: member ID at each seat.
        seed: seeds the game and the actions of its match.
        event: the call that plans this match, such as a training plan, an evaluation plan or one match between agents.
            Events are numbered 1, 2, ... in a league; 0 where nothing is recorded.
        block: 1, 2, ... inside its event; 0 for a match in no block, as in training. The matches of a block share a
            seed, and the seats (or teams) rotate. Ratings resample whole blocks.
        kind: training matches feed matchmaking, evaluation matches feed ratings, matches with a person feed neither.
        learner: the learner whose seats give experience; None in evaluation.
        opening: moves that are made before any agent is asked, in the order of play and without chance.
    """

    seats: tuple[str, ...]
    seed: int
    event: int
    block: int
    kind: MatchKind
    learner: str | None = None
    opening: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """A finished game with its record.

    Attributes:
        seats: member ID at each seat.
        weights: digest of the weights at each seat; None for baselines and learners.
        seed, event, block, kind: as in the pairing.
        history: flat ``(player, action)`` moves, chance as player -1; see :data:`games.contract.Move`.
        returns: sum of rewards for each seat. After a fault or an adjudication, the returns that count instead: see
            :func:`leagues.results.scoring.forfeited` and :func:`leagues.results.scoring.adjudicated`.
        ending: terminated by the rules; truncated by a limit of the game; adjudicated at a limit of the match; or a
            fault of a seat: crash (it raised an exception, or its program died), illegal (an action that breaks the
            rules), timeout (its answer came after its time was up), stall (no answer came at all). A crash without a
            seat at fault is one of the game itself. After a fault or an adjudication, the history ends before the
            step that was not made.
        fault: the seat at fault; None otherwise, also if the game itself broke.
        plies: number of steps played, those of the opening included.
        digest: hex SHA-256 of the final position. A store keeps the first 16 digits.
        started_at: UTC time of the first step. A store keeps milliseconds.
        duration: seconds from the first step to the last. A store keeps milliseconds.
        iteration: training iteration in which it was played; 0 outside training.
        opening: number of steps that were given and not chosen by agents.
        id: number given by the store; 0 before that.
    """

    seats: tuple[str, ...]
    weights: tuple[str | None, ...]
    seed: int
    event: int
    block: int
    kind: MatchKind
    history: tuple[Move, ...]
    returns: tuple[float, ...]
    ending: MatchEnding
    plies: int
    digest: str
    started_at: datetime
    duration: float
    fault: int | None = None
    iteration: int = 0
    opening: int = 0
    id: int = 0

    @property
    def void(self) -> bool:
        """Whether the game itself crashed. Such a match has no results."""
        return self.ending == "crash" and self.fault is None


@dataclass(frozen=True, slots=True)
class MatchFilter:
    """Which matches are meant. Every condition that is set must hold.

    Attributes:
        members: IDs of members that all had a seat.
        kind: the kind of the match.
        event: its event.
        ending: how it ended.
        result: a member and its result: at one of its seats it won, drew or lost. A seat at fault has lost. No seat of
            a void match has a result, nor have the partners of a seat at fault and the only seat of a game.
        min_plies, max_plies: bounds of its plies, themselves included.
    """

    members: tuple[str, ...] = ()
    kind: MatchKind | None = None
    event: int | None = None
    ending: MatchEnding | None = None
    result: tuple[str, Result] | None = None
    min_plies: int | None = None
    max_plies: int | None = None

    @property
    def seated(self) -> tuple[str, ...]:
        """Every member that must have had a seat, each once."""
        return tuple(dict.fromkeys(self.members if self.result is None else (*self.members, self.result[0])))


@dataclass(frozen=True, slots=True)
class Tally:
    """The summed results of ``member`` against ``opponent``, for matchmaking and payoffs.

    In a game of more than two seats, each pair of seats of different members counts once, and the higher return wins.
    In a game of teams, each pair of teams counts (:func:`leagues.results.scoring.pair_results`).

    Attributes:
        member, opponent: member IDs.
        wins, draws, losses: results of `member`.
        returns, opponent_returns: sums of the returns of `member` and of `opponent` over these games.
        squares: sum of the squared margins of `member`, see :func:`leagues.results.scoring.margin`; not a number (NaN)
            where a league from before schema 0005 does not know the returns of some of these games.
    """

    member: str
    opponent: str
    wins: int
    draws: int
    losses: int
    returns: float = 0.0
    opponent_returns: float = 0.0
    squares: float = 0.0

    @property
    def games(self) -> int:
        """Number of games."""
        return self.wins + self.draws + self.losses

    @property
    def score(self) -> float:
        """Mean score of ``member``. A draw is one half; without games the score is 0.5."""
        return (self.wins + 0.5 * self.draws) / self.games if self.games else 0.5


@dataclass(frozen=True, slots=True)
class Event:
    """A call that plays evaluation matches in several blocks, such as a tournament. It can be taken up again.

    Attributes:
        number: 1, 2, ... in its league; the same as in its matches.
        command: what was called, such as ``match``, ``tournament`` or ``sprt``.
        arguments: all that decides which matches it plays, as plain JSON. Only an equal call can take it up again.
        finished: whether all its matches were played.
    """

    number: int
    command: str
    arguments: Mapping[str, Any]
    finished: bool = False


@dataclass(frozen=True, slots=True)
class LiveResult:
    """Training games of a learner against a frozen member in one iteration, for the learner's curves.

    Sums over several iterations have the last of them; sums over several opponents have their common name.
    """

    iteration: int
    learner: str
    opponent: str
    wins: int
    draws: int
    losses: int
    returns: float = 0.0
    opponent_returns: float = 0.0

    @property
    def games(self) -> int:
        """Number of games."""
        return self.wins + self.draws + self.losses

    @property
    def score(self) -> float:
        """Mean score of the learner. A draw is one half; without games the score is 0.5."""
        return (self.wins + 0.5 * self.draws) / self.games if self.games else 0.5


@dataclass(frozen=True, slots=True)
class Measure:
    """A number that was measured of a member in training, such as its exploitability.

    Attributes:
        name: what was measured, a short word such as ``nash_conv``.
        member: ID of the member, or of a learner at that moment.
        iteration: training iteration after which it was measured.
        agent_steps: agent steps of all learners by then.
        value: the number.
    """

    name: str
    member: str
    iteration: int
    agent_steps: int
    value: float


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """Something that happened to a league in training, such as a snapshot or the end of a run.

    Attributes:
        kind: what happened. A run begins (``start``, or ``resume`` in a league that was there) and ends (``stop``, or
            ``crash``). A learner is frozen (``snapshot``), starts over (``reset``), passes or fails the gate
            (``gate_passed``, ``gate_failed``), goes back to its last good weights (``restored``), changes its
            hyper-parameters (``mutated``) or takes another learner's weights (``copied``). Nobody trains against a
            snapshot any more (``retired``).
        at: UTC. A store keeps microseconds.
        iteration: training iteration during which, or after which, it happened; 0 before the first.
        agent_steps: agent steps of all learners by then.
        subject: ID of the member that it happened to; None where it happened to the whole run.
        detail: more about it as plain JSON, such as the ``reason`` of a snapshot, or the ``message`` and the
            ``traceback`` of a crash.
        writer: the process that wrote it, as ``user@host:pid``.
        id: number given by the store, ascending; 0 before that.
    """

    kind: JournalKind
    at: datetime
    iteration: int
    agent_steps: int
    subject: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    writer: str = ""
    id: int = 0
