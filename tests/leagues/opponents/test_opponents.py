"""Samplers: known values, and that they give probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from league_play import beat, faced, generator, league_of
from leaguekit import MAIN, RANDOM, snapshot

from leagues.opponents import draw, find_sampler, register_sampler
from leagues.opponents.pfsp import weights_of
from leagues.records import LeagueError
from leagues.view import View

WEIGHTINGS = ["hard", "variance", "linear", "capped"]
NAMES = ["random", "main@1", "main@2", "main"]


@pytest.mark.parametrize(
    ("weighting", "expected"),
    [
        ("hard", [1, 0.25, 0.0625, 0]),
        ("variance", [0, 0.25, 0.1875, 0]),
        ("linear", [1, 0.5, 0.25, 0]),
        ("capped", [0.5, 0.5, 0.25, 0]),
    ],
)
def test_pfsp_has_its_known_weights(weighting: str, expected: list[float]) -> None:
    assert weights_of(np.array([0, 0.5, 0.75, 1]), weighting) == pytest.approx(expected)


def test_an_unknown_weighting_is_refused() -> None:
    with pytest.raises(LeagueError, match="'soft'"):
        weights_of(np.ones(2), "soft")


def test_pfsp_prefers_those_that_are_not_beaten() -> None:
    league = league_of(MAIN, RANDOM, snapshot(1), snapshot(2))
    beat(league, "main", "random", 1)
    beat(league, "main", "main@1", 1, 3)
    pfsp = find_sampler("pfsp")
    assert pfsp(league.view("main"), NAMES) == pytest.approx([0, 0.5625 / 0.8125, 0.25 / 0.8125, 0])
    for name in ("main@1", "main@2"):
        beat(league, "main", name, 100_000)
    beat(league, "main", "random", 1)
    assert pfsp(league.view("main"), NAMES[:3]).sum() == pytest.approx(1)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_pfsp_is_uniform_when_every_weight_vanishes(weighting: str) -> None:
    league = league_of(MAIN, RANDOM, snapshot(1), pfsp_weighting=weighting)
    for name in ("random", "main@1"):
        beat(league, "main", name, 1)
    for sampler in ("pfsp", f"pfsp_{weighting}"):
        assert find_sampler(sampler)(league.view("main"), ["random", "main@1", "main"]) == pytest.approx([0.5, 0.5, 0])


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_a_weighting_by_name_is_that_of_older_leagues(weighting: str) -> None:
    league = league_of(MAIN, RANDOM, snapshot(1), snapshot(2), pfsp_weighting=weighting)
    beat(league, "main", "random", 7, 3)
    beat(league, "main", "main@1", 1, 4)
    view = league.view("main")
    assert find_sampler(f"pfsp_{weighting}")(view, NAMES) == pytest.approx(find_sampler("pfsp")(view, NAMES))


def test_uniform_gives_half_to_the_baselines() -> None:
    uniform = find_sampler("uniform")
    view = league_of(MAIN, RANDOM, snapshot(1), snapshot(2)).view("main")
    assert uniform(view, NAMES) == pytest.approx([0.5, 0.25, 0.25, 0])
    assert uniform(view, NAMES[1:]) == pytest.approx([0.5, 0.5, 0])
    assert uniform(view, ["random", "main"]) == pytest.approx([1, 0])


def test_a_learner_without_a_snapshot_stands_in_for_its_past() -> None:
    view = league_of(MAIN, RANDOM).view("main")
    for name in ("uniform", "pfsp"):
        assert find_sampler(name)(view, ["random", "main"]) == pytest.approx([0.5, 0.5])
    assert find_sampler("latest")(view, ["random", "main"]) == pytest.approx([0, 1])


@settings(deadline=None, max_examples=50)
@given(
    results=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=12),
    sampler=st.sampled_from(["pfsp", "uniform"]),
    weighting=st.sampled_from(WEIGHTINGS),
    itself=st.booleans(),
)
def test_samplers_give_probabilities(
    results: list[tuple[int, int]], sampler: str, weighting: str, itself: bool
) -> None:
    names = ["random", *(f"main@{k}" for k in range(1, len(results)))]
    members = [snapshot(k) for k in range(1, len(results))]
    league = league_of(MAIN, RANDOM, *members, pfsp_weighting=weighting)
    for name, (wins, losses) in zip(names, results, strict=True):
        beat(league, "main", name, wins, losses)
    probabilities = find_sampler(sampler)(league.view("main"), [*names, *["main"] * itself])
    assert probabilities.sum() == pytest.approx(1)
    assert (probabilities >= 0).all()


def test_draws_have_the_probabilities_and_few_places() -> None:
    probabilities, rng = np.array([0.7, 0.2, 0.1, 0.0]), generator()
    drawn = [draw(probabilities, (50, 2), rng, distinct=2) for _ in range(2_000)]
    assert max(len(np.unique(each)) for each in drawn) == 2
    assert np.bincount(np.ravel(drawn), minlength=4) / 200_000 == pytest.approx(probabilities, abs=0.02)


def test_a_sampler_of_ones_own_is_found_by_its_name() -> None:
    def oldest(view: View, candidates: Sequence[str]) -> Any:
        first = view.members.past(view.learner)[0]
        return np.array([float(name == first) for name in candidates])

    register_sampler("oldest", oldest)
    league = league_of(MAIN, RANDOM, snapshot(1), snapshot(2), opponents={"oldest": 1.0})
    assert faced(league, n=50).keys() == {"main@1"}
    with pytest.raises(LeagueError, match="'pfsp' is taken"):
        register_sampler("pfsp", oldest)


def test_an_unknown_sampler_is_refused_with_a_hint() -> None:
    with pytest.raises(LeagueError, match="no sampler of opponents 'unifrom'; did you mean 'uniform'"):
        league_of(MAIN, opponents={"unifrom": 1.0})
