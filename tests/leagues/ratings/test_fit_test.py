"""The test of whether ratings predict the payoffs: few false alarms, and it finds circles."""

from __future__ import annotations

import numpy as np
import pytest
from margins import RPS, blocks_of

from leagues.ratings import returns
from leagues.ratings.comparisons import Comparisons
from leagues.ratings.davidson import fit
from leagues.ratings.fit_test import Fit, goodness_of_fit, goodness_of_fit_of_returns


def games(
    rng: np.random.Generator, n: int, blocks: int, *, spread: float = 1.0, repeat: float = 0.0, circle: float = 0.0
) -> Comparisons:
    """Blocks of two games of every pair, from Davidson's model.

    ``repeat`` is the share of blocks whose second game ends as the first; ``circle`` is what is added to the difference
    of each pair, with the sign of a circle.
    """
    strength = spread * rng.normal(size=n)
    rows = []
    for i in range(n):
        for j in range(i + 1, n):
            gap = strength[i] - strength[j] + (circle if (j - i) % 2 else -circle)
            odds = np.array([np.exp(gap / 2), 0.4, np.exp(-gap / 2)])
            drawn = rng.choice(3, (blocks, 2), p=odds / odds.sum())
            same = rng.random(blocks) < repeat
            drawn[same, 1] = drawn[same, 0]
            rows += [[1, len(rows) + k, i, j, *np.bincount(two, minlength=3)] for k, two in enumerate(drawn, 1)]
    return Comparisons.of(n, np.array(rows))


def misfit(made: Comparisons, rng: np.random.Generator) -> Fit:
    found = goodness_of_fit(made, *fit(made), rng)
    assert found is not None
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    "data",
    [
        {"n": 8, "blocks": 10},
        {"n": 12, "blocks": 2},
        {"n": 8, "blocks": 8, "repeat": 0.6},
        {"n": 9, "blocks": 6, "spread": 3},
    ],
    ids=["plain", "few games", "games of a block alike", "one-sided"],
)
def test_on_data_of_the_model_5_percent_are_alarms(data: dict[str, float]) -> None:
    values = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        values.append(misfit(games(rng, **data), rng).p_value)
    assert 0.015 <= np.mean(np.array(values) <= 0.05) <= 0.085
    assert 0.4 < np.mean(values) < 0.6


def returns_of(rng: np.random.Generator, n: int, blocks: int, circle: float = 0.0) -> Comparisons:
    """Blocks of two games of every pair of a graded game, in which each member plays as wildly as it likes."""
    strength, wild = rng.normal(size=n), rng.uniform(0.5, 2, size=n)
    rows, margins = [], []
    for i in range(n):
        for j in range(i + 1, n):
            gap = strength[i] - strength[j] + (circle if (j - i) % 2 else -circle)
            for _ in range(blocks):
                rows.append([1, len(rows) + 1, i, j, 1, 0, 1])
                margins.append((gap + rng.normal(scale=wild[i] + wild[j], size=2)).sum())
    return Comparisons.of(n, np.array(rows), np.array(margins))


@pytest.mark.slow
@pytest.mark.parametrize("blocks", [3, 12])
def test_on_returns_of_the_model_5_percent_are_alarms(blocks: int) -> None:
    values = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        made = returns_of(rng, 8, blocks)
        found = goodness_of_fit_of_returns(made, returns.fit(made), rng)
        assert found is not None
        values.append(found.p_value)
    assert 0.015 <= np.mean(np.array(values) <= 0.05) <= 0.085


def test_a_circle_of_returns_is_found() -> None:
    rng = np.random.default_rng(0)
    made = returns_of(rng, 6, 60, circle=3)
    found = goodness_of_fit_of_returns(made, returns.fit(made), rng)
    assert found is not None
    assert found.p_value < 0.01
    assert found.error > 1
    once = returns_of(rng, 4, 1)
    assert goodness_of_fit_of_returns(once, returns.fit(once), rng) is None


def test_rock_paper_scissors_is_found_with_the_pair_that_is_predicted_worst() -> None:
    made = Comparisons.between({"a": 0, "b": 1, "c": 2}, blocks_of(0.8 * RPS, "abc", 20))
    found = misfit(made, np.random.default_rng(0))
    assert found.p_value < 0.01
    assert found.error == pytest.approx(0.4, abs=0.02)
    assert found.expected == pytest.approx(0.5, abs=0.01)
    assert abs(found.observed - 0.5) == pytest.approx(0.4, abs=0.02)
    assert found.games == 40


def test_a_circle_among_stronger_and_weaker_members_is_found() -> None:
    values = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        values.append(misfit(games(rng, 8, 20, circle=0.6), rng).p_value)
    assert np.mean(np.array(values) <= 0.05) > 0.9


def test_without_a_circle_of_pairs_there_is_nothing_to_test() -> None:
    chain = Comparisons.of(3, np.array([[1, 1, 0, 1, 2, 0, 0], [1, 2, 1, 2, 2, 0, 0]]))
    assert goodness_of_fit(chain, *fit(chain), np.random.default_rng(0)) is None


def test_blocks_that_pairs_play_once_count_as_one_game() -> None:
    rows = [[1, k, i, j, 2, 0, 0] for k, (i, j) in enumerate(((0, 1), (1, 2), (0, 2)), 1)]
    assert misfit(Comparisons.of(3, np.array(rows)), np.random.default_rng(0)).dispersion == 2
