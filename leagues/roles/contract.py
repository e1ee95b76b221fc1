"""The contract of a role: what a learner is for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from leagues.opponents.draw import Floats
from leagues.records import LeagueError
from leagues.view import View


@dataclass(frozen=True, slots=True)
class Branch:
    """A share of a learner's matches and the opponents in them.

    Attributes:
        share: probability that a match is of this branch; the shares of all branches sum to 1.
        names: member IDs, at least one. Each seat (or team) other than the learner's draws one of them. A match in
            which the learner draws itself is self-play at every seat.
        probabilities: ``(len(names),)`` summing to 1.
    """

    share: float
    names: Sequence[str]
    probabilities: Floats


class Role(ABC):
    """What a learner is for: whom it meets, when a snapshot of it is due, and what happens then.

    A role has neither a state nor a source of chance: it decides from the view and from the generator that it is given,
    so that a resumed league decides as the original would.

    Attributes:
        due_by: what :meth:`is_due` goes by before ``snapshot_max_steps``, as the journal says it: a short word such as
            ``win_rate`` or ``min_steps``.
    """

    due_by: ClassVar[str] = "win_rate"

    @abstractmethod
    def opponents(self, view: View) -> Sequence[Branch]:
        """Whom the learner meets in training. Only the learner learns from these matches, also from those against
        another live learner.

        Raises:
            LeagueError: the league lacks members that this role needs. A league asks once when it is made.
        """

    @abstractmethod
    def is_due(self, view: View) -> bool:
        """Whether the learner is to be frozen now; where :meth:`gated_by` names a snapshot, whether it is to be tested
        against it."""

    @abstractmethod
    def after_snapshot(self, view: View, rng: np.random.Generator) -> Literal["continue", "reset"]:
        """Whether the learner trains on, or starts over from new weights and without results. It is asked once after
        each snapshot, which is in the view.

        Args:
            view: the league as the learner sees it.
            rng: the only source of chance.
        """

    def to_beat(self, view: View) -> tuple[Sequence[str], Sequence[str]] | None:
        """Whom the learner has to beat in training before it is frozen: the members that count and, among them, those
        that it must have met, as of :func:`is_due_against`. None where :meth:`is_due` goes by something else. People
        are shown it; nothing is decided by it."""
        return None

    def gated_by(self, view: View) -> str | None:
        """The snapshot that the learner has to beat in a sequential test before it is frozen; None without a test."""
        return None


def live_mains(view: View) -> list[str]:
    """The live main learners.

    Raises:
        LeagueError: there is none.
    """
    mains = view.members.live("main")
    if not mains:
        role = view.members[view.learner].role.replace("_", " ")
        raise LeagueError(
            f"a {role} needs a main learner, but the learners are {list(view.members.learners)}; "
            "add one to `roles`, such as main=1"
        )
    return mains


def is_due_against(view: View, opponents: Iterable[str], needed: Iterable[str]) -> bool:
    """The usual rule for :meth:`Role.is_due`, by steps and scores.

    A snapshot is due after ``snapshot_max_steps`` agent steps; or already after ``snapshot_min_steps``, when the
    learner scores more than ``snapshot_win_rate`` against each opponent that it has met in ``enough_games`` decayed
    games. Some roles may have other steps (``role_min_steps``, ``role_max_steps``). A beaten baseline counts at any
    ``snapshot_win_rate``: its score no longer changes.

    Args:
        view: the league as the learner sees it.
        opponents: members that count.
        needed: members among them that it must have met in enough games; at least one opponent must be.
    """
    settings = view.settings
    if view.steps >= view.max_steps:
        return True
    if view.steps < view.min_steps:
        return False
    met = {
        name: score
        for name in opponents
        for score, games in [view.training.get(view.learner, name)]
        if games >= settings.enough_games
    }
    return (
        bool(met)
        and met.keys() >= set(needed)
        and all(score > settings.snapshot_win_rate or view.has_beaten(name) for name, score in met.items())
    )
