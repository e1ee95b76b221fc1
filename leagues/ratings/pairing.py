"""Which evaluation matches to play next: those that teach the ratings most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from leagues.ratings.comparisons import Comparisons
from leagues.ratings.davidson import fit
from leagues.records import LeagueError, Member, Pairing
from leagues.results.blocks import BlockScore
from leagues.settings import EvaluationSettings

_PAIR_GAMES = 2
"""Games that a chosen pair counts for until it has played."""


def choose_evaluation_pairs(
    members: Iterable[Member],
    block_scores: Iterable[BlockScore],
    n: int,
    rng: np.random.Generator,
    settings: EvaluationSettings,
) -> list[tuple[str, str]]:
    """``n`` pairs of frozen members to play next.

    The first member of a pair is the one with the fewest games, the newest among equals. Its opponent is drawn: with
    probability ``baseline_share`` from the baselines, otherwise from all members. An opponent is more likely the nearer
    its rating is and the fewer games the two have played: its weight is ``exp(-|difference| / rating_distance) /
    (1 + games)``. A chosen pair counts as played for the pairs after it.

    Args:
        members: members in the order they joined; learners are left out.
        block_scores: evaluation results so far, in any grouping.
        n: number of pairs; there are none when fewer than two members are frozen.
        rng: the only source of chance.
        settings: of the evaluation.
    """
    frozen = [member for member in members if member.frozen]
    if len(frozen) < 2:
        return []
    comparisons = Comparisons.between({member.id: i for i, member in enumerate(frozen)}, block_scores)
    strengths, _ = fit(comparisons)
    met = np.zeros((len(frozen), len(frozen)))
    met[comparisons.i, comparisons.j] = met[comparisons.j, comparisons.i] = comparisons.games
    games = met.sum(1)
    baselines = np.array([member.kind == "baseline" for member in frozen])
    pairs = []
    for _ in range(n):
        first = len(frozen) - 1 - int(np.argmin(games[::-1]))  # the newest of those with the fewest
        weights = np.exp(-np.abs(strengths - strengths[first]) / settings.rating_distance) / (1 + met[first])
        weights[first] = 0
        if rng.random() < settings.baseline_share and (baselines & (weights > 0)).any():
            weights = weights * baselines
        second = int(rng.choice(len(frozen), p=weights / weights.sum()))
        met[first, second] += _PAIR_GAMES
        met[second, first] += _PAIR_GAMES
        games[[first, second]] += _PAIR_GAMES
        pairs.append((frozen[first].id, frozen[second].id))
    return pairs


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
