"""Which evaluation matches to play next: those that narrow the leaderboard most."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

import numpy as np

from leagues.ratings import returns
from leagues.ratings.comparisons import Bools, Comparisons, Floats
from leagues.ratings.davidson import curvature, fit, outcome
from leagues.ratings.leaderboard import ANCHOR
from leagues.records import LeagueError, Member, Pairing
from leagues.results.blocks import BlockScore, BlockScores

_ROUND = 8
"""One pair for so many members is chosen at once, before the covariance is updated."""
_LOOKED = 32
"""Best pairs that are looked through for each that is chosen; more, if these have members in common."""
_LEAST_DEVIATION = 1e-6
_FAR = 60.0
"""A difference beyond which a game is decided; greater ones would overflow."""


def choose_evaluation_pairs(
    members: Iterable[Member],
    block_scores: Iterable[BlockScore],
    n: int,
    rng: np.random.Generator,
    *,
    games: int = 2,
    among: Collection[str] | None = None,
) -> list[tuple[str, str]]:
    """``n`` pairs of frozen members to play next: those that narrow the leaderboard most.

    The leaderboard is as wide as the variances that it shows: of each rating, which is a difference to the anchor, and
    of each difference between neighbours in its order, the more the less clear the order of the two is (weight
    ``exp(-(gap / deviation)^2 / 2)``). Games of a pair make this sum smaller by

        ``g v  b' S Q S b / (1 + g v b' S b)``,

    with ``S`` the covariance of the ratings, ``Q`` the sum of the outer products of these differences, ``b`` the
    difference of the pair and ``g v`` the information of its games: their number times the expected variance of one (in
    a graded game, over the variance of a margin)
    (an A-optimal design, Fedorov 1972, "Theory of Optimal Experiments"; the update is that of Sherman and Morrison). So
    an even pair teaches more than a one-sided one, a pair of little known members more than one of well known ones, and
    a pair that ties two groups together most of all.

    Members without games come first, the newest first of all. Pairs are chosen in rounds. Those of one round have no
    member in common where possible; after each round the covariance is updated as if they had played.

    Args:
        members: members in the order they joined; learners are left out. A snapshot without games is expected to be as
            strong as the snapshot before it.
        block_scores: evaluation results so far, in any grouping.
        n: number of pairs; there are none when fewer than two members are frozen.
        rng: breaks ties.
        games: games that a chosen pair will play.
        among: members of which each pair has at least one; None for all.
    """
    frozen = [member for member in members if member.frozen]
    size = len(frozen)
    if size < 2 or n < 1:
        return []
    place = {member.id: i for i, member in enumerate(frozen)}
    scores = BlockScores.of(block_scores)
    comparisons = Comparisons.between(place, scores)
    strengths, precision, variance_of = _model(comparisons, graded=scores.graded)
    played = np.zeros(size, bool)
    played[comparisons.i] = played[comparisons.j] = True
    known = _expected(frozen, played, strengths)
    allowed = np.triu(np.ones((size, size), bool), 1)
    if among is not None:
        chosen = np.array([member.id in among for member in frozen])
        allowed &= chosen[:, None] | chosen[None, :]
    anchor = place.get(ANCHOR)
    pairs: list[tuple[str, str]] = []
    while len(pairs) < n and allowed.any():
        covariance = np.linalg.inv(precision)
        variance = np.diag(covariance)
        spread = variance[:, None] + variance[None, :] - 2 * covariance  # of each difference
        information = games * variance_of(known[:, None] - known[None, :], spread)
        shown = covariance @ _shown(known, spread, anchor) @ covariance
        own = np.diag(shown)
        gain = information * (own[:, None] + own[None, :] - 2 * shown) / (1 + information * spread)
        count = min(n - len(pairs), max(1, size // _ROUND))
        newest = np.zeros(size, bool)
        newest[np.flatnonzero(~played)[-count:]] = True
        new = allowed & (newest[:, None] | newest[None, :])
        found = _apart(np.where(new if new.any() else allowed, gain, -1.0), count, rng)
        for i, j in sorted(found, key=lambda pair: -max((k for k in pair if newest[k]), default=0)):
            played[[i, j]] = True
            precision[[i, j], [i, j]] += information[i, j]
            precision[[i, j], [j, i]] -= information[i, j]
            pairs.append((frozen[i].id, frozen[j].id))
    return pairs


def _expected(frozen: Sequence[Member], played: Bools, strengths: Floats) -> Floats:
    """The strengths, with those of snapshots without games taken from the newest of their learner that has played."""
    expected = strengths.copy()
    newest: dict[str | None, float] = {}
    for i, member in enumerate(frozen):
        if played[i]:
            newest[member.learner] = strengths[i]
        elif member.learner is not None:
            expected[i] = newest.get(member.learner, strengths[i])
    return expected


def _model(games: Comparisons, *, graded: bool) -> tuple[Floats, Floats, Callable[[Floats, Floats], Floats]]:
    """The fitted strengths, their precision, and what a game of members with a difference tells about it, given the
    variance of that difference: in a graded game always the same."""
    if not graded:
        strengths, ties = fit(games)
        return strengths, curvature(games, strengths, ties), lambda gap, spread: _variance(gap, spread, ties)
    strengths = returns.fit(games)
    one = 1 / max(returns.deviation(games, strengths), _LEAST_DEVIATION) ** 2
    return strengths, returns.precision(games) * one, lambda gap, spread: np.full(gap.shape, one)


def _variance(difference: Floats, spread: Floats, ties: float) -> Floats:
    """The expected variance of a game's outcome, for differences that are known with the variance ``spread``.

    The mean of a logistic curve over a normal distribution is nearly a flatter logistic curve (MacKay 1992, Neural
    Computation 4, 720-736).
    """
    flatter = 1 / np.sqrt(1 + np.pi / 8 * np.clip(spread, 0, None))
    expected: Floats = flatter * outcome((flatter * difference).clip(-_FAR, _FAR), ties)[1]
    return expected


def _shown(strengths: Floats, spread: Floats, anchor: int | None) -> Floats:
    """``Q``: the sum of the outer products ``c c'`` of the differences ``c`` that the leaderboard shows."""
    size = len(strengths)
    shown = np.eye(size)
    if anchor is None:
        shown -= 1 / size
    else:
        shown[anchor] -= 1
        shown[:, anchor] -= 1
        shown[anchor, anchor] += size
    order = np.argsort(strengths, kind="stable")
    low, high = order[:-1], order[1:]
    gap, known = strengths[high] - strengths[low], np.maximum(spread[low, high], 1e-12)
    unclear = np.exp(-(gap**2) / known / 2)
    for these, those, sign in ((low, low, 1), (high, high, 1), (low, high, -1), (high, low, -1)):
        np.add.at(shown, (these, those), sign * unclear)
    return shown


def _apart(gain: Floats, count: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """The ``count`` pairs of the greatest gain that have no member in common; then others, if these are not enough."""
    size = len(gain)
    flat = gain.ravel() * (1 + 1e-9 * rng.random(gain.size))
    apart: list[tuple[int, int]] = []
    others: list[tuple[int, int]] = []
    looked = _LOOKED * count
    while True:
        best = min(flat.size, looked)
        candidates = np.argpartition(-flat, best - 1)[:best]
        candidates = candidates[np.argsort(-flat[candidates])]
        taken: set[int] = set()
        apart, others = [], []
        for i, j in zip(*divmod(candidates[flat[candidates] >= 0], size), strict=True):
            if i in taken or j in taken:
                others.append((int(i), int(j)))
                continue
            taken |= {i, j}
            apart.append((int(i), int(j)))
            if len(apart) == count:
                break
        if len(apart) == count or best == flat.size or flat[candidates[-1]] < 0:
            break
        looked *= _LOOKED
    return [*apart, *others[: count - len(apart)]]


def evaluation_pairings(
    pairs: Sequence[tuple[str, str]],
    *,
    teams: Sequence[int],
    event: int,
    rng: np.random.Generator,
) -> list[Pairing]:
    """Evaluation matches: one block for each of the pairs ``(a, b)``.

    A block has one seed and one match for each team, in which ``a`` has all seats of that team and ``b`` all others. So
    ``a`` plays each team once, and ``b`` each team ``t - 1`` times. Where every seat plays for itself, a team is a
    seat.

    Args:
        pairs: who plays whom, see :func:`choose_evaluation_pairs`.
        teams: the team of each seat, ``0..t-1``; at least 2 of them.
        event: number of the event; its blocks are numbered from 1.
        rng: gives the seeds.

    Raises:
        LeagueError: the game has fewer than two teams.
    """
    sides = len(set(teams))
    if sides < 2:
        raise LeagueError(f"evaluation matches need a game of at least 2 teams or seats, but got teams={tuple(teams)}")
    seeds = rng.integers(2**63, size=len(pairs)).tolist()
    return [
        Pairing(tuple(a if team == side else b for team in teams), seed, event, block, "evaluation")
        for block, ((a, b), seed) in enumerate(zip(pairs, seeds, strict=True), 1)
        for side in range(sides)
    ]
