"""Requests that wait for nobody: who is asked when, with which streams, and what is thrown away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from fake_runners import Runners, league_of_snapshots, next_iteration

from arena.seeds import Purpose, stream
from arena.training.asynchronous import AsynchronousRequests
from arena.training.planner import Plan
from arena.training.samples import TrainingSample
from arena.training.session import LeagueSession

OF_AN_ANSWER = 10
"""Agent steps of an answer."""


@pytest.fixture
def session() -> Iterator[LeagueSession]:
    with league_of_snapshots() as made:
        yield made


def requests_to(
    session: LeagueSession, runners: Runners, evaluators: Runners | None = None, *, answers: int = 2
) -> AsynchronousRequests:
    """Requests whose batch is full after so many answers."""
    groups: tuple[Any, Any] = runners, evaluators
    return AsynchronousRequests(
        session,
        *groups,
        steps=answers * OF_AN_ANSWER,
        tables=8,
        evaluation_games=24,
        in_flight=2,
        weights=lambda: "weights of an update",
    )


def work(runners: Runners) -> list[tuple[int, Plan, int | None]]:
    """The requests so far: runner, plan, steps."""
    return [(runner, plan, steps) for runner, method, plan, steps in runners.asked if method == "work"]


def samples(requests: AsynchronousRequests) -> list[TrainingSample]:
    return [sample for sample, _ in requests.sample()[0]]


def test_every_runner_has_two_requests_and_gets_the_next_as_soon_as_it_has_answered(session: LeagueSession) -> None:
    runners = Runners(2)
    requests = requests_to(session, runners, answers=4)
    assert len(samples(requests)) == 4
    assert Counter(runner for runner, _, _ in work(runners)) == {1: 4, 2: 4}, "the next two before anything is learned"
    assert {steps for _, _, steps in work(runners)} == {10}, "those that wait ask for one batch together"
    assert runners.weights == ["weights of an update"] * 8


def test_a_slow_runner_holds_nobody_up_and_its_lag_is_told(session: LeagueSession) -> None:
    runners = Runners(2)
    requests = requests_to(session, runners)
    runners.busy = {2}
    for _ in range(3):
        assert [sample.runner for sample in samples(requests)] == [1, 1]
        next_iteration(session)
    runners.busy = set()
    lags = sorted((sample.runner, sample.lag) for sample in samples(requests))
    assert lags == [(1, 1), (1, 1), (2, 3), (2, 3)]
    assert Counter(runner for runner, _, _ in work(runners)) == {1: 10, 2: 4}


def test_no_two_requests_share_a_stream(session: LeagueSession) -> None:
    runners = Runners(2)
    requests = requests_to(session, runners)
    for _ in range(3):
        requests.sample()
        next_iteration(session)
    plans = [plan for _, plan, _ in work(runners)]
    assert len({plan.key for plan in plans}) == len(plans) == 16
    assert len({pairing.seed for plan in plans for pairing in plan.pairings}) == 16 * 8
    assert len({pairing.event for plan in plans for pairing in plan.pairings}) == 16
    drawn = {
        stream(plan.seed, purpose, plan.key, runner).integers(2**63)
        for runner, plan, _ in work(runners)
        for purpose in (Purpose.SAMPLING, Purpose.RANDOM_PLIES)
    }
    assert len(drawn) == 32
    assert plans[0].key == plans[0].iteration, "the first is that of an iteration with one plan"


def test_what_a_learner_did_before_it_started_over_is_discarded_in_all_requests_that_wait(
    session: LeagueSession,
) -> None:
    runners = Runners(2)
    requests = requests_to(session, runners, answers=4)
    runners.busy = {2}
    requests.sample()
    session.reset(["two"])
    requests.discard({"two": {"two"}})
    assert requests.running_games() == {}, "they are games of the old weights"
    next_iteration(session)
    old = samples(requests)
    assert [set(sample.trajectories) for sample in old[:2]] == [{"main"}] * 2
    assert [(tally.member, tally.opponent) for tally in old[0].tallies] == [("main", "random")]
    later = [sample for sample in old if sample.lag == 0]
    assert later
    assert all(set(sample.trajectories) == {"main", "two"} for sample in later), "asked for since"
    next_iteration(session)
    runners.busy = {1}
    slow = samples(requests)
    assert [sample.lag for sample in slow[:2]] == [2, 2]
    assert [set(sample.trajectories) for sample in slow[:2]] == [{"main"}] * 2, "however late they come"


def test_every_runner_abandons_the_games_of_a_learner_that_has_started_over_once(session: LeagueSession) -> None:
    runners = Runners(2)
    requests = requests_to(session, runners, answers=4)
    requests.sample()
    session.reset(["two"])
    requests.discard({"two": {"two"}})
    before = len(work(runners))
    for _ in range(2):
        next_iteration(session)
        requests.sample()
    for runner in (1, 2):
        told = [plan.reset_modules for asked, plan, _ in work(runners)[before:] if asked == runner]
        assert told == [("two",), *[()] * (len(told) - 1)]


def test_running_games_are_those_after_the_newest_answer(session: LeagueSession) -> None:
    runners = Runners(2)
    requests = requests_to(session, runners)
    runners.busy = {2}
    requests.sample()
    assert requests.running_games() == {"1": {"after": 2}}
    runners.busy = set()
    next_iteration(session)
    requests.sample()
    assert requests.running_games() == {"1": {"after": 4}, "2": {"after": 2}}


def test_a_runner_that_dies_is_left_out_and_one_that_comes_back_is_asked(session: LeagueSession) -> None:
    runners = Runners(2)
    requests = requests_to(session, runners)
    runners.busy = {2}
    requests.sample()
    runners.die(2)
    next_iteration(session)
    assert {sample.runner for sample in samples(requests)} == {1}
    assert work(runners)[-1][2] == 10, "the living ask for a batch together"
    runners.alive.add(2)
    runners.busy = {1}
    next_iteration(session)
    assert [sample.runner for sample in samples(requests)] == [2, 2]


def test_a_runner_that_is_back_before_anybody_missed_it_is_asked_anew(session: LeagueSession) -> None:
    runners = Runners(1)
    requests = requests_to(session, runners)
    requests.sample()
    runners.die(1)
    runners.alive.add(1)
    group: Any = runners
    requests.restarted(group, [1])
    next_iteration(session)
    assert len(samples(requests)) == 2


def test_without_a_living_runner_there_are_no_samples(session: LeagueSession) -> None:
    runners = Runners(2)
    requests = requests_to(session, runners)
    runners.alive.clear()
    assert requests.sample() == ([], [])


def test_what_waits_is_thrown_away_when_a_checkpoint_replaces_it(session: LeagueSession) -> None:
    runners = Runners(1)
    requests = requests_to(session, runners)
    requests.sample()
    requests.abandon()
    before = len(work(runners))
    assert len(samples(requests)) == 2
    assert len(work(runners)) == before + 4


def test_evaluation_matches_are_played_between_and_nobody_waits_for_them(session: LeagueSession) -> None:
    runners = Runners(2)
    requests = requests_to(session, runners)
    runners.busy = {2}
    _, matches = requests.sample()
    asked = [runner for runner, method, *_ in runners.asked if method == "play"]
    assert asked == [1, 2]
    assert 0 < len(matches) < 24, "those of the quick one"
    next_iteration(session)
    requests.sample()
    asked = [runner for runner, method, *_ in runners.asked if method == "play"]
    assert asked == [1, 2, 1], "one that plays gets no more"
    runners.busy = set()
    assert requests.evaluation_matches()
    assert requests.evaluation_matches() == []


def test_evaluators_play_in_place_of_the_runners(session: LeagueSession) -> None:
    runners, evaluators = Runners(1), Runners(1)
    requests = requests_to(session, runners, evaluators)
    _, matches = requests.sample()
    assert len(matches) == 24
    assert not runners.plans("play")


def test_an_error_of_a_runner_is_raised(session: LeagueSession) -> None:
    runners = Runners(2)
    runners.error = ZeroDivisionError("in a runner")
    with pytest.raises(ZeroDivisionError, match="in a runner"):
        requests_to(session, runners).sample()
