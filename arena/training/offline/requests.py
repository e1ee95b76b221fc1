"""Requests of a run that learns from recorded games: they give drawn episodes, and evaluation matches as usual."""

from __future__ import annotations

import time
from typing import Any

from arena.seeds import Purpose, stream
from arena.training.offline.data import OfflineData
from arena.training.runners import Requests
from arena.training.samples import TrainingSample
from leagues.records import Match


class OfflineRequests(Requests):
    """Plays no training games. Env runners play evaluation matches only, remote ones while the learners learn.

    The episodes of an iteration depend on the seed and on the number of the iteration only, so a resumed run goes on as
    the first would have. A step that is learned from counts as a step of the league.

    Args:
        arguments: as of :class:`Requests`.
        data: the recorded games.
    """

    def __init__(self, *arguments: Any, data: OfflineData, **sampling: Any) -> None:
        super().__init__(*arguments, **sampling)
        self._data = data

    def sample(self) -> tuple[list[tuple[TrainingSample, Any]], list[Match]]:
        began, iteration = time.perf_counter(), self._session.progress.iteration + 1
        drawn = self._data.draw(self._steps, stream(self._session.seed, Purpose.OFFLINE_DATA, iteration))
        steps = sum(map(len, drawn.values()))
        sample = TrainingSample(
            trajectories=drawn,
            tallies=(),
            matches=(),
            games=0,
            env_steps=steps,
            agent_steps=steps,
            broken=0,
            seconds=time.perf_counter() - began,
        )
        return [(sample, self._runners.local_env_runner.get_metrics())], self._evaluated()

    def _evaluated(self) -> list[Match]:
        """The evaluation matches since the last call."""
        group, games = self._runners, self._evaluation_games
        if self._evaluators is not None:
            group, games = self._evaluators, games * len(self._evaluators.healthy_worker_ids())
        if group.num_remote_workers():
            self._evaluate_beside(group, games)
            return self._played(group, timeout=0.0)
        plan = self._evaluation_plan(games)
        return [] if plan is None else self.play(plan)
