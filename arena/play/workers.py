"""Matches on several processes: Ray actors, each with all agents of a contest, that play whole batches."""

from __future__ import annotations

import math
import os
import pickle
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import ray
from ray.exceptions import RayActorError, RayTaskError

from agents.contract import Agent, AgentError
from arena.play.live_table import LiveTable
from arena.play.play import play
from arena.play.recording import Cast
from arena.play.source import Limits, Planned, in_order
from arena.training.process import prepare_process, start_ray
from leagues.records import Match, Pairing
from leagues.store import open_store

AHEAD = 2
"""Batches given out for each worker: one that it plays, and one that waits."""

RESTARTS = 2
"""Times that a worker is started again after its process died."""

CLOSING = 3.0
"""Seconds in which workers close their agents."""


class WorkerError(Exception):
    """A process that plays matches died again and again. The message says what to try."""


class Worker:
    """One process. It makes its own agents, from the names and weights that the contest found."""

    def __init__(self, here: str, path: Sequence[str], cast: bytes) -> None:
        """Load nothing yet: an error here would kill the process.

        Args:
            here: the current directory, where relative names begin.
            path: where modules are found.
            cast: a pickled :class:`Cast`, which may need them.
        """
        os.chdir(here)
        os.environ["OMP_NUM_THREADS"] = "1"  # before the agents load torch: there is a process for every core already
        sys.path.extend(place for place in path if place not in sys.path)
        self._pickled = cast
        self._agents: dict[str, Agent] | None = None

    def _load(self) -> dict[str, Agent]:
        if self._agents is None:
            # The bytes come from the process that started this worker, through Ray, and never from a file.
            self._cast: Cast = pickle.loads(self._pickled)
            self._agents = {entrant.name: self._cast.load(entrant) for entrant in self._cast.entrants}
            self._live = LiveTable(open_store(self._cast.league), self._cast.game, self._cast.members)
        return self._agents

    def play(self, batch: Sequence[Pairing], tables: int, limits: Limits) -> list[Match]:
        """Play a batch; the matches in the order of the pairings."""
        agents, matches = self._load(), list[Match]()
        play(
            self._cast.game,
            Planned(batch),
            agents,
            tables=tables,
            limits=limits,
            weights=self._cast.weights,
            seed=batch[0].seed,
            on_match=matches.append,
            watch=self._live.look,
        )
        return in_order(batch, matches)

    def close(self) -> None:
        """Close the agents."""
        if self._agents is not None:
            self._live.close()
        for agent in (self._agents or {}).values():
            agent.close()


class Crew:
    """Workers that play the batches of a contest. Close it."""

    def __init__(self, workers: int, cast: Cast) -> None:
        """Prepare up to ``workers`` processes, each of which starts when there is a batch for it.

        Raises:
            AgentError: an agent is an object, or a person.
            ClusterError: the Ray cluster cannot be joined.
        """
        for entrant in cast.entrants:
            if entrant.asks_person:
                raise AgentError("a person plays in this process only; leave out --workers")
            if not isinstance(entrant.agent, str):
                raise AgentError(
                    f"{entrant.name} is an agent object, which no other process can make; name it as "
                    "py:MODULE:FACTORY, or leave out the workers"
                )
        self._started = not ray.is_initialized()
        if self._started:
            prepare_process()
            start_ray()
        share = min(1.0, math.floor(100 * ray.cluster_resources().get("CPU", 1.0) / workers) / 100)
        remote = ray.remote(num_cpus=share, max_restarts=RESTARTS, max_task_retries=RESTARTS)(Worker)
        pickled = ray.cloudpickle.dumps(cast)
        self._most = workers
        self._start: Callable[[], Any] = lambda: remote.remote(os.getcwd(), sys.path, pickled)
        self._workers: list[Any] = []

    def play(self, next_batch: Callable[[], list[Pairing]], tables: int, limits: Limits) -> Iterator[list[Match]]:
        """Play batches, and give the matches of each in the order in which the batches were taken.

        A batch is taken whenever another one has been given, so that the decisions of a source that looks at results
        do not depend on which worker is quicker.

        Args:
            next_batch: gives the next batch, empty if there is none now.
            tables, limits: as in :func:`arena.play.play.play`.

        Raises:
            WorkerError: a process died again and again.
        """
        idle = list(self._workers)
        waiting: deque[tuple[int, list[Pairing]]] = deque()
        sent: dict[Any, tuple[int, Any]] = {}
        done: dict[int, list[Match]] = {}
        taken = given = 0
        while True:
            while taken - given < AHEAD * self._most and (batch := next_batch()):
                waiting.append((taken, batch))
                taken += 1
            if taken == given:
                return
            while given not in done:
                while waiting and (idle or len(self._workers) < self._most):
                    if not idle:
                        idle.append(self._start())
                        self._workers.append(idle[-1])
                    number, batch = waiting.popleft()
                    worker = idle.pop()
                    sent[worker.play.remote(batch, tables, limits)] = number, worker
                (finished, *_), _ = ray.wait(list(sent), num_returns=1)
                number, worker = sent.pop(finished)
                done[number] = _result(finished)
                idle.append(worker)
            yield done.pop(given)
            given += 1

    def close(self) -> None:
        """End the workers, and Ray if it was started for them."""
        if closing := [worker.close.remote() for worker in self._workers]:
            ray.wait(closing, num_returns=len(closing), timeout=CLOSING)
        for worker in self._workers:
            ray.kill(worker)
        if self._started:
            ray.shutdown()


def _result(reference: Any) -> list[Match]:
    try:
        result: list[Match] = ray.get(reference)
    except RayTaskError as error:
        raise error.cause from error
    except RayActorError as error:
        raise WorkerError(
            "a process that plays matches died again and again; if memory ran out, use fewer --workers, and go on with "
            "--resume where a league records"
        ) from error
    return result
