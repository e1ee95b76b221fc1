"""The inflation test: silent where play improves, loud where each snapshot only exploits the one before."""

from __future__ import annotations

import numpy as np
import pytest

from leagues.ratings.anchors import RECENT
from leagues.ratings.inflation import Inflation, inflation
from leagues.records import Member
from leagues.results.blocks import BlockScore, BlockScores

pytestmark = pytest.mark.slow

ANCHORS = [Member(name, "baseline", "anchor", agent=name) for name in ("mcts:25", "mcts:200")]
STRENGTHS = {"mcts:25": 0.0, "mcts:200": 2.0}
"""In natural units, of 174 Elo."""
TIES = 0.2


def snapshots(count: int, learner: str = "main") -> list[Member]:
    return [
        Member(f"{learner}@{n}", "snapshot", "main", n, weights="00" * 32, learner=learner) for n in range(1, count + 1)
    ]


def block(a: str, b: str, difference: float, number: int, rng: np.random.Generator) -> BlockScore:
    """Two games by Davidson's model."""
    odds = np.array([np.exp(difference / 2), 2 * TIES, np.exp(-difference / 2)])
    wins, draws, losses = rng.multinomial(2, odds / odds.sum()).tolist()
    return (
        BlockScore(1, number, a, b, wins, draws, losses) if a < b else BlockScore(1, number, b, a, losses, draws, wins)
    )


def played(
    own: np.ndarray, outside: np.ndarray, rng: np.random.Generator, *, neighbours: int = 40, with_anchors: int = 30
) -> list[BlockScore]:
    """Blocks of a chain of snapshots.

    Args:
        own: strengths that decide games between snapshots.
        outside: strengths that decide games with anchors.
    """
    names = [member.id for member in snapshots(len(own))]
    scores: list[BlockScore] = []

    def play(a: str, b: str, difference: float, blocks: int) -> None:
        scores.extend(block(a, b, difference, len(scores) + k + 1, rng) for k in range(blocks))

    for i, name in enumerate(names):
        for j in range(max(0, i - 3), i):
            play(name, names[j], own[i] - own[j], neighbours)
        for anchor, strength in STRENGTHS.items():
            play(name, anchor, outside[i] - strength, with_anchors)
    return scores


def compared(own: np.ndarray, outside: np.ndarray, seed: int, **games: int) -> Inflation:
    rng = np.random.default_rng(seed)
    (found,) = inflation([*ANCHORS, *snapshots(len(own))], played(own, outside, rng, **games))
    return found


LINE = np.arange(12.0)
RUNS = 40


@pytest.mark.parametrize("slope", [0.0, 0.1, 0.3, 0.8])
@pytest.mark.parametrize("start", [-2.0, 0.0, 3.0])
def test_where_play_improves_as_ratings_say_there_is_no_warning(slope: float, start: float) -> None:
    strengths = start + slope * LINE
    warned = sum(compared(strengths, strengths, seed).inflated for seed in range(RUNS))
    assert warned <= 0.05 * RUNS


@pytest.mark.slow
@pytest.mark.parametrize("start", [-2.0, 1.0, 3.0])
def test_at_the_edge_of_the_null_hypothesis_there_are_at_most_5_percent_of_warnings(start: float) -> None:
    """Anchors see a quarter of the gain, the least that is asked."""
    gain = 0.3 * LINE
    warned = sum(compared(gain, start + gain / 4, seed).inflated for seed in range(120))
    assert warned <= 0.05 * 120 + 3 * np.sqrt(120 * 0.05 * 0.95)


@pytest.mark.parametrize("start", [-1.0, 0.0, 1.0])
def test_a_chain_of_exploiters_is_found(start: float) -> None:
    """Each snapshot beats the one before with 0.71, and all are alike against the anchors."""
    runs = [compared(0.9 * LINE, np.full(len(LINE), start), seed) for seed in range(20)]
    assert sum(run.inflated for run in runs) >= 18
    assert all(run.gain_low > 200 for run in runs)


def test_anchors_that_are_always_beaten_or_never_say_nothing() -> None:
    for start in (-9.0, 12.0):
        assert not any(compared(0.9 * LINE, np.full(len(LINE), start), seed).inflated for seed in range(20))


def test_more_games_with_anchors_narrow_what_they_say() -> None:
    few, many = (compared(0.3 * LINE, 0.3 * LINE, 1, with_anchors=count) for count in (10, 200))
    assert few.anchor_high - few.anchor_gain > 3 * (many.anchor_high - many.anchor_gain)
    assert abs(many.anchor_gain - many.gain) < 60  # Elo


def test_the_halves_are_those_of_the_newest_snapshots() -> None:
    found = compared(0.3 * LINE, 0.3 * LINE, 1)
    names = [member.id for member in snapshots(len(LINE))][-RECENT:]
    assert (found.learner, found.older, found.newer) == ("main", tuple(names[:5]), tuple(names[5:]))
    assert found.anchors == ("mcts:25", "mcts:200")
    assert 0 < found.before < found.after < 1


def test_little_is_no_comparison() -> None:
    rng = np.random.default_rng(0)
    scores = played(0.3 * LINE, 0.3 * LINE, rng)
    assert inflation([*ANCHORS, *snapshots(3)], scores) == []
    assert inflation(snapshots(12), scores) == []
    assert inflation([*ANCHORS, *snapshots(12)], []) == []
    assert inflation([*ANCHORS, *snapshots(12)], played(LINE, LINE, rng, with_anchors=0)) == []


def test_the_order_of_games_changes_nothing() -> None:
    scores = played(0.3 * LINE, 0.1 * LINE, np.random.default_rng(3))
    members = [*ANCHORS, *snapshots(12)]
    (one,), (other,) = inflation(members, scores), inflation(members, scores[::-1])
    assert one.gain == pytest.approx(other.gain, abs=1e-6)
    assert one.anchor_gain == pytest.approx(other.anchor_gain, abs=1e-9)


def graded(own: np.ndarray, outside: np.ndarray, seed: int, alike: tuple[str, ...] = ()) -> Inflation | None:
    """As :func:`compared`, in a game whose returns have a standard deviation of 2; strengths are returns per game.

    The anchors ``alike`` win 1 in every game.
    """
    rng = np.random.default_rng(seed)
    names = [member.id for member in snapshots(len(own))]
    scores: list[BlockScore] = []

    def play(a: str, b: str, difference: float, blocks: int) -> None:
        for margin in (2 * rng.normal(difference, 2.0, (blocks, 2)).mean(1)).tolist():
            won = margin if a < b else -margin  # the sum of two games
            scores.append(BlockScore(1, len(scores) + 1, *sorted((a, b)), 1, 0, 1, won, -won))

    for i, name in enumerate(names):
        for j in range(max(0, i - 3), i):
            play(name, names[j], own[i] - own[j], 60)
        for anchor in STRENGTHS:
            play(name, anchor, outside[i], 60)
    scores = [
        each if each.member not in alike else each._replace(returns=2.0, opponent_returns=-2.0) for each in scores
    ]
    scores = [
        each if each.opponent not in alike else each._replace(returns=-2.0, opponent_returns=2.0) for each in scores
    ]
    found = inflation([*ANCHORS, *snapshots(len(own))], BlockScores.of(scores, sides=2))
    return found[0] if found else None


def test_in_graded_games_returns_are_compared() -> None:
    run = graded(0.3 * LINE, 0.3 * LINE, 0)
    assert run is not None
    assert run.graded
    assert run.gain == pytest.approx(1.5, abs=0.3)
    assert run.anchor_gain == pytest.approx(1.5, abs=0.3)
    assert run.after - run.before == pytest.approx(run.anchor_gain)
    assert not any(warned(0.3 * LINE, seed) for seed in range(20))
    assert sum(warned(np.zeros(len(LINE)), seed) for seed in range(20)) >= 18


def warned(outside: np.ndarray, seed: int) -> bool:
    found = graded(0.3 * LINE, outside, seed)
    return found is not None and found.inflated


def test_in_graded_games_an_anchor_that_always_gets_the_same_sees_nothing() -> None:
    run = graded(0.3 * LINE, 0.3 * LINE, 0, alike=("mcts:200",))
    assert run is not None
    assert run.anchors == ("mcts:25",)
    assert not run.inflated
    assert graded(0.3 * LINE, 0.3 * LINE, 0, alike=("mcts:25", "mcts:200")) is None
