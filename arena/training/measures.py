"""What is measured of the main learners while they train: their exact exploitability, in games small enough."""

from __future__ import annotations

from collections.abc import Sequence

from arena.play.exploitability import measure
from arena.play.game_tree import MOST_POSITIONS, game_tree, positions
from arena.training.session import LeagueSession
from arena.training.snapshots import Snapshots
from games import Game
from leagues.errors import LeagueError
from leagues.records import Measure, Member

NASH_CONV = "nash_conv"
"""The name of the measure."""

MEASURED_POSITIONS = 1_000_000
"""Games of at most this many positions are measured by default: less than a second each time (docs/evaluation.md)."""

EVERY = 10
"""Iterations from one measurement to the next, by default."""


def fitting_interval(game: Game) -> int:
    """The number of iterations between two measurements that fits a game; 0, which means never, in large games."""
    return EVERY if positions(game, MEASURED_POSITIONS) is not None else 0


def check_interval(game: Game, every: int) -> None:
    """Refuse to measure a game that is too large.

    Raises:
        LeagueError: it is.
    """
    if every and positions(game) is None:
        raise LeagueError(
            f"exploitability_every={every} needs an OpenSpiel game of at most {MOST_POSITIONS:,} positions, but "
            f"{game.spec!r} is none; set it to 0"
        )


def nash_conv(
    session: LeagueSession,
    snapshots: Snapshots,
    *,
    iteration: int,
    agent_steps: int,
    frozen: Sequence[Member],
    run_ends: bool = False,
) -> list[Measure]:
    """NashConv of the averaged weights of the main learners, if it is due after an iteration.

    Args:
        session: the league.
        snapshots: the averaged weights.
        iteration: the iteration.
        agent_steps: agent steps of all learners by then.
        frozen: snapshots that were made of these weights. They are measured in any iteration.
        run_ends: whether the run ends with this iteration, which is then measured.
    """
    every = session.settings.evaluation.exploitability_every
    if not every:
        return []
    due = run_ends or (iteration - 1) % every == 0
    found = []
    for learner in session.learners:
        names = [member.id for member in frozen if member.learner == learner.id]
        if learner.role == "main" and (names or due):
            agent = snapshots.agent(learner.id)
            value = measure(game_tree(session.game), agent, learner.id).nash_conv
            found += [Measure(NASH_CONV, name, iteration, agent_steps, value) for name in (learner.id, *names)]
    return found
