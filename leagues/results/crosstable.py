"""What players scored in their matches against all others together, with intervals from whole blocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from games.contract import Game
from leagues.ratings.intervals import mean_intervals, score_intervals
from leagues.records import Match
from leagues.results.scoring import LOSS, margin, pair_scores


@dataclass(frozen=True, slots=True)
class Total:
    """The results of a player against all others.

    Attributes:
        agent: the player.
        score: mean score against each other player in each game, a draw being one half; in a graded game the mean
            margin in returns per game. None without a game.
        low, high: 95% interval of the score; None where it is not known, as with one block in a graded game.
        games: games that count.
        wins, draws, losses: against each other player in each game.
    """

    agent: str
    score: float | None
    low: float | None
    high: float | None
    games: int
    wins: int
    draws: int
    losses: int


def totals(
    matches: Iterable[Match], agents: Sequence[str], *, teams: Sequence[int], graded: bool = False
) -> list[Total]:
    """The results of ``agents`` in ``matches``, in the order of ``agents``.

    Args:
        matches: matches in blocks. Those whose game broke do not count.
        agents: the players.
        teams: the team of each seat, ``0..t-1``.
        graded: whether the size of a return matters.
    """
    place = {agent: index for index, agent in enumerate(agents)}
    sides = len(set(teams))
    results = np.zeros((len(agents), 3), np.int64)  # wins, draws, losses
    games = np.zeros(len(agents), np.int64)
    sums: dict[tuple[int, int, int], list[float]] = {}  # (agent, event, block) -> points, number of results
    for match in matches:
        if match.void:
            continue
        for agent in set(match.seats):
            games[place[agent]] += 1
        for a, b, result, ours, theirs in pair_scores(match.seats, match.returns, match.fault, teams):
            gain = margin(ours, theirs, sides)
            for agent, its, gained in ((a, result, gain), (b, LOSS - result, -gain)):
                results[place[agent], its] += 1
                of_block = sums.setdefault((place[agent], match.event, match.block), [0.0, 0.0])
                of_block[0] += gained if graded else (LOSS - its) / LOSS
                of_block[1] += 1
    group = np.array([agent for agent, _, _ in sums], np.int64)
    points, played = np.array(list(sums.values()), np.float64).reshape(-1, 2).T
    low, high = (mean_intervals if graded else score_intervals)(group, points, played, len(agents))
    won, counted = (np.bincount(group, values, len(agents)) for values in (points, played))
    return [
        Total(
            agent,
            float(won[k] / counted[k]) if counted[k] else None,
            _known(low[k], counted[k]),
            _known(high[k], counted[k]),
            int(games[k]),
            *results[k].tolist(),
        )
        for k, agent in enumerate(agents)
    ]


def _known(end: float, games: float) -> float | None:
    return float(end) if games and np.isfinite(end) else None


def mean_score(game: Game, matches: Sequence[Match], player: str) -> float | None:
    """The mean score of a player against the others; None if no match counts.

    It is the share of wins, a draw being one half, or in a graded game the mean margin in returns per game.
    """
    scores = []
    for match in matches:
        if match.void:
            continue
        for a, b, result, ours, theirs in pair_scores(match.seats, match.returns, match.fault, game.teams):
            if player in (a, b):
                if game.graded:
                    gain = margin(ours, theirs, len(set(game.teams)))
                    scores.append(gain if player == a else -gain)
                else:
                    scores.append((LOSS - result if player == a else result) / LOSS)
    return fmean(scores) if scores else None
