"""Plackett-Luce: strengths from the orders in which games of several sides end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from scipy.sparse import coo_array, csr_array

from leagues.ratings.comparisons import Floats, Ints
from leagues.ratings.davidson import LONGEST_STEP, MOST_STEPS, VIRTUAL

_FINAL_STEP = 1e-6
_SMALL_STEP = 0.02

Order = tuple[tuple[int, ...], ...]
"""A finished game: groups of sides, best first. The sides of a group are tied. A side is the number of its member."""


@dataclass(frozen=True)
class Orders:
    """Finished games between ``n`` members, each distinct choice of a winner among some sides kept once.

    A game is a row of choices: the best side is chosen from all, the next from those that are left, and so on.

    Attributes:
        n: number of members.
        chosen: ``(C, n)`` sparse, how often each member is chosen in a choice.
        sides: ``(C, n)`` sparse, how many sides of each member there were to choose from.
        blocks: ``(B, C)`` sparse, how often each choice was made in each block.
    """

    n: int
    chosen: csr_array
    sides: csr_array
    blocks: csr_array

    @classmethod
    def of(cls, n: int, games: Iterable[tuple[object, Order]]) -> Orders:
        """From pairs of a block (anything that can be a key) and an order.

        Ties are counted by Efron's approximation (Efron 1977, JASA 72): of ``m`` tied sides, the k-th choice, k from 0,
        is among all sides that are left, and each of the tied ones counts ``(m - k) / m``.
        """
        places: dict[tuple[tuple[tuple[int, float], ...], tuple[tuple[int, float], ...]], int] = {}
        keys: dict[object, int] = {}
        made: list[tuple[int, int]] = []
        for block, order in games:
            row = keys.setdefault(block, len(keys))
            left = [side for group in order for side in group]
            for group in order:
                left = left[len(group) :]
                if not left and len(group) == 1:
                    break  # the last one is no choice
                for k in range(len(group)):
                    share = (len(group) - k) / len(group)
                    chosen = _counts((side, 1 / len(group)) for side in group)
                    among = _counts([*((side, share) for side in group), *((side, 1.0) for side in left)])
                    made.append((row, places.setdefault((chosen, among), len(places))))
        choices = len(places)

        def matrix(which: int) -> csr_array:
            entries = [(c, *entry) for key, c in places.items() for entry in key[which]]
            rows, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
            return csr_array(coo_array((np.array(values, float), (rows, columns)), (choices, n)))

        rows, columns = zip(*made, strict=True) if made else ((), ())
        counts = coo_array((np.ones(len(made)), (rows, columns)), (len(keys), choices))
        return cls(n, matrix(0), matrix(1), csr_array(counts))


def _counts(entries: Iterable[tuple[int, float]]) -> tuple[tuple[int, float], ...]:
    sums: dict[int, float] = {}
    for member, count in entries:
        sums[member] = sums.get(member, 0.0) + count
    return tuple(sorted(sums.items()))


def order_of(returns: Sequence[float], members: Sequence[int]) -> Order:
    """The order of a finished game: sides by falling return, equal returns tied.

    Args:
        returns: return of each side.
        members: number of the member of each side.
    """
    ranked = sorted(zip(returns, members, strict=True), key=lambda side: -side[0])
    return tuple(tuple(member for _, member in group) for _, group in groupby(ranked, key=lambda side: side[0]))


def plackett_luce(orders: Orders) -> Floats:
    """The strengths ``(n,)`` in natural units, by maximum likelihood.

    Of some sides, each is chosen with a probability in proportion to ``exp(strength)`` (Plackett 1975, Applied
    Statistics 24; Luce 1959). Hunter (2004, Annals of Statistics 32) shows that the likelihood has one maximum; it is
    found by Newton's method, damped. Each member also has one win and one loss of weight one half against a virtual
    side of strength 0, as in the ratings, which keeps every strength finite. With two sides and no ties this is the
    Bradley-Terry model.
    """
    return _fit(orders, np.asarray(orders.blocks.sum(0)).ravel(), np.zeros(orders.n), np.ones(orders.n), _FINAL_STEP)


def plackett_luce_resamples(orders: Orders, strengths: Floats, resamples: int, rng: np.random.Generator) -> Floats:
    """Refits ``(resamples, n)`` of the Bayesian bootstrap: each block has a weight from Exp(1).

    The share of a member's virtual win is drawn from Beta(1/2, 1/2).

    Args:
        orders: the games.
        strengths: the fit of all games, where refits start.
        resamples: number of refits.
        rng: the only source of chance.
    """
    refits = np.zeros((resamples, orders.n))
    for refit in refits:
        weights = orders.blocks.T @ rng.standard_exponential(orders.blocks.shape[0])
        refit[:] = _fit(orders, weights, strengths, 2 * rng.beta(VIRTUAL, VIRTUAL, orders.n), _SMALL_STEP)
    return refits


def _fit(orders: Orders, weights: Floats, start: Floats, virtual: Floats, final: float) -> Floats:
    """Strengths of the greatest likelihood.

    Args:
        orders: the games.
        weights: ``(C,)`` weight of each choice.
        start: ``(n,)`` the first strengths.
        virtual: ``(n,)`` weight of the virtual win; both virtual results weigh 2.
        final: ends after a step below this.
    """
    sides: Ints = np.repeat(np.arange(orders.sides.shape[0]), np.diff(orders.sides.indptr))
    counts, member = orders.sides.data, orders.sides.indices
    wins = orders.chosen.T @ weights + VIRTUAL * virtual
    strengths = start.copy()
    for _ in range(MOST_STEPS if orders.n else 0):
        power = counts * np.exp(strengths[member] - strengths.max(initial=0.0))
        share = power / np.bincount(sides, power, len(weights))[sides]
        likely = csr_array((share, orders.sides.indices, orders.sides.indptr), orders.sides.shape)
        expected = np.bincount(member, share * weights[sides], orders.n)
        node = 1 / (1 + np.exp(-strengths))
        gradient = wins - expected - 2 * VIRTUAL * node
        curved = np.diag(expected + 2 * VIRTUAL * node * (1 - node))
        curved -= (likely.T @ (likely * weights[:, None])).toarray()
        step = np.linalg.solve(curved, gradient).clip(-LONGEST_STEP, LONGEST_STEP)
        strengths += step
        if np.abs(step).max() <= final:
            break
    return strengths
