"""Davidson's model of paired comparisons with draws: the fit, and its refits on resampled blocks.

With ``d`` the difference of two strengths in natural units and ``v`` the tie parameter, win : draw : loss is as
``exp(d / 2) : 2 v : exp(-d / 2)`` (Davidson 1970; Newman 2023, JMLR 24, 1-25). Each player also has a virtual win and
a virtual loss of weight one half against a node of strength 0, which keeps every strength finite.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from leagues.results.blocks import BlockScore, BlockScores, block_keys

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Number = TypeVar("Number", np.int64, np.float64)

_VIRTUAL = 0.5
_LONGEST_STEP = 2.0
"""Newton overshoots where the likelihood is flat; two natural units (350 Elo) a time is still quick."""
_SMALL_STEP = 0.02
"""A refit ends after a step below this (3 Elo): it converges quadratically, so what is left is below 0.1 Elo."""
_FINAL_STEP = 1e-6
"""The fit ends after a step below this."""
_MOST_STEPS = 60
_EXACT = 1e-4
"""A Newton step may miss this part of its length, squared: the next one mends it."""
_NORMAL = 0.2
"""Where all strengths are surer than this (standard deviation in natural units, 35 Elo), refits are of first order."""
_MANY = 40_000
"""Entries above which refits of everybody take more than a second: from there on, only those less sure are refitted."""
_ROWS = 256
"""Gradients of blocks of several pairs in one product."""
_COLUMNS = 32
"""The most dimensions that NumPy counts through."""
_CHUNK = 250_000
"""Numbers in one temporary array of the refits: few enough for the processor's cache."""


@dataclass(frozen=True)
class Comparisons:
    """Blocks of games between ``n`` players, with equal blocks counted instead of kept.

    Attributes:
        n: number of players.
        i, j: ``(P,)`` the players of each pair that met, ``i < j``.
        times: ``(K,)`` how many blocks there are of each kind.
        kind, pair: ``(E,)`` the kind and the pair of each entry, ascending by pair.
        results: ``(E, 3)`` wins, draws, losses of an entry, seen from its pair's ``i``.
    """

    n: int
    i: Ints
    j: Ints
    times: Ints
    kind: Ints
    pair: Ints
    results: Ints

    @classmethod
    def between(cls, place: Mapping[str, int], block_scores: Iterable[BlockScore]) -> Comparisons:
        """From block scores; ``place`` numbers the players from 0 up, and games with others are left out."""
        return cls.of(len(place), BlockScores.of(block_scores).placed(place))

    @classmethod
    def of(cls, n: int, rows: Ints) -> Comparisons:
        """From rows ``(M, 7)``: event, block, i, j, wins, draws, losses. In any order, each pair once in a block."""
        turned = rows[:, 2] > rows[:, 3]
        if turned.any():
            rows = np.where(turned[:, None], rows[:, [0, 1, 3, 2, 6, 5, 4]], rows)
        keys = block_keys(rows)
        if (np.diff(keys) < 0).any():
            order = np.argsort(keys, kind="stable")
            rows, keys = rows[order], keys[order]
        starts = np.flatnonzero(np.diff(keys, prepend=keys[:1] - 1))
        if len(starts) < len(rows):
            rows = rows[np.lexsort((rows[:, 3], rows[:, 2], keys))]
        lengths = np.diff(starts, append=len(rows))
        times: list[Ints] = [np.zeros(0, np.int64)]
        kinds: list[Ints] = [np.zeros(0, np.int64)]
        entries: list[Ints] = [np.zeros((0, 5), np.int64)]
        for length in np.unique(lengths).tolist():
            blocks = rows[starts[lengths == length][:, None] + np.arange(length), 2:]  # (blocks, length, 5)
            distinct, count = _distinct(blocks.reshape(len(blocks), -1))
            known = sum(map(len, times))
            times.append(count)
            kinds.append(np.repeat(np.arange(known, known + len(count)), length))
            entries.append(distinct.reshape(-1, 5))
        kind, entry = np.concatenate(kinds), np.concatenate(entries)
        code = entry[:, 0] * n + entry[:, 1]
        order = np.argsort(code, kind="stable")
        kind, entry, code = kind[order], entry[order], code[order]
        new = np.diff(code, prepend=-1) > 0
        pairs = code[new]
        return cls(
            n, pairs // max(n, 1), pairs % max(n, 1), np.concatenate(times), kind, new.cumsum() - 1, entry[:, 2:]
        )

    @cached_property
    def sums(self) -> Ints:
        """``(P, 3)`` wins, draws and losses of each pair over all blocks, seen from ``i``."""
        return _sums(self.results * self.times[self.kind, None], self._starts)

    @cached_property
    def games(self) -> Floats:
        """``(P,)`` games of each pair."""
        games: Floats = self.sums.sum(1).astype(np.float64)
        return games

    @cached_property
    def _starts(self) -> Ints:
        """``(P,)`` the first entry of each pair."""
        return np.flatnonzero(np.diff(self.pair, prepend=-1))

    def fit(self) -> tuple[Floats, float]:
        """Strengths ``(n,)`` in natural units, the virtual node at 0, and the tie parameter: the maximum likelihood.

        Newton's method for the strengths and for the logarithm of the tie parameter in turn. The usual fixed-point
        iterations update all strengths at once, and that swings forever where the graph of pairs is nearly bipartite:
        a chain of snapshots, or everybody against one anchor.
        """
        games, won, draws = self.games, self.sums[:, 0] - self.sums[:, 2], float(self.sums[:, 1].sum())
        strengths = np.zeros(self.n)
        ties = 0.5 if draws else 0.0
        for _ in range(_MOST_STEPS if self.n else 0):
            before = np.append(strengths, ties)
            mean = _outcome(self._differences(strengths), ties)[0]
            gradient = (
                self._totals((won / 2 - games * mean)[:, None])[:, 0] - 2 * _VIRTUAL * _outcome(strengths, ties)[0]
            )
            step = np.linalg.solve(self._curvature(strengths, ties), gradient)
            strengths = strengths + step.clip(-_LONGEST_STEP, _LONGEST_STEP)
            if draws:
                ties = self._ties(strengths, ties, games, draws)
            if np.abs(np.append(strengths, ties) - before).max() <= _FINAL_STEP:
                break
        return strengths, ties

    def resample(self, strengths: Floats, ties: float, resamples: int, rng: np.random.Generator) -> Floats:
        """Refits ``(resamples, n)`` on resampled blocks, from the fit of all blocks.

        This is the Bayesian bootstrap (Rubin 1981, Annals of Statistics 9): every block weighs Exp(1), so those of a
        kind together weigh Gamma(their number), and no pair ever drops out. The virtual results are drawn in the same
        spirit: the virtual win's share of their weight is Beta(1/2, 1/2). The tie parameter is that of the fit: it is
        common to all players, and strengths hardly depend on it.

        Where every strength is surer than :data:`_NORMAL`, a refit is drawn instead of fitted: to first order it moves
        the strengths by the inverse curvature times the random change of the gradient, which is normal where it is a
        sum over many blocks. The ends of the intervals then differ from those of whole refits by less than 300 refits
        can tell. Where anybody is less sure, an unbeaten member or a new one, all are refitted whole.

        Above :data:`_MANY` entries, hundreds of thousands of matches, that would take half a minute, and somebody is
        always new: the sure are drawn even so, and the others are refitted whole, given those. Beside an anchor that is
        not sure itself all ends may then lie lower or higher by some 7% of the half width, otherwise as said.
        """
        if not self.n:
            return np.zeros((resamples, 0))
        curvature = self._curvature(strengths, ties)
        root = np.linalg.solve(curvature, np.linalg.cholesky(self._noise(strengths, ties)))  # of the covariance
        # All may move together, which the anchor takes out: what counts is how far each moves from the others.
        weight = np.diag(curvature)[:, None]
        others = (weight * root).sum(0) - weight * root
        others /= np.maximum(weight.sum() - weight, np.finfo(np.float64).tiny)  # a player alone has none, and no weight
        unsure = ((root - others) ** 2).sum(1) > _NORMAL**2
        if unsure.any() and len(self.kind) <= _MANY:
            unsure[:] = True
        refits = np.repeat(strengths[:, None], resamples, axis=1)
        if not unsure.all():
            refits[~unsure] += root[~unsure] @ rng.standard_normal((self.n, resamples))
        if unsure.any():
            near: Floats = np.linalg.inv(curvature[np.ix_(unsure, unsure)]).astype(np.float64, copy=False)
            self._among(unsure)._refit(refits, ties, unsure, near, rng)
        return refits.T

    def _among(self, players: Bools) -> Comparisons:
        """The games that any of these players, ``(n,)``, had."""
        pairs = players[self.i] | players[self.j]
        entries = pairs[self.pair]
        kinds, kind = np.unique(self.kind[entries], return_inverse=True)
        pair = (pairs.cumsum() - 1)[self.pair[entries]]
        return Comparisons(self.n, self.i[pairs], self.j[pairs], self.times[kinds], kind, pair, self.results[entries])

    def _refit(self, refits: Floats, ties: float, free: Bools, near: Floats, rng: np.random.Generator) -> None:
        """Fit the strengths of the ``free`` players in ``refits`` ``(n, R)``, each column to its own resample."""
        weight = self.results.sum(1)[:, None]
        balance = self.results[:, :1] - self.results[:, 2:]
        chunk = 1 + _CHUNK // (self.n + len(self.kind))
        for first in range(0, refits.shape[1], chunk):
            part = refits[:, first : first + chunk]
            virtual = rng.beta(_VIRTUAL, _VIRTUAL, part.shape)
            drawn = rng.standard_gamma(self.times[:, None], (len(self.times), part.shape[1]))[self.kind]  # (E, chunk)
            games, won = (_sums(drawn * each, self._starts) for each in (weight, balance))
            self._newton(part, ties, games, won, virtual, free, near)

    def _ties(self, strengths: Floats, ties: float, games: Floats, draws: float) -> float:
        """The tie parameter under which as many games are expected to be drawn as were."""
        halves = np.concatenate([strengths[self.i] - strengths[self.j], strengths]) / 2
        decided = 2 * np.cosh(halves)
        count = np.concatenate([games, np.full(self.n, 2 * _VIRTUAL)])
        for _ in range(_MOST_STEPS):
            drawn = 2 * ties / (decided + 2 * ties)
            step = float((draws - count @ drawn) / (count @ (drawn * (1 - drawn))))
            ties *= math.exp(min(max(step, -1.0), 1.0))
            if abs(step) < 1e-9:
                break
        return ties

    def _newton(
        self,
        strengths: Floats,
        ties: float,
        games: Floats,
        won: Floats,
        virtual: Floats,
        free: Bools,
        near: Floats,
    ) -> None:
        """Maximise the likelihood for many weightings at once.

        Args:
            strengths: ``(n, R)`` where to begin; those of free players are changed in place.
            ties: the tie parameter.
            games: ``(P, R)`` games of each pair.
            won: ``(P, R)`` wins less losses of its ``i``.
            virtual: ``(n, R)`` share of the virtual win.
            free: ``(n,)`` the F players to be fitted; the strengths of the others are given.
            near: ``(F, F)`` roughly the inverse of any of their curvatures.
        """
        todo = np.arange(virtual.shape[1])
        for _ in range(_MOST_STEPS):
            here = strengths[:, todo]
            mean, variance = _outcome(self._differences(here), ties)
            of_node, variance_of_node = _outcome(here, ties)
            gradient = virtual - 0.5 - 2 * _VIRTUAL * of_node + self._totals(won / 2 - games * mean)
            step = self._solve(games * variance, 2 * _VIRTUAL * variance_of_node, gradient, free, near)
            strengths[:, todo] += step.clip(-_LONGEST_STEP, _LONGEST_STEP)
            moving = np.abs(step).max(0) > _SMALL_STEP
            todo, games, won, virtual = todo[moving], games[:, moving], won[:, moving], virtual[:, moving]
            if not len(todo):
                break

    def _solve(self, pairs: Floats, nodes: Floats, right: Floats, free: Bools, near: Floats) -> Floats:
        """Newton steps: solve ``(D + B' W B) x = right`` for each column, with ``D`` and ``W`` the diagonal matrices
        of the curvatures ``nodes`` ``(n, R)`` and ``pairs`` ``(P, R)``, and ``B x`` the differences of pairs; with
        ``x`` zero where a player is not free.

        Conjugate gradients: no matrix of ``n`` by ``n`` is made for each column, and one that suits them all is the
        preconditioner, with which some ten products do.
        """
        solution = np.zeros_like(right)
        residual = right * free[:, None]
        preconditioned = np.zeros_like(right)
        preconditioned[free] = near @ residual[free]
        direction = preconditioned.copy()
        energy = (residual * preconditioned).sum(0)
        enough = _EXACT * energy
        for _ in range(2 * self.n):
            going = energy > enough  # the other columns stay as they are
            if not going.any():
                break
            product = nodes * direction + self._totals(pairs * self._differences(direction))
            length = np.divide(energy, (direction * product).sum(0), out=np.zeros_like(energy), where=going)
            solution += length * direction
            residual -= length * product * free[:, None]
            preconditioned[free] = near @ residual[free]
            before, energy = energy, (residual * preconditioned).sum(0)
            direction = preconditioned + np.divide(energy, before, out=np.zeros_like(energy), where=going) * direction
        return solution

    def _differences(self, values: Floats) -> Floats:
        """``B x``: what each pair's ``i`` has more than its ``j``, ``(P, R)`` from ``(n, R)``."""
        return values.take(self.i, axis=0) - values.take(self.j, axis=0)

    def _totals(self, values: Floats) -> Floats:
        """``B' y``: what the pairs give to their ``i`` and take from their ``j``, ``(n, R)`` from ``(P, R)``."""
        totals = np.zeros((self.n, values.shape[1]))
        (first, starts), (second, order, turned) = self._ends
        totals[first] = _sums(values, starts)
        totals[second] -= _sums(values.take(order, axis=0), turned)
        return totals

    @cached_property
    def _ends(self) -> tuple[tuple[Ints, Ints], tuple[Ints, Ints, Ints]]:
        """Where to sum the pairs of each player: the players that are an ``i`` and where their pairs start, and the
        same for ``j``, with the order that brings the pairs of each together."""
        first, starts = np.unique(self.i, return_index=True)
        order = np.argsort(self.j, kind="stable")
        second, turned = np.unique(self.j[order], return_index=True)
        return (first, starts), (second, order, turned)

    def _curvature(self, strengths: Floats, ties: float) -> Floats:
        """The curvature of the likelihood of all blocks, ``(n, n)``."""
        variance = _outcome(self._differences(strengths), ties)[1]
        return self._spread(self.games * variance, 2 * _VIRTUAL * _outcome(strengths, ties)[1])

    def _noise(self, strengths: Floats, ties: float) -> Floats:
        """Covariance ``(n, n)`` of the gradient over the resamples: of each block's own, and of the virtual results."""
        mean = _outcome(self._differences(strengths), ties)[0]
        own = (self.results[:, 0] - self.results[:, 2]) / 2 - self.results.sum(1) * mean[self.pair]
        alone = np.bincount(self.kind, minlength=len(self.times))[self.kind] == 1
        squares = self.times[self.kind] * own**2
        pairs = np.bincount(self.pair[alone], squares[alone], len(self.i)).astype(np.float64, copy=False)
        total = self._spread(pairs, np.full(self.n, 1 / (8 * _VIRTUAL + 4)))  # the variance of Beta(_VIRTUAL, _VIRTUAL)
        together, kind = np.unique(self.kind[~alone], return_inverse=True)
        for first in range(0, len(together), _ROWS):
            these = (kind >= first) & (kind < first + _ROWS)
            gradients = np.zeros((min(_ROWS, len(together) - first), self.n))
            for ends, sign in ((self.i, 1), (self.j, -1)):
                np.add.at(gradients, (kind[these] - first, ends[self.pair[~alone][these]]), sign * own[~alone][these])
            total += gradients.T @ (gradients * self.times[together[first : first + _ROWS], None])
        return total

    def _spread(self, pairs: Floats, nodes: Floats) -> Floats:
        """``D + B' W B`` as a matrix ``(n, n)``, with ``W`` of ``pairs`` ``(P,)`` and ``D`` of ``nodes`` ``(n,)``."""
        matrix = np.zeros((self.n, self.n))
        matrix[self.i, self.j] = -pairs
        matrix += matrix.T
        matrix[np.diag_indices(self.n)] = nodes - matrix.sum(0)
        return matrix


def _sums(values: npt.NDArray[Number], starts: Ints) -> npt.NDArray[Number]:
    """``(len(starts), R)`` sums of the rows of ``values`` from each start to the next."""
    return np.add.reduceat(values, starts, axis=0) if len(starts) else values[:0]


def _outcome(difference: Floats, ties: float) -> tuple[Floats, Floats]:
    """Mean and variance of a game's outcome (win 1/2, draw 0, loss -1/2)."""
    up = np.exp(difference / 2)
    down = 1 / up
    total = up + down + 2 * ties
    mean = (up - down) / total / 2
    return mean, (up + down) / total / 4 - mean**2


def _distinct(rows: Ints) -> tuple[Ints, Ints]:
    """The distinct rows of numbers from 0 up, in an order of their own, and how often each occurs."""
    sizes = [int(column.max()) + 1 for column in rows.T] if rows.shape[1] <= _COLUMNS else []
    if sizes and math.prod(sizes) <= np.iinfo(np.int64).max:  # a number each is quicker to sort
        code, count = np.unique(np.ravel_multi_index(tuple(rows.T), sizes), return_counts=True)
        return np.array(np.unravel_index(code, sizes)).T, count
    whole = np.ascontiguousarray(rows).view(f"V{rows.itemsize * rows.shape[1]}")
    distinct, count = np.unique(whole, return_counts=True)
    return distinct.view(np.int64).reshape(-1, rows.shape[1]), count
