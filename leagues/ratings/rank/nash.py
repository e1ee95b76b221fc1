"""Nash averaging and maximal lotteries: ratings against the mixture that no member beats."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog, minimize
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.special import logsumexp, softmax

from leagues.ratings.rank.margins import Floats, RankingError, antisymmetric

_TINY = 1e-9


def nash_averaging(margins: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Ratings by Nash averaging (Balduzzi et al. 2018, "Re-evaluating Evaluation", NeurIPS, section 3).

    Two players each pick a member and get its margin ``A``. The game is symmetric and zero-sum, so an optimal mixture
    ``p`` has ``A p <= 0``; among these, ``p`` is the one of the highest entropy. The rating of a member is its margin
    against that mixture, ``A p``: 0 for all members of the mixture, below 0 for all others. Copies of a member share
    its part of the mixture and change no rating.

    Args:
        margins: ``(n, n)`` antisymmetric.

    Returns:
        Ratings ``(n,)`` in the unit of the margins, and the mixture ``(n,)``.

    Raises:
        RankingError: the margins are malformed.
    """
    matrix = antisymmetric(margins)
    mixture = max_entropy_nash(matrix)
    ratings = matrix @ mixture
    ratings[np.abs(ratings) <= _TINY * np.abs(matrix).max(initial=0.0)] = 0  # but for rounding
    return ratings, mixture


def max_entropy_nash(margins: npt.ArrayLike) -> Floats:
    """The optimal mixture ``(n,)`` of the highest entropy in the symmetric zero-sum game ``margins`` ``(n, n)``.

    A linear program finds the members that any optimal mixture uses. Among them, every optimal mixture has exactly the
    margin 0 against each, so the entropy is maximised under equations; its dual is smooth and has no bounds there.

    Raises:
        RankingError: the margins are malformed.
    """
    matrix = antisymmetric(margins)
    scale = np.abs(matrix).max(initial=0.0)
    if not scale:
        return np.full(len(matrix), 1 / max(len(matrix), 1))
    matrix = matrix / scale
    used = _support(matrix)
    equal, below = matrix[np.ix_(used, used)], matrix[np.ix_(~used, used)]

    def dual(multipliers: Floats) -> tuple[float, Floats]:
        ours, theirs = multipliers[: len(equal)], multipliers[len(equal) :]
        logits = -(equal.T @ ours + below.T @ theirs)
        mixture = softmax(logits)
        return float(logsumexp(logits)), -np.concatenate([equal @ mixture, below @ mixture])

    start = np.zeros(len(matrix))
    bounds = [(None, None)] * len(equal) + [(0, None)] * len(below)
    options = {"maxiter": 10_000, "maxfun": 20_000, "ftol": 0.0, "gtol": 1e-10}
    found = minimize(dual, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    mixture = np.zeros(len(matrix))
    mixture[used] = softmax(-(equal.T @ found[: len(equal)] + below.T @ found[len(equal) :]))
    return mixture


def _support(matrix: Floats) -> npt.NDArray[np.bool_]:
    """The members that some optimal mixture uses.

    Optimal mixtures times any positive number are the cone ``q >= 0, A q <= 0``. Its point with the most members at 1
    or above has all of them, because the sum of two points of the cone is a point of the cone.
    """
    n = len(matrix)
    eye = np.eye(n)
    found = linprog(
        np.concatenate([np.zeros(n), -np.ones(n)]),
        A_ub=np.block([[matrix, np.zeros((n, n))], [-eye, eye]]),
        b_ub=np.zeros(2 * n),
        bounds=[(0, None)] * n + [(0, 1)] * n,
        method="highs",
    )
    if found.status != 0:
        raise RankingError(f"no optimal mixture was found: {found.message}")
    used: npt.NDArray[np.bool_] = found.x[n:] > 0.5
    return used


def _smith_set(majority: Floats) -> npt.NDArray[np.bool_]:
    """The smallest set of members each of which beats everybody outside it. Any maximal lottery is inside.

    "Beats or draws" holds between any two members in one direction at least, so its strong components are in a line,
    and the first one is the Smith set. The member with the most wins minus losses is in it.
    """
    label = connected_components(csr_array(majority >= 0), connection="strong")[1]
    inside: npt.NDArray[np.bool_] = label == label[majority.sum(1).argmax()]
    return inside


def maximal_lottery(margins: npt.ArrayLike) -> tuple[Floats, npt.NDArray[np.int64]]:
    """The maximal lottery over majorities, and the order that it gives when it is repeated.

    A lottery is maximal when no other lottery is preferred to it by a majority (Fishburn 1984, Review of Economic
    Studies 51). Only who wins a pair counts, not by how much: the game is the sign of the margins, and the lottery is
    its optimal mixture of the highest entropy. For a whole order, the members of the lottery come first, and the
    lottery is repeated among the others (Lanctot et al. 2023, "Evaluating Agents using Social Choice Theory").

    Args:
        margins: ``(n, n)`` antisymmetric.

    Returns:
        The probability of each member in the first lottery ``(n,)``, and the round ``(n,)``, from 1, in which it was
        in the lottery.

    Raises:
        RankingError: the margins are malformed.
    """
    majority = np.sign(antisymmetric(margins))
    rounds = np.zeros(len(majority), np.int64)
    first = np.zeros(len(majority))
    left = np.arange(len(majority))
    number = 0
    while len(left):
        number += 1
        top = left[_smith_set(majority[np.ix_(left, left)])]
        game = majority[np.ix_(top, top)]
        if number == 1:
            first[top] = max_entropy_nash(game)
        chosen = top[_support(game)] if len(top) > 1 else top
        rounds[chosen] = number
        left = left[~np.isin(left, chosen)]
    return first, rounds
