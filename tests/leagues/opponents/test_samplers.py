"""What all samplers have in common, however one-sided or few the games are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from league_play import EXPLOITER, beat, faced, league_of
from leaguekit import MAIN, RANDOM, snapshot

from leagues.league import League
from leagues.opponents import find_sampler
from leagues.opponents.draw import Floats
from leagues.records import Member, Tally

SAMPLERS = [
    "latest",
    "uniform",
    "window",
    "pfsp_hard",
    "pfsp_variance",
    "pfsp_linear",
    "pfsp_capped",
    "openai_five",
    "thompson",
    "self_play",
    "verification",
]
OF_THE_PAST = [name for name in SAMPLERS if name not in ("latest", "self_play", "verification")]
SECOND = Member("main-2", "learner", "main")


def probabilities(league: League, sampler: str) -> Floats:
    """Over the learner, its snapshots and baselines, and other mains, as the role gives them to samplers."""
    view = league.view("main")
    others = [name for name in view.members.live("main") if name != "main"]
    return find_sampler(sampler)(view, ["main", *view.unbeaten(), *others])


@settings(deadline=None, max_examples=150)
@given(
    sampler=st.sampled_from(SAMPLERS),
    results=st.lists(st.tuples(*[st.integers(0, 60)] * 3), min_size=1, max_size=9),
    graded=st.booleans(),
    second=st.booleans(),
    exploiters=st.integers(0, 2),
)
def test_probabilities_sum_to_one_whatever_was_played(
    sampler: str, results: list[tuple[int, int, int]], graded: bool, second: bool, exploiters: int
) -> None:
    past = [snapshot(k) for k in range(1, len(results))]
    exploiting = [snapshot(k, "main_exploiter") for k in range(1, exploiters + 1)]
    members = [MAIN, *[SECOND] * second, EXPLOITER, RANDOM, *past, *exploiting]
    league = league_of(*members, graded=graded, opponents={sampler: 1.0})
    for opponent, (wins, losses, draws) in zip(["random", *(each.id for each in past)], results, strict=True):
        beat(league, "main", opponent, wins, losses, draws)
    if second:
        beat(league, "main", "main-2", *results[0])
    found = probabilities(league, sampler)
    assert (found >= 0).all()
    assert found.sum() == pytest.approx(1)


@pytest.mark.parametrize("graded", [False, True])
@pytest.mark.parametrize(("wins", "losses", "draws"), [(50, 0, 0), (0, 50, 0), (0, 0, 50), (0, 0, 0)])
@pytest.mark.parametrize("sampler", OF_THE_PAST)
def test_equal_opponents_are_equally_likely(sampler: str, wins: int, losses: int, draws: int, graded: bool) -> None:
    league = league_of(MAIN, *(snapshot(k) for k in range(1, 6)), graded=graded, opponents={sampler: 1.0})
    league.tell([Tally("main", f"main@{k}", wins, draws, losses) for k in range(1, 6)], {})
    assert probabilities(league, sampler) == pytest.approx([0, *[0.2] * 5])


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_one_opponent_is_always_met_and_without_any_the_learner_meets_itself(sampler: str) -> None:
    assert probabilities(league_of(MAIN, baselines=(), opponents={sampler: 1.0}), sampler) == pytest.approx([1])
    if sampler in OF_THE_PAST:
        league = league_of(MAIN, snapshot(1), opponents={sampler: 1.0})
        beat(league, "main", "main@1", 1000)
        assert probabilities(league, sampler) == pytest.approx([0, 1])
        assert faced(league, n=50).keys() == {"main@1"}


@pytest.mark.parametrize("sampler", OF_THE_PAST)
def test_a_live_main_with_snapshots_is_no_opponent_from_the_past(sampler: str) -> None:
    league = league_of(MAIN, SECOND, RANDOM, snapshot(1), snapshot(1, "main-2"), opponents={sampler: 1.0})
    assert "main-2" not in faced(league)
    league = league_of(MAIN, SECOND, RANDOM, snapshot(1), opponents={sampler: 1.0})
    assert faced(league)["main-2"], "it stands in for its own past"


def test_the_window_holds_the_newest_snapshots() -> None:
    league = league_of(MAIN, RANDOM, *(snapshot(k) for k in range(1, 6)), window=2, opponents={"window": 1.0})
    assert probabilities(league, "window") == pytest.approx([0, 0, 0, 0, 0, 0.5, 0.5])
    few = league_of(MAIN, RANDOM, snapshot(1), window=2)
    assert probabilities(few, "window") == pytest.approx([0, 0, 1])
    nobody = league_of(MAIN, RANDOM, window=2).view("main")
    assert find_sampler("window")(nobody, ["random"]) == pytest.approx([1])


@settings(deadline=None, max_examples=50)
@given(scores=st.lists(st.integers(0, 40), min_size=2, max_size=8, unique=True), games=st.integers(40, 60))
@pytest.mark.parametrize("sampler", ["pfsp_hard", "pfsp_linear", "pfsp_capped", "thompson", "openai_five"])
def test_a_harder_opponent_is_never_less_likely(sampler: str, scores: list[int], games: int) -> None:
    members = [snapshot(k) for k in range(1, len(scores) + 1)]
    league = league_of(MAIN, *members, payoff_decay=1.0, opponents={sampler: 1.0})
    for member, wins in zip(members, scores, strict=True):
        beat(league, "main", member.id, wins, games - wins)
    found = probabilities(league, sampler)[1:]
    order = np.argsort(scores)
    assert (np.diff(found[order]) <= 1e-4).all()
