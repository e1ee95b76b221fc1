"""The league: who plays whom next, when a learner is frozen, and how well it does. Pure logic: no clock, no file, no
generator of its own, so that equal calls give equal leagues and a restored one goes on exactly as it would have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, get_args

import numpy as np
import numpy.typing as npt

from leagues.opponents.samplers import Floats, Ints, Weighting, draw, pfsp, uniform
from leagues.records import LeagueError, Member, Pairing, Tally
from leagues.results.payoffs import UNSEEN, Payoffs

AT_ONCE = 4
"""Different opponents that one call of ``ask`` draws for a learner and branch: each costs the runners a forward pass of
its own at every step, and the next call draws others."""

ENOUGH_GAMES = 20.0
"""Decayed games against an opponent before a win rate against it counts for a snapshot."""

BEATEN = 0.98
"""A learner that scores at least this against a baseline, in :data:`ENOUGH_GAMES`, has learned from it what it could
and trains against it no more. Snapshots come back however often they are beaten: what was learned can be forgotten."""

HOPELESS = 0.1
"""A main exploiter that scores no more than this against the live main trains against its past instead."""


@dataclass(frozen=True, slots=True)
class LeagueConfig:
    """How a league makes its matches and its snapshots.

    Attributes:
        pfsp: share of a main learner's matches against its opponents, by prioritised fictitious self-play.
        latest: share of self-play: the learner at every seat.
        uniform: share against its opponents at even odds: the snapshots share one half of it equally, the baselines
            the other half, for they alone are not of the learner's making, and against its own kind alone it forgets
            how to play anybody else.
        pfsp_weighting: which opponents ``pfsp`` prefers, see :func:`leagues.opponents.samplers.pfsp`.
        snapshot_win_rate: a snapshot is due when the learner scores more than this against each frozen opponent.
        snapshot_min_steps: agent steps between two snapshots of a learner, at least.
        snapshot_max_steps: agent steps after which a snapshot is due whatever the scores.
        main_exploiter: whether a second learner trains against the main one alone, starting afresh at each snapshot.
        payoff_decay: what a game still counts for when one more has been played between the two.
        baselines: agents that are members from the start: first opponents and anchors of the ratings.

    A main learner's opponents are all snapshots, and the baselines it has not :data:`BEATEN`. Until it has a snapshot
    of its own it stands in for that itself, at a score of one half; a match in which it draws itself is self-play.
    """

    pfsp: float = 0.25
    latest: float = 0.25
    uniform: float = 0.5
    pfsp_weighting: Weighting = "hard"
    snapshot_win_rate: float = 0.7
    snapshot_min_steps: int = 100_000
    snapshot_max_steps: int = 400_000
    main_exploiter: bool = False
    payoff_decay: float = 0.99
    baselines: tuple[str, ...] = ("random",)

    def __post_init__(self) -> None:
        object.__setattr__(self, "baselines", tuple(self.baselines))
        mix = f"pfsp={self.pfsp}, uniform={self.uniform}, latest={self.latest}"
        steps = f"snapshot_min_steps={self.snapshot_min_steps}, snapshot_max_steps={self.snapshot_max_steps}"
        rules = (
            (min(self.pfsp, self.uniform, self.latest) >= 0, "`pfsp, uniform, latest >= 0`", mix),
            (abs(self.pfsp + self.uniform + self.latest - 1) < 1e-9, "`pfsp + uniform + latest == 1`", mix),
            (
                self.pfsp_weighting in get_args(Weighting),
                f"`pfsp_weighting in {get_args(Weighting)}`",
                f"pfsp_weighting={self.pfsp_weighting!r}",
            ),
            (
                0 <= self.snapshot_win_rate <= 1,
                "`0 <= snapshot_win_rate <= 1`",
                f"snapshot_win_rate={self.snapshot_win_rate}",
            ),
            (
                0 < self.snapshot_min_steps <= self.snapshot_max_steps,
                "`0 < snapshot_min_steps <= snapshot_max_steps`",
                steps,
            ),
            (0 < self.payoff_decay <= 1, "`0 < payoff_decay <= 1`", f"payoff_decay={self.payoff_decay}"),
            (len(set(self.baselines)) == len(self.baselines), "`baselines` without repeats", f"{self.baselines}"),
        )
        for holds, rule, values in rules:
            if not holds:
                raise LeagueError(f"{rule} must hold, but got {values}")


class League:
    """Ask it for matches, tell it their results, and freeze the learners that it says are due."""

    def __init__(
        self,
        config: LeagueConfig,
        members: Iterable[Member],
        *,
        num_seats: int,
        agent_ids: Sequence[str],
        teams: Sequence[int] = (),
    ) -> None:
        """A league of these members that has played no game yet.

        Args:
            config: how matches and snapshots are made.
            members: all members in the order they joined; at least one learner.
            num_seats: seats of the game.
            agent_ids: the game's name for each seat; a snapshot needs a module for each.
            teams: the team of each seat, ``0..t-1``, whose seats one member takes in every match; empty where every
                seat plays for itself.

        Raises:
            LeagueError: there is no learner, an exploiter has no main learner, an ID is there twice, or the seats do
                not match.
        """
        if num_seats != len(agent_ids):
            raise LeagueError(f"`num_seats == len(agent_ids)` must hold, but got {num_seats} and {tuple(agent_ids)}")
        self.config = config
        self._teams = tuple(teams) or tuple(range(num_seats))
        self._num_teams = max(self._teams) + 1
        self._agent_ids = tuple(agent_ids)
        self._members: dict[str, Member] = {}
        self._frozen: list[str] = []
        self._learners: list[str] = []
        self._baselines: dict[str, None] = {}  # a set that keeps its order
        self._pasts: dict[str, list[str]] = {}
        for member in members:
            self._join(member)
        mains = [learner for learner in self._learners if self._members[learner].role == "main"]
        if not mains:
            raise LeagueError(
                f"a league needs a main learner, but its members are {list(self._members)}; add "
                "Member('main', 'learner', 'main')"
            )
        self._main = mains[0]
        self._payoffs = Payoffs(config.payoff_decay)
        self._steps = dict.fromkeys(self._learners, 0)
        self._pairings = 0
        self._rotation = dict.fromkeys(self._learners, 0)

    @property
    def members(self) -> list[Member]:
        """All members in the order they joined."""
        return list(self._members.values())

    def ask(self, n: int, rng: np.random.Generator) -> list[Pairing]:
        """``n`` training matches, the learners in turn.

        In self-play the learner sits at every seat and learns from all of them. Otherwise it has one seat, every seat
        equally often, and each other seat draws its own opponent. Training matches belong to no block: it is 0.

        Args:
            n: how many.
            rng: the only source of chance.
        """
        seeds = rng.integers(2**63, size=n).tolist()
        turns = [self._learners[(self._pairings + k) % len(self._learners)] for k in range(n)]
        self._pairings += n
        lineups = {learner: iter(self._lineups(learner, turns.count(learner), rng)) for learner in dict.fromkeys(turns)}
        return [
            Pairing(next(lineups[learner]), seed, 0, "training", learner)
            for learner, seed in zip(turns, seeds, strict=True)
        ]

    def tell(self, tallies: Iterable[Tally], steps: Mapping[str, int]) -> None:
        """Take in results.

        Args:
            tallies: training games for every ordered pair, as :func:`leagues.results.scoring.tallies` gives them.
            steps: learner -> agent steps it has been trained on since the last call.

        Raises:
            LeagueError: a learner or member is not in the league.
        """
        for learner, more in steps.items():
            self._steps[self._learner(learner)] += more
        for tally in tallies:
            for name in (tally.member, tally.opponent):
                self._known(name)
            if tally.member in self._steps:
                self._payoffs.add(tally)

    def due(self) -> list[str]:
        """The learners to be frozen now, in the order they joined.

        A learner is due after ``snapshot_max_steps`` agent steps since its last snapshot; or already after
        ``snapshot_min_steps`` when it scores more than ``snapshot_win_rate`` against each opponent that counts: for a
        main learner the frozen members it has met in :data:`ENOUGH_GAMES` decayed games, the newest snapshot of its
        own being one of them if it has any; for a main exploiter the live main. A baseline that is :data:`BEATEN`
        counts as beaten at any ``snapshot_win_rate``: nothing could change its score any more.
        """
        return [learner for learner in self._learners if self._is_due(learner)]

    def snapshot(self, learner: str, weights: str, step: int, modules: Mapping[str, str]) -> Member:
        """Register a frozen copy of a learner, ``learner@1``, ``learner@2``, ..., and start its counters afresh.

        A learner that :meth:`resets_after_snapshot` also forgets its payoffs: what starts over has played no games.

        Args:
            learner: ID of the learner.
            weights: SHA-256 of its weights file.
            step: agent steps it has been trained for in all.
            modules: agent ID -> module inside the weights.

        Raises:
            LeagueError: there is no such learner, or an agent ID has no module.
        """
        source = self._members[self._learner(learner)]
        missing = [agent_id for agent_id in self._agent_ids if agent_id not in modules]
        if missing:
            raise LeagueError(f"a snapshot needs a module for each agent ID, but {learner!r} has none for {missing}")
        generation = 1 + len(self._past(learner))
        member = Member(
            f"{learner}@{generation}",
            "snapshot",
            source.role,
            generation,
            dict(modules),
            weights,
            None,
            learner,
            step,
        )
        self._join(member)
        self._steps[learner] = 0
        if self.resets_after_snapshot(learner):
            self._payoffs.forget(learner)
        return member

    def resets_after_snapshot(self, learner: str) -> bool:
        """Whether the learner starts over from new weights once its snapshot is taken: main exploiters do."""
        return self._members[self._learner(learner)].role == "main_exploiter"

    def steps_since_snapshot(self, learner: str) -> int:
        """Agent steps a learner has been trained on since its last snapshot, or since it joined."""
        return self._steps[self._learner(learner)]

    def payoff(self, a: str, b: str) -> tuple[float, float]:
        """``(score, games)`` of ``a`` against ``b`` in training, both decayed; (0.5, 0) when they have not met.

        Only pairs with a learner are kept; those of two frozen members come from evaluation matches.

        Raises:
            LeagueError: one of them is not in the league.
        """
        self._known(a)
        self._known(b)
        return self._payoffs.get(a, b)

    def state(self) -> dict[str, Any]:
        """Everything beside the members that the league remembers, as plain JSON."""
        return {
            "pairings": self._pairings,
            "rotation": dict(self._rotation),
            "steps": dict(self._steps),
            "payoffs": self._payoffs.state(),
        }

    @classmethod
    def restore(
        cls,
        config: LeagueConfig,
        members: Iterable[Member],
        state: Mapping[str, Any],
        *,
        num_seats: int,
        agent_ids: Sequence[str],
        teams: Sequence[int] = (),
    ) -> Self:
        """The league that gave ``state``, with its members: it asks and decides exactly as that one would.

        Raises:
            LeagueError: as the constructor, or the state is of other learners.
        """
        league = cls(config, members, num_seats=num_seats, agent_ids=agent_ids, teams=teams)
        if set(state["steps"]) != set(league._steps):
            raise LeagueError(
                f"a league goes on with its own learners, but its state is of {sorted(state['steps'])} and it has "
                f"{sorted(league._steps)}; use the settings that it was made with"
            )
        league._pairings = state["pairings"]
        league._rotation = {learner: state["rotation"][learner] for learner in league._learners}
        league._steps = {learner: state["steps"][learner] for learner in league._learners}
        league._payoffs = Payoffs.restore(config.payoff_decay, state["payoffs"])
        return league

    def _lineups(self, learner: str, n: int, rng: np.random.Generator) -> list[tuple[str, ...]]:
        """``n`` lineups for one learner."""
        names, choices, self_play = self._opponents(learner, n, rng)
        alone = (learner,) * len(self._teams)
        turn = self._rotation[learner]
        known: dict[tuple[int, ...], tuple[str, ...]] = {}  # few meet, in many matches
        lineups = []
        for row, by_itself in zip(choices.tolist(), self_play.tolist(), strict=True):
            if by_itself:
                lineups.append(alone)
                continue
            key = (turn % self._num_teams, *row)
            turn += 1
            lineup = known.get(key)
            if lineup is None:
                players = [names[choice] for choice in row]
                players.insert(key[0], learner)
                lineup = known[key] = tuple(players[team] for team in self._teams)
            lineups.append(lineup)
        self._rotation[learner] = turn
        return lineups

    def _opponents(
        self, learner: str, n: int, rng: np.random.Generator
    ) -> tuple[list[str], Ints, npt.NDArray[np.bool_]]:
        """Whom ``learner`` meets: names, ``(n, teams - 1)`` places among them, ``(n,)`` whether in self-play."""
        shape = (n, self._num_teams - 1)
        if self._members[learner].role == "main_exploiter":
            names, probabilities = self._exploited(learner)
            return names, draw(probabilities, shape, rng, distinct=AT_ONCE), np.zeros(n, bool)
        beaten = {name for name in self._baselines if self._has_beaten(learner, name)}
        names = [name for name in self._frozen if name not in beaten]
        without_past = not self._past(learner)
        if without_past:
            names.append(learner)
        branch = rng.random(n)
        weights = pfsp(self._win_rates(learner, names), self.config.pfsp_weighting)
        prioritised = draw(weights, shape, rng, distinct=AT_ONCE)
        even = draw(self._even(names), shape, rng, distinct=AT_ONCE)
        # Both are drawn for every match, used or not: a match's opponents do not depend on the branches of others.
        choices = np.where(branch[:, None] < self.config.pfsp, prioritised, even)
        latest = branch >= self.config.pfsp + self.config.uniform
        return names, choices, latest | (choices == len(names) - 1).any(1) if without_past else latest

    def _even(self, names: Sequence[str]) -> Floats:
        """Even odds between baselines and the rest, and within each."""
        baselines = [names.index(name) for name in self._baselines if name in names]
        if not 0 < len(baselines) < len(names):
            return uniform(len(names))
        odds = np.full(len(names), 0.5 / (len(names) - len(baselines)))
        odds[baselines] = 0.5 / len(baselines)
        return odds

    def _exploited(self, learner: str) -> tuple[list[str], Floats]:
        """Whom a main exploiter meets: the live main, or main's past while the live one is too strong."""
        past = self._past(self._main)
        if not past or self._payoffs.get(learner, self._main)[0] > HOPELESS:
            return [self._main], uniform(1)
        return past, pfsp(self._win_rates(learner, past), "variance")

    def _past(self, learner: str) -> list[str]:
        """The snapshots of ``learner``, oldest first."""
        return self._pasts.get(learner, [])

    def _has_beaten(self, learner: str, name: str) -> bool:
        """Whether ``name`` is a baseline from which ``learner`` learns no more."""
        if name not in self._baselines:
            return False
        score, games = self._payoffs.get(learner, name)
        return games >= ENOUGH_GAMES and score >= BEATEN

    def _win_rates(self, learner: str, opponents: Sequence[str]) -> Floats:
        scores = self._payoffs.scores(learner)
        return np.array([scores.get(opponent, UNSEEN) for opponent in opponents])

    def _is_due(self, learner: str) -> bool:
        steps = self._steps[learner]
        if steps >= self.config.snapshot_max_steps:
            return True
        if steps < self.config.snapshot_min_steps:
            return False
        exploiter = self._members[learner].role == "main_exploiter"
        needed = [self._main] if exploiter else self._past(learner)[-1:]
        met = {
            name: score
            for name in ([self._main] if exploiter else self._frozen)
            for score, games in [self._payoffs.get(learner, name)]
            if games >= ENOUGH_GAMES
        }
        return (
            bool(met)
            and met.keys() >= set(needed)
            and all(s > self.config.snapshot_win_rate or self._has_beaten(learner, name) for name, s in met.items())
        )

    def _join(self, member: Member) -> None:
        if member.id in self._members:
            raise LeagueError(f"a member's ID must be new to its league, but {member.id!r} is taken; choose another")
        self._members[member.id] = member
        (self._frozen if member.frozen else self._learners).append(member.id)
        if member.kind == "baseline":
            self._baselines[member.id] = None
        if member.learner is not None:
            self._pasts.setdefault(member.learner, []).append(member.id)

    def _known(self, name: str) -> None:
        if name not in self._members:
            raise LeagueError(f"a member must be in the league, but {name!r} is not; it has {list(self._members)[:8]}")

    def _learner(self, name: str) -> str:
        if name not in self._steps:
            raise LeagueError(f"a learner must be one of {self._learners}, but got {name!r}")
        return name
