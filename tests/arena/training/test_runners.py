"""Requests to runners: how plans are dealt out, what is thrown away, and what becomes of the dead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fake_runners import Runners, league_of_snapshots, next_iteration

from arena.training.runners import Requests
from arena.training.session import LeagueSession


@pytest.fixture
def session() -> Iterator[LeagueSession]:
    with league_of_snapshots() as made:
        yield made


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
