"""The best response: learns to beat given members, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from leagues.roles.contract import Branch, Role
from leagues.view import View


class BestResponse(Role):
    """Meets the frozen members that the setting ``opponents`` names, each in its share of the matches.

    The opponents never change, so learning is an ordinary reinforcement learning problem. The other seats of a match
    draw independently of each other. A snapshot is made when the run ends.
    """

    due_by = "run_end"

    def opponents(self, view: View) -> Sequence[Branch]:
        names = list(view.settings.mix)
        for name in names:
            view.members[name]  # raises an error if there is none
        return [Branch(1.0, names, np.array([view.settings.mix[name] for name in names]))]

    def is_due(self, view: View) -> bool:
        return False

    def after_snapshot(self, view: View, rng: np.random.Generator) -> Literal["continue", "reset"]:
        return "continue"
