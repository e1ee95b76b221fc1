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

import numpy as np
import numpy.typing as npt

from leagues.store.contract import BlockScore

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_VIRTUAL = 0.5
_LONGEST_STEP = 2.0
"""Newton overshoots where the likelihood is flat; two natural units (350 Elo) a time is still quick."""
_SMALL_STEP = 0.02
"""Newton ends after a step below this (3 Elo): it converges quadratically, so what is left is below 0.1 Elo."""
_FINAL_STEP = 1e-6
"""The fit ends after a step below this."""
_MOST_STEPS = 60
_EXACT = 1e-4
"""A Newton step may miss this part of its length, squared: the next one mends it."""
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
        columns = list(zip(*block_scores, strict=True)) or [()] * 6
        blocks, members, opponents, *results = columns
        i, j = (np.array([place.get(name, -1) for name in names], np.int64) for names in (members, opponents))
        rows = np.stack([np.array(blocks, np.int64), i, j, *(np.array(column, np.int64) for column in results)], axis=1)
        return cls.of(len(place), rows[(i >= 0) & (j >= 0)])

    @classmethod
    def of(cls, n: int, rows: Ints) -> Comparisons:
        """From rows ``(block, i, j, wins, draws, losses)``, ``(M, 6)`` in any order, each pair once in a block."""
        turned = rows[:, 1] > rows[:, 2]
        rows = np.where(turned[:, None], rows[:, [0, 2, 1, 5, 4, 3]], rows)
        rows = rows[np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))]
        starts = np.flatnonzero(np.diff(rows[:, 0], prepend=rows[:1, 0] - 1))
        lengths = np.diff(starts, append=len(rows))
        times: list[Ints] = [np.zeros(0, np.int64)]
        kinds: list[Ints] = [np.zeros(0, np.int64)]
        entries: list[Ints] = [np.zeros((0, 5), np.int64)]
        for length in np.unique(lengths).tolist():
            blocks = rows[starts[lengths == length][:, None] + np.arange(length), 1:]  # (blocks, length, 5)
            first, count = _distinct(blocks.reshape(len(blocks), -1))
            known = sum(map(len, times))
            times.append(count)
            kinds.append(np.repeat(np.arange(known, known + len(first)), length))
            entries.append(blocks[first].reshape(-1, 5))
        kind, entry = np.concatenate(kinds), np.concatenate(entries)
        order = np.lexsort((kind, entry[:, 1], entry[:, 0]))
        kind, entry = kind[order], entry[order]
        pairs, pair = np.unique(entry[:, 0] * n + entry[:, 1], return_inverse=True)
        return cls(n, pairs // max(n, 1), pairs % max(n, 1), np.concatenate(times), kind, pair, entry[:, 2:])

    @property
    def sums(self) -> Ints:
        """``(P, 3)`` wins, draws and losses of each pair over all blocks, seen from ``i``."""
        total = np.zeros((len(self.i), 3), np.int64)
        np.add.at(total, self.pair, self.results * self.times[self.kind, None])
        return total

    def fit(self) -> tuple[Floats, float]:
        """Strengths ``(n,)`` in natural units, the virtual node at 0, and the tie parameter: the maximum likelihood.

        Newton's method for the strengths and for the logarithm of the tie parameter in turn. The usual fixed-point
        iterations update all strengths at once, and that swings forever where the graph of pairs is nearly bipartite:
        a chain of snapshots, or everybody against one anchor.
        """
        sums = self.sums[..., None].astype(np.float64)
        games, won, draws = sums.sum(1), sums[:, 0] - sums[:, 2], float(sums[:, 1].sum())
        strengths = np.zeros(self.n)
        ties = 0.5 if draws else 0.0
        even = np.full((self.n, 1), 0.5)
        for _ in range(_MOST_STEPS if self.n else 0):
            before = np.append(strengths, ties)
            near = self._inverse(strengths, ties)
            strengths = self._newton(strengths, ties, games, won, even, near)[:, 0]
            if draws:
                ties = self._ties(strengths, ties, games[:, 0], draws)
            if np.abs(np.append(strengths, ties) - before).max() <= _FINAL_STEP:
                break
        return strengths, ties

    def resample(self, strengths: Floats, ties: float, resamples: int, rng: np.random.Generator) -> Floats:
        """Refits ``(resamples, n)`` on resampled blocks, from the fit of all blocks.

        This is the Bayesian bootstrap (Rubin 1981, Annals of Statistics 9): every block weighs Exp(1), so those of a
        kind together weigh Gamma(their number), and no pair ever drops out. The virtual results are drawn in the same
        spirit: the virtual win's share of their weight is Beta(1/2, 1/2). The tie parameter is that of the fit: it is
        common to all players, and strengths hardly depend on it.
        """
        if not self.n:
            return np.zeros((resamples, 0))
        weight = self.results.sum(1)[:, None]
        balance = self.results[:, :1] - self.results[:, 2:]
        starts = np.flatnonzero(np.diff(self.pair, prepend=-1))
        near = self._inverse(strengths, ties)
        chunk = 1 + _CHUNK // (self.n + len(self.kind))
        refits = [np.zeros((self.n, 0))]
        for first in range(0, resamples, chunk):
            size = min(chunk, resamples - first)
            virtual = rng.beta(_VIRTUAL, _VIRTUAL, (self.n, size))
            drawn = rng.standard_gamma(self.times[:, None], (len(self.times), size))[self.kind]  # (E, size)
            games, won = (_sums(drawn * each, starts) for each in (weight, balance))
            refits.append(self._newton(strengths, ties, games, won, virtual, near))
        return np.concatenate(refits, axis=1).T

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

    def _newton(self, start: Floats, ties: float, games: Floats, won: Floats, virtual: Floats, near: Floats) -> Floats:
        """Maximise the likelihood for many weightings at once.

        Args:
            start: ``(n,)`` where to begin.
            ties: the tie parameter.
            games: ``(P, R)`` games of each pair.
            won: ``(P, R)`` wins less losses of its ``i``.
            virtual: ``(n, R)`` share of the virtual win.
            near: ``(n, n)`` roughly the inverse of any of the curvatures.

        Returns:
            ``(n, R)`` strengths.
        """
        strengths = np.repeat(start[:, None], virtual.shape[1], axis=1)
        todo = np.arange(virtual.shape[1])
        for _ in range(_MOST_STEPS):
            here = strengths[:, todo]
            mean, variance = _outcome(self._differences(here), ties)
            of_node, variance_of_node = _outcome(here, ties)
            gradient = virtual - 0.5 - 2 * _VIRTUAL * of_node + self._totals(won / 2 - games * mean)
            step = self._solve(games * variance, 2 * _VIRTUAL * variance_of_node, gradient, near)
            strengths[:, todo] += step.clip(-_LONGEST_STEP, _LONGEST_STEP)
            moving = np.abs(step).max(0) > _SMALL_STEP
            todo, games, won, virtual = todo[moving], games[:, moving], won[:, moving], virtual[:, moving]
            if not len(todo):
                break
        return strengths

    def _solve(self, pairs: Floats, nodes: Floats, right: Floats, near: Floats) -> Floats:
        """Newton steps: solve ``(D + B' W B) x = right`` for each column, with ``D`` and ``W`` the diagonal matrices
        of the curvatures ``nodes`` ``(n, R)`` and ``pairs`` ``(P, R)``, and ``B x`` the differences of pairs.

        Conjugate gradients: no matrix of ``n`` by ``n`` is made for each column, and one that suits them all is the
        preconditioner, with which some ten products do.
        """
        solution = np.zeros_like(right)
        residual = right.copy()
        preconditioned = near @ residual
        direction = preconditioned
        energy = (residual * preconditioned).sum(0)
        enough = _EXACT * energy
        for _ in range(2 * self.n):
            going = energy > enough  # the other columns stay as they are
            if not going.any():
                break
            product = nodes * direction + self._totals(pairs * self._differences(direction))
            length = np.divide(energy, (direction * product).sum(0), out=np.zeros_like(energy), where=going)
            solution += length * direction
            residual -= length * product
            preconditioned = near @ residual
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

    def _inverse(self, strengths: Floats, ties: float) -> Floats:
        """The inverse of the curvature over all blocks, ``(n, n)``."""
        games = self.sums.sum(-1)
        matrix = np.zeros((self.n, self.n))
        matrix[self.i, self.j] = -games * _outcome(strengths[self.i] - strengths[self.j], ties)[1]
        matrix += matrix.T
        matrix[np.diag_indices(self.n)] = 2 * _VIRTUAL * _outcome(strengths, ties)[1] - matrix.sum(0)
        return np.linalg.inv(matrix).astype(np.float64, copy=False)


def _sums(values: Floats, starts: Ints) -> Floats:
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
    """Where each distinct row first occurs, in lexicographic order, and how often it does."""
    code, codes = np.zeros(len(rows), np.int64), 1
    for column in rows.T:
        values = int(column.max()) + 1
        if codes * values > np.iinfo(np.int64).max:
            kept, code = np.unique(code, return_inverse=True)
            codes = len(kept)
        code, codes = code * values + column, codes * values
    _, first, count = np.unique(code, return_index=True, return_counts=True)
    return first, count
