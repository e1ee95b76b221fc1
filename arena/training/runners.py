"""What the env runners are asked for, and what comes back: training games, ahead of learning where that is wanted, and
rating matches beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ray.rllib.env.env_runner_group import EnvRunnerGroup

from arena.training.env_runner import TrainingSample
from arena.training.planner import Plan
from arena.training.session import Keeper
from leagues.records import Match, Pairing


class Requests:
    """The requests of a training run to its env runners, in this process or remote.

    A remote runner does what it is asked in the order it was asked: the weights that :meth:`LeaguePPO._broadcast` sends
    while it plays are taken up when it is done.

    Args:
        keeper: makes the plans.
        runners: play training games, and rating matches unless there are ``raters``.
        raters: remote evaluation runners, which play rating matches alone; None or empty without.
        steps: agent steps of a batch.
        tables: tables of a runner.
        rating_games: rating matches of an iteration: of all training runners together, or of each rater.
        overlap: whether runners begin with the next iteration's games as soon as this one's are here.
    """

    def __init__(
        self,
        keeper: Keeper,
        runners: EnvRunnerGroup,
        raters: EnvRunnerGroup | None,
        *,
        steps: int,
        tables: int,
        rating_games: int,
        overlap: bool,
    ) -> None:
        self._keeper, self._runners = keeper, runners
        self._raters = raters if raters is not None and raters.num_remote_workers() else None
        self._steps, self._tables, self._rating_games, self._overlap = steps, tables, rating_games, overlap
        self._under_way: int | None = None  # the iteration whose games are being played
        self._void: Mapping[str, Collection[str]] = {}
        self._rating: set[int] = set()  # the raters that are playing

    def sample(self) -> tuple[list[tuple[TrainingSample, Any]], list[Match]]:
        """The coming iteration's training games, with the metrics of each runner that lives, and the rating matches
        that have been played since.

        Raises:
            Exception: whatever a runner's code raised.
        """
        iteration = self._keeper.progress.iteration + 1
        if self._raters is not None:
            self._rate_beside(self._raters)
        if self._runners.num_remote_workers() == 0:
            ratings = None if self._raters is not None else self._keeper.rating_plan(self._rating_games)
            plan = self._keeper.training_plan(self._tables, iteration=iteration)
            sampled = self._runners.local_env_runner.work(plan, self._steps)
            return [sampled], self.rated() + (self.play(ratings) if ratings is not None else [])
        if self._under_way != iteration:
            if self._under_way is not None:
                self.abandon()
            self._ask_for(iteration)
        self._under_way = None
        results = list(_collect(self._runners, "work").values())
        matches = self.rated()
        if results and self._raters is None:  # played while the learners learn
            _send(self._runners, "play", self._keeper.rating_plan(self._rating_games))
        if results and self._overlap:
            self._ask_for(iteration + 1)
        void, self._void = self._void, {}
        return [(_without(sample, void), metrics) for sample, metrics in results], matches

    def void(self, members: Mapping[str, Collection[str]]) -> None:
        """Count nothing that learners do in the games under way: they have started over.

        Args:
            members: learner -> its modules.
        """
        if self._under_way is not None:
            self._void = members

    def abandon(self) -> None:
        """Wait for what runners are playing, and throw it away: it belongs to what is no more."""
        for group in (self._runners, self._raters):
            if group is not None:
                group.fetch_ready_async_reqs(tags=["work", "play"], timeout_seconds=None)
        self._under_way, self._void, self._rating = None, {}, set()

    def rated(self, timeout: float = 0.0) -> list[Match]:
        """Rating matches that have been played since they were last asked for.

        Args:
            timeout: seconds to wait for raters that are playing. Training runners are always waited for: they play
                rating matches before they go on with training games.
        """
        if self._raters is None:
            return _matches(_collect(self._runners, "play"))
        ready = _collect(self._raters, "play", timeout=timeout)
        self._rating -= set(ready)
        return _matches(ready)

    def play(self, plan: Plan) -> list[Match]:
        """Rating matches played now, on the training runners; none when no runner is alive."""
        if self._runners.num_remote_workers() == 0:
            return list(self._runners.local_env_runner.play(plan))
        _send(self._runners, "play", plan)
        return _matches(_collect(self._runners, "play"))

    def _ask_for(self, iteration: int) -> None:
        if alive := len(self._runners.healthy_worker_ids()):
            plan = self._keeper.training_plan(self._tables * alive, iteration=iteration)
            _send(self._runners, "work", plan, steps=-(-self._steps // alive))
            self._under_way = iteration

    def _rate_beside(self, raters: EnvRunnerGroup) -> None:
        """Give rating matches to the raters that are idle."""
        alive = raters.healthy_worker_ids()
        self._rating &= set(alive)
        if idle := [rater for rater in alive if rater not in self._rating]:
            plan = self._keeper.rating_plan(self._rating_games * len(idle))
            self._rating |= _send(raters, "play", plan, to=idle)


def _send(
    group: EnvRunnerGroup, method: str, plan: Plan | None, *, to: Sequence[int] | None = None, **arguments: Any
) -> set[int]:
    """Call a method of runners, of all by default, each with its part of the plan; returns those that got a part."""
    runners = group.healthy_worker_ids() if to is None else to
    if plan is None or not runners:
        return set()
    parts = dict(zip(runners, _deal(plan, len(runners), by_block=method == "play"), strict=True))
    asked = {runner: part for runner, part in parts.items() if part is not None}
    for runner, part in asked.items():
        group.foreach_env_runner_async(
            "call", tag=method, kwargs={"method": method, "plan": part, **arguments}, remote_worker_ids=[runner]
        )
    return set(asked)


def _collect(group: EnvRunnerGroup, method: str, *, timeout: float | None = None) -> dict[int, Any]:
    """What runners returned of the calls that were sent, by runner and in their order; nothing of those that died."""
    results = dict(sorted(group.fetch_ready_async_reqs(tags=method, timeout_seconds=timeout), key=lambda each: each[0]))
    for result in results.values():
        if isinstance(result, Exception):
            raise result
    return results


def _matches(results: Mapping[int, list[Match]]) -> list[Match]:
    return [match for matches in results.values() for match in matches]


def _deal(plan: Plan, parts: int, *, by_block: bool) -> list[Plan | None]:
    """A plan dealt out among runners; matches of one block stay together where that is asked for."""
    hands: list[list[Pairing]] = [[] for _ in range(parts)]
    for index, pairing in enumerate(plan.pairings):
        hands[(pairing.block if by_block else index) % parts].append(pairing)
    dealt: list[Plan | None] = []
    for hand in hands:
        members = {member: plan.members[member] for pairing in hand for member in pairing.seats}
        files = {m.weights: plan.weights[m.weights] for m in members.values() if m.weights}
        dealt.append(replace(plan, pairings=tuple(hand), members=members, weights=files) if hand else None)
    return dealt


def _without(sample: TrainingSample, members: Mapping[str, Collection[str]]) -> TrainingSample:
    """A sample without what learners did in it: their experience, results and recorded games."""
    modules = {module for names in members.values() for module in names}
    return replace(
        sample,
        trajectories={name: steps for name, steps in sample.trajectories.items() if name not in modules},
        tallies=tuple(t for t in sample.tallies if t.member not in members and t.opponent not in members),
        matches=tuple(match for match in sample.matches if members.keys().isdisjoint(match.seats)),
    )
