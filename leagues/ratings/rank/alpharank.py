"""Alpha-rank: how long a population of members that evolves stays with each of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from leagues.ratings.rank.margins import Floats, RankingError, antisymmetric, utilities

MUTATION = 1e-3
"""Probability, times the number of rivals, with which a worse member replaces a better one."""
_STRONGEST = 0.2
MOST_PROFILES = 2_000
"""Most states of the Markov chain, whose matrix is solved by eigenvectors."""


def alpharank(margins: npt.ArrayLike) -> Floats:
    """The share of time ``(n,)`` that a population spends with each member.

    Alpha-rank (Omidshafiei et al. 2019, "alpha-Rank: Multi-Agent Evaluation by Evolution", Scientific Reports 9) is the
    stationary distribution of a Markov chain over members. From each member, a rival is drawn at random; it takes over
    with probability ``1 - eps`` if it beats the member, ``1/2`` if they are even, and ``eps`` otherwise. That is the
    limit of strong selection (infinite alpha), with ``eps`` = :data:`MUTATION`. Only who wins a pair counts, so it
    needs no zero-sum game, but many games for every pair.

    Args:
        margins: ``(n, n)`` antisymmetric.

    Raises:
        RankingError: the margins are malformed, or OpenSpiel finds no single stationary distribution.
    """
    matrix = antisymmetric(margins)
    return np.ones(len(matrix)) if len(matrix) < 2 else _stationary([matrix], len(matrix))


def alpharank_of_game(payoffs: npt.ArrayLike) -> tuple[Floats, ...]:
    """The share of time that each player's population spends with each choice, in any finite game.

    Args:
        payoffs: ``(players, n_1, ..., n_players)``, of any sums. The states are all joint choices.

    Raises:
        RankingError: as :func:`alpharank`, or the game has more than :data:`MOST_PROFILES` joint choices.
    """
    game = utilities(payoffs)
    choices = game.shape[1:]
    profiles = int(np.prod(choices))
    joint = _stationary(list(game), profiles).reshape(choices)
    players = range(len(choices))
    return tuple(joint.sum(tuple(other for other in players if other != player)) for player in players)


def _stationary(tables: list[Floats], states: int) -> Floats:
    """OpenSpiel's stationary distribution. More mutation makes the chain quicker, where it is too slow to solve."""
    if states > MOST_PROFILES:
        raise RankingError(f"alpha-rank takes at most {MOST_PROFILES:,} joint choices, but there are {states:,}")
    from open_spiel.python.egt import alpharank as engine

    mutation = MUTATION
    while True:
        try:
            found = engine.compute(tables, use_inf_alpha=True, inf_alpha_eps=mutation)[2]
        except ValueError as error:  # "Expected 1 stationary distribution, but found ..."
            mutation *= 4
            if mutation > _STRONGEST:
                raise RankingError(f"alpha-rank has no single stationary distribution here: {error}") from error
        else:
            shares: Floats = np.clip(np.asarray(found, np.float64), 0, None)
            shares /= shares.sum()
            return shares
