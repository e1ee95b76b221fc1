"""Davidson's model of paired comparisons with draws: the fit, and its refits on resampled blocks.

With ``d`` the difference of two strengths in natural units and ``v`` the tie parameter, win : draw : loss is as
``exp(d / 2) : 2 v : exp(-d / 2)`` (Davidson 1970; Newman 2023, JMLR 24, 1-25). Each player also has a virtual win and
a virtual loss of weight one half against a node of strength 0, which keeps every strength finite.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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
_MOST_STEPS = 60
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
        rows = [
            (score.block, place[score.member], place[score.opponent], score.wins, score.draws, score.losses)
            for score in block_scores
            if score.member in place and score.opponent in place
        ]
        return cls.of(len(place), np.array(rows, np.int64).reshape(-1, 6))

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
        sums = self.sums[None].astype(np.float64)
        games, won, draws = sums.sum(-1), sums[..., 0] - sums[..., 2], float(sums[..., 1].sum())
        strengths = np.zeros(self.n)
        ties = 0.5 if draws else 0.0
        near = self._inverse(strengths, ties)
        for _ in range(_MOST_STEPS if self.n else 0):
            before = ties
            strengths = self._newton(strengths, ties, games, won, np.full((1, self.n), 0.5), near)[0]
            if draws:
                ties = self._ties(strengths, ties, games[0], draws)
            if abs(ties - before) <= 1e-6 * ties:
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
        weight = self.results.sum(1)
        balance = self.results[:, 0] - self.results[:, 2]
        starts = np.flatnonzero(np.diff(self.pair, prepend=-1))
        near = self._inverse(strengths, ties)
        chunk = 1 + _CHUNK // (1 + self.n**2 + len(self.kind))
        refits = [np.zeros((0, self.n))]
        for first in range(0, resamples, chunk):
            size = min(chunk, resamples - first)
            virtual = rng.beta(_VIRTUAL, _VIRTUAL, (size, self.n))
            games = won = np.zeros((size, 0))
            if len(starts):
                drawn = rng.standard_gamma(self.times, (size, len(self.times)))[:, self.kind]  # (size, E)
                games = np.add.reduceat(drawn * weight, starts, axis=1)
                won = np.add.reduceat(drawn * balance, starts, axis=1)
            refits.append(self._newton(strengths, ties, games, won, virtual, near))
        return np.concatenate(refits)

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
            games: ``(R, P)`` games of each pair.
            won: ``(R, P)`` wins less losses of its ``i``.
            virtual: ``(R, n)`` share of the virtual win.
            near: ``(n, n)`` roughly the inverse of any of the curvatures.

        Returns:
            ``(R, n)`` strengths.
        """
        strengths = np.tile(start, (len(virtual), 1))
        todo = np.arange(len(virtual))
        for _ in range(_MOST_STEPS):
            here = strengths[todo]
            pull = won[todo] / 2 - games[todo] * _outcome(here[:, self.i] - here[:, self.j], ties)[0]
            pull_of_node = virtual[todo] - 0.5 - 2 * _VIRTUAL * _outcome(here, ties)[0]
            gradient = pull_of_node + self._dense(pull, -1).sum(-1)
            step = _solve(self._curvature(here, ties, games[todo]), gradient, near).clip(-_LONGEST_STEP, _LONGEST_STEP)
            strengths[todo] += step
            todo = todo[np.abs(step).max(-1) > _SMALL_STEP]
            if not len(todo):
                break
        return strengths

    def _curvature(self, strengths: Floats, ties: float, games: Floats) -> Floats:
        """Minus the second derivatives of the log-likelihood, ``(R, n, n)``."""
        variance = _outcome(strengths[:, self.i] - strengths[:, self.j], ties)[1]
        matrices = self._dense(-games * variance, 1)
        diagonal = np.arange(self.n)
        matrices[:, diagonal, diagonal] = 2 * _VIRTUAL * _outcome(strengths, ties)[1] - matrices.sum(-1)
        return matrices

    def _inverse(self, strengths: Floats, ties: float) -> Floats:
        """The inverse of the curvature over all blocks, ``(n, n)``."""
        games = self.sums.sum(-1)[None].astype(np.float64)
        return np.linalg.inv(self._curvature(strengths[None], ties, games)[0])

    def _dense(self, values: Floats, mirror: int) -> Floats:
        """Values of pairs ``(R, P)`` as matrices ``(R, n, n)``, times ``mirror`` below the diagonal."""
        dense = np.zeros((len(values), self.n, self.n))
        dense[:, self.i, self.j] = values
        dense[:, self.j, self.i] = mirror * values
        return dense


def _solve(matrices: Floats, vectors: Floats, near: Floats) -> Floats:
    """Solve ``(R, n, n)`` positive definite systems that are all near the inverse of ``near``.

    Conjugate gradients: with that preconditioner some ten products do, and unlike LAPACK's solver on many small
    matrices they start no threads, which would fight for the cores with a training beside them.
    """
    solution = np.zeros_like(vectors)
    residual = vectors.copy()
    preconditioned = residual @ near
    direction = preconditioned
    energy = (residual * preconditioned).sum(-1, keepdims=True)
    enough = 1e-8 * energy + 1e-24
    for _ in range(2 * len(near)):
        product = np.einsum("rij,rj->ri", matrices, direction)
        length = energy / np.maximum((direction * product).sum(-1, keepdims=True), 1e-300)
        solution += length * direction
        residual -= length * product
        preconditioned = residual @ near
        before, energy = energy, (residual * preconditioned).sum(-1, keepdims=True)
        if (energy <= enough).all():
            break
        direction = preconditioned + energy / np.maximum(before, 1e-300) * direction
    return solution


def _outcome(difference: Floats, ties: float) -> tuple[Floats, Floats]:
    """Mean and variance of a game's outcome (win 1/2, draw 0, loss -1/2)."""
    up = np.exp(difference / 2)
    down = 1 / up
    total = up + down + 2 * ties
    mean = (up - down) / total / 2
    return mean, (up + down) / total / 4 - mean**2


def _distinct(rows: Ints) -> tuple[Ints, Ints]:
    """Where each distinct row first occurs, in lexicographic order, and how often it does."""
    code = np.zeros(len(rows), np.int64)
    for column in rows.T:
        _, first, code, count = np.unique(
            code * (column.max() + 1) + column, return_index=True, return_inverse=True, return_counts=True
        )
    return first, count
