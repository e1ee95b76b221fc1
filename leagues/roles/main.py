"""The main learner: plays its past, the baselines, other main learners and itself, and never starts over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from leagues.opponents import find_sampler
from leagues.roles.contract import Branch, Role, is_due_against
from leagues.view import View


class Main(Role):
    """Meets all frozen members but the baselines it has beaten, the live main learners and itself, as the samplers of
    the setting ``opponents`` say.

    Until it has a snapshot, it stands in for its own past at a score of one half. AlphaStar's main agents (Vinyals et
    al. 2019) have ``{pfsp_hard = 0.5, self_play = 0.35, verification = 0.15}``.
    """

    def opponents(self, view: View) -> Sequence[Branch]:
        others = [name for name in view.members.live("main") if name != view.learner]
        names = [view.learner, *view.unbeaten(), *others]  # itself first, where samplers find it at once
        samplers = {name: find_sampler(name) for name in view.settings.mix}
        return [Branch(share, names, samplers[name](view, names)) for name, share in view.settings.mix.items() if share]

    def is_due(self, view: View) -> bool:
        """As :func:`leagues.roles.contract.is_due_against` all frozen members; its newest snapshot is needed. With the
        gate ``sprt`` and a snapshot, by steps alone: the test against that snapshot comes next."""
        found = self.to_beat(view)
        return view.steps >= view.min_steps if found is None else is_due_against(view, *found)

    def to_beat(self, view: View) -> tuple[Sequence[str], Sequence[str]] | None:
        past = view.members.past(view.learner)
        if view.settings.gate == "sprt" and past:
            return None
        return view.members.frozen, past[-1:]

    def gated_by(self, view: View) -> str | None:
        """Its newest snapshot, with the gate ``sprt``; None without one, and after ``snapshot_max_steps``, when the
        learner is frozen in any case."""
        past = view.members.past(view.learner)
        if view.settings.gate != "sprt" or not past or view.steps >= view.max_steps:
            return None
        return past[-1]

    def after_snapshot(self, view: View, rng: np.random.Generator) -> Literal["continue", "reset"]:
        return "continue"
