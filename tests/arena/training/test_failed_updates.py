"""An update of one learner fails in a running league: it goes back, the others and the run go on, and it is noted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ray.rllib.evaluation.postprocessing import Postprocessing
from ray.rllib.policy.sample_batch import SampleBatch
from small_training import module_state, small

from arena.training.columns import Trajectories
from arena.training.learners import FAILURES_IN_A_ROW


def poison(algorithm: Any) -> None:
    """Spoil the advantages of the learner whose trajectories are made into a batch first."""
    made: list[SampleBatch] = []

    def make_batch(trajectories: Trajectories) -> SampleBatch:
        batch = algorithm.make_batch(trajectories)
        if not made:
            batch[Postprocessing.ADVANTAGES][:] = np.nan
        made.append(batch)
        return batch

    algorithm.learners._make_batch = make_batch


def test_one_of_two_learners_goes_back_and_the_other_learns(build: Any) -> None:
    algorithm = build(small("kuhn_poker", roles={"main": 2}, snapshot_min_steps=10**6, snapshot_max_steps=10**6))
    session = algorithm.session
    first, second = (learner.id for learner in session.learners)
    algorithm.train()
    before = {
        name: {key: value.copy() for key, value in state.items()} for name, state in module_state(algorithm).items()
    }
    poison(algorithm)
    algorithm.train()
    after = module_state(algorithm)
    np.testing.assert_equal(after[first], before[first])
    assert not np.array_equal(after[second]["policy.weight"], before[second]["policy.weight"])
    [entry] = session.writer.journal(kind="restored")
    assert (entry.subject, entry.iteration) == (first, 2)
    assert entry.detail == {"module": first, "reason": "a loss or a gradient is not finite"}
    algorithm.learners._make_batch = algorithm.make_batch
    algorithm.train()
    assert not np.array_equal(module_state(algorithm)[first]["policy.weight"], before[first]["policy.weight"])
    assert len(session.writer.journal(kind="restored")) == 1
    assert session.progress.iteration == 3


def test_a_learner_that_fails_again_and_again_ends_the_run(build: Any) -> None:
    algorithm = build(small("kuhn_poker"))
    for _ in range(FAILURES_IN_A_ROW - 1):
        poison(algorithm)
        algorithm.train()
    poison(algorithm)
    with pytest.raises(RuntimeError, match="5 updates of 'main' in a row failed"):
        algorithm.train()
    assert algorithm.session.progress.iteration == FAILURES_IN_A_ROW - 1, "the iterations before are kept"
