"""Nash averaging, deviation and equilibrium ratings, alpha-rank: known values and properties."""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from margins import RPS, Floats, chain, with_copy

from leagues.ratings.rank import RankingError
from leagues.ratings.rank.alpharank import alpharank, alpharank_of_game
from leagues.ratings.rank.deviation import deviation_ratings, deviation_ratings_of_game
from leagues.ratings.rank.equilibrium import equilibrium_ratings
from leagues.ratings.rank.nash import max_entropy_nash, maximal_lottery, nash_averaging


def random_margins(n: int, seed: int) -> Floats:
    drawn = np.random.default_rng(seed).normal(size=(n, n))
    return drawn - drawn.T


def test_rock_paper_scissors_is_even_for_every_method() -> None:
    ratings, mixture = nash_averaging(RPS)
    assert np.allclose(ratings, 0, atol=1e-9)
    assert np.allclose(mixture, 1 / 3)
    assert np.allclose(deviation_ratings(RPS), 0)
    assert np.allclose(alpharank(RPS), 1 / 3)
    assert np.allclose(maximal_lottery(RPS)[0], 1 / 3)


def test_unequal_stakes_are_mixed_by_the_stakes_of_the_others() -> None:
    # Rock beats scissors by a, paper beats rock by b, scissors beat paper by c: the mixture is (c, a, b) / (a + b + c).
    a, b, c = 0.3, 0.1, 0.2
    margins = np.array([[0, -b, a], [b, 0, -c], [-a, c, 0]])
    assert np.allclose(max_entropy_nash(margins), np.array([c, a, b]) / (a + b + c), atol=1e-6)


def test_in_a_chain_the_best_is_all_and_the_others_are_rated_by_their_margin_against_it() -> None:
    margins = chain(5)
    ratings, mixture = nash_averaging(margins)
    assert np.allclose(mixture, [0, 0, 0, 0, 1])
    assert np.allclose(ratings, margins[:, 4])
    assert np.allclose(deviation_ratings(margins), margins[:, 4], atol=1e-6)
    assert list(maximal_lottery(margins)[1]) == [5, 4, 3, 2, 1]
    shares = alpharank(margins)
    assert shares[4] > 0.99
    assert (np.diff(shares) > 0).all()


def test_a_member_all_beat_does_not_change_a_circle() -> None:
    margins = np.zeros((4, 4))
    margins[:3, :3], margins[:3, 3], margins[3, :3] = RPS, 0.4, -0.4
    ratings, mixture = nash_averaging(margins)
    assert np.allclose(mixture, [1 / 3, 1 / 3, 1 / 3, 0])
    assert np.allclose(ratings, [0, 0, 0, -0.4])
    assert np.allclose(deviation_ratings(margins), [0, 0, 0, -0.4])


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 8), st.integers(0, 10**6))
def test_copies_change_no_rating(n: int, seed: int) -> None:
    margins = random_margins(n, seed)
    for ratings in (lambda m: nash_averaging(m)[0], deviation_ratings):
        before, after = ratings(margins), ratings(with_copy(margins))
        assert np.allclose(after[:-1], before, atol=1e-4)
        assert after[-1] == pytest.approx(after[0], abs=1e-5)  # linear programs are that exact
    mixture = max_entropy_nash(with_copy(margins))
    assert mixture[-1] == pytest.approx(mixture[0], abs=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 12), st.integers(0, 10**6))
def test_no_member_beats_the_mixture(n: int, seed: int) -> None:
    ratings, mixture = nash_averaging(random_margins(n, seed))
    assert mixture.sum() == pytest.approx(1)
    assert (mixture >= 0).all()
    assert (ratings <= 1e-6).all()
    assert np.allclose(ratings[mixture > 1e-6], 0, atol=1e-5)
    assert (deviation_ratings(random_margins(n, seed)) <= 1e-6).all()


@given(st.integers(1, 9), st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_a_maximal_lottery_is_an_optimal_mixture_of_the_members_that_are_left(n: int, seed: int) -> None:
    drawn = np.random.default_rng(seed).integers(-2, 3, (n, n)).astype(float)
    majority = np.sign(drawn - drawn.T)
    lottery, rounds = maximal_lottery(drawn - drawn.T)
    left = np.ones(n, bool)
    for number in range(1, rounds.max() + 1):
        mixture = max_entropy_nash(majority[np.ix_(left, left)])
        if number == 1:
            assert np.allclose(lottery, mixture, atol=1e-6)
        assert (mixture > 1e-7).tolist() == (rounds[left] == number).tolist()
        left &= rounds != number


def test_among_equal_mixtures_the_one_of_the_highest_entropy_is_taken() -> None:
    assert np.allclose(max_entropy_nash(np.zeros((4, 4))), 1 / 4)
    # Two separate pairs of equals above a weak member: any mixture of the four is optimal.
    margins = np.zeros((5, 5))
    margins[:4, 4], margins[4, :4] = 0.5, -0.5
    assert np.allclose(max_entropy_nash(margins), [0.25, 0.25, 0.25, 0.25, 0])


def test_the_quick_way_for_margins_agrees_with_the_game_of_two_players() -> None:
    for seed in range(5):
        margins = random_margins(4, seed)
        first, second = deviation_ratings_of_game(np.stack([margins, margins.T]))
        assert np.allclose(first, deviation_ratings(margins), atol=1e-5)
        assert np.allclose(second, first, atol=1e-5)
    shares = alpharank_of_game(np.stack([RPS, RPS.T]))
    assert np.allclose(shares, 1 / 3)


def test_general_sum_games_of_three_players() -> None:
    # Three players choose 0 or 1: all are paid 1 if all choose 0 and 2 if all choose 1, and each that chooses 1 is paid
    # 1.5 more, so that 1 is dominant.
    game = np.zeros((3, 2, 2, 2))
    game[:, 0, 0, 0], game[:, 1, 1, 1] = 1, 2
    game[0, 1] += 1.5
    game[1, :, 1] += 1.5
    game[2, :, :, 1] += 1.5
    for zero, one in deviation_ratings_of_game(game):
        assert zero < one <= 1e-6
    for zero, one in alpharank_of_game(game):
        assert one > 0.9 > zero


@pytest.mark.parametrize("choices", [(2, 3), (3, 2), (2, 3, 4)])
def test_alpha_rank_of_unlike_players_finds_their_dominant_choices(choices: tuple[int, ...]) -> None:
    best = range(len(choices))  # of player 0, 1, ...: choice 0, 1, ...
    game = np.random.default_rng(0).random((len(choices), *choices))
    for player, choice in enumerate(best):
        np.moveaxis(game[player], player, 0)[choice] += 1
    for player, shares in enumerate(alpharank_of_game(game)):
        assert len(shares) == choices[player]
        assert shares[best[player]] > 0.99


def test_the_prisoners_dilemma_rates_cooperation_by_what_it_costs() -> None:
    row = np.array([[3.0, 0.0], [5.0, 1.0]])  # cooperate, defect
    for cooperate, defect in deviation_ratings_of_game(np.stack([row, row.T])):
        assert cooperate == pytest.approx(-1)
        assert defect == pytest.approx(0)


@pytest.mark.slow
def test_equilibrium_ratings_of_polarix() -> None:
    row = np.array([[3.0, 0.0], [5.0, 1.0]])
    games = [RPS, chain(3), np.stack([row, row.T])]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:  # JAX's threads disturb tests that fork
        circle, line, dilemma = (ratings for ratings, _ in pool.map(equilibrium_ratings, games))
    assert np.allclose(circle, 0, atol=1e-4)
    assert np.allclose(line, chain(3)[:, 2], atol=1e-3)
    assert np.allclose(dilemma, [-1, 0], atol=1e-2)


def test_without_polarix_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polarix", None)
    with pytest.raises(RankingError, match=r"not installed; pip install 'self-play-arena\[rank\]'"):
        equilibrium_ratings(RPS)


def test_malformed_margins_are_refused() -> None:
    with pytest.raises(RankingError, match="must be antisymmetric"):
        nash_averaging([[0, 1], [1, 0]])
    with pytest.raises(RankingError, match="square matrix"):
        alpharank([[0, np.nan], [np.nan, 0]])
    with pytest.raises(RankingError, match="of the shape"):
        deviation_ratings_of_game(np.zeros((2, 2, 2, 2)))
    with pytest.raises(RankingError, match="at most 2,000"):
        alpharank_of_game(np.zeros((2, 50, 50)))


def test_alpha_rank_raises_one_line_where_the_engine_finds_no_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    from open_spiel.python.egt import alpharank as engine

    tried = []

    def compute(*args: object, inf_alpha_eps: float, **options: object) -> None:
        tried.append(inf_alpha_eps)
        raise ValueError("Expected 1 stationary distribution, but found 2")

    monkeypatch.setattr(engine, "compute", compute)
    with pytest.raises(RankingError, match="no single stationary distribution"):
        alpharank(RPS)
    assert tried == sorted(tried)
    assert len(tried) > 2
