"""Self-play and verification, as AlphaStar's main agents have them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from league_play import EXPLOITER, beat, faced, league_of
from leaguekit import MAIN, RANDOM, snapshot

from leagues.league import League
from leagues.opponents import find_sampler
from leagues.opponents.verification import forgotten
from leagues.records import Member

SECOND = Member("main-2", "learner", "main")


def likely(league: League, sampler: str) -> dict[str, float]:
    """The opponents of main with their probabilities."""
    view = league.view("main")
    others = [name for name in view.members.live("main") if name != "main"]
    names = ["main", *view.unbeaten(), *others]
    found = find_sampler(sampler)(view, names)
    return {name: share for name, share in zip(names, found.tolist(), strict=True) if share}


def test_self_play_is_against_every_live_main_alike() -> None:
    assert likely(league_of(MAIN, RANDOM, snapshot(1)), "self_play") == {"main": 1}
    assert likely(league_of(MAIN, SECOND, RANDOM, snapshot(1)), "self_play") == {"main": 0.5, "main-2": 0.5}


def test_a_main_that_is_too_strong_sends_its_past() -> None:
    league = league_of(MAIN, SECOND, RANDOM, snapshot(1, "main-2"), snapshot(2, "main-2"), payoff_decay=1.0)
    beat(league, "main", "main-2", 31, 69)
    assert likely(league, "self_play") == {"main": 0.5, "main-2": 0.5}
    beat(league, "main", "main-2", 0, 100)
    beat(league, "main", "main-2@1", 50, 50)
    beat(league, "main", "main-2@2", 10, 90)
    assert likely(league, "self_play") == pytest.approx(
        {"main": 0.5, "main-2@1": 0.5 * 0.25 / 0.34, "main-2@2": 0.5 * 0.09 / 0.34}
    )


def test_a_main_without_a_past_is_met_however_strong_it_is() -> None:
    league = league_of(MAIN, SECOND, RANDOM)
    beat(league, "main", "main-2", 0, 100)
    assert likely(league, "self_play") == {"main": 0.5, "main-2": 0.5}


@pytest.mark.parametrize(
    ("scores", "kept"),
    [
        ([], 0),
        ([0.9], 0),
        ([0.9, 0.7, 0.7, 0.5], 0),
        ([0.4, 0.7, 0.6, 0.5], 2),
        ([0.9, 0.4, 0.7], 3),
        ([0.5, 0.6, 0.4, 0.6, 0.5], 4),
    ],
)
def test_what_is_left_without_the_suffix_that_never_rises(scores: list[float], kept: int) -> None:
    assert forgotten(np.array(scores)) == kept


@given(st.lists(st.floats(0, 1)))
def test_nothing_is_forgotten_where_older_snapshots_are_always_easier(scores: list[float]) -> None:
    assert forgotten(np.array(sorted(scores, reverse=True))) == 0
    kept = forgotten(np.array(scores))
    assert (np.diff(scores[max(kept - 1, 0) :]) <= 0).all()
    assert kept == 0 or scores[kept - 1] > scores[kept - 2]


def remembering(*wins: int) -> League:
    """Main has won so many of 100 games against each of its snapshots."""
    league = league_of(MAIN, EXPLOITER, RANDOM, *(snapshot(k) for k in range(1, len(wins) + 1)), payoff_decay=0.99)
    for k, won in enumerate(wins, 1):
        beat(league, "main", f"main@{k}", won, 100 - won)
    return league


def test_verification_without_anything_forgotten_is_self_play() -> None:
    assert likely(remembering(), "verification") == {"main": 1}
    assert likely(remembering(90, 80, 60, 50), "verification") == {"main": 1}
    assert likely(remembering(75, 90, 80, 50), "verification") == {"main": 1}, "0.75 is enough"


def test_a_forgotten_snapshot_comes_back() -> None:
    found = likely(remembering(90, 40, 80, 60, 50), "verification")
    assert found.keys() == {"main@1", "main@2", "main@3"}
    assert found["main@2"] > 0.8


def test_an_exploiter_comes_first() -> None:
    league = remembering(90, 40, 80)
    second = snapshot(2, "main_exploiter")
    members = [*league.members, snapshot(1, "main_exploiter"), second]
    league = league_of(*members, payoff_decay=1.0)
    beat(league, "main", "main_exploiter@1", 31, 69)
    assert likely(league, "verification") == {"main": 1}
    beat(league, "main", "main_exploiter@1", 0, 100)
    found = likely(league, "verification")
    assert found.keys() == {"main_exploiter@1", "main_exploiter@2"}
    assert found["main_exploiter@1"] > found["main_exploiter@2"]


def test_alphastars_mix_is_a_setting_of_the_main() -> None:
    league = league_of(
        MAIN,
        *(snapshot(k) for k in range(1, 4)),
        snapshot(1, "main_exploiter"),
        opponents={"pfsp_hard": 0.5, "self_play": 0.35, "verification": 0.15},
    )
    met = faced(league, n=5_000)
    assert met["main"] / met.total() == pytest.approx(0.5, abs=0.03), "verification falls through to self-play"
    beat(league, "main", "main_exploiter@1", 0, 100)
    met = faced(league, n=5_000)
    assert met["main"] / met.total() == pytest.approx(0.35, abs=0.03)
    assert met["main_exploiter@1"] / met.total() == pytest.approx(0.15 + 0.5 / 1.75, abs=0.03)
