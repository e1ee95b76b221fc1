"""Ratings against known values, the reference implementation, and simulated players whose strength is known."""

from __future__ import annotations

import math
import random
from collections import Counter

import evalica
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leaguekit import MAIN, RANDOM, frozen, snapshot

from leagues.ratings.davidson import Comparisons
from leagues.ratings.leaderboard import (
    ELO,
    choose_rating_pairs,
    connected_components,
    difference,
    disconnection,
    expected_score,
    leaderboard,
    rate,
    rating_pairings,
    score_interval,
    scores_of,
)
from leagues.records import LeagueError
from leagues.store import BlockScore

DECIDED = BlockScore(0, "a", "b", 2, 0, 0)


def rows(a: str, b: str, wins: int, draws: int, losses: int, first: int = 0) -> list[BlockScore]:
    """Blocks of one game each between ``a`` < ``b``."""
    results = [(1, 0, 0)] * wins + [(0, 1, 0)] * draws + [(0, 0, 1)] * losses
    return [BlockScore(first + k, a, b, *result) for k, result in enumerate(results)]


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
            BlockScore(block, f"m{i:02d}", f"m{j:02d}", *rng.multinomial(2, chances / chances.sum()).tolist())
        )
    return strengths * ELO, scores


def test_three_quarters_are_191_points() -> None:
    delta, low, high = difference("a", "b", frozen("a", "b"), rows("a", "b", 7500, 0, 2500))
    assert delta == pytest.approx(400 * math.log10(3), abs=0.1)
    assert low < 190.85 < high
    assert high - low == pytest.approx(2 * 1.96 * 400 / math.log(10) / math.sqrt(10_000 * 0.75 * 0.25), rel=0.15)
    assert expected_score(delta) == pytest.approx(0.75, abs=1e-4)


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
        scores.append(BlockScore(0, f"m{i:02d}", f"m{j:02d}", wins, draws, losses))
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
    members = frozen("a", "b")
    apart = rows("a", "b", 60, 0, 40)
    together = [BlockScore(k, "a", "b", 10 * (k < 6), 0, 10 * (k >= 6)) for k in range(10)]
    (_, low, high), (_, lower, higher) = (difference("a", "b", members, scores) for scores in (apart, together))
    assert higher - lower > 2 * (high - low)


@pytest.mark.parametrize("players", [2, 3, 8])
def test_equal_blocks_are_counted_however_many_meet_in_them(players: int) -> None:
    rng = np.random.default_rng(7)
    pairs = [(i, j) for i in range(players) for j in range(i + 1, players)]
    kinds = rng.integers(0, 50, (6, len(pairs), 3))
    drawn = rng.integers(0, 6, 200).tolist()
    rows = [
        (block, *pair, *result)
        for block, k in enumerate(drawn)
        for pair, result in zip(pairs, kinds[k].tolist(), strict=True)
    ]
    found = Comparisons.of(players, np.array(rows))
    assert Counter(found.times.tolist()) == Counter(Counter(drawn).values())
    assert list(zip(found.i.tolist(), found.j.tolist(), strict=True)) == pairs
    assert (found.sums == kinds[drawn].sum(0)).all()


def test_a_difference_is_surer_than_its_ends() -> None:
    members = [RANDOM, *frozen("a", "b")]
    scores = [*rows("a", "b", 500, 0, 500), *rows("a", "random", 19, 0, 1, 2000), *rows("b", "random", 19, 0, 1, 3000)]
    standings = {s.agent: s for s in leaderboard(members, scores)}
    delta, low, high = difference("a", "b", members, scores)
    assert delta == pytest.approx(standings["a"].rating - standings["b"].rating)
    assert high - low < (standings["a"].high - standings["a"].low) / 2
    with pytest.raises(LeagueError, match="'main' is none"):
        difference("a", "main", [MAIN, *members], scores)


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


@pytest.mark.parametrize("below", [0, 300, 600])
def test_ends_of_intervals_are_those_of_whole_refits(below: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all are sure, also from an anchor far below them."""
    rng, n = np.random.default_rng(8), 8
    truth = np.append(-below / ELO, rng.normal(0, 0.5, n - 1))
    place, scores = {f"m{k:02d}": k for k in range(n)}, []
    for block in range(20_000):
        i, j = sorted(rng.choice(n, 2, replace=False).tolist())
        d = truth[i] - truth[j]
        chances = np.array([math.exp(d / 2), 0.5, math.exp(-d / 2)])
        scores.append(
            BlockScore(block, f"m{i:02d}", f"m{j:02d}", *rng.multinomial(2, chances / chances.sum()).tolist())
        )
    games = Comparisons.between(place, scores)
    fit, ties = games.fit()

    def ends() -> np.ndarray:
        drawn = games.resample(fit, ties, 8_000, np.random.default_rng(9))
        return np.quantile(drawn[:, 1:] - drawn[:, :1], [0.025, 0.975], axis=0)

    quick = ends()
    monkeypatch.setattr("leagues.ratings.davidson._NORMAL", 0.0)
    whole = ends()
    assert not np.array_equal(quick, whole)
    assert np.abs(quick - whole).max() < 0.1 * (whole[1] - whole[0]).min() / 2  # 300 refits tell them to 0.08


def test_one_who_is_unsure_has_all_refitted(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = [*rows("a", "b", 3000, 0, 3000), *rows("b", "new", 1, 0, 0, first=7000)]
    games = Comparisons.between({"a": 0, "b": 1, "new": 2}, scores)
    drawn = games.resample(*games.fit(), 20, np.random.default_rng(0))
    monkeypatch.setattr("leagues.ratings.davidson._NORMAL", 0.0)
    np.testing.assert_array_equal(games.resample(*games.fit(), 20, np.random.default_rng(0)), drawn)


@pytest.mark.parametrize("below", [0, 600])
def test_in_a_large_league_the_unsure_are_refitted_beside_the_sure(
    below: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ends of intervals from an anchor that is not sure when far below, of settled members and of newcomers."""
    rng, settled, new = np.random.default_rng(8), 10, 3
    truth = np.append(-below / ELO, rng.normal(0, 0.5, settled + new - 1))
    pairs = [rng.choice(settled, 2, replace=False).tolist() for _ in range(2_500)]
    pairs += [(int(rng.integers(settled)), settled + k % new) for k in range(20 * new)]
    rows = []
    for block, pair in enumerate(pairs):
        i, j = sorted(pair)
        chances = np.array([math.exp((truth[i] - truth[j]) / 2), 0.5, math.exp((truth[j] - truth[i]) / 2)])
        rows.append((block, i, j, *rng.multinomial(2, chances / chances.sum())))
    games = Comparisons.of(settled + new, np.array(rows))
    fit, ties = games.fit()

    def ends() -> np.ndarray:
        drawn = games.resample(fit, ties, 8_000, np.random.default_rng(9))
        return np.quantile(drawn[:, 1:] - drawn[:, :1], [0.025, 0.975], axis=0)

    whole = ends()
    monkeypatch.setattr("leagues.ratings.davidson._MANY", 0)
    mixed = ends()
    assert not np.array_equal(mixed, whole)
    assert (np.abs(mixed - whole) < 0.12 * (whole[1] - whole[0]) / 2).all()


def test_groups_that_never_met_are_named() -> None:
    members = [MAIN, *frozen("a", "b", "c", "d", "idle")]
    scores = [*rows("a", "b", 1, 0, 0), *rows("c", "d", 1, 0, 0, 1), *rows("a", "main", 1, 0, 0, 2)]
    assert connected_components(members, scores) == [["a", "b"], ["c", "d"], ["idle"]]
    assert "a and c did not" in str(disconnection(members, scores))
    joined = [*scores, *rows("b", "c", 0, 1, 0, 5)]
    assert connected_components(members, joined) == [["a", "b", "c", "d"], ["idle"]]
    assert disconnection(members, joined) is None


class TestScoreInterval:
    def test_known_values(self) -> None:
        score, low, high = score_interval([1.0, 0.0] * 200)
        assert score == 0.5
        assert high - low == pytest.approx(2 * 1.96 * 0.5 / math.sqrt(400), rel=0.02)
        assert score_interval([0.5])[0] == 0.5

    def test_a_clean_sweep_is_not_certain(self) -> None:
        score, low, high = score_interval([1.0] * 20)
        assert (score, high) == (1, 1)
        assert 0.8 < low < 0.95

    def test_no_blocks_no_score(self) -> None:
        with pytest.raises(LeagueError, match="at least one complete block"):
            score_interval([])

    @settings(deadline=None)
    @given(st.lists(st.sampled_from([0, 0.25, 0.5, 0.75, 1.0]), min_size=1, max_size=50))
    def test_it_holds_its_score_within_bounds(self, scores: list[float]) -> None:
        score, low, high = score_interval(scores)
        assert 0 <= low <= score <= high <= 1

    @pytest.mark.parametrize("p", [0.5, 0.8, 0.95])
    def test_it_holds_the_truth_often_enough(self, p: float) -> None:
        rng = np.random.default_rng(1)
        intervals = [score_interval((rng.binomial(2, p, 30) / 2).tolist()) for _ in range(1000)]
        assert np.mean([low <= p <= high for _, low, high in intervals]) >= 0.93

    def test_scores_of_an_agent_by_block(self) -> None:
        scores = [BlockScore(2, "a", "b", 1, 1, 0), BlockScore(1, "a", "c", 0, 0, 2), BlockScore(1, "b", "c", 2, 0, 0)]
        assert scores_of("a", scores) == [0, 0.75]
        assert scores_of("c", scores) == [0.5]


class TestRatingMatches:
    def test_those_with_fewest_games_come_first_and_of_them_the_newest(self) -> None:
        members = [MAIN, RANDOM, *(snapshot(n) for n in range(1, 6))]
        scores = [BlockScore(1, "main@1", "random", 20, 0, 0), BlockScore(2, "main@2", "main@5", 10, 0, 10)]
        pairs = choose_rating_pairs(members, scores, 2, np.random.default_rng(0))
        assert pairs[0][0] == "main@4"
        assert pairs == choose_rating_pairs(members, scores, 2, np.random.default_rng(0))

    def test_games_even_out_near_opponents_and_baselines_are_preferred(self) -> None:
        members = [RANDOM, *(snapshot(n) for n in range(1, 10))]
        ladder = [
            BlockScore(
                k, *sorted((f"main@{n}", f"main@{n + 1}")), 30 if n + 1 < 10 else 70, 0, 70 if n + 1 < 10 else 30
            )
            for k, n in enumerate(range(1, 9))
        ]  # every snapshot beats the one before
        ladder += [BlockScore(20, "main@1", "random", 70, 0, 30), BlockScore(21, "main@9", "random", 100, 0, 0)]
        pairs = choose_rating_pairs(members, ladder, 600, np.random.default_rng(0))
        assert all(a != b for a, b in pairs)
        games = Counter(name for pair in pairs for name in pair)
        assert min(games.values()) > 60
        steps = Counter(abs(int(a[5:]) - int(b[5:])) for a, b in pairs if "random" not in (a, b))
        assert steps[1] + steps[2] > 2 * (steps[7] + steps[8])
        assert 0.15 < sum("random" in pair for pair in pairs) / 600 < 0.5

    def test_nobody_to_play(self) -> None:
        assert choose_rating_pairs([MAIN, RANDOM], [], 5, np.random.default_rng(0)) == []

    def test_a_block_is_one_seed_with_the_seats_rotated(self) -> None:
        rng = np.random.default_rng(0)
        pairings = rating_pairings([("a", "b"), ("c", "d")], teams=(0, 1), next_block=7, rng=rng, games_per_pair=4)
        assert [(p.block, p.seats) for p in pairings] == [
            (7, ("a", "b")),
            (7, ("b", "a")),
            (8, ("a", "b")),
            (8, ("b", "a")),
            (9, ("c", "d")),
            (9, ("d", "c")),
            (10, ("c", "d")),
            (10, ("d", "c")),
        ]
        assert {p.kind for p in pairings} == {"evaluation"}
        assert len({(p.block, p.seed) for p in pairings}) == len({p.seed for p in pairings}) == 4

    def test_more_seats_are_filled_by_the_second_of_the_pair(self) -> None:
        pairings = rating_pairings([("a", "b")], teams=(0, 1, 2), next_block=0, rng=np.random.default_rng(0))
        assert [p.seats for p in pairings] == [("a", "b", "b"), ("b", "a", "b"), ("b", "b", "a")]

    def test_one_seat_is_no_match(self) -> None:
        with pytest.raises(LeagueError, match="at least 2 teams"):
            rating_pairings([], teams=(0,), next_block=0, rng=np.random.default_rng(0))
