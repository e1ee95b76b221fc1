"""The double oracle with exact best responses: PSRO in games small enough to be enumerated."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from arena.play.game_tree import game_tree
from arena.play.oracle_league import OracleLeague, member_name, stored_solver
from arena.play.population import Population
from games import Game, GameError, as_game
from leagues.records import LeagueError
from leagues.solvers import DEFAULT, find_solver
from leagues.store import StoreError, open_store

ANYTIME = "anytime"
"""What stands for the solver of the anytime variant."""


@dataclass(frozen=True, slots=True)
class Step:
    """The population at one moment, and how far its mixture is from an equilibrium.

    Attributes:
        policies: number of policies of each seat.
        nash_conv: NashConv of the mixture against the full game, exactly.
        exploitability: ``nash_conv`` divided by the number of seats.
        seconds: time that all steps so far have taken.
    """

    policies: int
    nash_conv: float
    exploitability: float
    seconds: float


@dataclass(frozen=True, slots=True)
class DoubleOracle:
    """The steps of a double oracle, and its mixture.

    Attributes:
        game: the game.
        solver: name of the solver; ``anytime`` for the anytime variant.
        steps: one for each size of the population, those of the calls that this one went on from included.
        members: the members of the mixture, the policies of every seat.
        weights: for each seat the probability of each member.
        complete: whether the double oracle has ended: no seat has a best response that is new to it.
    """

    game: str
    solver: str
    steps: tuple[Step, ...]
    members: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...]
    complete: bool

    @property
    def nash_conv(self) -> float:
        """NashConv of the last mixture."""
        return self.steps[-1].nash_conv


def double_oracle(
    game: Game | str,
    *,
    policies: int = 50,
    league: Path | str | None = None,
    solver: str | None = None,
    anytime: bool = False,
    resume: bool = False,
    on_step: Callable[[Step], None] = lambda step: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> DoubleOracle:
    """Approach an equilibrium of a small game by exact best responses (McMahan, Gordon and Blum 2003, "Planning in the
    Presence of Cost Functions Controlled by an Adversary"; Lanctot et al. 2017, "A Unified Game-Theoretic Approach to
    Multiagent Reinforcement Learning": PSRO).

    The population of every seat begins with uniform random play. A step solves the restricted game, in which each seat
    picks a policy of its population, and finds each seat's best response in the full game to the mixtures of the
    others; these join the populations, as one member of the league. Payoffs and best responses are exact, so nothing is
    random. It ends early when no seat has a best response that is new to it. With the solver ``nash``, the mixture is
    then an equilibrium of the game.

    In the anytime variant (McAleer et al. 2022, "Anytime PSRO for Two-Player Zero-Sum Games", arXiv 2201.07700), the
    mixture of a seat is the one of the least exploitability in the full game, whose opponent is not restricted, so
    NashConv never rises from step to step. A linear program in the sequence form gives the minimum, which the paper
    approaches by regret minimisation.

    Args:
        game: the game or its spec: an OpenSpiel game of at most :data:`arena.play.game_tree.MOST_POSITIONS` positions,
            with any number of seats and without teams.
        policies: the most policies of a seat, the first one included.
        league: the folder of a league that keeps every step, where ``DIR:nash`` is the mixture. None keeps nothing.
        solver: a name of :mod:`leagues.solvers`, by default ``nash``. The anytime variant has none.
        anytime: whether to take the anytime variant, for zero-sum games of two seats.
        resume: go on from the newest step in ``league``, with its solver.
        on_step: called after every step, once it is stored; also for the steps that ``league`` has already.
        should_stop: asked after every step.

    Raises:
        GameError: the game is too large, its positions cannot be enumerated, or it has teams.
        LeagueError: the arguments do not fit each other or the game; or the league cannot be written, is another one,
            or is there already and ``resume`` is False.
    """
    game = as_game(game)
    if policies < 1:
        raise LeagueError(f"`policies >= 1` must hold, but got {policies}")
    if resume and league is None:
        raise LeagueError("only a double oracle that a league keeps can be resumed; name its league")
    if anytime and solver is not None:
        raise LeagueError(f"the anytime variant minimises without a solver, but got {solver!r}; drop one of the two")
    if len(set(game.teams)) < game.num_seats:
        raise GameError(f"a best response deviates at one seat, but {game.spec!r} has teams; drop them")
    store = None if league is None else open_store(league)
    if store is not None and store.exists() != resume:
        raise StoreError(
            f"there is no league in {store.name} to go on with; begin one without resume"
            if resume
            else f"{store.name} already holds a league; go on with resume=True, or name another folder"
        )
    chosen = ANYTIME if anytime else solver
    if store is not None and resume:
        made = stored_solver(store) or chosen or DEFAULT
        if chosen not in (None, made):
            raise StoreError(
                f"the double oracle in {store.name} has the solver {made!r}, but got {chosen!r}; leave it out to go on"
            )
        chosen = made
    chosen = chosen or DEFAULT
    if chosen != ANYTIME:
        find_solver(chosen)  # now, because enumerating the game may take minutes
    try:
        tree = game_tree(game)
    except GameError as error:
        raise GameError(f"{error}; train the best responses instead, with roles oracle=1") from error
    population = Population(tree, None if chosen == ANYTIME else chosen)
    steps: list[Step] = []
    with ExitStack() as stack:
        keep = None
        if store is not None:
            keep = stack.enter_context(OracleLeague(store, population, chosen))
            steps += [_step(game, *known) for known in keep.load()]
        for step in steps:
            on_step(step)
        while True:
            began = time.monotonic()
            population.solve()
            if not steps or steps[-1].policies < population.size:
                spent = (steps[-1].seconds if steps else 0.0) + time.monotonic() - began
                steps.append(_step(game, population.size, population.nash_conv, spent))
                if keep is not None:
                    keep.add(population.nash_conv, spent)
                on_step(steps[-1])
            if population.complete or population.size >= policies or should_stop():
                break
            population.add(population.response_plans())
    names = tuple(member_name(number) for number in range(population.size))
    weights = tuple(tuple(row) for row in population.weights.tolist())
    return DoubleOracle(game.spec, chosen, tuple(steps), names, weights, population.complete)


def _step(game: Game, policies: int, nash_conv: float, seconds: float) -> Step:
    return Step(policies, nash_conv, nash_conv / game.num_seats, seconds)
