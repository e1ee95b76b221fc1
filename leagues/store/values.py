"""What a store knows of a league as a whole: what never changes, how far training is, and whether somebody writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from games.contract import Move
from leagues.records import MatchKind

HEARTBEAT = 2.0
"""Seconds between two signs of life of a writer, and of a process that shows a running game."""

FORGOTTEN = 15.0
"""Seconds after which a running game is ignored if nobody has written it again."""


@dataclass(frozen=True, slots=True)
class LeagueInfo:
    """What never changes in a league.

    Attributes:
        game: canonical spec of its game.
        agent_ids: agent ID of each seat.
        seed: seed of the whole league.
        settings: its settings as plain JSON.
        versions: library -> version that made it.
        created_at: UTC.
        teams: the team of each seat, ``0..t-1``; if empty, every seat plays for itself.
        graded: whether its scores are returns (:attr:`games.contract.Game.graded`).
    """

    game: str
    agent_ids: tuple[str, ...]
    seed: int
    settings: Mapping[str, Any]
    versions: Mapping[str, str]
    created_at: datetime
    teams: tuple[int, ...] = ()
    graded: bool = False

    def __post_init__(self) -> None:
        if not self.teams:
            object.__setattr__(self, "teams", tuple(range(len(self.agent_ids))))

    @property
    def graded_sides(self) -> int:
        """Number of sides (seats, or teams) of a graded game; 0 in other games."""
        return max(self.teams) + 1 if self.graded else 0


@dataclass(frozen=True, slots=True)
class Progress:
    """Where training stood at the end of an iteration. A resumed training starts from the newest.

    Attributes:
        iteration: number of finished training iterations.
        agent_steps: agent steps trained on so far, over all learners.
        env_steps: game steps sampled so far.
        games: training games finished so far.
        seconds: wall-clock seconds of training so far, over all runs.
        rate: env steps per second over the last iterations.
        remaining: seconds that the run still expects to take; None if unknown, or if it has ended.
        state: name of the learners' state (weights and optimizers) in :attr:`Store.states`; None without one.
        league: the state of matchmaking as plain JSON.
        metrics: newest learning metrics: module ID -> name -> value, which need not be finite.
        runtime: what this iteration took, see :mod:`arena.training.runtime`: name -> finite number. Empty in leagues
            from before schema 0007.
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
    runtime: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A sign of life of the newest writer. While it is open, it gives one every :data:`HEARTBEAT` seconds.

    Attributes:
        at: when it was given, UTC by the clock of the machine that writes.
        writer: who gives it, as ``user@host:pid``; empty where that cannot be read.
        gone: whether this machine has no such process. That of another machine, or of a container with the same host
            name, cannot be known.
    """

    at: datetime
    writer: str
    gone: bool = False


@dataclass(frozen=True, slots=True)
class RunningGame:
    """A game while it is being played, for those who watch. Nothing is derived from it, and it is never recorded.

    Attributes:
        seats: member ID at each seat. A guest may join only when the match is recorded.
        seed, kind: as in the pairing.
        history: the moves so far, as in :class:`leagues.records.Match`.
        plies: number of steps so far.
        started_at: UTC time of the first step.
    """

    seats: tuple[str, ...]
    seed: int
    kind: MatchKind
    history: tuple[Move, ...]
    plies: int
    started_at: datetime
