"""Intervals of ratings: quick draws against whole refits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from leagues.ratings.bootstrap import resample
from leagues.ratings.comparisons import Comparisons
from leagues.ratings.davidson import fit
from leagues.ratings.leaderboard import ELO
from leagues.results.blocks import BlockScore


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
            BlockScore(1, block, f"m{i:02d}", f"m{j:02d}", *rng.multinomial(2, chances / chances.sum()).tolist())
        )
    games = Comparisons.between(place, scores)
    strengths, ties = fit(games)

    def ends() -> np.ndarray:
        drawn = resample(games, strengths, ties, 8_000, np.random.default_rng(9))
        return np.quantile(drawn[:, 1:] - drawn[:, :1], [0.025, 0.975], axis=0)

    quick = ends()
    monkeypatch.setattr("leagues.ratings.bootstrap._NORMAL", 0.0)
    whole = ends()
    assert not np.array_equal(quick, whole)
    assert np.abs(quick - whole).max() < 0.1 * (whole[1] - whole[0]).min() / 2  # 300 refits tell them to 0.08


def test_one_who_is_unsure_has_all_refitted(monkeypatch: pytest.MonkeyPatch) -> None:
    settled = [(1, block, 0, 1, block % 2, 0, 1 - block % 2) for block in range(6000)]
    games = Comparisons.of(3, np.array([*settled, (1, 6000, 1, 2, 1, 0, 0)]))
    drawn = resample(games, *fit(games), 20, np.random.default_rng(0))
    monkeypatch.setattr("leagues.ratings.bootstrap._NORMAL", 0.0)
    np.testing.assert_array_equal(resample(games, *fit(games), 20, np.random.default_rng(0)), drawn)


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
        rows.append((1, block, i, j, *rng.multinomial(2, chances / chances.sum())))
    games = Comparisons.of(settled + new, np.array(rows))
    strengths, ties = fit(games)

    def ends() -> np.ndarray:
        drawn = resample(games, strengths, ties, 8_000, np.random.default_rng(9))
        return np.quantile(drawn[:, 1:] - drawn[:, :1], [0.025, 0.975], axis=0)

    whole = ends()
    monkeypatch.setattr("leagues.ratings.bootstrap._MANY", 0)
    mixed = ends()
    assert not np.array_equal(mixed, whole)
    assert (np.abs(mixed - whole) < 0.12 * (whole[1] - whole[0]) / 2).all()
