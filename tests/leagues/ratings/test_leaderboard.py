"""Ratings against known values, the reference implementation, and simulated players whose strength is known."""

from __future__ import annotations

import math
import random

import evalica
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leaguekit import MAIN, RANDOM, frozen

from leagues.ratings.leaderboard import (
    ELO,
    best,
    leaderboard,
    rate,
)
from leagues.records import LeagueError, Member
from leagues.results.blocks import BlockScore


def rows(a: str, b: str, wins: int, draws: int, losses: int, first: int = 0) -> list[BlockScore]:
    """Blocks of one game each between ``a`` < ``b``."""
    results = [(1, 0, 0)] * wins + [(0, 1, 0)] * draws + [(0, 0, 1)] * losses
    return [BlockScore(1, first + k, a, b, *result) for k, result in enumerate(results)]


def simulated(n: int, blocks: int, rng: np.random.Generator) -> tuple[np.ndarray, list[BlockScore]]:
    """True strengths in Elo points above their mean, and blocks of two games by Davidson's model with v = 1/4."""
    strengths = rng.normal(0, 1, n)
    strengths -= strengths.mean()
    scores = []
    for block in range(blocks):
        i, j = sorted(rng.choice(n, 2, replace=False).tolist())
        d = strengths[i] - strengths[j]
        chances = np.array([math.exp(d / 2), 0.5, math.exp(-d / 2)])
        scores.append(
            BlockScore(1, block, f"m{i:02d}", f"m{j:02d}", *rng.multinomial(2, chances / chances.sum()).tolist())
        )
    return strengths * ELO, scores


def test_three_quarters_are_191_points() -> None:
    standing, _ = leaderboard([RANDOM, *frozen("a")], rows("a", "random", 7500, 0, 2500))
    assert standing.rating == pytest.approx(400 * math.log10(3), abs=0.1)
    assert standing.low < 190.85 < standing.high
    width = 2 * 1.96 * 400 / math.log(10) / math.sqrt(10_000 * 0.75 * 0.25)
    assert standing.high - standing.low == pytest.approx(width, rel=0.15)


def test_a_frozen_random_is_the_zero_of_the_scale_else_the_mean_of_those_who_played() -> None:
    names = ["a", "random"]
    anchored = leaderboard([RANDOM, *frozen("a")], rows(*names, 75, 0, 25))
    assert [(s.agent, s.generation) for s in anchored] == [("a", 1), ("random", None)]
    assert (anchored[1].rating, anchored[1].low, anchored[1].high) == (0, 0, 0)
    assert anchored[0].rating == pytest.approx(190, abs=3)
    centred = leaderboard(frozen("a", "b", "idle"), rows("a", "b", 75, 0, 25))
    assert centred[0].rating == pytest.approx(-centred[1].rating)


def test_equal_players_and_drawn_games_give_equal_ratings() -> None:
    members = frozen("a", "b", "c")
    circle = [*rows("a", "b", 10, 0, 0), *rows("b", "c", 10, 0, 0, 10), *rows("a", "c", 0, 0, 10, 20)]
    drawn = [*rows("a", "b", 0, 50, 0), *rows("b", "c", 0, 50, 0, 50)]
    for scores in (circle, drawn):
        assert [s.rating for s in leaderboard(members, scores)] == pytest.approx([0, 0, 0], abs=0.05)


def test_a_standing_counts_its_games() -> None:
    scores = [*rows("a", "b", 3, 2, 1), *rows("b", "c", 0, 1, 4, 10)]
    table = {s.agent: (s.games, s.wins, s.draws, s.losses) for s in leaderboard(frozen("a", "b", "c"), scores)}
    assert table == {"a": (6, 3, 2, 1), "b": (11, 1, 3, 7), "c": (5, 4, 1, 0)}


def test_learners_and_their_games_are_left_out() -> None:
    scores = rows("a", "b", 3, 0, 1)
    with_main = [*scores, *rows("a", "main", 0, 0, 50, 100)]
    assert leaderboard([MAIN, *frozen("a", "b")], with_main) == leaderboard(frozen("a", "b"), scores)


def test_an_unbeaten_player_is_finite_and_uncertain_upwards() -> None:
    top, bottom = leaderboard(frozen("a", "b"), rows("a", "b", 10, 0, 0))
    assert top.low < top.rating < top.high
    assert top.high - top.rating > 1.5 * (top.rating - top.low)
    assert 100 < top.rating < 1000
    assert bottom.rating == pytest.approx(-top.rating)


def test_a_player_without_games_has_the_prior_rating_and_a_wide_interval() -> None:
    standings = {s.agent: s for s in leaderboard(frozen("a", "b", "idle"), rows("a", "b", 60, 0, 40))}
    idle = standings["idle"]
    assert idle.games == 0
    assert idle.rating == pytest.approx(0, abs=1)
    assert idle.low < -500 < 500 < idle.high
    assert standings["a"].high - standings["a"].low < 100
    (alone,) = leaderboard(frozen("a"), [])
    assert alone.low < -500 < alone.rating == 0 < 500 < alone.high
    assert leaderboard([], []) == []


def test_those_without_games_stand_below_all_that_have_played() -> None:
    members = [RANDOM, *frozen("a", "idle", "never", "z")]
    scores = [*rows("a", "random", 60, 0, 40), *rows("random", "z", 90, 0, 10, 200)]
    standings = leaderboard(members, scores)
    assert [s.agent for s in standings] == ["a", "random", "z", "idle", "never"]
    assert standings[3].rating > standings[2].rating  # by the prior alone
    # Games against a learner rate nobody.
    assert leaderboard([MAIN, *members], [*scores, *rows("idle", "main", 9, 0, 0, 400)]) == standings


def reference(names: list[str], scores: list[BlockScore]) -> np.ndarray:
    """Elo points above their mean by evalica alone, run until it no longer moves."""
    games: list[tuple[str, str, evalica.Winner, float]] = []
    for s in scores:
        games.append((s.member, s.opponent, evalica.Winner.X, s.wins))
        games.append((s.member, s.opponent, evalica.Winner.Draw, s.draws))
        games.append((s.member, s.opponent, evalica.Winner.Y, s.losses))
    for name in names:
        games += [(name, "__prior__", winner, 0.5) for winner in (evalica.Winner.X, evalica.Winner.Y)]
    left, right, winners, weights = zip(*games, strict=True)
    fit = evalica.newman(left, right, winners, weights=list(weights), tolerance=1e-10, limit=10_000)
    elo = 400 * np.log10(fit.scores.loc[names].to_numpy())
    return elo - elo.mean()


def test_the_fit_is_that_of_evalica() -> None:
    _, scores = simulated(8, 400, np.random.default_rng(3))
    names = [f"m{k:02d}" for k in range(8)]
    assert rate(frozen(*names), scores, resamples=0).ratings == pytest.approx(reference(names, scores), abs=0.05)


@pytest.mark.parametrize("shape", ["chain", "star", "circle"])
@pytest.mark.parametrize("ties", [0.0, 0.25, 3.0])
def test_expected_results_give_the_strengths_back(shape: str, ties: float) -> None:
    n = 12
    truth = np.random.default_rng(4).normal(0, 1.5, n)
    pairs = {"chain": [(k, k + 1) for k in range(n - 1)], "star": [(0, k) for k in range(1, n)]}
    pairs["circle"] = [*pairs["chain"], (0, n - 1)]
    scores = []
    for i, j in pairs[shape]:
        d = truth[i] - truth[j]
        chances = np.array([math.exp(d / 2), 2 * ties, math.exp(-d / 2)])
        wins, draws, losses = np.rint(1e8 * chances / chances.sum()).astype(int).tolist()
        scores.append(BlockScore(1, 0, f"m{i:02d}", f"m{j:02d}", wins, draws, losses))
    ratings = rate(frozen(*(f"m{k:02d}" for k in range(n))), scores, resamples=0).ratings
    assert ratings == pytest.approx((truth - truth.mean()) * ELO, abs=0.05)


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_neither_the_order_of_games_nor_of_members_matters(shuffler: random.Random) -> None:
    _, scores = simulated(5, 60, np.random.default_rng(1))
    members = frozen(*(f"m{k:02d}" for k in range(5)))
    expected = leaderboard(members, scores, resamples=20)
    renumbered = list(range(60))
    for items in (scores, members, renumbered):
        shuffler.shuffle(items)
    assert leaderboard(members, scores, resamples=20) == expected
    moved = [score._replace(block=renumbered[score.block]) for score in scores]
    assert leaderboard(members, moved, resamples=20) == expected


def test_intervals_follow_seed_and_confidence() -> None:
    _, scores = simulated(4, 100, np.random.default_rng(2))
    members = frozen(*(f"m{k:02d}" for k in range(4)))
    assert leaderboard(members, scores, seed=1) == leaderboard(members, scores, seed=1)
    narrow, wide = leaderboard(members, scores, confidence=0.5), leaderboard(members, scores, confidence=0.99)
    assert all(n.high - n.low < w.high - w.low for n, w in zip(narrow, wide, strict=True))
    with pytest.raises(LeagueError, match=r"confidence=1\.5"):
        leaderboard(members, scores, confidence=1.5)


def test_games_of_one_block_count_as_one_piece_of_evidence() -> None:
    members = [RANDOM, *frozen("a")]
    apart = rows("a", "random", 60, 0, 40)
    together = [BlockScore(1, k, "a", "random", 10 * (k < 6), 0, 10 * (k >= 6)) for k in range(10)]
    one, other = (leaderboard(members, scores)[0] for scores in (apart, together))
    assert other.high - other.low > 2 * (one.high - one.low)


def test_the_best_is_sure_to_be_strong_and_a_snapshot() -> None:
    members = [RANDOM, *frozen("lucky", "idle"), *frozen("sure")]
    scores = [*rows("lucky", "random", 3, 0, 0), *rows("random", "sure", 50, 0, 150, 100)]
    standings = leaderboard(members, scores)
    assert [each.agent for each in standings] == ["lucky", "sure", "random", "idle"]
    assert best(standings) == "sure"
    assert best(leaderboard([RANDOM, *frozen("idle")], [])) is None


def test_the_best_of_a_league_without_snapshots_is_a_guest() -> None:
    guests = [Member(name, "guest", "guest", agent="first") for name in ("strong", "weak")]
    scores = [*rows("strong", "random", 50, 0, 0), *rows("random", "weak", 50, 0, 30, 100)]
    assert best(leaderboard([RANDOM, *guests], scores)) == "strong"
    both = [*scores, *rows("main@1", "random", 50, 0, 30, 200)]
    assert best(leaderboard([RANDOM, *guests, *frozen("main@1")], both)) == "main@1"


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(5)
    inside = []
    for _ in range(40):
        truth, scores = simulated(8, 400, rng)
        standings = leaderboard(frozen(*(f"m{k:02d}" for k in range(8))), scores)
        inside += [s.low <= truth[int(s.agent[1:])] <= s.high for s in standings]
    assert 0.91 <= np.mean(inside) <= 0.985


def test_intervals_are_as_wide_as_the_information_in_the_games_says() -> None:
    n = 120
    truth, scores = simulated(n, 12_000, np.random.default_rng(6))
    ratings = rate(frozen(*(f"m{k:02d}" for k in range(n))), scores)
    strengths = {f"m{k:02d}": strength / ELO for k, strength in enumerate(truth)}
    # Fisher's information of Davidson's model with v = 1/4, the prior being the half in each member's own entry.
    information = np.eye(n) / 4
    order = [member.id for member in ratings.members]
    place = {name: k for k, name in enumerate(order)}
    for score in scores:
        i, j = place[score.member], place[score.opponent]
        half = (strengths[score.member] - strengths[score.opponent]) / 2
        total = 2 * math.cosh(half) + 0.5
        each = 2 * (2 * math.cosh(half) / total / 4 - (math.sinh(half) / total) ** 2)
        information[[i, j], [i, j]] += each
        information[[i, j], [j, i]] -= each
    centred = np.eye(n) - 1 / n
    expected = ELO * np.sqrt(np.diag(centred @ np.linalg.inv(information) @ centred))
    found = ratings.resamples.std(0)
    assert np.mean(found / expected) == pytest.approx(1, abs=0.03)
    assert np.max(np.abs(found / expected - 1)) < 0.5
    assert np.mean(ratings.resamples, 0) == pytest.approx(ratings.ratings, abs=25)
