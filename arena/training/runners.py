"""Requests to the env runners: training games, played ahead of learning if wanted, and evaluation matches beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ray.rllib.env.env_runner_group import EnvRunnerGroup

from arena.training.planner import Plan, Played
from arena.training.samples import TrainingSample
from arena.training.session import LeagueSession
from arena.training.under_way import pairings_of, unreadable
from leagues.records import Match, Pairing


class Requests:
    """The requests of a training run to its env runners, which are in this process or remote.

    A remote runner works through its requests in order. Weights sent during a request apply from the next request.

    Args:
        session: makes the plans.
        runners: play training games, and evaluation matches unless there are ``evaluators``.
        evaluators: remote evaluation runners, which play evaluation matches only; None or empty if there are none.
        steps: agent steps of a batch.
        tables: tables of a runner.
        evaluation_games: evaluation matches of an iteration, for all training runners together or for each evaluator.
        overlap: whether runners begin with the next iteration's games as soon as they have returned this one's.
    """

    def __init__(
        self,
        session: LeagueSession,
        runners: EnvRunnerGroup,
        evaluators: EnvRunnerGroup | None,
        *,
        steps: int,
        tables: int,
        evaluation_games: int,
        overlap: bool,
    ) -> None:
        self._session, self._runners = session, runners
        self._evaluators = evaluators if evaluators is not None and evaluators.num_remote_workers() else None
        self._steps, self._tables, self._evaluation_games = steps, tables, evaluation_games
        self._overlap = overlap
        self._running: dict[int, Mapping[str, Any]] = {}  # remote runner -> its games after its newest sample
        self._under_way: int | None = None  # the iteration whose games are being played
        self._lag = 0  # of those games, see `TrainingSample`
        self._discarded: Mapping[str, Collection[str]] = {}
        self._evaluating: set[int] = set()  # the evaluators that are playing

    def sample(self) -> tuple[list[tuple[TrainingSample, Any]], list[Match]]:
        """Training games of the coming iteration with the metrics of each living runner, and the evaluation matches
        that have been played since the last call.

        Raises:
            Exception: what a runner's code raised.
        """
        iteration = self._session.progress.iteration + 1
        if self._evaluators is not None:
            self._evaluate_beside(self._evaluators, self._evaluation_games * len(self._evaluators.healthy_worker_ids()))
        if self._runners.num_remote_workers() == 0:
            evaluation = None if self._evaluators is not None else self._evaluation_plan(self._evaluation_games)
            plan = self._session.planner.training(self._tables, iteration)
            sampled = self._runners.local_env_runner.work(plan, self._steps)
            return [sampled], self.evaluation_matches() + (self.play(evaluation) if evaluation is not None else [])
        return self._sample_remotely(iteration)

    def _sample_remotely(self, iteration: int) -> tuple[list[tuple[TrainingSample, Any]], list[Match]]:
        """:meth:`sample` for remote runners."""
        if self._under_way != iteration:
            if self._under_way is not None:
                self.abandon()
            self._ask_for(iteration)
        lag, self._under_way = self._lag, None
        results = list(_collect(self._runners, "work").values())
        matches = self.evaluation_matches()
        if results and self._evaluators is None:  # played while the learners learn
            _send(self._runners, "play", self._evaluation_plan(self._evaluation_games))
        if results and self._overlap:
            self._ask_for(iteration + 1, lag=1)
        discarded, self._discarded = self._discarded, {}
        self._running = {sample.runner: sample.running for sample, _ in results if sample.running is not None}
        return [(replace(without(sample, discarded), lag=lag), metrics) for sample, metrics in results], matches

    def running_games(self) -> dict[str, Any]:
        """The training games that were running when the newest iteration ended, by the index of their runner."""
        if self._runners.num_remote_workers():
            return {str(runner): games for runner, games in self._running.items()}
        games = self._runners.local_env_runner.running_games()
        return {} if games is None else {"0": games}

    def go_on(self, running: Mapping[str, Any]) -> tuple[int, int]:
        """Let the runners go on with the games of an earlier run.

        Args:
            running: what :meth:`running_games` gave there. A runner that is no longer there takes none.

        Returns:
            The number of games that go on, and of those that begin anew.

        Raises:
            WeightsError: they cannot be read.
        """
        asked: dict[int, tuple[Plan, Mapping[str, Any]]] = {}
        total = 0
        try:
            for runner, games in running.items():
                pairings = pairings_of(games["games"])
                total += len(pairings)
                asked[int(runner)] = self._session.planner.going_on(pairings, self._session.progress.iteration), games
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise unreadable(error) from error
        if self._runners.num_remote_workers() == 0:
            going = [self._runners.local_env_runner.go_on(*asked[0])] if 0 in asked else []
        else:
            for index in asked.keys() & set(self._runners.healthy_worker_ids()):
                arguments = dict(zip(("plan", "games"), asked[index], strict=True)) | {"method": "go_on"}
                self._runners.foreach_env_runner_async("call", tag="go_on", kwargs=arguments, remote_worker_ids=[index])
            going = list(_collect(self._runners, "go_on").values())
        return sum(going), total - sum(going)

    def discard(self, learners: Mapping[str, Collection[str]]) -> None:
        """Count nothing that learners do in the games under way, because they have started over.

        Args:
            learners: learner -> its modules.
        """
        if self._under_way is not None:
            self._discarded = learners

    def abandon(self) -> None:
        """Discard what the runners are playing. A restored checkpoint replaces it."""
        for group in (self._runners, self._evaluators):
            if group is not None:
                group.fetch_ready_async_reqs(tags=["work", "play"], timeout_seconds=None)
        self._under_way, self._discarded, self._evaluating = None, {}, set()

    def restarted(self, group: EnvRunnerGroup, runners: Collection[int]) -> None:
        """Runners of a group have died and are there again: they will not answer what they were asked for before."""
        if group is (self._runners if self._evaluators is None else self._evaluators):
            self._evaluating -= set(runners)

    def evaluation_matches(self, timeout: float = 0.0) -> list[Match]:
        """Evaluation matches that have been played since the last call.

        Args:
            timeout: seconds to wait for evaluators that are playing. Training runners are always waited for: they play
                evaluation matches before they go on with training games.
        """
        if self._evaluators is None:
            return self._played(self._runners, timeout=None)
        return self._played(self._evaluators, timeout)

    def _played(self, group: EnvRunnerGroup, timeout: float | None) -> list[Match]:
        """Evaluation matches that runners have played; None waits for all of them."""
        ready = _collect(group, "play", timeout=timeout)
        self._evaluating -= set(ready)
        return self._counted(ready)

    def play(self, plan: Plan) -> list[Match]:
        """Evaluation matches played now, on the training runners; none if no runner is alive."""
        with self._session.runtime.stage("evaluating"):
            if self._runners.num_remote_workers() == 0:
                return self._counted({0: self._runners.local_env_runner.play(plan)})
            _send(self._runners, "play", plan)
            return self._counted(_collect(self._runners, "play"))

    def _counted(self, results: Mapping[int, Played]) -> list[Match]:
        """The matches that runners have played; the planner gets to know how long they took."""
        for played in results.values():
            self._session.planner.played(played)
        return [match for played in results.values() for match in played.matches]

    def _evaluation_plan(self, games: int) -> Plan | None:
        return self._session.planner.evaluation(games, self._session.progress.iteration + 1)

    def _ask_for(self, iteration: int, lag: int = 0) -> None:
        if alive := len(self._runners.healthy_worker_ids()):
            plan = self._session.planner.training(self._tables * alive, iteration)
            _send(self._runners, "work", plan, steps=-(-self._steps // alive))
            self._under_way, self._lag = iteration, lag

    def _evaluate_beside(self, group: EnvRunnerGroup, games: int) -> None:
        """Give evaluation matches to those runners of a group that play none; ``games`` is about how many all would
        get together."""
        alive = group.healthy_worker_ids()
        self._evaluating &= set(alive)
        if idle := [runner for runner in alive if runner not in self._evaluating]:
            plan = self._evaluation_plan(-(-games * len(idle) // len(alive)))
            self._evaluating |= _send(group, "play", plan, to=idle)


def _send(
    group: EnvRunnerGroup, method: str, plan: Plan | None, *, to: Sequence[int] | None = None, **arguments: Any
) -> set[int]:
    """Call a method of runners, by default of all, each with its part of the plan; returns those that got a part."""
    runners = group.healthy_worker_ids() if to is None else to
    if plan is None or not runners:
        return set()
    parts = dict(zip(runners, _deal(plan, len(runners)), strict=True))
    asked = {runner: part for runner, part in parts.items() if part is not None}
    for runner, part in asked.items():
        group.foreach_env_runner_async(
            "call", tag=method, kwargs={"method": method, "plan": part, **arguments}, remote_worker_ids=[runner]
        )
    return set(asked)


def _collect(group: EnvRunnerGroup, method: str, *, timeout: float | None = None) -> dict[int, Any]:
    """What runners returned of the calls that were sent, by runner and in their order; nothing of dead ones."""
    results = dict(sorted(group.fetch_ready_async_reqs(tags=method, timeout_seconds=timeout), key=lambda each: each[0]))
    for result in results.values():
        if isinstance(result, Exception):
            raise result
    return results


def _deal(plan: Plan, parts: int) -> list[Plan | None]:
    """A plan dealt out among runners; evaluation matches of one block stay together."""
    hands: list[list[Pairing]] = [[] for _ in range(parts)]
    for index, pairing in enumerate(plan.pairings):
        hands[(pairing.block if plan.kind == "evaluation" else index) % parts].append(pairing)
    dealt: list[Plan | None] = []
    for hand in hands:
        members = {member: plan.members[member] for pairing in hand for member in pairing.seats}
        files = {m.weights: plan.weights[m.weights] for m in members.values() if m.weights}
        dealt.append(replace(plan, pairings=tuple(hand), members=members, weights=files) if hand else None)
    return dealt


def without(sample: TrainingSample, learners: Mapping[str, Collection[str]]) -> TrainingSample:
    """A sample without the experience, results and recorded games of some learners."""
    modules = {module for names in learners.values() for module in names}
    return replace(
        sample,
        trajectories={name: steps for name, steps in sample.trajectories.items() if name not in modules},
        tallies=tuple(t for t in sample.tallies if t.member not in learners and t.opponent not in learners),
        matches=tuple(match for match in sample.matches if learners.keys().isdisjoint(match.seats)),
    )
