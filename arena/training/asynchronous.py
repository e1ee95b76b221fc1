"""Requests to env runners that play all the time, for algorithms that learn from samples of older weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ray.rllib.env.env_runner_group import EnvRunnerGroup

from arena.training.runners import Requests, without
from arena.training.samples import TrainingSample
from arena.training.session import LeagueSession
from leagues.records import Match

WAIT = 0.005
"""Seconds of one wait for samples. RLlib has no call that returns with the first of them."""


@dataclass(slots=True)
class _Asked:
    """A request that a runner has not answered.

    Attributes:
        runner: its index.
        iteration: in which it was asked.
        discarded: learner -> its modules, for those that have started over since.
    """

    runner: int
    iteration: int
    discarded: dict[str, Collection[str]] = field(default_factory=dict)


class AsynchronousRequests(Requests):
    """Requests to remote runners that wait neither for each other nor for the learners.

    A runner has up to ``in_flight`` requests, which it works through in order. An iteration takes the samples that have
    come in until they are a batch. A runner that has answered gets its next request at once, before the learners learn.
    All requests that wait ask for one batch together, so a runner that keeps up with the others is about one update
    behind; a slow one holds nobody up, and its samples are older.

    The newest weights travel with each request: a broadcast would have to wait for the slowest runner. So what a
    request is played with is known when it is sent.

    Which samples an iteration gets depends on the speed of the runners, so nothing here can be repeated by a seed. Each
    request has random streams of its own.

    Args:
        session, runners, evaluators, steps, tables, evaluation_games: as of :class:`Requests`.
        in_flight: requests that a runner may have, at least 1.
        weights: a reference to the newest weights.
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
        in_flight: int,
        weights: Callable[[], Any],
    ) -> None:
        super().__init__(
            session,
            runners,
            evaluators,
            steps=steps,
            tables=tables,
            evaluation_games=evaluation_games,
            overlap=False,
        )
        self._most, self._weights = in_flight, weights
        self._asked: dict[int, _Asked] = {}  # by the key of its plan
        self._number = 0, 0  # the iteration of the newest request, and how many it has
        self._resets: dict[int, set[str]] = {}  # runner -> modules whose running games it has to abandon

    def _sample_remotely(self, iteration: int) -> tuple[list[tuple[TrainingSample, Any]], list[Match]]:
        if self._evaluators is None:
            self._evaluate_beside(self._runners, self._evaluation_games)
        results: list[tuple[TrainingSample, Any]] = []
        steps = 0
        self._ask(iteration)
        while self._asked and steps < self._steps:
            for runner, answer in self._runners.fetch_ready_async_reqs(tags="work", timeout_seconds=WAIT):
                if isinstance(answer, Exception):
                    raise answer
                sample, metrics = answer
                asked = self._asked.pop(sample.key)
                if not asked.discarded:
                    self._running[runner] = sample.running
                sample = replace(without(sample, asked.discarded), lag=iteration - asked.iteration)
                results.append((sample, metrics))
                steps += sum(map(len, sample.trajectories.values()))
            self._ask(iteration)
        return results, self._played(self._runners if self._evaluators is None else self._evaluators, timeout=0.0)

    def discard(self, learners: Mapping[str, Collection[str]]) -> None:
        """Count nothing that learners do in requests that wait, because they have started over.

        The running games are forgotten: a run that is resumed before a runner has answered a later request begins them
        anew.
        """
        for asked in self._asked.values():
            asked.discarded |= learners
        self._running.clear()

    def abandon(self) -> None:
        super().abandon()
        self._asked.clear()
        self._resets.clear()

    def restarted(self, group: EnvRunnerGroup, runners: Collection[int]) -> None:
        super().restarted(group, runners)
        if group is self._runners:
            self._asked = {key: asked for key, asked in self._asked.items() if asked.runner not in runners}

    def _ask(self, iteration: int) -> None:
        """Give every living runner the requests that it may have."""
        alive = self._runners.healthy_worker_ids()
        self._asked = {key: asked for key, asked in self._asked.items() if asked.runner in alive}
        self._running = {runner: games for runner, games in self._running.items() if runner in alive}
        waiting = Counter(asked.runner for asked in self._asked.values())
        for runner in alive:
            for _ in range(self._most - waiting[runner]):
                self._request(runner, iteration, -(-self._steps // (self._most * len(alive))))

    def _request(self, runner: int, iteration: int, steps: int) -> None:
        newest, number = self._number
        number = number + 1 if newest == iteration else 0
        self._number = iteration, number
        plan = self._session.planner.training(self._tables, iteration, number)
        if plan.reset_modules:  # the planner tells them once, but every runner has to know
            for each in range(1, self._runners.num_remote_workers() + 1):
                self._resets.setdefault(each, set()).update(plan.reset_modules)
        plan = replace(plan, reset_modules=tuple(sorted(self._resets.pop(runner, ()))))
        self._asked[plan.key] = _Asked(runner, iteration)
        arguments = {"method": "work", "plan": plan, "steps": steps, "weights": self._weights()}
        self._runners.foreach_env_runner_async("call", tag="work", kwargs=arguments, remote_worker_ids=[runner])
