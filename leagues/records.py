"""The records of a league as immutable values: members, pairings, matches and tallies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from games.contract import Move
from leagues.errors import LeagueError

__all__ = ["Kind", "LeagueError", "Match", "MatchKind", "Member", "Pairing", "Tally"]

Kind = Literal["learner", "snapshot", "baseline"]
MatchKind = Literal["training", "evaluation"]


@dataclass(frozen=True, slots=True)
class Member:
    """An entry of a league. Snapshots and baselines never change. A learner's weights are in the training, not here.

    Attributes:
        id: unique in its league and stable: ``main``, ``main@12``, ``random``.
        kind: learner (in training), snapshot (frozen), baseline (random, search, script).
        role: name of the learner's role, or of the role of the snapshot's learner; ``baseline`` for baselines.
        generation: 1, 2, ... for the snapshots of one learner; None for learners and baselines.
        modules: agent ID -> name of its module inside the member's weights; equal names share a module.
        weights: digest of the snapshot's weights in the store; None for learners and baselines.
        agent: spec of a baseline's agent (``random``, ``mcts:200``); None otherwise.
        learner: ID of the learner that a snapshot is a copy of; None otherwise.
        step: agent steps that this learner had trained for by then; 0 otherwise.
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
        kind: training matches feed matchmaking, evaluation matches feed ratings.
        learner: the learner whose seats give experience; None in evaluation.
    """

    seats: tuple[str, ...]
    seed: int
    event: int
    block: int
    kind: MatchKind
    learner: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A finished game with its record.

    Attributes:
        seats: member ID at each seat.
        weights: digest of the weights at each seat; None for baselines and learners.
        seed, event, block, kind: as in the pairing.
        history: flat ``(player, action)`` moves, chance as player -1; see :data:`games.contract.Move`.
        returns: sum of rewards for each seat.
        ending: terminated by the rules, truncated by a limit, or crash if a seat or the game itself broke the rules.
            After a crash, the other fields describe the position before the step that failed.
        fault: the seat that crashed the match; None otherwise, also if the game itself did.
        plies: number of steps played.
        digest: hex SHA-256 of the final position. A store keeps the first 16 digits.
        started_at: UTC time of the first step. A store keeps milliseconds.
        duration: seconds from the first step to the last. A store keeps milliseconds.
        iteration: training iteration in which it was played; 0 outside training.
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
    ending: Literal["terminated", "truncated", "crash"]
    plies: int
    digest: str
    started_at: datetime
    duration: float
    fault: int | None = None
    iteration: int = 0
    id: int = 0

    @property
    def void(self) -> bool:
        """Whether the game itself crashed. Such a match has no results."""
        return self.ending == "crash" and self.fault is None


@dataclass(frozen=True, slots=True)
class Tally:
    """The summed results of ``member`` against ``opponent``, for matchmaking and payoffs.

    In a game of more than two seats, each pair of seats of different members counts once, and the higher return wins.
    In a game of teams, each pair of teams counts (:func:`leagues.results.scoring.pair_results`).
    """

    member: str
    opponent: str
    wins: int
    draws: int
    losses: int

    @property
    def games(self) -> int:
        """Number of games."""
        return self.wins + self.draws + self.losses

    @property
    def score(self) -> float:
        """Mean score of ``member``. A draw is one half; without games the score is 0.5."""
        return (self.wins + 0.5 * self.draws) / self.games if self.games else 0.5
