"""The policies of a double oracle in a small game: the restricted game between them, and exact best responses."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, hstack

from arena.play.sequence_form import GameTree, Plan
from games.contract import IntArray
from leagues.errors import LeagueError
from leagues.solvers import find_solver

EQUAL = 1e-9
"""Share of the span of returns within which values are equal."""

AVERAGING = "uniform"
"""The solver whose mixture also changes when a policy joins that is there already."""

Weights = npt.NDArray[np.float64]


class Population:
    """The policies of every seat, and their mixtures. The first policy is uniform random play.

    Attributes:
        tree: the game.
        solver: name of the solver; None for the anytime variant.
        plans: for each seat its ``K`` policies.
        weights: after :meth:`solve`, the mixture of each seat, ``(n, K)``.
        responses: after :meth:`solve`, for each seat the sequence ``(I,)`` that a best response to the mixtures of the
            others chooses in each information state; one that is new to the seat, if there is any.
        nash_conv: after :meth:`solve`, NashConv of the mixtures in the full game.
        complete: after :meth:`solve`, whether no response is new, or nothing is to be gained.
    """

    weights: Weights
    responses: list[IntArray]
    nash_conv: float
    complete: bool

    def __init__(self, tree: GameTree, solver: str | None) -> None:
        """The population of uniform random play.

        Raises:
            LeagueError: there is no such solver; or the anytime variant gets a game that is not zero-sum or has not two
                seats.
        """
        self.tree, self.solver = tree, solver
        self.plans: list[list[Plan]] = [[form.plan(1 / form.counts[form.of])] for form in tree.seats]
        self._solve = None if solver is None else find_solver(solver)
        self._span = float(np.ptp(tree.returns)) or 1.0
        zero_sum = len(tree.seats) == 2 and np.ptp(tree.returns.sum(axis=1)) <= EQUAL * self._span
        if solver is None and not zero_sum:
            raise LeagueError(
                f"the anytime variant is for zero-sum games of two seats, and {tree.game.spec!r} is none; take a "
                "solver, such as nash"
            )
        self.weights = np.ones((len(tree.seats), 1))

    @property
    def size(self) -> int:
        """The number of policies of each seat, ``K``."""
        return len(self.plans[0])

    def add(self, plans: Sequence[Plan]) -> None:
        """Add a policy of each seat."""
        for own, plan in zip(self.plans, plans, strict=True):
            own.append(plan)

    def response_plans(self) -> list[Plan]:
        """The plans of :attr:`responses`."""
        return [form.plan(form.pure(chosen)) for form, chosen in zip(self.tree.seats, self.responses, strict=True)]

    def solve(self) -> None:
        """Compute the mixtures and the responses to them.

        Raises:
            RankingError: the solver cannot solve this game.
        """
        mixed_responses: Sequence[Plan | None] = [None] * len(self.plans)
        if self._solve is None:
            (ours, response_1), (theirs, response_0) = self._least_exploitable(0), self._least_exploitable(1)
            self.weights, mixed_responses = np.stack([ours, theirs]), (response_0, response_1)
        else:
            self.weights = np.stack(self._solve(self.tree.payoffs(self.plans)))
        mixed = [weights @ np.stack(plans) for weights, plans in zip(self.weights, self.plans, strict=True)]
        found = [self.tree.best_response(seat, mixed) for seat in range(len(mixed))]
        self.nash_conv = max(0.0, sum(value for value, _ in found) - float(self.tree.values(mixed).sum()))
        self.responses, news = [], False
        for seat, (_, chosen) in enumerate(found):
            mixed_response = mixed_responses[seat]
            parts = () if mixed_response is None else self.tree.seats[seat].pure_parts(mixed_response)
            new = next((each for each in chain([chosen], parts) if self._is_new(seat, each)), None)
            news |= new is not None
            self.responses.append(chosen if new is None else new)
        self.complete = self.nash_conv <= EQUAL * self._span or not (news or self.solver == AVERAGING)

    def _is_new(self, seat: int, chosen: IntArray) -> bool:
        form = self.tree.seats[seat]
        plan = form.plan(form.pure(chosen))
        return not any(np.array_equal(plan, known) for known in self.plans[seat])

    def _least_exploitable(self, seat: int) -> tuple[Weights, Plan]:
        """The mixture of a seat whose worst payoff in the full game is the best, and how the other seat answers it.

        One linear program in the sequence form of the other seat (Koller, Megiddo and von Stengel 1996): with ``v`` the
        values of its information states under its best response, each at least the value of every action there, it
        minimises the value of the game over the mixtures ``p`` and ``v``.

        Returns:
            The mixture ``(K,)``, that of the step before if it is no worse; and the plan of the other seat that leaves
            this one no better mixture, which mixes best responses.

        Raises:
            LeagueError: the linear program has no solution, which no game brings about.
        """
        form, tree = self.tree.seats[1 - seat], self.tree
        sequences, states = len(form.action), len(form.parent)
        paid = tree.chance * tree.returns[:, 1 - seat]
        reach = np.stack(self.plans[seat])[:, tree.last[:, seat]]  # (K, T)
        worth = [np.bincount(tree.last[:, 1 - seat], paid * each, sequences) for each in reach]
        after = coo_array((np.ones(states), (form.parent, np.arange(states))), (sequences, states))
        before = coo_array((np.ones(sequences - 1), (np.arange(1, sequences), form.of)), (sequences, states))
        rows = hstack([csr_array(np.stack(worth, axis=1) / self._span), after - before]).tocsr()  # (S, K + I)
        found = linprog(
            rows[[0]].toarray()[0],
            A_ub=rows[1:],
            b_ub=np.zeros(sequences - 1),
            A_eq=np.append(np.ones(self.size), np.zeros(states))[None],
            b_eq=[1.0],
            bounds=[(0, None)] * self.size + [(None, None)] * states,
            method="highs",
        )
        if found.status != 0:
            raise LeagueError(f"no least exploitable mixture was found: {found.message}")
        weights = np.clip(found.x[: self.size], 0.0, None)
        old = np.append(self.weights[seat], np.zeros(self.size - self.weights.shape[1]))
        best = min((old, weights / weights.sum()), key=lambda each: self._loss(seat, each))
        return best, np.append(1.0, np.clip(-found.ineqlin.marginals, 0.0, None))

    def _loss(self, seat: int, weights: Weights) -> float:
        """The most that the other seat gets against a mixture of ``seat``."""
        plan = weights @ np.stack(self.plans[seat])
        return self.tree.best_response(1 - seat, [plan, plan])[0]
