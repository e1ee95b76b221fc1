"""The main learner: plays its past, the baselines and itself, and never starts over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from leagues.opponents import find_sampler
from leagues.roles.contract import Branch, Role, is_due_against
from leagues.view import View


class Main(Role):
    """Meets all frozen members but the baselines it has beaten, and itself, as the setting ``opponents`` says.

    Until it has a snapshot, it stands in for its own past at a score of one half.
    """

    def opponents(self, view: View) -> Sequence[Branch]:
        names = [view.learner, *view.members.frozen]  # itself first, where samplers find it at once
        for name in filter(view.has_beaten, view.members.baselines):
            names.remove(name)
        return [
            Branch(share, names, find_sampler(sampler)(view, names))
            for sampler, share in view.settings.opponents.items()
            if share
        ]

    def is_due(self, view: View) -> bool:
        """As :func:`leagues.roles.contract.is_due_against` all frozen members; its newest snapshot is needed. With the
        gate ``sprt`` and a snapshot, by steps alone: the test against that snapshot comes next."""
        if view.settings.gate == "sprt" and view.members.past(view.learner):
            return view.steps >= view.settings.snapshot_min_steps
        return is_due_against(view, view.members.frozen, view.members.past(view.learner)[-1:])

    def after_snapshot(self) -> Literal["continue", "reset"]:
        return "continue"
