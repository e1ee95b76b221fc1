"""The oracle: learns best responses to the mixture of a solver (Lanctot et al. 2017, PSRO)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import isqrt
from typing import ClassVar, Literal

import numpy as np

from leagues.records import LeagueError
from leagues.roles.contract import Branch, Role
from leagues.solvers import Floats, find_solver
from leagues.solvers.meta_game import margins_of
from leagues.view import View


@lru_cache(maxsize=16)
def _mixture(solver: str, margins: bytes) -> Floats:
    """The mixture ``(n,)`` of the margins ``(n, n)``, given as bytes. It is kept until evaluation games change them."""
    matrix = np.frombuffer(margins)
    size = isqrt(len(matrix))
    return find_solver(solver)(matrix.reshape(size, size))[0]


class Oracle(Role):
    """Meets all frozen members as the setting ``solver`` mixes them, by their evaluation games; baselines are the first
    policies. Each other seat of a match draws independently.

    The mixture follows the evaluation games while the oracle learns, so it gets more exact with time. A snapshot that
    has played none yet counts as even with all others, so it is met at once.
    """

    due_by: ClassVar[str] = "max_steps"

    def opponents(self, view: View) -> Sequence[Branch]:
        names = list(view.members.frozen)
        if not names:
            raise LeagueError(
                "an oracle needs a first policy to respond to, but the league has no baseline; add one to `baselines`, "
                "such as random"
            )
        margins = margins_of(view.evaluation, names)
        return [Branch(1.0, names, _mixture(view.settings.solver, margins.tobytes()))]

    def is_due(self, view: View) -> bool:
        """By steps alone: a best response to a mixture that nobody beats gains little, so no score could tell."""
        return view.steps >= view.max_steps

    def after_snapshot(self, view: View, rng: np.random.Generator) -> Literal["continue", "reset"]:
        """It starts over with the probability ``oracle_reset``."""
        return "reset" if rng.random() < view.settings.oracle_reset else "continue"
