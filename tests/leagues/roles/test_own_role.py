"""A role of one's own: registered by its name, and a league plays by its rules."""

from __future__ import annotations

import pytest
from league_play import MODULES, beat, faced, generator, league_of
from leaguekit import MAIN, RANDOM, snapshot
from twin_role import Twin

from leagues.records import LeagueError, Member
from leagues.roles import learner_ids, make_role, register_role


def test_a_league_asks_and_freezes_by_the_rules_of_a_role_of_ones_own() -> None:
    ids = learner_ids({"main": 1, "twin": 2})
    assert ids == {"main": "main", "twin": "twin", "twin-2": "twin"}
    learners = [Member(name, "learner", role) for name, role in ids.items()]
    league = league_of(*learners, RANDOM, snapshot(1), snapshot_min_steps=100)
    assert faced(league, "twin").keys() == {"twin-2"}
    assert faced(league, "twin-2").keys() == {"twin"}
    league.tell([], {"twin": 100})
    assert list(league.due()) == []
    beat(league, "twin", "twin-2", 12, 11)
    assert list(league.due()) == ["twin"]
    assert league.snapshot("twin", "ab" * 32, 100, MODULES).role == "twin"
    assert list(league.due()) == []
    assert league.after_snapshot("twin", generator()) == "continue"


def test_a_role_that_lacks_a_member_says_so_when_the_league_is_made() -> None:
    with pytest.raises(LeagueError, match="a twin needs another one"):
        league_of(MAIN, Member("twin", "learner", "twin"))


def test_names_of_roles_are_known_and_unique() -> None:
    register_role("twin", Twin)  # once more is no harm
    with pytest.raises(LeagueError, match="'main' is taken"):
        register_role("main", Twin)
    with pytest.raises(LeagueError, match="no role 'main_exploitr'; did you mean 'main_exploiter'"):
        make_role("main_exploitr")


def test_learners_are_numbered_within_their_role() -> None:
    assert learner_ids({"main": 2, "main_exploiter": 1}) == {
        "main": "main",
        "main-2": "main",
        "main_exploiter": "main_exploiter",
    }
    with pytest.raises(LeagueError, match=r"a league needs a learner, but got roles=\{'main': 0\}"):
        learner_ids({"main": 0})
    with pytest.raises(LeagueError, match="no role 'mian'"):
        learner_ids({"mian": 1})
