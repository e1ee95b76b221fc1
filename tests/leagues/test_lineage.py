"""The line of snapshots that a member comes from."""

from __future__ import annotations

from dataclasses import replace

from leaguekit import MAIN, RANDOM, snapshot

from leagues.lineage import line_of_parents


def test_the_line_goes_back_to_new_weights() -> None:
    one, two, three = (snapshot(k) for k in (1, 2, 3))
    copied = replace(snapshot(1, "main-2"), parent="main@2")
    members = [MAIN, RANDOM, one, replace(two, parent="main@1"), copied, replace(three, parent="main@2")]
    assert line_of_parents(members, "main@3") == ["main@2", "main@1"]
    assert line_of_parents(members, copied.id) == ["main@2", "main@1"]
    assert line_of_parents(members, "main@1") == []
    assert line_of_parents(members, "random") == []


def test_a_line_that_goes_in_circles_ends() -> None:
    members = [replace(snapshot(1), parent="main@2"), replace(snapshot(2), parent="main@1")]
    assert line_of_parents(members, "main@1") == ["main@2"]
