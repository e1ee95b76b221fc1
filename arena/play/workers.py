"""Matches on several processes: Ray actors, each with all agents of a contest, that play whole batches."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import ray
from ray.exceptions import RayActorError, RayTaskError

from agents.contract import AgentError
from arena.play.recording import Entrant
from arena.play.rounds import play
from arena.play.source import Limits, Planned, in_order
from arena.training.process import prepare_process, start_ray
from games import Game
from leagues.records import Match, Pairing
from leagues.store import open_store

AHEAD = 2
"""Batches given out for each worker: one that it plays, and one that waits."""

RESTARTS = 2
"""Times that a worker is started again after its process died."""

CLOSING = 10.0
"""Seconds in which workers close their agents."""


class WorkerError(Exception):
    """A process that plays matches died again and again. The message says what to try."""


class Worker:
    """One process. It makes its own agents, from the names and weights that the contest found."""

    def __init__(
        self, game: Game, found: Sequence[Entrant], league: str | None, weights: Mapping[str, str | None], code: Any
    ) -> None:
        """Load the agents; arguments as of :class:`Crew`."""
        blobs = None if league is None else open_store(league).weights
        self._game, self._weights = game, weights
        self._agents = {entrant.name: entrant.load(game, blobs, **code) for entrant in found}

    def play(self, batch: Sequence[Pairing], tables: int, limits: Limits) -> list[Match]:
        """Play a batch; the matches in the order of the pairings."""
        matches: list[Match] = []
        play(
            self._game,
            Planned(batch),
            self._agents,
            tables=tables,
            limits=limits,
            weights=self._weights,
            seed=batch[0].seed,
            on_match=matches.append,
        )
        return in_order(batch, matches)

    def close(self) -> None:
        """Close the agents."""
        for agent in self._agents.values():
            agent.close()


class Crew:
    """Workers that play the batches of a contest. Close it."""

    def __init__(
        self,
        workers: int,
        game: Game,
        found: Sequence[Entrant],
        league: str | None,
        weights: Mapping[str, str | None],
        code: Mapping[str, Any],
    ) -> None:
        """Start the workers.

        Args:
            workers: number of processes.
            game: the game to play.
            found: who plays.
            league: the league that has the weights of its members.
            weights: name -> weights hash, for the record.
            code: arguments of :func:`arena.load_agent` about code.

        Raises:
            AgentError: an agent is an object, or a person.
            ClusterError: the Ray cluster cannot be joined.
        """
        for entrant in found:
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
        self._workers = [remote.remote(game, list(found), league, dict(weights), dict(code)) for _ in range(workers)]

    def play(self, next_batch: Callable[[], list[Pairing]], tables: int, limits: Limits) -> Iterator[list[Match]]:
        """Play batches, and give the matches of each in the order in which the batches were taken.

        A batch is taken whenever another one has been given, so that the decisions of a source that looks at results
        do not depend on which worker is quicker.

        Args:
            next_batch: gives the next batch, empty if there is none now.
            tables, limits: as in :func:`arena.play.rounds.play`.

        Raises:
            WorkerError: a process died again and again.
        """
        idle = list(self._workers)
        waiting: deque[tuple[int, list[Pairing]]] = deque()
        sent: dict[Any, tuple[int, Any]] = {}
        done: dict[int, list[Match]] = {}
        taken = given = 0
        while True:
            while taken - given < AHEAD * len(self._workers) and (batch := next_batch()):
                waiting.append((taken, batch))
                taken += 1
            if taken == given:
                return
            while given not in done:
                while idle and waiting:
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
        ray.wait([worker.close.remote() for worker in self._workers], num_returns=len(self._workers), timeout=CLOSING)
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
