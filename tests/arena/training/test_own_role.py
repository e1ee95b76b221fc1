"""A league trains with a role of one's own, of which it has two learners, beside a main learner."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import twin_role  # noqa: F401  registers the role
from small_training import module_state, small


@pytest.mark.slow
def test_a_league_trains_with_a_role_of_ones_own(build: Any, tmp_path: Path) -> None:
    roles = {"main": 1, "twin": 2}
    algorithm = build(small(folder=tmp_path / "league", roles=roles))
    fresh = module_state(algorithm)
    assert set(fresh) == {"main", "twin", "twin-2"}
    for _ in range(40):
        algorithm.train()
        if "twin@1" in algorithm.session.members or "twin-2@1" in algorithm.session.members:
            break
    session = algorithm.session
    snapshot = next(member for member in session.members.values() if member.role == "twin" and member.frozen)
    assert snapshot.learner in ("twin", "twin-2")
    trained = module_state(algorithm)
    for module in fresh:
        assert not np.array_equal(fresh[module]["policy.weight"], trained[module]["policy.weight"])
    met: dict[str, set[str]] = defaultdict(set)
    for tally in session.writer.tallies():
        met[tally.member].add(tally.opponent)
    assert met["twin"] == {"twin-2"}, "a twin trains against the other one only"

    algorithm.stop()
    resumed = build(small(folder=tmp_path / "league", roles=roles))
    resumed.train()
    assert resumed.session.progress.iteration == session.progress.iteration + 1
