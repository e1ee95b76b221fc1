"""Equilibrium ratings, through polarix: what a member gains at the correlated equilibrium of the highest entropy."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from leagues.ratings.rank.margins import Floats, RankingError, utilities

GAP = 5e-3
"""Largest gain from deviating, as a share of the largest payoff, with which the equilibrium counts as found."""


def equilibrium_ratings(payoffs: npt.ArrayLike) -> tuple[Floats, ...]:
    """Equilibrium ratings of the choices of each player of a finite game.

    The equilibrium is the correlated one of the highest entropy, which is unique in every game. A rating is the sum of
    what a player would gain by playing that choice in place of each choice that the equilibrium recommends, weighted
    with its probability (Marris et al. 2022, "Game Theoretic Rating in N-player general-sum games with Equilibria";
    Liu et al. 2025, "Re-evaluating Open-ended Evaluation of Large Language Models", ICLR). It is at most 0.

    Args:
        payoffs: ``(players, n_1, ..., n_players)`` of any sums, or margins ``(n, n)``.

    Raises:
        RankingError: the payoffs are malformed, polarix is not installed, or it has not converged.
    """
    game = utilities(payoffs)
    choices = game.shape[1:]
    scale = np.abs(game).max(initial=0.0)
    if not scale:
        return tuple(np.zeros(n) for n in choices)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its libraries use deprecated parts of each other
        polarix = _polarix()
        symmetric = len(choices) == 2 and choices[0] == choices[1] and np.array_equal(game[0], game[1].T)
        found = polarix.solve(
            polarix.Game(
                payoffs=(game / scale).astype(np.float32),
                actions=tuple(np.arange(n) for n in choices),
                players=tuple(f"player {p}" for p in range(len(choices))),
                symmetry_groups=(0, 0) if symmetric else None,
            ),
            polarix.ce_maxent,
            disable_progress_bar=True,
        )
        gap = float(found.extra["ce_gap"])
        ratings = tuple(np.asarray(rating, np.float64) * scale for rating in found.ratings)
    if gap > GAP:
        raise RankingError(
            f"polarix has not found the equilibrium: deviating still gains {gap * scale:.3g}; take `--by deviation`"
        )
    return ratings


def _polarix() -> Any:
    try:
        import polarix
    except ImportError as error:
        raise RankingError(
            "equilibrium ratings need polarix, which is not installed; pip install 'self-play-arena[rank]', or take "
            "`--by deviation`"
        ) from error
    return polarix
