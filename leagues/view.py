"""What a role and a sampler may know of the league: its members, their results, and the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from leagues.records import LeagueError, Member
from leagues.results.payoff_table import PayoffTable
from leagues.results.training_payoffs import TrainingPayoffs
from leagues.settings import LeagueSettings


class Roster:
    """The members of a league in the order they joined, with lists of the IDs of those that training knows.

    Anchors, guests and retired snapshots are members like all others, but nobody trains against them: no list has them.
    """

    def __init__(self, members: Iterable[Member]) -> None:
        """The members so far; raises as :meth:`join`."""
        self._members: dict[str, Member] = {}
        self._learners: list[str] = []
        self._frozen: list[str] = []
        self._baselines: list[str] = []
        self._pasts: dict[str, list[str]] = {}
        for member in members:
            self.join(member)

    def join(self, member: Member) -> None:
        """Add a member.

        Raises:
            LeagueError: its ID is taken.
        """
        if member.id in self._members:
            raise LeagueError(f"the member ID {member.id!r} is taken; choose another")
        self._members[member.id] = member
        if member.kind == "guest" or member.role == "anchor":
            return
        (self._frozen if member.frozen else self._learners).append(member.id)
        if member.kind == "baseline":
            self._baselines.append(member.id)
        if member.learner is not None:
            self._pasts.setdefault(member.learner, []).append(member.id)

    def retire(self, name: str) -> None:
        """Let no learner meet this snapshot in training any more. It stays a member."""
        learner = self[name].learner
        if learner is not None and name in self._pasts.get(learner, ()):
            self._frozen.remove(name)
            self._pasts[learner].remove(name)

    def __iter__(self) -> Iterator[Member]:
        return iter(self._members.values())

    def __getitem__(self, name: str) -> Member:
        """One member.

        Raises:
            LeagueError: there is none of this ID.
        """
        if name not in self._members:
            raise LeagueError(f"{name!r} is not in the league; it has {list(self._members)[:8]}")
        return self._members[name]

    @property
    def learners(self) -> Sequence[str]:
        """The members in training."""
        return self._learners

    @property
    def frozen(self) -> Sequence[str]:
        """Snapshots in the pool, and baselines, without anchors and guests."""
        return self._frozen

    @property
    def baselines(self) -> Sequence[str]:
        """The baselines that learners train against."""
        return self._baselines

    def past(self, learner: str) -> Sequence[str]:
        """The snapshots of a learner in the pool, oldest first."""
        return self._pasts.get(learner, ())

    def live(self, role: str) -> list[str]:
        """The learners of a role."""
        return [name for name in self._learners if self._members[name].role == role]


@dataclass(frozen=True, slots=True)
class View:
    """The league as one of its learners sees it. Read it; never change it.

    Attributes:
        learner: ID of the learner.
        members: all members.
        training: decayed scores of learners in training matches, 0..1 in every game; in a graded game a score is the
            probability of a positive mean margin over ``score_games`` or ``sampler_games`` games.
        steps: agent steps that the learner has trained for since its last snapshot, or since it joined.
        settings: settings of the league.
        read_evaluation: gives :attr:`evaluation`.
        qualities: member ID -> quality, see :mod:`leagues.opponents.openai_five`; empty without that sampler.
    """

    learner: str
    members: Roster
    training: TrainingPayoffs
    steps: int
    settings: LeagueSettings
    read_evaluation: Callable[[], PayoffTable]
    qualities: Mapping[str, float] = field(default_factory=dict)

    @property
    def min_steps(self) -> int:
        """Minimum agent steps between two snapshots of the learner, by its role."""
        return self.settings.role_min_steps.get(self._role, self.settings.snapshot_min_steps)

    @property
    def max_steps(self) -> int:
        """Agent steps after which a snapshot of the learner is due whatever its scores are, by its role."""
        return self.settings.role_max_steps.get(self._role, self.settings.snapshot_max_steps)

    @property
    def _role(self) -> str:
        return self.members[self.learner].role

    @property
    def evaluation(self) -> PayoffTable:
        """Results of evaluation matches between frozen members, without intervals. The first look reads those that are
        stored."""
        return self.read_evaluation()

    def has_beaten(self, name: str) -> bool:
        """Whether `name` is a baseline from which the learner has nothing left to learn. Snapshots are never beaten in
        this sense: what was learned can be forgotten."""
        if name not in self.members.baselines:
            return False
        score, games = self.training.get(self.learner, name)
        return games >= self.settings.enough_games and score >= self.settings.beaten

    def unbeaten(self) -> list[str]:
        """Snapshots and baselines, without the baselines that the learner has beaten."""
        beaten = set(filter(self.has_beaten, self.members.baselines))
        return [name for name in self.members.frozen if name not in beaten]
