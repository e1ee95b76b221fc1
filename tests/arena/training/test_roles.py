"""Roles in real training: who learns, who is frozen, and who starts over."""

import numpy as np
import pytest
from small_training import module_state, small

from agents.policies import weights

pytestmark = [pytest.mark.usefixtures("local_ray"), pytest.mark.slow]

ALPHASTAR = {"pfsp_hard": 0.5, "self_play": 0.35, "verification": 0.15}


def test_a_league_of_all_roles_freezes_each_of_them_and_goes_on_after_a_stop(tmp_path, build):
    roles = {"main": 1, "main_exploiter": 1, "league_exploiter": 2}
    settings = {"roles": roles, "opponents": ALPHASTAR, "snapshot_max_steps": 600}
    first = {"main@1", "main_exploiter@1", "league_exploiter@1", "league_exploiter-2@1"}
    algorithm = build(small(folder=tmp_path / "league", **settings))
    while not first <= algorithm.session.members.keys():
        algorithm.train()
    progress = algorithm.session.progress
    algorithm.stop()
    again = build(small(folder=tmp_path / "league", **settings))
    assert again.session.progress.agent_steps == progress.agent_steps
    again.train()
    assert again.session.progress.iteration == progress.iteration + 1


@pytest.mark.parametrize(("share", "starts_over"), [(1.0, True), (0.0, False)])
def test_a_league_exploiter_is_frozen_before_it_starts_over(build, share, starts_over):
    algorithm = build(small(roles={"main": 1, "league_exploiter": 1}, league_exploiter_reset=share))
    while "league_exploiter@1" not in algorithm.session.members:
        algorithm.train()
    snapshot = algorithm.session.members["league_exploiter@1"]
    frozen, _ = weights.parse(algorithm.session.store.weights.get(snapshot.weights))
    assert np.abs(frozen["league_exploiter/policy.weight"]).max() > 0.011, "what was trained is frozen"
    now = module_state(algorithm)["league_exploiter"]["policy.weight"]
    assert (np.abs(now).max() < 0.011) == starts_over, "new weights are near zero"
    kinds = [entry.kind for entry in algorithm.session.writer.journal() if "exploiter" in str(entry.subject)]
    assert kinds == (["reset", "snapshot"] if starts_over else ["snapshot"]), "the newest first"


def test_only_the_learner_of_a_match_learns_from_it_also_where_another_main_is_live(build):
    algorithm = build(small(roles={"main": 2}, opponents={"self_play": 1.0}))
    for _ in range(4):
        algorithm.train()
    progress = algorithm.session.progress
    # Half of the games are against the other main, and there one of two seats learns.
    assert progress.agent_steps / progress.env_steps == pytest.approx(0.75, abs=0.1)
    score, games = algorithm.session.league.view("main").training.get("main", "main-2")
    assert games > 20
    assert 0 < score < 1
