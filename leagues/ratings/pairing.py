"""Which rating matches to play next: where the ratings know least, between members that can tell each other apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from leagues.ratings.davidson import Comparisons
from leagues.records import LeagueError, Member, Pairing
from leagues.results.blocks import BlockScore

_NEAR = 1.2
"""Natural units (about 200 Elo) over which an opponent's chance to be chosen falls by 1/e."""

_ANCHORED = 0.2
"""Share of pairs with a baseline as the opponent, which keeps all ratings on one scale."""

_PAIR_GAMES = 2
"""What a chosen pair is counted as until it has been played."""

IN_A_ROW = 8
"""Blocks in which a pair meets at once: each member that plays costs the runners its loading and a forward pass of its
own at every step, so a large league must not have more of them at play than a small one."""


def choose_rating_pairs(
    members: Iterable[Member], block_scores: Iterable[BlockScore], n: int, rng: np.random.Generator
) -> list[tuple[str, str]]:
    """``n`` pairs of frozen members to play next.

    The first of a pair is the member with the fewest games, the newest among equals. Its opponent is drawn: with a
    chance of one in five a baseline; else anybody, the likelier the nearer its rating and the fewer games the two have
    had. A pair counts as played for the pairs after it.

    Args:
        members: members in the order they joined; learners are left out.
        block_scores: evaluation results so far, in any grouping.
        n: how many pairs; none are given when fewer than two members are frozen.
        rng: the only source of chance.
    """
    frozen = [member for member in members if member.frozen]
    if len(frozen) < 2:
        return []
    comparisons = Comparisons.between({member.id: i for i, member in enumerate(frozen)}, block_scores)
    strengths, _ = comparisons.fit()
    met = np.zeros((len(frozen), len(frozen)))
    met[comparisons.i, comparisons.j] = met[comparisons.j, comparisons.i] = comparisons.games
    games = met.sum(1)
    anchors = np.array([member.kind == "baseline" for member in frozen])
    pairs = []
    for _ in range(n):
        first = len(frozen) - 1 - int(np.argmin(games[::-1]))  # the newest of those with the fewest
        weights = np.exp(-np.abs(strengths - strengths[first]) / _NEAR) / (1 + met[first])
        weights[first] = 0
        if rng.random() < _ANCHORED and (anchors & (weights > 0)).any():
            weights = weights * anchors
        second = int(rng.choice(len(frozen), p=weights / weights.sum()))
        met[first, second] += _PAIR_GAMES
        met[second, first] += _PAIR_GAMES
        games[[first, second]] += _PAIR_GAMES
        pairs.append((frozen[first].id, frozen[second].id))
    return pairs


def rating_pairings(
    pairs: Sequence[tuple[str, str]],
    *,
    teams: Sequence[int],
    next_block: int,
    rng: np.random.Generator,
    games_per_pair: int = 2,
) -> list[Pairing]:
    """Evaluation matches for the pairs ``(a, b)``, in whole blocks.

    A block has one seed and one match for each team: there ``a`` has all its seats and ``b`` all others. So ``a``
    plays every team once, and ``b`` every team ``t - 1`` times; where every seat plays for itself, a team is a seat.

    Args:
        pairs: who plays whom, as of :func:`choose_rating_pairs`.
        teams: the team of each seat, ``0..t-1``; at least 2 of them.
        next_block: number of the first block; the others follow.
        rng: gives the seeds.
        games_per_pair: matches for each pair, rounded up to whole blocks.

    Raises:
        LeagueError: the game has fewer than two teams.
    """
    sides = len(set(teams))
    if sides < 2:
        raise LeagueError(f"rating matches need a game of at least 2 teams or seats, but got teams={tuple(teams)}")
    blocks = [pair for pair in pairs for _ in range(-(-games_per_pair // sides))]
    seeds = rng.integers(2**63, size=len(blocks)).tolist()
    return [
        Pairing(tuple(a if team == side else b for team in teams), seed, next_block + k, "evaluation")
        for k, ((a, b), seed) in enumerate(zip(blocks, seeds, strict=True))
        for side in range(sides)
    ]
