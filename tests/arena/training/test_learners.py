"""The learners as the league uses them: equal shares for all, results that count, and errors that are raised."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ray.rllib.policy.sample_batch import SampleBatch
from ray.rllib.utils import metrics as names
from ray.rllib.utils.metrics.metrics_logger import MetricsLogger
from sampling import trajectories

from arena.training.columns import Trajectories
from arena.training.learner import SHARE
from arena.training.learners import FAILURES_IN_A_ROW, Learners
from arena.training.samples import TrainingSample

STATE = {"learner": {"rl_module": {"main": {"w": np.ones(2)}}}}


class Group:
    """A group of learners that only notes what it gets."""

    def __init__(self, *results: Any) -> None:
        self.updates: list[dict[str, Any]] = []
        self.results = results

    def update(self, **arguments: Any) -> list[Any]:
        self.updates.append(arguments)
        return []

    def foreach_learner(self, func: Any) -> tuple[Any, ...]:
        return self.results

    def get_state(self, components: str) -> dict[str, Any]:
        return STATE


class Runners:
    """Runners that only note what they get; ``count`` of them are remote."""

    def __init__(self, count: int) -> None:
        self.count, self.synced, self.set = count, list[dict[str, Any]](), list[Any]()
        self.local_env_runner = SimpleNamespace(set_state=self.set.append)

    def num_remote_workers(self) -> int:
        return self.count

    def sync_weights(self, **arguments: Any) -> None:
        self.synced.append(arguments)


def learners_of(
    group: Group, runners: Runners | None = None, *, num_learners: int = 0, asynchronous: bool = False
) -> Learners:
    batches = {"num_epochs": 2, "minibatch_size": 5, "shuffle_batch_per_epoch": True}
    config = SimpleNamespace(num_learners=num_learners, asynchronous=asynchronous, **batches)
    parts: tuple[Any, ...] = (group, runners or Runners(0), make_batch, config, MetricsLogger())
    return Learners(*parts)


def make_batch(steps: Trajectories) -> SampleBatch:
    return SampleBatch({"obs": {"seen": steps.observations}, "rewards": steps.rewards})


def sample(**lengths: list[int]) -> TrainingSample:
    rng = np.random.default_rng(0)
    steps = {module: trajectories(each, rng) for module, each in lengths.items()}
    return TrainingSample(steps, (), (), games=1, env_steps=30, agent_steps=20, broken=0, seconds=0.1)


def test_the_samples_of_all_runners_are_one_batch() -> None:
    group = Group()
    samples = [sample(main=[3, 4], other=[2]), sample(main=[5])]
    rows = learners_of(group).update(samples, env_steps=90, shuffle_seed=7, share=0.25)
    assert rows == {"main": 12, "other": 2}
    (update,) = group.updates
    batch = update["training_data"].batch
    assert {module: len(part["rewards"]) for module, part in batch.policy_batches.items()} == rows
    assert batch.env_steps() == 60
    assert update["timesteps"] == {names.NUM_ENV_STEPS_SAMPLED_LIFETIME: 90, SHARE: 0.25}
    assert (update["num_epochs"], update["minibatch_size"], update["shuffle_batch_per_epoch"]) == (2, 5, True)
    assert update["shuffle_seed"] == 7


def test_remote_learners_get_equal_numbers_of_rows() -> None:
    group = Group()
    rows = learners_of(group, num_learners=3).update([sample(main=[4, 4], other=[2])], 30, 7)
    assert rows == {"main": 6, "other": 0}
    (update,) = group.updates
    batches = update["training_data"].batch.policy_batches
    assert batches.keys() == {"main"}, "no learner could have a row of the other"
    assert batches["main"]["obs"]["seen"].shape == (6, 3)


def test_without_a_row_there_is_no_update() -> None:
    group = Group()
    assert learners_of(group, num_learners=3).update([sample(main=[2])], 30, 7) == {"main": 0}
    assert not group.updates


def test_an_error_of_a_learner_is_raised() -> None:
    good = SimpleNamespace(ok=True, get=lambda: None)
    bad = SimpleNamespace(ok=False, get=lambda: ZeroDivisionError("in a learner"))
    learners_of(Group(good, good)).reset({})
    with pytest.raises(ZeroDivisionError, match="in a learner"):
        learners_of(Group(good, bad)).reset({})


class Failing(Group):
    """Two learners, the second of which fails with what is put into ``failures``; it notes what is restored."""

    def __init__(self) -> None:
        super().__init__()
        self.failures: dict[str, str] = {}
        self.restored: list[list[str]] = [[], []]

    def foreach_learner(self, func: Any) -> tuple[Any, ...]:
        learners = [
            SimpleNamespace(failures=failures, restore_good=restored.extend)
            for failures, restored in zip(({}, self.failures), self.restored, strict=True)
        ]
        values = [func(each) for each in learners]
        return tuple(SimpleNamespace(ok=True, get=lambda value=value: value) for value in values)


def test_a_module_that_fails_at_one_learner_is_restored_at_all_of_them() -> None:
    group = Failing()
    learners = learners_of(group)
    group.failures = {"other": "the loss exploded"}
    learners.update([sample(main=[3], other=[3])], 30, 7)
    assert learners.restored == {"other": "the loss exploded"}
    assert group.restored == [["other"], ["other"]]
    group.failures = {}
    learners.update([sample(main=[3], other=[3])], 30, 7)
    assert learners.restored == {}
    assert group.restored == [["other"], ["other"]]


def test_several_failures_in_a_row_end_the_run() -> None:
    group = Failing()
    learners = learners_of(group)
    for failures in (FAILURES_IN_A_ROW - 1, 0, FAILURES_IN_A_ROW - 1):
        group.failures = {"main": "a weight is not finite"} if failures else {}
        for _ in range(max(1, failures)):
            learners.update([sample(main=[3])], 30, 7)
    with pytest.raises(RuntimeError, match="5 updates of 'main' in a row failed, the last because a weight is not fin"):
        learners.update([sample(main=[3])], 30, 7)


def test_weights_reach_runners_in_this_process_and_remote_ones() -> None:
    here, remote, group = Runners(0), Runners(2), Group()
    learners_of(group, here).broadcast()
    assert (here.set, here.synced) == ([STATE["learner"]], [])
    learners_of(group, remote).broadcast()
    (sync,) = remote.synced
    assert sync["from_worker_or_learner_group"] is group
    assert sync["timeout_seconds"] is None, "it waits for the broadcast before"
    assert not remote.set


def test_weights_wait_for_the_next_request_where_runners_wait_for_nobody(local_ray: Any) -> None:
    remote = Runners(2)
    learners = learners_of(Group(), remote, asynchronous=True)
    learners.broadcast()
    assert (remote.set, remote.synced) == ([], [])
    assert local_ray.get(learners.shared).keys() == {"rl_module"}
    here = Runners(0)
    learners_of(Group(), here, asynchronous=True).broadcast()
    assert here.set == [STATE["learner"]]


def test_only_finite_metrics_are_reported() -> None:
    metrics = MetricsLogger()
    for name, value in (("loss", 0.5), ("kl", float("nan"))):
        metrics.log_value((names.LEARNER_RESULTS, "main", name), value, window=1)
    parts: tuple[Any, ...] = (Group(), Runners(0), make_batch, None, metrics)
    found = Learners(*parts).metrics(["main", "other"], ["loss", "kl", "entropy"])
    assert found == {"main": {"loss": 0.5}, "other": {}}
