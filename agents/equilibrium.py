"""An equilibrium of a small game, computed by counterfactual regret minimization."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyspiel

from agents.contract import Agent, AgentError, Probabilities, Turn
from games.contract import Game, IntArray

HISTORIES = 300_000
"""The most histories (nodes of the game tree, chance included) of a game that is solved; liar's dice has 294,883."""

TARGET = 0.0005
"""NashConv at which the solver stops, as a share of the span between the lowest and the highest return."""

WORK = 20_000_000
"""Histories that the solver visits at most: its iterations times the histories of the game. About ten seconds."""

FAR = 0.02
"""NashConv, as a share of the span of returns, above which the result is no equilibrium."""

_FIRST = 64
"""Iterations before NashConv is measured first; then it is measured each time that they have doubled."""


@dataclass(frozen=True, slots=True)
class Equilibrium:
    """An approximate Nash equilibrium.

    Attributes:
        policy: information state as OpenSpiel writes it -> (action, probability) of each legal action.
        nash_conv: what the seats could gain by best responses, summed over the seats, in the game's units.
        iterations: of CFR+.
    """

    policy: dict[str, list[tuple[int, float]]]
    nash_conv: float
    iterations: int


@lru_cache(maxsize=8)
def equilibrium(game: Game) -> Equilibrium:
    """An equilibrium of ``game``, by CFR+ (Tammelin 2014, arXiv 1407.5042) in OpenSpiel, averaged with linear weights.

    It uses no random numbers and no clock, so it is the same in every process. A process computes it once per game.
    Two seats with zero-sum returns converge for certain; for other games NashConv is measured, and a result that is
    far from an equilibrium is refused.

    Raises:
        AgentError: the game is not a turn-based OpenSpiel game, samples its chance, has more than :data:`HISTORIES`
            histories, or CFR+ comes to no equilibrium.
    """
    engine = _solvable(game)
    most = max(_FIRST, WORK // _histories(game, engine))
    solver = pyspiel.CFRPlusSolver(engine)
    span = engine.max_utility() - engine.min_utility()
    done, until, nash_conv = 0, _FIRST, np.inf
    while nash_conv > TARGET * span and until <= most:
        for _ in range(until - done):
            solver.evaluate_and_update_policy()
        done, until = until, 2 * until
        nash_conv = pyspiel.nash_conv(engine, solver.tabular_average_policy())
    if nash_conv > FAR * span:
        raise AgentError(
            f"CFR+ comes to no equilibrium of {game.spec!r}: NashConv is still {nash_conv:.3g} after {done} "
            "iterations; use random or a policy"
        )
    return Equilibrium(solver.tabular_average_policy().policy_table(), nash_conv, done)


class EquilibriumAgent(Agent):
    """Plays the :func:`equilibrium` of a small turn-based OpenSpiel game, such as Kuhn poker, Leduc or liar's dice.

    Attributes:
        solution: what it plays, with its distance from an exact equilibrium.
    """

    def __init__(self, game: Game) -> None:
        """Compute the equilibrium of ``game``: milliseconds for Kuhn, two seconds for Leduc, ten for liar's dice.

        Raises:
            AgentError: as :func:`equilibrium`.
        """
        self.solution = equilibrium(game)

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        """An action of each row, ``(B,)`` int64, drawn with its probability in the equilibrium."""
        below = self.probabilities(turn).cumsum(axis=1)  # (B, A)
        drawn = rng.random(len(below)) * below[:, -1]  # the sums are 1 but for rounding
        actions: IntArray = (below > drawn[:, None]).argmax(axis=1)
        return actions

    def probabilities(self, turn: Turn) -> Probabilities:
        """Those of the equilibrium, ``(B, A)``."""
        told = np.zeros(turn.masks.shape)
        for row, (table, seat) in enumerate(zip(turn.tables.tolist(), turn.seats.tolist(), strict=True)):
            state: Any = turn.state(table)
            for action, probability in self.solution.policy[state.engine.information_state_string(seat)]:
                told[row, action] = probability
        return told


def _solvable(game: Game) -> Any:
    """The ``pyspiel.Game`` behind ``game``.

    Raises:
        AgentError: CFR cannot be run on it.
    """
    engine: Any = getattr(game, "engine", None)
    if not isinstance(engine, pyspiel.Game):
        raise AgentError(f"{game.spec!r} is not an OpenSpiel game, and equilibrium solves only those; use random")
    kind = engine.get_type()
    if game.dynamics != "turn_based":
        raise AgentError(f"{game.spec!r} is {game.dynamics}, but equilibrium needs a turn-based game; use random")
    if kind.chance_mode == pyspiel.GameType.ChanceMode.SAMPLED_STOCHASTIC:
        raise AgentError(f"{game.spec!r} only samples its chance, but equilibrium needs its probabilities; use random")
    if not kind.provides_information_state_string:
        raise AgentError(f"{game.spec!r} has no text of what a seat knows, which equilibrium needs; use random")
    return engine


def _histories(game: Game, engine: Any) -> int:
    """The number of histories of a game.

    Raises:
        AgentError: it is above :data:`HISTORIES`.
    """
    found, open_states = 1, [engine.new_initial_state()]
    while open_states:
        state = open_states.pop()
        actions = state.legal_actions()  # none after the end; the outcomes at a chance node
        found += len(actions)
        if found > HISTORIES:
            raise AgentError(
                f"{game.spec!r} has more than {HISTORIES:,} histories, too many for equilibrium; use random or a policy"
            )
        open_states += map(state.child, actions)
    return found
