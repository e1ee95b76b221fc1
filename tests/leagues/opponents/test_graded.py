"""Samplers in graded games: they weigh opponents by how much better the learner is, not only by whether it is."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from league_play import EXPLOITER, faced, league_of
from leaguekit import MAIN, snapshot

from leagues.league import League
from leagues.opponents import find_sampler
from leagues.opponents.draw import Floats
from leagues.records import Tally

GAMES = 400


def league_with(advantages: list[float], scale: float = 1.0, **changes: Any) -> League:
    """Main has played against a snapshot for each advantage, its mean margin in standard deviations of a game. The
    standard deviation is ``scale`` points."""
    members = [snapshot(k) for k in range(1, len(advantages) + 1)]
    league = league_of(MAIN, *members, graded=True, payoff_decay=1.0, **changes)
    for member, advantage in zip(members, advantages, strict=True):
        total, squares = GAMES * advantage * scale, GAMES * (1 + advantage**2) * scale**2
        league.tell([Tally("main", member.id, GAMES, 0, 0, total, -total, squares)], {})
    return league


def weights(league: League, sampler: str) -> Floats:
    names = [member.id for member in league.members if member.frozen]
    return find_sampler(sampler)(league.view("main"), names)


def test_the_score_of_a_sampler_is_the_chance_of_a_positive_mean_over_few_games() -> None:
    league = league_with([0.3], sampler_games=4, score_games=100)
    training = league.view("main").training
    assert training.sampler_scores("main", ["main@1"]) == pytest.approx([NormalDist().cdf(0.3 * math.sqrt(4))])
    assert training.get("main", "main@1")[0] == pytest.approx(NormalDist().cdf(3))


def test_clearly_beaten_opponents_are_met_and_told_apart() -> None:
    """Advantages as learners have them in Leduc poker. Over 100 games there is no doubt about who is better."""
    league = league_with([0.0, 0.25, 0.5])
    before, now = weights(league, "pfsp"), weights(league, "pfsp_hard")
    assert before[1] < 1e-3
    assert before[2] < 1e-10
    assert 0.05 < now[1] < 0.25
    assert 0.005 < now[2] < now[1]


def test_variance_sees_opponents_that_are_clearly_better_or_worse() -> None:
    league = league_with([-0.4, 0.0, 0.4], pfsp_weighting="variance")
    before, now = weights(league, "pfsp"), weights(league, "pfsp_variance")
    assert before[1] > 0.999
    assert 0.2 < now[0] < now[1]
    assert now[0] == pytest.approx(now[2])


@settings(deadline=None, max_examples=60)
@given(
    advantages=st.lists(st.floats(-1, 1), min_size=2, max_size=6),
    sampler=st.sampled_from(["pfsp_hard", "pfsp_variance", "pfsp_linear", "pfsp_capped", "thompson"]),
    scale=st.floats(0.01, 1000),
)
def test_the_unit_of_the_returns_does_not_matter(advantages: list[float], sampler: str, scale: float) -> None:
    chips, cents = league_with(advantages), league_with(advantages, scale)
    assert weights(chips, sampler) == pytest.approx(weights(cents, sampler), abs=1e-6)


@settings(deadline=None, max_examples=60)
@given(advantages=st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=8))
def test_within_half_a_standard_deviation_nobody_is_ignored(advantages: list[float]) -> None:
    league = league_with(advantages)
    for sampler in ("pfsp_hard", "pfsp_variance", "pfsp_linear", "pfsp_capped"):
        found = weights(league, sampler)
        assert found.min() > 0.002 / len(advantages)
        if sampler != "pfsp_variance":
            assert (np.diff(found[np.argsort(advantages)]) <= 1e-12).all()


def test_a_learner_turns_to_the_past_only_where_it_loses_nearly_every_game() -> None:
    """An exploiter of Leduc poker that lost 0.19 standard deviations a game, whatever the scores over 100 games are."""
    for advantage, opponents in ((-0.19, {"main"}), (-1.0, {"main@1"})):
        league = league_of(MAIN, EXPLOITER, snapshot(1), graded=True, payoff_decay=1.0)
        total, squares = GAMES * advantage, GAMES * (1 + advantage**2)
        league.tell([Tally("main_exploiter", "main", 0, 0, GAMES, total, -total, squares)], {})
        assert league.view("main_exploiter").training.get("main_exploiter", "main")[0] < 0.03
        assert faced(league, "main_exploiter", 100).keys() == opponents
