"""The league: plans training matches, counts their results, and says when learners are frozen.

Pure logic: it has no clock, no file and no generator, so that equal calls give equal leagues, and a restored league
goes on exactly as the original would. It knows no rule of any role: those are in :mod:`leagues.roles`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import cycle, islice
from operator import index
from typing import Any, Literal, Self

import numpy as np

from leagues.opponents import draw, openai_five
from leagues.pool import retired
from leagues.records import LeagueError, Member, Pairing, Tally
from leagues.results.payoff_table import PayoffTable
from leagues.results.training_payoffs import TrainingPayoffs
from leagues.roles import make_role
from leagues.settings import LeagueSettings
from leagues.solvers import find_solver
from leagues.view import Roster, View

INITIAL = "initial"
"""ID of the guest whose weights the learners began with, in leagues that did not begin with new ones."""


class League:
    """Ask it for matches, tell it their results, and freeze the learners that are due.

    Attributes:
        settings: how matches and snapshots are made.
        retired: snapshots that have left the pool, see :mod:`leagues.pool`; the newest last.
    """

    def __init__(
        self,
        settings: LeagueSettings,
        members: Iterable[Member],
        *,
        num_seats: int,
        agent_ids: Sequence[str],
        teams: Sequence[int] = (),
        graded: bool = False,
        evaluation: Callable[[], PayoffTable] | None = None,
    ) -> None:
        """A league of these members that has played no game yet.

        Args:
            settings: how matches and snapshots are made.
            members: all members in the order they joined; at least one learner.
            num_seats: seats of the game.
            agent_ids: the game's name for each seat; a snapshot needs a module for each.
            teams: the team of each seat, ``0..t-1``; one member takes all seats of a team. Empty where every seat plays
                for itself.
            graded: whether scores are returns, see :attr:`games.contract.Game.graded`.
            evaluation: gives the payoffs of all evaluation matches so far. It is called once, when a role first looks
                at them, because reading many takes a while; :meth:`tell_evaluation` adds to them. None: there are none.

        Raises:
            LeagueError: there is no learner, a role or the solver is unknown, a role lacks members that it needs, an ID
                is there twice, or the seats do not match.
        """
        if num_seats != len(agent_ids):
            raise LeagueError(f"`num_seats == len(agent_ids)` must hold, but got {num_seats} and {tuple(agent_ids)}")
        self.settings = settings
        self._teams = tuple(teams) or tuple(range(num_seats))
        self._num_teams = max(self._teams) + 1
        self._agent_ids = tuple(agent_ids)
        self._members = Roster(members)
        self.retired: list[str] = []
        self._retire()
        self._learners = tuple(self._members.learners)
        if not self._learners:
            raise LeagueError(f"a league needs a learner, but its members are {[each.id for each in self._members]}")
        self._scoring: dict[str, int] = {
            "sides": self._num_teams if graded else 0,
            "score_games": settings.score_games,
            "sampler_games": settings.sampler_games,
        }
        self._training = TrainingPayoffs(settings.payoff_decay, **self._scoring)
        self._evaluation = PayoffTable(graded=graded) if evaluation is None else None
        self._stored_evaluation = evaluation
        self._steps = dict.fromkeys(self._learners, 0)
        self._pairings = 0
        self._rotation = dict.fromkeys(self._learners, 0)
        self._gate = dict.fromkeys(self._learners, 0)  # steps from which on the gate is tried again
        self._origin = INITIAL if any(each.id == INITIAL for each in self._members) else None
        self._parents: dict[str, str | None] = dict.fromkeys(self._learners, self._origin)
        self._frozen_at = dict.fromkeys(self._learners, 0.0)  # seconds of training at the newest snapshot
        # Learner -> opponent -> quality: nothing without the sampler that reads them.
        self._qualities: dict[str, dict[str, float]] = (
            {learner: {} for learner in self._learners} if settings.mix.get("openai_five") else {}
        )
        self._roles = {learner: make_role(self._members[learner].role) for learner in self._learners}
        for name in (*settings.role_min_steps, *settings.role_max_steps):
            make_role(name)  # raises where there is none
        find_solver(settings.solver)  # likewise
        for learner, role in self._roles.items():
            role.opponents(self.view(learner))

    @property
    def members(self) -> list[Member]:
        """All members in the order they joined."""
        return list(self._members)

    def view(self, learner: str) -> View:
        """The league as a learner's role sees it.

        Raises:
            LeagueError: there is no such learner.
        """
        steps = self._steps[self._learner(learner)]
        qualities = self._qualities.get(learner, {})
        return View(learner, self._members, self._training, steps, self.settings, self._evaluated, qualities)

    def ask(self, n: int, rng: np.random.Generator) -> list[Pairing]:
        """``n`` training matches, the learners in turn.

        In self-play the learner sits at every seat and learns from all of them. Otherwise it has one seat, every seat
        equally often, and each other seat draws its own opponent. Training matches belong to no block.
        The caller numbers their event.

        Args:
            n: number of matches.
            rng: the only source of chance.
        """
        seeds = rng.integers(2**63, size=n).tolist()
        first = self._pairings % len(self._learners)
        turns = list(islice(cycle(self._learners), first, first + n))
        self._pairings += n
        lineups = {learner: iter(self._lineups(learner, turns.count(learner), rng)) for learner in dict.fromkeys(turns)}
        made = Pairing._make  # quicker than the constructor
        return [
            made((next(lineups[learner]), seed, 0, 0, "training", learner, ()))
            for learner, seed in zip(turns, seeds, strict=True)
        ]

    def tell(self, tallies: Iterable[Tally], steps: Mapping[str, int]) -> None:
        """Count training results.

        Args:
            tallies: games of every ordered pair, as :func:`leagues.results.scoring.tallies` gives them.
            steps: learner -> agent steps that it has been trained on since the last call.

        Raises:
            LeagueError: a learner or member is not in the league. Nothing is counted then.
        """
        new, trained = self._known(tallies), {self._learner(learner): more for learner, more in steps.items()}
        for learner, more in trained.items():
            self._steps[learner] += more
        for tally in new:
            if tally.member in self._steps:
                self._training.add(tally)
        for learner in self._qualities:
            own = [tally for tally in new if tally.member == learner]
            graded = bool(self._scoring["sides"])
            self._qualities[learner] = openai_five.after_games(self.view(learner), own, graded=graded)

    def tell_evaluation(self, tallies: Iterable[Tally]) -> None:
        """Count evaluation results, in either order of each pair or in both. Call it once they are stored.

        They are no part of :meth:`state`; a restored league reads them from the store.

        Raises:
            LeagueError: a member is not in the league.
        """
        new = self._known(tallies)
        if self._evaluation is not None:  # otherwise the first look finds them in the store
            self._evaluation.add(new)

    def due(self, now: float = 0.0) -> dict[str, str]:
        """The learners to be frozen now, in the order they joined, and why: ``time``, ``max_steps``, or what the role
        goes by. Those with :meth:`gated_by` are frozen if they pass, unless their time is up.

        Args:
            now: seconds of training so far.
        """
        found = {}
        most = self.settings.snapshot_max_seconds
        for learner, role in self._roles.items():
            view = self.view(learner)
            if most is not None and now - self._frozen_at[learner] >= most:
                found[learner] = "time"
            elif role.is_due(view) and (role.gated_by(view) is None or view.steps >= self._gate[learner]):
                found[learner] = "max_steps" if view.steps >= view.max_steps else role.due_by
        return found

    def gated_by(self, learner: str) -> str | None:
        """The snapshot that a learner has to beat in a sequential test before it is frozen; None without a test. See
        :meth:`leagues.roles.contract.Role.gated_by`."""
        return self._roles[self._learner(learner)].gated_by(self.view(learner))

    def gate_failed(self, learner: str) -> None:
        """Note that a learner did not pass: it is due again after half of its least steps more."""
        self._gate[learner] = self._steps[self._learner(learner)] + self.view(learner).min_steps // 2

    def snapshot(self, learner: str, weights: str, step: int, modules: Mapping[str, str], now: float = 0.0) -> Member:
        """Register a frozen copy of a learner, ``learner@1``, ``learner@2``, ..., and count its steps from 0 again.
        Where the pool is full, it lets another snapshot retire.

        Args:
            learner: ID of the learner.
            weights: SHA-256 of its weights file.
            step: agent steps it has been trained for in all.
            modules: agent ID -> module inside the weights.
            now: seconds of training so far.

        Raises:
            LeagueError: there is no such learner, or an agent ID has no module.
        """
        source = self._members[self._learner(learner)]
        if missing := [agent_id for agent_id in self._agent_ids if agent_id not in modules]:
            raise LeagueError(f"a snapshot needs a module for each agent ID, but {learner!r} has none for {missing}")
        past = self._members.past(learner)
        generation = 1 + (self._members[past[-1]].generation or 0) if past else 1
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
            parent=self._parents[learner],
        )
        self._members.join(member)
        self._retire()
        self._frozen_at[learner] = now
        self._steps[learner] = self._gate[learner] = 0
        self._parents[learner] = member.id
        return member

    def copied(self, learner: str, source: str) -> None:
        """Note that a learner took over the weights of another: it forgets its results, and the next snapshot of it has
        the ``parent`` that the other's would have.

        Args:
            learner, source: IDs of the learners.
        """
        self._parents[self._learner(learner)] = self._parents[self._learner(source)]
        self._forget(learner)

    def after_snapshot(self, learner: str, rng: np.random.Generator) -> Literal["continue", "reset"]:
        """Whether the learner trains on after a snapshot, or is to be reset to new weights. Ask once after each.

        A learner that is reset also forgets its results: what starts over has played no games.

        Args:
            learner: ID of the learner.
            rng: the only source of chance.
        """
        decision = self._roles[self._learner(learner)].after_snapshot(self.view(learner), rng)
        if decision == "reset":
            self._parents[learner] = self._origin
            self._forget(learner)
        return decision

    def state(self) -> dict[str, Any]:
        """What the league remembers beside its members and evaluation results, as plain JSON."""
        return {
            "pairings": self._pairings,
            "rotation": dict(self._rotation),
            "steps": dict(self._steps),
            "gate": dict(self._gate),
            "parents": dict(self._parents),
            "frozen_at": dict(self._frozen_at),
            "payoffs": self._training.state(),
            **(
                {"qualities": {learner: dict(row) for learner, row in self._qualities.items()}}
                if self._qualities
                else {}
            ),
        }

    @classmethod
    def restore(
        cls,
        settings: LeagueSettings,
        members: Iterable[Member],
        state: Mapping[str, Any],
        *,
        num_seats: int,
        agent_ids: Sequence[str],
        teams: Sequence[int] = (),
        graded: bool = False,
        evaluation: Callable[[], PayoffTable] | None = None,
    ) -> Self:
        """The league that gave ``state``, with its members: it asks and decides exactly as that one would.

        Raises:
            LeagueError: as the constructor, learners were added or removed, or ``state`` is not one of a league.
        """
        shape: dict[str, Any] = {"num_seats": num_seats, "agent_ids": agent_ids, "teams": teams}
        league = cls(settings, members, **shape, graded=graded, evaluation=evaluation)
        try:
            steps = {learner: index(count) for learner, count in state["steps"].items()}
            league._pairings = index(state["pairings"])
            league._gate |= {learner: index(steps) for learner, steps in state.get("gate", {}).items()}
            league._parents |= state.get("parents") or league._newest_parents()
            league._frozen_at |= {learner: float(then) for learner, then in state.get("frozen_at", {}).items()}
            league._rotation = {learner: index(turn) for learner, turn in state["rotation"].items()}
            league._training = TrainingPayoffs.restore(settings.payoff_decay, state["payoffs"], **league._scoring)
            for learner in league._qualities:
                league._qualities[learner] = openai_five.checked(state.get("qualities", {}).get(learner, {}))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise LeagueError(
                f"the stored state of the league cannot be read ({type(error).__name__}: {error}); "
                "restore the league from a copy"
            ) from error
        kept = (steps, league._rotation, league._gate, league._parents, league._frozen_at)
        if any(set(each) != set(league._steps) for each in kept):
            raise LeagueError(
                f"a league keeps its learners, {sorted(steps)}, but got {sorted(league._steps)}; "
                "use the settings that it was made with"
            )
        league._steps = steps
        return league

    def _newest_parents(self) -> dict[str, str | None]:
        """The parents of a league from before schema 0006, which stored none: main exploiters started over."""
        goes_on = [learner for learner in self._learners if self._members[learner].role != "main_exploiter"]
        return {learner: past[-1] for learner in goes_on if (past := self._members.past(learner))}

    def _lineups(self, learner: str, n: int, rng: np.random.Generator) -> list[tuple[str, ...]]:
        """``n`` lineups for one learner."""
        branches = self._roles[learner].opponents(self.view(learner))
        ends = np.cumsum([each.share for each in branches])
        branch = np.searchsorted(ends[:-1], rng.random(n) * ends[-1], side="right")
        # Each branch draws for every match, so that a match's opponents do not depend on the branches of others.
        shape, distinct = (n, self._num_teams - 1), self.settings.opponents_at_once
        choices = np.stack([draw(each.probabilities, shape, rng, distinct=distinct) for each in branches])
        alone = (learner,) * len(self._teams)
        turn = self._rotation[learner]
        known: dict[tuple[int, ...], tuple[str, ...]] = {}  # many matches have few different lineups
        lineups = []
        for place, row in zip(branch.tolist(), choices[branch, np.arange(n)].tolist(), strict=True):
            key = (turn % self._num_teams, place, *row)
            lineup = known.get(key)
            if lineup is None:
                players = [branches[place].names[choice] for choice in row]
                if learner in players:
                    lineup = alone
                else:
                    players.insert(key[0], learner)
                    lineup = tuple(players[team] for team in self._teams)
                known[key] = lineup
            turn += lineup is not alone
            lineups.append(lineup)
        self._rotation[learner] = turn
        return lineups

    def _retire(self) -> None:
        """Let the snapshots that have left the pool meet nobody in training."""
        if self.settings.pool_limit is not None:
            self.retired = retired(self._members, self.settings.pool_limit)
            for name in self.retired:
                self._members.retire(name)

    def _evaluated(self) -> PayoffTable:
        if self._evaluation is None:
            assert self._stored_evaluation is not None
            self._evaluation = self._stored_evaluation()
        return self._evaluation

    def _forget(self, learner: str) -> None:
        """Drop the results of a learner that has other weights now, and the qualities that follow from them."""
        self._training.forget(learner)
        if learner in self._qualities:
            self._qualities[learner] = {}

    def _known(self, tallies: Iterable[Tally]) -> list[Tally]:
        """The tallies, if all their members are in the league."""
        tallies = list(tallies)
        for tally in tallies:
            self._members[tally.member], self._members[tally.opponent]
        return tallies

    def _learner(self, name: str) -> str:
        if name not in self._steps:
            raise LeagueError(f"{name!r} is not a learner; the learners are {list(self._learners)}")
        return name
