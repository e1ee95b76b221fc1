"""The cyclic share of results: 0 for members of one strength each, 1 for a circle, in between for a mixture."""

from __future__ import annotations

import numpy as np
import pytest
from margins import RPS, Floats, blocks_of, chain

from leagues.ratings.comparisons import Comparisons
from leagues.ratings.components import components
from leagues.ratings.rank.cycles import Cycles, cyclic_share, hodge


def share(margins: Floats, blocks: int = 400) -> Cycles:
    names = [chr(97 + k) for k in range(len(margins))]
    return cyclic_share(
        Comparisons.between({name: k for k, name in enumerate(names)}, blocks_of(margins, names, blocks))
    )


def test_a_chain_has_no_cyclic_share_and_a_circle_nothing_else() -> None:
    assert share(chain(6)).share == pytest.approx(0, abs=1e-3)
    assert share(0.6 * RPS).share == pytest.approx(1, abs=1e-3)
    assert share(0.6 * RPS).loops == 1


def test_chance_alone_is_not_cyclic() -> None:
    rng = np.random.default_rng(0)
    n, games = 10, 40
    shares, raw = [], []
    for _ in range(40):
        wins = rng.binomial(games, chain(n, 0.3) + 0.5) / games
        margins = np.triu(wins - 0.5, 1)
        found = share(margins - margins.T, games // 2)
        shares.append(found.share)
        raw.append(found.raw)
    assert np.mean(raw) > 0.06  # what a plain decomposition says
    assert np.mean(shares) < 0.02


@pytest.mark.parametrize("repeated", [1, 2])
def test_blocks_whose_games_repeat_each_other_are_not_cyclic(repeated: int) -> None:
    rng = np.random.default_rng(0)
    i, j = np.triu_indices(10, 1)
    pair = np.repeat(np.arange(len(i)), 10)  # of each block
    shares = []
    for _ in range(20):
        wins = repeated * rng.binomial(2 // repeated, 1 / (1 + np.exp(-0.2 * (j - i)[pair])))
        numbers = np.arange(len(pair))
        rows = np.stack([numbers * 0, numbers, i[pair], j[pair], wins, wins * 0, 2 - wins], 1)
        shares.append(cyclic_share(Comparisons.of(10, rows)).share)
    assert np.mean(shares) < 0.02


@pytest.mark.parametrize("spread", [0.0, 0.1])
@pytest.mark.parametrize(("blocks", "known"), [(10, True), (1, False)])
def test_circles_of_returns_show_once_their_games_show_how_much_chance_there_is(
    spread: float, blocks: int, known: bool
) -> None:
    rng = np.random.default_rng(0)
    flow = np.repeat([3.0, -3.0, 3.0], blocks)  # 0 beats 1, 1 beats 2, and 2 beats 0
    pairs = np.repeat([[0, 1], [0, 2], [1, 2]], blocks, axis=0)
    numbers = np.arange(len(flow))[:, None]
    rows = np.hstack([0 * numbers, numbers, pairs, 2 + 0 * numbers, 0 * numbers, 0 * numbers])
    found = cyclic_share(Comparisons.of(3, rows, 2 * flow + rng.normal(0, spread, len(flow))), graded=True)
    assert found.share == pytest.approx(1.0 if known else 0.0, abs=0.03)
    assert found.raw == pytest.approx(1, abs=0.03)


def test_without_margins_nothing_is_cyclic() -> None:
    rows = np.array(
        [[1, 3 * k + p, i, j, 0, 2, 0] for k in range(9) for p, (i, j) in enumerate([(0, 1), (0, 2), (1, 2)])]
    )
    assert cyclic_share(Comparisons.of(3, rows, np.zeros(len(rows))), graded=True) == Cycles(0.0, 0.0, 3, 1)


def test_flows_with_a_known_decomposition() -> None:
    # A gradient of (2, 1, 0) and a circle of 1, on a triangle of equal weights.
    games = Comparisons.of(3, np.array([[1, 1, 0, 1, 1, 0, 0], [1, 2, 0, 2, 1, 0, 0], [1, 3, 1, 2, 1, 0, 0]]))
    gradient, circle = np.array([1.0, 2.0, 1.0]), np.array([1.0, -1.0, 1.0])
    found = hodge(3, games, gradient + circle, np.full(3, 1e6))
    assert found.raw == pytest.approx(3 / (3 + 6))
    assert found.share == pytest.approx(3 / 9, rel=1e-3)


def test_a_tree_has_no_circles() -> None:
    games = Comparisons.of(4, np.array([[1, 1, 0, 1, 1, 0, 1], [1, 2, 1, 2, 2, 0, 0]]))
    assert cyclic_share(games) == Cycles(0.0, pytest.approx(0, abs=1e-9), 2, 0)


def test_components_are_the_parts_that_have_met() -> None:
    parts = components(6, np.array([0, 1, 4]), np.array([1, 2, 5]))
    assert [part.tolist() for part in parts] == [[0, 1, 2], [4, 5], [3]]
