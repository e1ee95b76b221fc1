"""Ratings in graded games: known values, plain least squares, simulated players, and poker."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from leaguekit import MAIN, RANDOM, frozen, match
from leduc_styles import Maniac, Patient

from agents.contract import Turn
from games import make_game
from leagues.ratings import returns
from leagues.ratings.comparisons import Comparisons
from leagues.ratings.leaderboard import best, leaderboard, rate
from leagues.results.blocks import BlockScore, BlockScores
from leagues.results.scoring import block_scores


def graded(scores: list[BlockScore], sides: int = 2) -> BlockScores:
    return BlockScores.of(scores, sides=sides)


def block(number: int, a: str, b: str, margin: float, games: int = 2) -> BlockScore:
    """A block of a zero-sum game in which ``a`` has this margin in each game."""
    wins, losses = (games, 0) if margin > 0 else (0, games)
    return BlockScore(1, number, a, b, wins, 0, losses, games * margin, -games * margin)


def simulated(
    n: int, blocks: int, rng: np.random.Generator, deviation: float = 4.0
) -> tuple[np.ndarray, list[BlockScore]]:
    """True ratings, and blocks of two games between random pairs whose cards are alike, so that they depend."""
    strengths = rng.normal(0, 0.5, n)
    scores = []
    for number in range(blocks):
        i, j = sorted(rng.choice(n, 2, replace=False).tolist())
        luck = rng.normal(0, deviation)
        games = strengths[i] - strengths[j] + luck + rng.normal(0, deviation, 2)
        total, wins = float(games.sum()), int((games > 0).sum())
        scores.append(BlockScore(1, number, f"m{i:02d}", f"m{j:02d}", wins, 0, 2 - wins, total, -total))
    return strengths, scores


def test_a_rating_is_the_mean_return_against_random() -> None:
    scores = graded([block(k, "a", "random", 1.5 if k % 2 else -0.5) for k in range(1000)])
    standing, zero = leaderboard([RANDOM, *frozen("a")], scores)
    assert standing.rating == pytest.approx(0.5 * 2000 / 2001 / (1 + 1 / 2001), rel=1e-3)
    assert standing.unit == zero.unit == "returns per game"
    assert (zero.rating, zero.low, zero.high) == (0, 0, 0)
    assert standing.low < 0.5 < standing.high
    assert standing.high - standing.low == pytest.approx(2 * 1.96 / np.sqrt(1000), rel=0.2)
    assert (standing.games, standing.wins, standing.losses) == (2000, 1000, 1000)


def test_ratings_are_those_of_plain_least_squares() -> None:
    _, scores = simulated(8, 300, np.random.default_rng(1))
    members = [*frozen(*(f"m{k:02d}" for k in range(8))), MAIN]
    place = {f"m{k:02d}": k for k in range(8)}
    rows, right = [np.eye(8)[k] for k in range(8)], [0.0] * 8  # the virtual games
    for score in scores:
        games = score.wins + score.draws + score.losses
        row = np.eye(8)[place[score.member]] - np.eye(8)[place[score.opponent]]
        rows.append(np.sqrt(games) * row)
        right.append(np.sqrt(games) * score.returns / games)
    expected = np.linalg.lstsq(np.array(rows), np.array(right), rcond=None)[0]
    found = {each.agent: each.rating for each in leaderboard(members, graded(scores))}
    assert [found[name] for name in place] == pytest.approx((expected - expected.mean()).tolist(), abs=1e-9)


@settings(deadline=None, max_examples=25)
@given(st.integers(2, 6), st.integers(1, 30), st.integers(0, 2**32))
def test_the_order_of_blocks_and_the_side_they_are_seen_from_change_nothing(n: int, blocks: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    _, scores = simulated(n, blocks, rng)
    members = frozen(*(f"m{k:02d}" for k in range(n)))
    first = rate(members, graded(scores)).ratings
    shuffled = [scores[k] for k in rng.permutation(len(scores))]
    turned = [
        each._replace(member=each.opponent, opponent=each.member, wins=each.losses, losses=each.wins,
                      returns=each.opponent_returns, opponent_returns=each.returns)
        for each in shuffled
    ]  # fmt: skip
    assert rate(members, graded(shuffled)).ratings == pytest.approx(first, abs=1e-9)
    assert rate(members, graded(turned)).ratings == pytest.approx(first, abs=1e-9)
    mirrored = [each._replace(returns=-each.returns, opponent_returns=-each.opponent_returns) for each in scores]
    assert rate(members, graded(mirrored)).ratings == pytest.approx(-first, abs=1e-9)


def test_without_games_everybody_is_even_and_unsure() -> None:
    for standing in leaderboard([RANDOM, *frozen("a", "b")], graded([])):
        assert standing.rating == 0
        assert standing.agent == "random" or standing.high - standing.low > 1
    rated = {each.agent: each for each in leaderboard([RANDOM, *frozen("a", "new")], graded(
        [block(k, "a", "random", 5.0 if k % 2 else -4.0) for k in range(200)]))}  # fmt: skip
    assert rated["new"].games == 0
    assert rated["new"].high - rated["new"].low > 10 > rated["a"].high - rated["a"].low


@pytest.mark.parametrize("blocks", [15, pytest.param(240, marks=pytest.mark.slow)])
def test_intervals_hold_the_truth(blocks: int) -> None:
    rng = np.random.default_rng(5)
    held = []
    for _ in range(60):
        strengths, scores = simulated(6, blocks, rng)
        members = frozen(*(f"m{k:02d}" for k in range(6)))
        truth = {f"m{k:02d}": value for k, value in enumerate(strengths - strengths.mean())}
        held += [each.low <= truth[each.agent] <= each.high for each in leaderboard(members, graded(scores))]
    assert 0.90 <= np.mean(held) <= 0.985


def test_drawn_and_refitted_resamples_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    _, scores = simulated(10, 2_000, np.random.default_rng(2))
    games = Comparisons.between({f"m{k:02d}": k for k in range(10)}, graded(scores))
    strengths = returns.fit(games)
    refitted = returns.resample(games, strengths, 2_000, np.random.default_rng(3))
    monkeypatch.setattr(returns, "_MANY", 0)
    drawn = returns.resample(games, strengths, 2_000, np.random.default_rng(3))
    for found in (refitted, drawn):
        assert found.mean(0) == pytest.approx(strengths, abs=0.05)
    centred = [found - found.mean(1, keepdims=True) for found in (refitted, drawn)]
    assert centred[0].std(0) == pytest.approx(centred[1].std(0), rel=0.1)


def test_against_equal_opponents_a_rating_is_the_return_also_with_three_players() -> None:
    rng = np.random.default_rng(4)
    played = []
    for number in range(400):
        for turn in range(3):
            luck = rng.normal(0, 1, 3)
            seats = tuple("abc"[(seat + turn) % 3] for seat in range(3))
            gain = dict(zip("abc", luck - luck.mean(), strict=True))
            gain["a"] += 0.6  # from both others
            gain["b"] -= 0.3
            gain["c"] -= 0.3
            played.append(match(seats, [gain[name] for name in seats], kind="evaluation", block=number))
    board = leaderboard(frozen("a", "b", "c"), graded(block_scores(played), sides=3))
    assert board[0].agent == "a"
    assert board[0].rating - (board[1].rating + board[2].rating) / 2 == pytest.approx(0.6, abs=0.1)


def exact_leduc() -> list[BlockScore]:
    """Every deal of leduc poker between the maniac and the patient one, each from both seats: 120 blocks."""
    game = make_game("leduc_poker")
    agents = {"maniac": Maniac(game), "patient": Patient(game)}
    rng = np.random.default_rng(0)
    observation, mask = np.zeros((1, *game.observation_shape), np.float32), np.zeros((1, game.num_actions), np.bool_)
    played = []
    for number, cards in enumerate(permutations(range(6), 3)):
        for seats in (("maniac", "patient"), ("patient", "maniac")):
            state = game.new_state(0, cards)
            while state.acting():
                (seat,) = state.acting()
                state.observe(seat, observation[0], mask[0])
                turn = Turn(observation, mask, np.array([seat]), np.array([0]), lambda _, state=state: state)
                state.apply([int(agents[seats[seat]].act(turn, rng)[0])])
            played.append(match(seats, state.returns(), kind="evaluation", block=number))
    return block_scores(played)


def test_in_leduc_the_better_player_by_chips_is_ranked_higher_although_it_wins_fewer_hands() -> None:
    scores = exact_leduc()
    hands = [sum(getattr(each, name) for each in scores) for name in ("wins", "draws", "losses")]
    chips = sum(each.returns for each in scores)
    assert (hands, chips) == ([176, 16, 48], -64.0)  # of the maniac: it wins hands, and loses 0.267 chips in each
    members = frozen("maniac", "patient")
    by_chips = leaderboard(members, graded(scores))
    by_hands = leaderboard(members, scores)
    assert [each.agent for each in by_chips] == ["patient", "maniac"]
    assert [each.agent for each in by_hands] == ["maniac", "patient"]
    assert by_chips[0].rating - by_chips[1].rating == pytest.approx(64 / 240, rel=0.01)
    assert best(by_chips) == "patient"
