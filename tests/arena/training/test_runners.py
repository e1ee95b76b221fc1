"""Requests to runners: how plans are dealt out, what is thrown away, and what becomes of the dead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sampling import trajectories

from arena.settings import Settings
from arena.training.planner import Plan, Played
from arena.training.runners import Requests
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
    """

    def __init__(self, count: int) -> None:
        self.alive, self.busy = set(range(1, count + 1)), set[int]()
        self.asked: list[tuple[int, str, Plan, int | None]] = []
        self.error: Exception | None = None
        self._count, self._waiting = count, list[tuple[int, str, Plan]]()

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

    def fetch_ready_async_reqs(self, *, tags: str | list[str], timeout_seconds: float | None) -> list[tuple[int, Any]]:
        # In the order of arrival, which is not that of the runners.
        ready = [
            each for each in reversed(self._waiting) if each[1] in tags and (timeout_seconds is None or self.idle(each))
        ]
        self._waiting = [each for each in self._waiting if each not in ready]
        return [(runner, self.answer(runner, tag, plan)) for runner, tag, plan in ready if runner in self.alive]

    def idle(self, request: tuple[int, str, Plan]) -> bool:
        return request[0] not in self.busy

    def answer(self, runner: int, tag: str, plan: Plan) -> Any:
        if self.error is not None:
            return self.error
        if tag == "play":
            return Played(plan.pairings, {})  # pairings stand for matches
        return sample_of(runner), f"metrics of {runner}"

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


@pytest.fixture
def session() -> Iterator[LeagueSession]:
    made = LeagueSession(None, GAME, SETTINGS, seed=3, learners=[MAIN, OTHER], share=bytes)
    for generation in range(1, 5):
        member = made.freeze("main", {"main/x": np.full(1, generation, np.float32)}, {}, generation, "max_steps")
        made.writer.add_members([member])
    yield made
    made.close()


def next_iteration(session: LeagueSession) -> None:
    session.progress = replace(session.progress, iteration=session.progress.iteration + 1)


def requests_to(
    session: LeagueSession, runners: Runners, evaluators: Runners | None = None, *, overlap: bool = False
) -> Requests:
    groups: tuple[Any, Any] = runners, evaluators
    return Requests(session, *groups, steps=1000, tables=8, evaluation_games=24, overlap=overlap)


def test_a_training_plan_is_dealt_out_among_the_runners(session: LeagueSession) -> None:
    runners = Runners(3)
    results, _ = requests_to(session, runners).sample()
    assert [metrics for _, metrics in results] == ["metrics of 1", "metrics of 2", "metrics of 3"]
    parts = runners.plans("work")
    assert [len(part.pairings) for part in parts.values()] == [8, 8, 8]
    assert len({pairing.seed for part in parts.values() for pairing in part.pairings}) == 24
    for part in parts.values():
        seated = {member for pairing in part.pairings for member in pairing.seats}
        assert part.members.keys() == seated
        assert part.weights.keys() == {m.weights for m in part.members.values() if m.weights}
    assert [steps for _, method, _, steps in runners.asked if method == "work"] == [334] * 3


def test_matches_of_one_block_are_played_by_one_runner(session: LeagueSession) -> None:
    runners = Runners(2)
    requests = requests_to(session, runners)
    requests.sample()
    parts = list(runners.plans("play").values())
    blocks = [{pairing.block for pairing in part.pairings} for part in parts]
    assert all(blocks)
    assert blocks[0].isdisjoint(blocks[1])
    assert len(requests.evaluation_matches()) == sum(len(part.pairings) for part in parts) == 24
    assert requests.evaluation_matches() == []


def test_the_living_do_the_work_of_the_dead(session: LeagueSession) -> None:
    runners = Runners(2)
    requests = requests_to(session, runners)
    requests.sample()
    runners.alive.remove(1)
    results, _ = requests.sample()
    assert [metrics for _, metrics in results] == ["metrics of 2"]
    assert [steps for runner, method, _, steps in runners.asked if (runner, method) == (2, "work")] == [500, 1000]


def test_without_a_living_runner_there_are_no_samples(session: LeagueSession) -> None:
    runners = Runners(2)
    requests = requests_to(session, runners)
    runners.alive.clear()
    assert requests.sample() == ([], [])
    assert not runners.asked
    runners.alive.add(2)
    assert len(requests.sample()[0]) == 1


def test_a_runner_that_dies_while_it_plays_ahead_is_left_out(session: LeagueSession) -> None:
    runners = Runners(2)
    requests = requests_to(session, runners, overlap=True)
    requests.sample()
    assert {plan.iteration for plan in runners.plans("work").values()} == {2}, "they play ahead"
    next_iteration(session)
    runners.alive.remove(2)
    results, _ = requests.sample()
    assert [metrics for _, metrics in results] == ["metrics of 1"]


def test_what_a_learner_did_before_it_started_over_is_discarded_once(session: LeagueSession) -> None:
    requests = requests_to(session, Runners(1), overlap=True)
    requests.sample()
    requests.discard({"two": {"two"}})
    next_iteration(session)
    [(sample, _)], _ = requests.sample()
    assert sample.trajectories.keys() == {"main"}
    assert [(tally.member, tally.opponent) for tally in sample.tallies] == [("main", "random")]
    assert sample.env_steps == 10
    next_iteration(session)
    [(sample, _)], _ = requests.sample()
    assert sample.trajectories.keys() == {"main", "two"}


def test_without_games_under_way_nothing_is_discarded(session: LeagueSession) -> None:
    requests = requests_to(session, Runners(1))
    requests.sample()
    requests.discard({"two": {"two"}})
    [(sample, _)], _ = requests.sample()
    assert sample.trajectories.keys() == {"main", "two"}


def test_what_is_under_way_is_thrown_away_when_a_checkpoint_replaces_it(session: LeagueSession) -> None:
    runners = Runners(1)
    requests = requests_to(session, runners, overlap=True)
    requests.sample()
    requests.abandon()
    assert requests.evaluation_matches() == []
    before = len(runners.asked)
    requests.sample()
    assert [plan.iteration for _, method, plan, _ in runners.asked[before:] if method == "work"] == [1, 2]


def test_only_idle_evaluators_get_matches(session: LeagueSession) -> None:
    runners, evaluators = Runners(1), Runners(2)
    requests = requests_to(session, runners, evaluators)
    evaluators.busy = {2}
    requests.sample()
    assert not runners.plans("play")
    assert [runner for runner, *_ in evaluators.asked] == [1, 2]
    _, matches = requests.sample()
    assert [runner for runner, *_ in evaluators.asked] == [1, 2, 1], "one is still playing"
    assert len(matches) == 24
    evaluators.busy = set()
    _, matches = requests.sample()
    assert len(matches) == 48, "of both"
    evaluators.alive.remove(2)
    requests.sample()
    assert [runner for runner, *_ in evaluators.asked][3:] == [1, 1], "the dead one gets none"


def test_an_error_of_a_runner_is_raised(session: LeagueSession) -> None:
    runners = Runners(2)
    runners.error = ZeroDivisionError("in a runner")
    with pytest.raises(ZeroDivisionError, match="in a runner"):
        requests_to(session, runners).sample()
