"""The solvers: known equilibria, degenerate tables, copies, and what each refuses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from leagues.errors import LeagueError
from leagues.ratings.rank.margins import RankingError
from leagues.solvers import find_solver, register_solver, solver_names

pytestmark = pytest.mark.slow

RPS = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])
BIASED = np.array([[0.0, -25, 50], [25, 0, -5], [-50, 5, 0]])  # paper, rock and scissors: 1/16, 10/16, 5/16
PENNIES = np.stack([np.array([[1.0, -1], [-1, 1]]), np.array([[-1.0, 1], [1, -1]])])
NAMES = ("alpharank", "nash", "prd", "regret_matching", "uniform")
CONVERGING = ("nash", "prd", "regret_matching")


def three_player_game() -> np.ndarray:
    """Each player has a second choice that pays it 1 whatever the others do."""
    payoffs = np.zeros((3, 2, 2, 2))
    payoffs[0, 1], payoffs[1, :, 1], payoffs[2, :, :, 1] = 1, 1, 1
    return payoffs


def test_there_are_these_solvers() -> None:
    assert set(solver_names()) >= set(NAMES)
    with pytest.raises(LeagueError, match=r"no solver 'nasch'.*nash"):
        find_solver("nasch")


@pytest.mark.parametrize("name", CONVERGING)
def test_the_equilibria_of_rock_paper_scissors_plain_and_biased(name: str) -> None:
    for margins, equilibrium in ((RPS, [1 / 3] * 3), (BIASED, [1 / 16, 10 / 16, 5 / 16])):
        for payoffs in (margins, np.stack([margins, margins.T])):
            for mixture in find_solver(name)(payoffs):
                assert mixture == pytest.approx(equilibrium, abs=1e-6 if name == "nash" else 0.02)


@pytest.mark.parametrize("name", NAMES)
def test_matching_pennies_is_mixed_evenly_by_both_players(name: str) -> None:
    for mixture in find_solver(name)(PENNIES):
        assert mixture == pytest.approx([0.5, 0.5], abs=1e-3)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "uniform"])
def test_three_players_find_their_dominant_choices(name: str) -> None:
    for mixture in find_solver(name)(three_player_game()):
        assert mixture == pytest.approx([0, 1], abs=0.01)


@pytest.mark.parametrize("name", CONVERGING)
@pytest.mark.parametrize("seed", range(3))
def test_players_with_different_numbers_of_choices_have_no_gain_by_deviating(name: str, seed: int) -> None:
    ours = np.random.default_rng(seed).normal(size=(3, 7))
    rows, columns = find_solver(name)(np.stack([ours, -ours]))
    assert (rows.shape, columns.shape) == ((3,), (7,))
    gap = (ours @ columns).max() - (rows @ ours).min()
    assert gap == pytest.approx(0, abs=1e-9 if name == "nash" else 0.05)


def test_a_constant_sum_changes_no_equilibrium() -> None:
    rows, columns = find_solver("nash")(np.stack([BIASED + 7, BIASED.T - 3]))
    assert rows == pytest.approx([1 / 16, 10 / 16, 5 / 16], abs=1e-6)
    assert columns == pytest.approx(rows)


@pytest.mark.parametrize("name", NAMES)
def test_one_member_is_played_and_equal_members_equally(name: str) -> None:
    solver = find_solver(name)
    assert [mixture.tolist() for mixture in solver(np.zeros((1, 1)))] == [[1.0], [1.0]]
    assert [mixture.tolist() for mixture in solver(np.zeros((2, 1, 1)))] == [[1.0], [1.0]]
    for payoffs in (np.zeros((4, 4)), np.full((2, 4, 4), 0.5), np.zeros((3, 2, 2, 2))):
        for mixture in solver(payoffs):
            assert mixture == pytest.approx(np.full(len(mixture), 1 / len(mixture)), abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_the_size_of_the_payoffs_does_not_matter(name: str) -> None:
    small, large = (find_solver(name)(factor * RPS) for factor in (1e-3, 1e3))
    np.testing.assert_allclose(small, large, atol=1e-6)


def test_the_loser_of_all_is_left_out_by_all_but_uniform() -> None:
    margins = np.zeros((4, 4))
    margins[:3, :3] = RPS
    margins[:3, 3], margins[3, :3] = 1, -1
    for name in NAMES:
        share = find_solver(name)(margins)[0][3]
        assert share == pytest.approx(0.25 if name == "uniform" else 0, abs=2e-3), name


def gain(payoffs: np.ndarray, mixtures: Sequence[np.ndarray]) -> float:
    """What all players gain by deviating."""
    total = 0.0
    for player, own in enumerate(mixtures):
        values = payoffs[player]
        for other in reversed(range(len(mixtures))):
            if other != player:
                values = np.tensordot(values, mixtures[other], axes=([other], [0]))
        total += float(values.max() - values @ own)
    return total


def test_a_dilemma_has_one_equilibrium() -> None:
    prisoners = np.stack([np.array([[3.0, 0], [5, 1]]), np.array([[3.0, 5], [0, 1]])])
    for name in ("nash", "prd", "regret_matching", "alpharank"):
        for mixture in find_solver(name)(prisoners):
            assert mixture == pytest.approx([0, 1], abs=0.01)


@pytest.mark.parametrize("shape", [(3, 3, 3), (2, 5, 3), (6, 6), (2, 2, 2, 2), (1, 4, 2)])
def test_nash_is_an_equilibrium_of_games_of_any_players_and_sums(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(len(shape))
    for _ in range(4):
        payoffs = rng.normal(size=(len(shape), *shape))
        mixtures = find_solver("nash")(payoffs)
        assert tuple(map(len, mixtures)) == shape
        assert [mixture.sum() for mixture in mixtures] == pytest.approx([1] * len(shape))
        assert gain(payoffs, mixtures) < 1e-4


def test_nash_solves_degenerate_games() -> None:
    copies = three_player_game()[:, [0, 0, 1]][:, :, [1, 1]]  # equal choices of two players
    stag_hunt = np.stack([np.array([[4.0, 1], [3, 3]]), np.array([[4.0, 3], [1, 3]])])
    first_to_move = np.stack([np.array([[1.0, 1], [0, 2]]), np.array([[0.0, 0], [1, 1]])])
    for payoffs in (copies, stag_hunt, first_to_move, 1e6 * three_player_game(), three_player_game() - 100):
        assert gain(payoffs, find_solver("nash")(payoffs)) < 1e-4 * np.ptp(payoffs)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("payoffs", [[[0.0, 1], [1, 0]], [[0.0, np.nan], [np.nan, 0]], np.zeros((3, 2, 2)), [1.0]])
def test_malformed_payoffs_are_refused(name: str, payoffs: object) -> None:
    with pytest.raises(RankingError):
        find_solver(name)(payoffs)  # type: ignore[arg-type]


def test_a_solver_of_ones_own_plugs_in_by_name() -> None:
    register_solver("first_only", lambda payoffs: tuple(np.eye(n)[0] for n in np.shape(payoffs)[1:]))
    assert find_solver("first_only")(PENNIES)[0].tolist() == [1, 0]
    with pytest.raises(LeagueError, match="first_only"):
        register_solver("first_only", lambda payoffs: ())
