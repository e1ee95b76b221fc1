"""Remote runners without processes, and a league whose requests they answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from sampling import trajectories

from arena.settings import Settings
from arena.training.planner import Plan, Played
from arena.training.samples import TrainingSample
from arena.training.session import LeagueSession
from games import make_game
from leagues.records import Member, Tally

GAME = make_game("tic_tac_toe")
SETTINGS = Settings().replaced({"evaluation.anchors": ()})
MAIN, OTHER = (Member(name, "learner", "main", modules=dict.fromkeys(GAME.agent_ids, name)) for name in ("main", "two"))


class Runners:
    """Remote runners, in the interface of RLlib's group; they answer as soon as they are asked for an answer.

    Attributes:
        alive: IDs of the living ones.
        busy: IDs of those that do not answer yet.
        asked: every call: runner, method, plan, steps.
        weights: those of every call that had some.
    """

    def __init__(self, count: int) -> None:
        self.alive, self.busy = set(range(1, count + 1)), set[int]()
        self.asked: list[tuple[int, str, Plan, int | None]] = []
        self.weights: list[Any] = []
        self.error: Exception | None = None
        self._count, self._waiting = count, list[tuple[int, str, Plan]]()
        self._answers = Counter[int]()

    def num_remote_workers(self) -> int:
        return self._count

    def healthy_worker_ids(self) -> list[int]:
        return sorted(self.alive)

    def foreach_env_runner_async(
        self, func: str, *, tag: str, kwargs: dict[str, Any], remote_worker_ids: list[int]
    ) -> None:
        assert (func, kwargs["method"]) == ("call", tag)
        (runner,) = remote_worker_ids
        self.asked.append((runner, tag, kwargs["plan"], kwargs.get("steps")))
        self._waiting.append((runner, tag, kwargs["plan"]))
        self.weights += [kwargs["weights"]] if "weights" in kwargs else []

    def die(self, runner: int) -> None:
        """Kill a runner; what it was asked for is lost."""
        self.alive.remove(runner)
        self._waiting = [each for each in self._waiting if each[0] != runner]

    def fetch_ready_async_reqs(self, *, tags: str | list[str], timeout_seconds: float | None) -> list[tuple[int, Any]]:
        # In the order of arrival, which is not that of the runners.
        arrived = sorted(self._waiting, key=lambda each: -each[0])
        ready = [each for each in arrived if each[1] in tags and (timeout_seconds is None or self.idle(each))]
        self._waiting = [each for each in self._waiting if each not in ready]
        return [(runner, self.answer(runner, tag, plan)) for runner, tag, plan in ready if runner in self.alive]

    def idle(self, request: tuple[int, str, Plan]) -> bool:
        return request[0] not in self.busy

    def answer(self, runner: int, tag: str, plan: Plan) -> Any:
        if self.error is not None:
            return self.error
        if tag == "play":
            return Played(plan.pairings, {})  # pairings stand for matches
        self._answers[runner] += 1
        running = {"after": self._answers[runner]}
        return replace(sample_of(runner), key=plan.key, runner=runner, running=running), f"metrics of {runner}"

    def plans(self, method: str) -> dict[int, Plan]:
        """The newest plan of each runner."""
        return {runner: plan for runner, tag, plan, _ in self.asked if tag == method}


def sample_of(runner: int) -> TrainingSample:
    rng = np.random.default_rng(runner)
    return TrainingSample(
        trajectories={name: trajectories([2, 3], rng) for name in ("main", "two")},
        tallies=(Tally("main", "random", 1, 0, 0), Tally("two", "random", 0, 0, 1), Tally("main", "two", 1, 0, 0)),
        matches=(),
        games=3,
        env_steps=10 * runner,
        agent_steps=10,
        broken=0,
        seconds=0.1,
    )


@contextmanager
def league_of_snapshots() -> Iterator[LeagueSession]:
    """Two learners and four snapshots."""
    made = LeagueSession(None, GAME, SETTINGS, seed=3, learners=[MAIN, OTHER], share=bytes)
    for generation in range(1, 5):
        member = made.freeze("main", {"main/x": np.full(1, generation, np.float32)}, {}, generation, "max_steps")
        made.writer.add_members([member])
    yield made
    made.close()


def next_iteration(session: LeagueSession) -> None:
    """Count an iteration as finished."""
    session.progress = replace(session.progress, iteration=session.progress.iteration + 1)
