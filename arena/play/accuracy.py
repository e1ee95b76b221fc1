"""How often an agent finds the best move of a solved game, and how often it gives the game away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from agents.basic import RandomAgent, uniform
from agents.contract import Agent, AgentError, Turn
from agents.registry import asks_person
from agents.solvers import Solver, Verdict, find_solver
from arena.names import opened
from arena.play.matches import play_pairings
from arena.seeds import Purpose, stream
from games import Game, as_game
from games.contract import State
from leagues.ratings.intervals import score_interval
from leagues.records import Match, Pairing

BATCHES = 4
"""Rounds of games that are played at most to find the wanted number of positions."""

MOST_POSITIONS = 100_000
"""The most positions that one call judges; they are all held in memory."""

Origin = Literal["random", "own"]
"""Where positions come from: games of random players, or the agent's games against itself."""

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of positions.

    Attributes:
        value: the agent's share; None without any position.
        low, high: its 95% interval; positions of one game are one observation.
        random: the exact share of a random player in the same positions; None without any position.
        positions: how many positions count.
    """

    value: float | None
    low: float
    high: float
    random: float | None
    positions: int


@dataclass(frozen=True, slots=True)
class PhaseAccuracy:
    """How well an agent plays in one phase of the game.

    Attributes:
        origin: where the positions come from.
        first_ply, last_ply: the plies of the phase; a ply counts the moves made before, chance included.
        optimal: share of exactly optimal moves; see :class:`agents.solvers.Verdict`.
        mistakes: share of moves that give game value away, among the positions in which some move does.
    """

    origin: Origin
    first_ply: int
    last_ply: int
    optimal: Rate
    mistakes: Rate


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What :func:`accuracy` measured.

    Attributes:
        game, agent, seed: of the call.
        phases: the phases of the game in order, those of random games first. Phases without positions are left out.
        totals: all phases of one origin together, for each origin.
    """

    game: str
    agent: str
    seed: int
    phases: tuple[PhaseAccuracy, ...]
    totals: tuple[PhaseAccuracy, ...]


def accuracy(
    game: Game | str,
    agent: str | Agent,
    *,
    positions: int = 400,
    seed: int = 0,
    module_classes: Mapping[str, type[Any]] | None = None,
    trust_code: bool = False,
) -> Accuracy:
    """Compare an agent's moves with perfect play.

    Half of the positions come from games between random players, and depend on the game and the seed only. The others
    come from the agent's games against itself, each of which begins with a random number of random moves; positions
    after these count. Both halves are spread evenly over the phases of the game, with one position for each game and
    phase, no position of a half twice, and at least two legal moves in each. Small games may have fewer positions than
    wanted.

    An agent that tells its probabilities is measured by them; any other one is asked once for each position.

    Args:
        game: the game or its spec, which needs a solver (:func:`agents.solvers.find_solver`).
        agent: a name as :func:`arena.load_agent` takes it, or an agent, which is not closed.
        positions: about how many positions; rounded up to the same number in every phase of both halves, up to
            :data:`MOST_POSITIONS`.
        seed: seeds everything.
        module_classes, trust_code: as in :func:`arena.load_agent`.

    Raises:
        AgentError: the game has no solver or it is not installed; the agent cannot be made or gives a wrong answer.
        GameError: the game cannot be made.
    """
    game = as_game(game)
    if not 1 <= positions <= MOST_POSITIONS or not 0 <= seed < 2**63:
        raise AgentError(
            f"`1 <= positions <= {MOST_POSITIONS}` and `0 <= seed < 2**63` must hold, but got ({positions=}, {seed=})"
        )
    if isinstance(agent, str) and asks_person(agent):
        raise AgentError("a person cannot be asked in hundreds of positions; name an agent that plays by itself")
    solver = find_solver(game)
    with opened(agent, game, module_classes=module_classes, trust_code=trust_code) as (made, name):
        each = -(-positions // (2 * len(solver.phases)))
        found = [
            *_positions(game, "random", "random", RandomAgent(), solver.phases, each, seed),
            *_positions(game, "own", name, made, solver.phases, each, seed),
        ]
        judged = _judge(game, solver, made, found, stream(seed, Purpose.ACCURACY, 2))
    phases, totals = [], []
    for origin in ("random", "own"):
        of_origin = [each for each in judged if each.position.origin == origin]
        for number, (first, last) in enumerate(solver.phases):
            part = [each for each in of_origin if each.position.phase == number]
            if part:
                phases.append(_summary(origin, first, last, part))
        totals.append(_summary(origin, solver.phases[0][0], solver.phases[-1][1], of_origin))
    return Accuracy(game.spec, name, seed, tuple(phases), tuple(totals))


class _Position(NamedTuple):
    """A position to judge: where it comes from, the number of its game and of its phase, and the position itself."""

    origin: Origin
    game: int
    phase: int
    state: State


def _positions(
    game: Game, origin: Origin, name: str, agent: Agent, phases: Sequence[tuple[int, int]], each: int, seed: int
) -> list[_Position]:
    """Up to ``each`` positions of every phase, from games in which ``agent`` has all seats.

    Raises:
        AgentError: the agent broke off a game.
    """

    def check(match: Match) -> None:
        if match.fault is not None:
            raise AgentError(f"{name} broke off a game ({match.ending}); `arena check` shows what is wrong")

    rng = stream(seed, Purpose.ACCURACY, int(origin == "own"))
    found: list[_Position] = []
    seen: set[object] = set()
    missing = [each] * len(phases)
    for batch in range(BATCHES):
        if not any(missing):
            break
        pairings = [_pairing(game, origin, name, phases, rng) for _ in range(max(missing))]
        # An agent that gains nothing by many rows plays one game after the other, and stops with its first fault.
        tables = 64 if agent.batched else 1
        played = play_pairings(game, pairings, {name: agent}, tables=tables, on_match=check)
        for number, match in enumerate(played, batch * each):
            for phase, states in enumerate(_by_phase(game, match, phases)):
                if not (missing[phase] and states):
                    continue
                state = states[int(rng.integers(len(states)))]
                if state.history() not in seen:
                    seen.add(state.history())
                    found.append(_Position(origin, number, phase, state))
                    missing[phase] -= 1
    return found


def _pairing(
    game: Game, origin: Origin, name: str, phases: Sequence[tuple[int, int]], rng: np.random.Generator
) -> Pairing:
    """A game of one player at all seats. An own game begins with random moves: up to one more than the first phase
    has."""
    seed = int(rng.integers(2**53))
    opening: list[tuple[int, int]] = []
    if origin == "own":
        state = game.new_state(seed)
        for _ in range(int(rng.integers(phases[0][1] + 2))):
            before = state.clone()
            (seat,) = state.acting()
            move = int(rng.choice(np.flatnonzero(_row(game, state)[1])))
            state.apply([move])
            if state.ending() is not None:
                state = before
                break
            opening.append((seat, move))
    return Pairing((name,) * game.num_seats, seed, event=0, block=0, kind="evaluation", opening=tuple(opening))


def _by_phase(game: Game, match: Match, phases: Sequence[tuple[int, int]]) -> list[list[State]]:
    """The positions of a match in each phase, after its opening, with at least two legal moves."""
    states: list[list[State]] = [[] for _ in phases]
    for step, state in enumerate(game.replay(match.seed, match.history)):
        if step < match.opening or state.ending() is not None or _row(game, state)[1].sum() < 2:
            continue
        ply = len(state.history())
        for phase, (first, last) in enumerate(phases):
            if first <= ply <= last:
                states[phase].append(state.clone())
    return states


def _row(game: Game, state: State) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """What the seat that moves sees, and the mask of its actions."""
    observation, mask = np.zeros(game.observation_shape, np.float32), np.zeros(game.num_actions, np.bool_)
    (seat,) = state.acting()
    state.observe(seat, observation, mask)
    return observation, mask


class _Judged(NamedTuple):
    """A position, and how likely a move of the agent and of a random player is optimal and a mistake."""

    position: _Position
    optimal: float
    mistake: float
    random_optimal: float
    random_mistake: float


def _judge(
    game: Game, solver: Solver, agent: Agent, positions: Sequence[_Position], rng: np.random.Generator
) -> list[_Judged]:
    """Ask the agent in all positions at once, and compare its moves with the solver's."""
    if not positions:
        raise AgentError(f"{game.spec!r} has no position with a choice of moves, so there is no accuracy to measure")
    rows = [_row(game, each.state) for each in positions]
    turn = Turn(
        np.stack([observation for observation, _ in rows]),
        np.stack([mask for _, mask in rows]),
        np.array([each.state.acting()[0] for each in positions], np.int64),
        np.arange(len(positions)),
        lambda table: positions[table].state,
    )
    agent.reset(range(len(positions)))
    chances = agent.probabilities(turn)
    if chances is None:
        chosen = np.asarray(agent.act(turn, rng))
        if chosen.shape != (len(positions),) or not turn.masks[turn.tables, chosen].all():
            raise AgentError("an agent must choose a legal action in every position; `arena check` shows what is wrong")
        chances = np.eye(game.num_actions)[chosen]
    verdicts = [solver.solve(each.state) for each in positions]
    optimal, mistakes = (_masks(game, verdicts, what) for what in ("best", "mistakes"))
    random = uniform(turn.masks)
    shares = [(of * right).sum(axis=1).tolist() for of in (chances, random) for right in (optimal, mistakes)]
    return [_Judged(*each) for each in zip(positions, *shares, strict=True)]


def _masks(game: Game, verdicts: Sequence[Verdict], what: Literal["best", "mistakes"]) -> _Floats:
    """``(B, A)``: 1 where an action is among the best, or among the mistakes, of its position."""
    mask = np.zeros((len(verdicts), game.num_actions))
    for row, verdict in enumerate(verdicts):
        mask[row, list(verdict.best if what == "best" else verdict.mistakes())] = 1
    return mask


def _summary(origin: Origin, first: int, last: int, judged: Sequence[_Judged]) -> PhaseAccuracy:
    possible = [each for each in judged if each.random_mistake > 0]
    return PhaseAccuracy(
        origin,
        first,
        last,
        optimal=_rate(judged, "optimal"),
        mistakes=_rate(possible, "mistake"),
    )


def _rate(judged: Sequence[_Judged], what: Literal["optimal", "mistake"]) -> Rate:
    if not judged:
        return Rate(None, 0.0, 1.0, None, 0)
    _, game = np.unique([each.position.game for each in judged], return_inverse=True)
    points = np.bincount(game, [getattr(each, what) for each in judged])
    sizes = np.bincount(game)
    low, high = score_interval(points, sizes)
    random = float(np.mean([getattr(each, f"random_{what}") for each in judged]))
    return Rate(float(points.sum() / sizes.sum()), low, high, random, len(judged))
