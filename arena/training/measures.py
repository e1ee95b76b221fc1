"""What is measured of the main learners while they train: their exact exploitability, in games small enough, and their
mean return in self-play, in games of common payoff."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean

import numpy as np

from agents.contract import Agent
from arena.play.exploitability import measure
from arena.play.game_tree import MOST_POSITIONS, game_tree, positions
from arena.play.matches import play_pairings
from arena.seeds import Purpose, stream
from arena.training.session import LeagueSession
from arena.training.snapshots import Snapshots
from games import Game
from leagues.errors import LeagueError
from leagues.records import Measure, Member, Pairing

NASH_CONV = "nash_conv"
"""The name of the exact exploitability."""

SELF_PLAY_RETURN = "self_play_return"
"""The name of the mean return of a seat when the learner plays every seat."""

SELF_PLAY_GAMES = 100
"""Games of one measurement of it."""

MEASURED_POSITIONS = 1_000_000
"""Games of at most this many positions are measured by default: less than a second each time (docs/evaluation.md)."""

EVERY = 10
"""Iterations from one measurement to the next, by default."""


def fitting_interval(game: Game) -> int:
    """The number of iterations between two measurements that fits a game; 0, which means never, in large games."""
    return EVERY if positions(game, MEASURED_POSITIONS) is not None else 0


def exploitability_interval(game: Game, every: int | None, remembers: Callable[[], bool]) -> int:
    """The number of iterations between two measurements of the exploitability; 0 means never.

    Args:
        game: the game.
        every: as it was set; None for the interval that fits.
        remembers: whether networks remember earlier steps, so that a row does not tell their probabilities.

    Raises:
        LeagueError: what was set cannot be measured.
    """
    if every is None:
        fitting = fitting_interval(game)
        return 0 if fitting and remembers() else fitting
    if every and positions(game) is None:
        raise LeagueError(
            f"exploitability_every={every} needs an OpenSpiel game of at most {MOST_POSITIONS:,} positions, but "
            f"{game.spec!r} is not one; set it to 0"
        )
    if every and remembers():
        raise LeagueError(
            f"exploitability_every={every} needs a network whose choice depends on nothing but what it sees now, but "
            "this one remembers earlier steps; set it to 0"
        )
    return every


def fitting_return_interval(game: Game) -> int:
    """As :func:`fitting_interval` for the return in self-play; 0 unless all seats have the same utility. Then no side
    can be better than another, so scores against others say nothing."""
    return EVERY if game.utility == "common_payoff" else 0


def measures_of(
    session: LeagueSession,
    snapshots: Snapshots,
    *,
    iteration: int,
    agent_steps: int,
    frozen: Sequence[Member],
    run_ends: bool = False,
) -> list[Measure]:
    """What is due to be measured of the averaged weights of the main learners after an iteration.

    Args:
        session: the league.
        snapshots: the averaged weights.
        iteration: the iteration.
        agent_steps: agent steps of all learners by then.
        frozen: snapshots that were made of these weights. They are measured in any iteration.
        run_ends: whether the run ends with this iteration, which is then measured.
    """
    settings, game = session.settings.evaluation, session.game
    found = []
    for place, learner in enumerate(session.learners):
        names = [member.id for member in frozen if member.learner == learner.id]
        for name, every in ((NASH_CONV, settings.exploitability_every), (SELF_PLAY_RETURN, settings.return_every)):
            due = run_ends or names or (every and (iteration - 1) % every == 0)
            if not (every and due and learner.role == "main"):
                continue
            agent = snapshots.agent(learner.id)
            if name == NASH_CONV:
                value = measure(game_tree(game), agent, learner.id).nash_conv
            else:
                rng = stream(session.seed, Purpose.SELF_PLAY_RETURN, iteration, place)
                value = self_play_return(game, agent, rng)
            found += [Measure(name, each, iteration, agent_steps, value) for each in (learner.id, *names)]
    return found


def self_play_return(game: Game, agent: Agent, rng: np.random.Generator) -> float:
    """The mean return of a seat over :data:`SELF_PLAY_GAMES` games in which an agent plays every seat.

    Args:
        game: the game.
        agent: the agent.
        rng: seeds the games.
    """
    seats = ("agent",) * game.num_seats
    seeds = rng.integers(2**63, size=SELF_PLAY_GAMES).tolist()
    matches = play_pairings(game, [Pairing(seats, seed, 0, 0, "evaluation") for seed in seeds], {"agent": agent})
    return fmean(fmean(match.returns) for match in matches)
