"""A role of one's own, as a user would write it: two learners that train against each other alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from leagues.records import LeagueError
from leagues.roles import Branch, Role, register_role
from leagues.view import View


class Twin(Role):
    """Meets the other twins, and is frozen when it scores more than one half against them."""

    def opponents(self, view: View) -> Sequence[Branch]:
        others = self._others(view)
        return [Branch(1.0, others, np.full(len(others), 1 / len(others)))]

    def is_due(self, view: View) -> bool:
        score, games = view.training.get(view.learner, self._others(view)[0])
        return view.steps >= view.settings.snapshot_min_steps and games >= 20 and score > 0.5

    def after_snapshot(self, view: View, rng: np.random.Generator) -> Literal["continue", "reset"]:
        return "continue"

    def _others(self, view: View) -> list[str]:
        others = [name for name in view.members.live("twin") if name != view.learner]
        if not others:
            raise LeagueError("a twin needs another one, but is alone; set roles.twin to 2")
        return others


register_role("twin", Twin)
