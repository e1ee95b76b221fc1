"""Input and output types of sampling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from arena.training.columns import Trajectories
from games.contract import ActionArray, BoolArray, FloatArray
from leagues.records import Match, Tally


@dataclass(frozen=True, slots=True)
class Decision:
    """What a live module decided for B rows.

    Attributes:
        actions: ``(B,)`` int64; or ``(B, D)`` float32 points in the units of :mod:`agents.policies.distributions`.
        dist_inputs: float32, the inputs of the distribution that the actions were drawn from: masked logits
            ``(B, A)``, or means and logarithms of deviations ``(B, 2 D)``.
        log_probs: ``(B,)`` float32, of the actions.
        values: ``(B,)`` float32, of the positions.
        states: ``(B, S)`` float32, of a network that remembers: what it remembers from here on. None for others.
    """

    actions: ActionArray
    dist_inputs: npt.NDArray[np.float32]
    log_probs: npt.NDArray[np.float32]
    values: npt.NDArray[np.float32]
    states: npt.NDArray[np.float32] | None = None


class LastSeen(NamedTuple):
    """What a seat saw in the last position of its game.

    Attributes:
        observation: ``observation_shape`` float32.
        mask: ``(A,)`` bool, what it could have done; all true if it was not its turn.
        state: ``(S,)`` float32, what its network remembered; S is 0 for one that remembers nothing.
    """

    observation: FloatArray
    mask: BoolArray
    state: npt.NDArray[np.float32]


@dataclass(slots=True)
class Sampled:
    """What one call of :meth:`arena.training.sampler.Sampler.run` gives. Lists of games are in the order of their ends.

    Attributes:
        trajectories: module ID -> its finished trajectories.
        numbers: number of every finished game.
        truncated: numbers of the trajectories whose seat was truncated.
        tags: tag of every finished game.
        seats: members at each seat of every finished game.
        returns: ``(games, num_seats)`` float64.
        plies: steps of every finished game.
        matches: records of some of the finished games, and of some that broke.
        broken: number of games that broke a rule of their own; they count nowhere else here.
        env_steps: steps played, in finished and in running games.
        agent_steps: actions of seats, in finished and in running games.
        final_observations: trajectory number -> last observation ``observation_shape``, if the call asked for them.
        seconds: wall-clock seconds.
    """

    trajectories: dict[str, Trajectories]
    numbers: list[int] = field(default_factory=list)
    truncated: set[int] = field(default_factory=set)
    tags: list[str] = field(default_factory=list)
    seats: list[tuple[str, ...]] = field(default_factory=list)
    returns: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))
    plies: list[int] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    broken: int = 0
    env_steps: int = 0
    agent_steps: int = 0
    final_observations: dict[int, FloatArray] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class TrainingSample:
    """A runner's answer to one request.

    Attributes:
        trajectories: module ID -> finished trajectories of the seats that learn.
        tallies: results of all finished games, by pair of members.
        matches: the games that were recorded move by move.
        games, env_steps, agent_steps: number of finished games; steps played; actions of seats.
        broken: number of games that broke a rule of their own; they count nowhere else here.
        seconds: wall-clock seconds spent sampling.
        runner: index of the runner.
        plies: plies of the finished games together.
        running: its running games (:meth:`arena.training.sampler.Sampler.state`), if it is a remote one.
        key: key of the plan that it answers.
        lag: updates that the learners have made since those weights that began with this request. Steps of games that
            began in an earlier request are older.
        traced: its first games step by step (:mod:`arena.training.tracing`), if they are traced.
    """

    trajectories: dict[str, Trajectories]
    tallies: tuple[Tally, ...]
    matches: tuple[Match, ...]
    games: int
    env_steps: int
    agent_steps: int
    broken: int
    seconds: float
    runner: int = 0
    plies: int = 0
    running: Mapping[str, Any] | None = None
    key: int = 0
    lag: int = 0
    traced: tuple[Mapping[str, Any], ...] = ()
