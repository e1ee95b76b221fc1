"""Sequential tests: known values, what the likelihoods maximise, and error rates at their nominal level."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from scipy.optimize import minimize

from leagues.ratings.sprt import (
    LEAST_BLOCKS,
    NORMALIZED_ELO,
    UNSEEN,
    Hypotheses,
    SequentialTest,
    elo_of,
    multinomial_llr,
    normal_llr,
    score_of,
)
from leagues.records import LeagueError

pytestmark = pytest.mark.slow

Floats = npt.NDArray[np.float64]


@pytest.mark.parametrize(
    ("counts", "low", "high", "llr"),
    [([10789, 19328, 33806, 19402, 10543], -3, 1, 2.131), ([0, 2, 10, 20, 8], 0, 50, 5.343)],
)
def test_published_pentanomial_counts_have_their_known_ratio(
    counts: list[int], low: float, high: float, llr: float
) -> None:
    assert multinomial_llr(counts, Hypotheses(low, high)) == pytest.approx(llr, abs=5e-4)


def test_the_bounds_are_walds() -> None:
    low, high = Hypotheses(0, 5, alpha=0.05, beta=0.1).bounds
    assert (low, high) == pytest.approx((math.log(0.1 / 0.95), math.log(0.9 / 0.05)))


@pytest.mark.parametrize("model", ["logistic", "normalized"])
def test_changing_sides_changes_the_sign(model: str) -> None:
    counts = np.random.default_rng(1).integers(0, 40, (20, 7))
    there = multinomial_llr(counts, Hypotheses(-10, 30, model))
    back = multinomial_llr(counts[:, ::-1], Hypotheses(-30, 10, model))
    assert there == pytest.approx(-back, rel=1e-6, abs=1e-6)
    assert multinomial_llr(np.zeros(5), Hypotheses(0, 20, model)) == 0


def best_likelihood(counts: list[int], condition: Callable[[Floats], float]) -> float:
    """The highest log-likelihood under a condition, by a general optimiser."""
    given = np.where(np.array(counts) == 0, UNSEEN, counts).astype(float)
    constraints = [{"type": "eq", "fun": condition}, {"type": "eq", "fun": lambda p: p.sum() - 1}]
    found = minimize(
        lambda p: -(given * np.log(p)).sum() / given.sum(),
        given / given.sum(),
        bounds=[(1e-9, 1)] * len(given),
        constraints=constraints,
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-14},
    )
    return float(-found.fun * given.sum())


@pytest.mark.parametrize("counts", [[4, 19, 33, 22, 12], [0, 2, 10, 20, 8], [5, 1, 9, 3, 0, 2, 30, 4, 4, 1, 1, 0, 2]])
@pytest.mark.parametrize("model", ["logistic", "normalized"])
def test_the_ratio_is_that_of_the_highest_likelihoods(counts: list[int], model: str) -> None:
    scores = np.linspace(0, 1, len(counts))

    def likelihood(elo: float) -> float:
        if model == "logistic":
            return best_likelihood(counts, lambda p: p @ scores - score_of(elo))
        advantage = elo / NORMALIZED_ELO * math.sqrt(2)
        return best_likelihood(counts, lambda p: p @ scores - 0.5 - advantage * np.sqrt(p @ (scores - p @ scores) ** 2))

    expected = likelihood(60) - likelihood(-20)
    assert multinomial_llr(counts, Hypotheses(-20, 60, model)) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("counts", [[0, 0, 0, 0, 50], [50, 0, 0, 0, 0], [0, 0, 50, 0, 0], [25, 0, 0, 0, 25]])
@pytest.mark.parametrize("model", ["logistic", "normalized"])
def test_extreme_results_have_a_finite_ratio_of_the_right_sign(counts: list[int], model: str) -> None:
    llr = float(multinomial_llr(counts, Hypotheses(0, 50, model)))
    assert math.isfinite(llr)
    assert (llr > 0) == (counts[-1] == 50)


def test_by_returns_the_ratio_is_that_of_two_normal_distributions() -> None:
    blocks = np.random.default_rng(2).normal(0.4, 2.0, 500)
    squares = float(((blocks - blocks.mean()) ** 2).sum())
    llr = float(normal_llr(len(blocks), blocks.mean(), squares, Hypotheses(0.0, 0.5, "returns")))

    def likelihood(mean: float) -> float:
        variance = ((blocks - mean) ** 2).mean()
        return float(-len(blocks) / 2 * math.log(variance))

    assert llr == pytest.approx(likelihood(0.5) - likelihood(0.0), abs=0.01)


def test_by_normalized_elo_the_ratio_of_returns_is_that_of_the_best_deviations() -> None:
    blocks = np.random.default_rng(3).normal(0.4, 2.0, 60)
    squares = float(((blocks - blocks.mean()) ** 2).sum())

    def likelihood(elo: float) -> float:
        advantage = elo / NORMALIZED_ELO * math.sqrt(3)
        deviations = np.linspace(1, 4, 30_001)
        misses = ((blocks[:, None] - advantage * deviations) ** 2).sum(0)
        return float((-len(blocks) * np.log(deviations) - misses / (2 * deviations**2)).max())

    llr = float(normal_llr(len(blocks), blocks.mean(), squares, Hypotheses(0, 100, "normalized"), games=3))
    assert llr == pytest.approx(likelihood(100) - likelihood(0), abs=1e-4)


def decided(draw: Callable[[np.random.Generator, tuple[int, int]], Floats], test: Hypotheses, steps: int = 0) -> Floats:
    """The share of 2,000 simulated tests that accept H1, looked at after every block; all must end.

    Args:
        draw: gives block scores, steps of a grid if `steps` are given.
        test: the hypotheses.
        steps: number of steps of the grid; 0 for returns.
    """
    runs, longest = 2000, 1000
    scores = draw(np.random.default_rng(7), (runs, longest))
    low, high = test.bounds
    if not steps:
        blocks = np.arange(1, longest + 1)
        mean = scores.cumsum(1) / blocks
        squares = np.maximum((scores**2).cumsum(1) - blocks * mean**2, 0)
        llr = np.where(blocks < LEAST_BLOCKS, 0.0, normal_llr(blocks, mean, squares, test))
        ends = ((llr >= high) | (llr <= low)).argmax(1)
        last = llr[np.arange(runs), ends]
        assert ((last >= high) | (last <= low)).all()
        return np.float64((last >= high).mean())
    counts, live = np.zeros((runs, steps + 1)), np.arange(runs)
    accepted = np.zeros(runs, bool)
    for block in range(longest):
        counts[live, scores[live, block].astype(int)] += 1
        llr = multinomial_llr(counts[live], test)
        accepted[live[llr >= high]] = True
        live = live[(llr < high) & (llr > low)]
        if not len(live):
            return np.float64(accepted.mean())
    raise AssertionError(f"{len(live)} tests did not end")


def with_mean(shares: list[float], mean: float) -> Floats:
    """Shares of the scores of a grid, tilted to a mean."""
    scores = np.linspace(0, 1, len(shares))
    low, high = -50.0, 50.0
    for _ in range(100):
        tilted = shares * np.exp((low + high) / 2 * scores)
        tilted /= tilted.sum()
        low, high = ((low + high) / 2, high) if tilted @ scores < mean else (low, (low + high) / 2)
    return np.asarray(tilted)


NOMINAL = pytest.approx(0.05, abs=0.015)
"""Three standard errors of a share of 5% in 2,000 tests."""


def test_error_rates_of_the_pentanomial_test_are_nominal() -> None:
    test = Hypotheses(0, 60)
    for elo in (0, 60):
        shares = with_mean([0.1, 0.2, 0.35, 0.2, 0.15], score_of(elo))
        h1 = decided(lambda rng, size, p=shares: rng.choice(5, size, p=p).astype(float), test, steps=4)
        assert (h1 if elo == 0 else 1 - h1) == NOMINAL


def test_error_rates_in_a_game_of_three_sides_are_nominal() -> None:
    test = Hypotheses(0, 80)  # blocks of three games with two opponents: thirteen different scores
    for elo in (0, 80):
        shares = with_mean([1, 1, 3, 2, 6, 3, 8, 3, 6, 2, 3, 1, 1], score_of(elo))
        h1 = decided(lambda rng, size, p=shares: rng.choice(13, size, p=p).astype(float), test, steps=12)
        assert (h1 if elo == 0 else 1 - h1) == NOMINAL


POKER = (np.array([-6, -2, -1, -0.5, 0, 0.5, 1, 2, 6]), [0.02, 0.08, 0.15, 0.15, 0.2, 0.15, 0.15, 0.08, 0.02])
"""Mean returns of a block, as in a small poker game."""


@pytest.mark.parametrize("model", ["returns", "normalized"])
def test_error_rates_by_returns_are_nominal(model: str) -> None:
    returns, shares = POKER
    deviation = math.sqrt(float(shares @ returns**2))
    high = 0.35
    test = Hypotheses(0, high, "returns")
    if model == "normalized":
        test = Hypotheses(0, high / deviation / math.sqrt(2) * NORMALIZED_ELO, "normalized")
    for mean in (0.0, high):
        h1 = decided(lambda rng, size, mean=mean: rng.choice(returns, size, p=shares) + mean, test)
        assert (h1 if mean == 0 else 1 - h1) == NOMINAL


def test_a_running_test_has_the_ratio_of_all_its_blocks_and_stops() -> None:
    given = Hypotheses(0, 100)
    test = SequentialTest(given, games=2)
    for scores in (0.5, 0.75, 1.0, 0.25, 1.0):
        test.add(scores)
    assert test.counts == [0, 1, 1, 1, 2]
    assert test.llr == pytest.approx(float(multinomial_llr(test.counts, given)))
    while test.accepted is None:
        test.add(1.0)
    assert test.accepted == "H1"
    assert test.llr >= given.bounds[1]
    blocks, llr = test.blocks, test.llr
    test.add(0.0)
    assert (test.blocks, test.llr, test.accepted) == (blocks, llr, "H1"), "nothing counts after the decision"


def test_a_test_by_returns_waits_for_enough_blocks() -> None:
    test = SequentialTest(Hypotheses(0, 0.5, "returns"), games=2, graded=True)
    for _ in range(LEAST_BLOCKS - 1):
        test.add(3.0)
    assert test.llr > test.hypotheses.bounds[1]
    assert test.accepted is None
    test.add(3.0)
    assert test.accepted == "H1"
    assert test.counts == []


def test_elo_and_scores_are_inverse() -> None:
    assert score_of(0) == 0.5
    assert score_of(400) == pytest.approx(10 / 11)
    assert elo_of(score_of(123.0)) == pytest.approx(123.0)
    assert (elo_of(0), elo_of(1)) == (-math.inf, math.inf)


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"low": 5, "high": 5}, "elo0 < elo1"),
        ({"low": 0, "high": math.nan}, "elo0 < elo1"),
        ({"low": 0, "high": 1e9}, "more than 2,000 Elo"),
        ({"low": 1, "high": 0, "model": "returns"}, "return0 < return1"),
        ({"low": 0, "high": 5, "alpha": 0.5}, "0 < alpha < 0.5"),
        ({"low": 0, "high": 5, "beta": 0}, "0 < beta < 0.5"),
        ({"low": 0, "high": 5, "model": "bayesian"}, "model in"),
    ],
)
def test_hypotheses_that_cannot_be_tested_are_refused(arguments: dict[str, float], rule: str) -> None:
    with pytest.raises(LeagueError, match=rule):
        Hypotheses(**arguments)


def test_a_model_of_another_kind_of_score_is_refused() -> None:
    with pytest.raises(LeagueError, match="graded game"):
        SequentialTest(Hypotheses(0, 5), games=2, graded=True)
    with pytest.raises(LeagueError, match="logistic or normalized"):
        SequentialTest(Hypotheses(0, 5, "returns"), games=2)
