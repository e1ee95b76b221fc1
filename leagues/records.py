"""The nouns of a league as values that never change: who plays, who plays whom, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from games.contract import Move

Kind = Literal["learner", "snapshot", "baseline"]
MatchKind = Literal["training", "evaluation"]


class LeagueError(Exception):
    """A rule of the league was broken; the message says rule, value and mend."""


@dataclass(frozen=True, slots=True)
class Member:
    """An entry of a league. Snapshots and baselines never change; a learner's weights live in the trainer.

    Attributes:
        id: unique in its league and stable: ``main``, ``main@12``, ``random``.
        kind: learner (in training), snapshot (frozen), baseline (random, search, script).
        role: name of the learner's role, or of the role of the snapshot's learner; ``baseline`` for baselines.
        generation: 1, 2, ... for the snapshots of one learner; None for learners and baselines.
        modules: agent ID -> name of the module inside the member's weights (shared: all the same).
        weights: SHA-256 of the snapshot's safetensors file; None for learners and baselines.
        agent: spec of a baseline's agent (``random``, ``mcts:200``); None otherwise.
        learner: member ID of the learner a snapshot was taken from; None otherwise.
        step: agent steps the learner had been trained for when the snapshot was taken; 0 otherwise.
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
        """Whether this member can never change, and so may be rated."""
        return self.kind != "learner"


class Pairing(NamedTuple):
    """A planned match. A tuple, since thousands a second are planned and sent.

    Attributes:
        seats: member ID at each seat.
        seed: seeds the game and the actions of its match.
        event: the call that plans this match, such as a training plan, an evaluation plan or one match between agents.
            Events are numbered 1, 2, ... in a league; 0 where nothing is recorded.
        block: 1, 2, ... inside its event; 0 for a match in no block, as in training. The matches of a block share a
            seed, and the seats (or teams) rotate. Ratings resample whole blocks.
        kind: training matches feed matchmaking, evaluation matches feed ratings; never both.
        learner: the learner whose seats' experience is kept; None in evaluation.
    """

    seats: tuple[str, ...]
    seed: int
    event: int
    block: int
    kind: MatchKind
    learner: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """One finished game with its record.

    Attributes:
        seats: member ID at each seat.
        weights: weights hash at each seat; None for baselines and live learners.
        seed, event, block, kind: as in the pairing.
        history: flat ``(player, action)`` moves, chance as player -1; see :data:`games.contract.Move`.
        returns: sum of rewards for each seat.
        ending: terminated by the rules, truncated by a limit, or crash when a seat, or the game itself, broke the
            rules; then the rest is as it was before the step that could not be made.
        fault: the seat at fault of a crash; None otherwise, also when the game itself was at fault.
        plies: number of steps played.
        digest: hex SHA-256 of the final position; a match from the store has its first 16 digits only.
        started_at: when the first step was played, UTC; the store keeps milliseconds.
        duration: seconds from first to last step; the store keeps milliseconds.
        iteration: training iteration during which it was played; 0 outside training.
        id: given by the store; 0 before.
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
        """Whether the game itself broke, so that the match counts for nobody."""
        return self.ending == "crash" and self.fault is None


@dataclass(frozen=True, slots=True)
class Tally:
    """Games of one ordered pair of members, seen from ``member``: what matchmaking and payoffs count.

    In a game of more than two seats every pair of seats of different members counts once, win or loss by the
    higher return; where seats play together, every pair of teams (:func:`leagues.results.scoring.pair_results`).
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
        """Mean score of ``member``, a draw being one half; 0.5 without games."""
        return (self.wins + 0.5 * self.draws) / self.games if self.games else 0.5
