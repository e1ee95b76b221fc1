"""Inflation: ratings that rise because each snapshot exploits the one before, while play against others is no better.

The test looks at the :data:`leagues.ratings.anchors.RECENT` newest snapshots of a learner that have met an anchor, its
window, and compares the newer half with the older half, twice:

- ``gain``: how much the newer half is rated above the older half, when only games between snapshots of the window
  count. Its one-sided lower 95% bound comes from the bootstrap over blocks.
- ``anchor_gain``: how much better the newer half scores against the anchors. Per anchor, it is the difference of the
  rating differences at which the model of the ratings (Davidson's) expects the two halves' mean scores; in graded
  games the difference of their mean margins. Its variance comes from whole blocks, by the delta method. Anchors are
  weighted by the inverse of their variance, so that one which always loses or always wins counts for little. In graded
  games, an anchor whose blocks all pay the same does not count, and no anchor's games vary less than those of all
  anchors together. The one-sided upper 95% bound is normal.

**Null hypothesis**: the anchors see at least a quarter of the gain, or 100 Elo. Real progress can look smaller to them,
because the weaknesses of one's own past are easier to exploit, and an anchor that is beaten already cannot see it at
all; hence no more is asked. **Rejected**, so that there is a warning, if the lower bound of ``gain`` is above 0, and
the upper bound of ``anchor_gain`` is below a quarter of that lower bound and below 100 Elo. Both must hold, each at
level 5%, so the test as a whole has at most that level (an intersection-union test: Berger 1982, Technometrics 24).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from leagues.ratings.anchors import RECENT
from leagues.ratings.comparisons import Comparisons
from leagues.ratings.davidson import fit, outcome
from leagues.ratings.leaderboard import ELO, rate
from leagues.records import Member
from leagues.results.blocks import BlockScore, BlockScores

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LEVEL = 0.05
"""Probability of a warning when the null hypothesis holds, at most."""

FEWEST_SNAPSHOTS = 4
"""A window with fewer snapshots says nothing."""

FEWEST_BLOCKS = 5
"""An anchor counts if both halves have played this many blocks with it."""

PART = 0.25
"""Part of the gain that anchors are asked to see."""

MOST_ASKED = 100.0
"""Most Elo that anchors are asked to see."""


_LEAST_VARIANCE = 1e-12


@dataclass(frozen=True, slots=True)
class Inflation:
    """How the newer half of a learner's window compares with the older half.

    Attributes:
        learner: ID of the learner.
        older, newer: the snapshots of the two halves, oldest first.
        gain: mean rating of the newer half above the older half, from games of the window alone: Elo, or returns per
            game in graded games. Snapshots count by their games with anchors.
        gain_low: one-sided lower 95% bound of it.
        anchors: the anchors that count.
        anchor_gain: the same against the anchors.
        anchor_high: one-sided upper 95% bound of it.
        before, after: mean score (in graded games mean margin) of the older and of the newer half against the anchors,
            which have the same weight in both.
        graded: whether the game is graded.
    """

    learner: str
    older: tuple[str, ...]
    newer: tuple[str, ...]
    gain: float
    gain_low: float
    anchors: tuple[str, ...]
    anchor_gain: float
    anchor_high: float
    before: float
    after: float
    graded: bool

    @property
    def asked(self) -> float:
        """What the anchors would see at least if play were better."""
        asked = PART * self.gain_low
        return asked if self.graded else min(asked, MOST_ASKED)

    @property
    def inflated(self) -> bool:
        """Whether the null hypothesis is rejected: the ratings rise, and the play against the anchors does not."""
        return self.gain_low > 0 and self.anchor_high < self.asked


def inflation(members: Iterable[Member], block_scores: Iterable[BlockScore], *, seed: int = 0) -> list[Inflation]:
    """The comparison for every learner with enough snapshots and games, in the order of the learners' first snapshots.

    Args:
        members: members in the order they joined.
        block_scores: evaluation results; those of a graded game are compared by returns.
        seed: of the bootstrap.
    """
    everyone, scores = list(members), BlockScores.of(block_scores)
    anchors = [member.id for member in everyone if member.role == "anchor"]
    if not anchors:
        return []
    learners = dict.fromkeys(member.learner for member in everyone if member.learner is not None)
    found = []
    for learner in learners:
        snapshots = [member for member in everyone if member.learner == learner]
        compared = _compared(learner, snapshots, anchors, scores, seed=seed)
        if compared is not None:
            found.append(compared)
    return found


def _compared(
    learner: str, snapshots: Sequence[Member], anchors: Sequence[str], scores: BlockScores, *, seed: int
) -> Inflation | None:
    games = _Games.of(scores, snapshots, anchors)
    window = np.flatnonzero(np.isin(np.arange(len(snapshots)), games.snapshot))[-RECENT:]
    if len(window) < FEWEST_SNAPSHOTS:
        return None
    halves = window[: len(window) // 2], window[-(len(window) // 2) :]
    old, new = (games.against(half, len(anchors)) for half in halves)
    enough = (old.blocks >= FEWEST_BLOCKS) & (new.blocks >= FEWEST_BLOCKS)
    enough &= ~(old.alike & new.alike & np.isclose(old.mean, new.mean))
    if not enough.any():
        return None
    members = [snapshots[place] for place in window]
    gains, variances = (new.mean - old.mean), old.variance + new.variance
    if not scores.graded:
        _, ties = fit(
            Comparisons.between({name: i for i, name in enumerate([*(m.id for m in members), *anchors])}, scores)
        )
        (before, slope), (after, other) = (_elo(half.mean, ties) for half in (old, new))
        gains, variances = after - before, old.variance * slope**2 + new.variance * other**2
    weights = np.where(enough, 1 / variances, 0)
    weights = weights / weights.sum()
    anchor_gain = float(weights @ gains)
    error = float(np.sqrt(weights**2 @ variances))

    rated = rate(members, scores, seed=seed)
    place = {member.id: i for i, member in enumerate(rated.members)}
    contrast = np.zeros(len(members))
    for half, sign in zip(halves, (-1, 1), strict=True):
        counts = games.counts(half)
        for member, count in zip(half, counts, strict=True):
            contrast[place[snapshots[member].id]] = sign * count / counts.sum()
    resampled = rated.resamples @ contrast
    return Inflation(
        learner,
        tuple(snapshots[member].id for member in halves[0]),
        tuple(snapshots[member].id for member in halves[1]),
        float(rated.ratings @ contrast),
        float(np.quantile(resampled, LEVEL)),
        tuple(name for name, counts in zip(anchors, enough, strict=True) if counts),
        anchor_gain,
        anchor_gain + NormalDist().inv_cdf(1 - LEVEL) * error,
        float(weights @ old.score),
        float(weights @ new.score),
        scores.graded,
    )


def _elo(score: Floats, ties: float) -> tuple[Floats, Floats]:
    """The rating difference at which Davidson's model expects a score, and its derivative.

    With ``y = exp(d / 2)`` and the tie parameter ``v``, the score is ``(y + v) / (y + 2 v + 1 / y)``.
    """
    tilt = ties * (2 * score - 1)
    difference = 2 * np.log((tilt + np.sqrt(tilt**2 + 4 * score * (1 - score))) / (2 * (1 - score)))
    # The variance of a game is the derivative of its expected score.
    return ELO * difference, ELO / outcome(difference, ties)[1]


@dataclass(frozen=True, slots=True)
class _Half:
    """Half of a window against each of ``A`` anchors; all arrays are ``(A,)``.

    ``score`` is the plain mean. In games of win, draw and loss, ``mean`` and ``variance`` are steadied by two blocks of
    opposite results, as in :func:`leagues.ratings.intervals.score_interval`. ``alike`` says in graded games whether all
    blocks paid the same.
    """

    blocks: Ints
    score: Floats
    mean: Floats
    variance: Floats
    alike: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Games:
    """Blocks between snapshots and anchors; all arrays are ``(B,)``.

    Attributes:
        snapshot, anchor: their places.
        points: of the snapshot: points in games of win, draw and loss, otherwise margins.
        games: games of the block.
        graded: whether the game is graded.
    """

    snapshot: Ints
    anchor: Ints
    points: Floats
    games: Floats
    graded: bool

    @classmethod
    def of(cls, scores: BlockScores, snapshots: Sequence[Member], anchors: Sequence[str]) -> _Games:
        places = [{name: i for i, name in enumerate(names)} for names in ([each.id for each in snapshots], anchors)]
        ours, theirs = (np.array([place.get(name, -1) for name in scores.names], np.int64) for place in places)
        rows = scores.rows
        turned = (ours[rows[:, 3]] >= 0) & (theirs[rows[:, 2]] >= 0) if len(rows) else np.zeros(0, np.bool_)
        own = np.where(turned, rows[:, 3], rows[:, 2])
        other = np.where(turned, rows[:, 2], rows[:, 3])
        wins = np.where(turned, rows[:, 6], rows[:, 4])
        games = rows[:, 4:7].sum(1).astype(np.float64)
        points = wins + rows[:, 5] / 2
        if scores.graded:
            points = np.where(turned, -scores.margins, scores.margins)
        chosen = (ours[own] >= 0) & (theirs[other] >= 0) & (games > 0) if len(rows) else turned
        return cls(ours[own][chosen], theirs[other][chosen], points[chosen], games[chosen], scores.graded)

    def counts(self, half: Ints) -> Floats:
        """The games of each snapshot of a half with all anchors."""
        return np.array([self.games[self.snapshot == member].sum() for member in half])

    def against(self, half: Ints, anchors: int) -> _Half:
        """The results of a half against each anchor, as a ratio of sums over blocks (Cochran 1977, section 6.4)."""
        chosen = np.isin(self.snapshot, half)
        anchor, points, games = self.anchor[chosen], self.points[chosen], self.games[chosen]

        def sums(values: Floats) -> Floats:
            return np.bincount(anchor, values, anchors).astype(np.float64)

        blocks, played, won = sums(np.ones(len(anchor))), sums(games), sums(points)
        score = np.divide(won, played, out=np.zeros(anchors), where=played > 0)
        added = np.zeros(anchors)
        if not self.graded:  # two more blocks, one all won and one all lost
            size = np.divide(played, blocks, out=np.ones(anchors), where=blocks > 0)
            blocks, played, won = blocks + 2, played + 2 * size, won + size
            added = size**2 * ((1 - won / played) ** 2 + (won / played) ** 2)
        mean = np.divide(won, played, out=np.zeros(anchors), where=played > 0)
        rest = (points - mean[anchor] * games) ** 2
        freedom = np.maximum(1, blocks - 1)
        variance = blocks / freedom * (added + sums(rest)) / np.maximum(1, played) ** 2
        alike = np.zeros(anchors, np.bool_)
        if self.graded:
            of_a_game = sums(rest / games)
            alike = of_a_game <= _LEAST_VARIANCE * np.maximum(1, mean**2)
            common = of_a_game.sum() / freedom.sum()
            variance = np.maximum(of_a_game / freedom, common) / np.maximum(1, played)
        counted = np.bincount(anchor, minlength=anchors)
        return _Half(counted, score, mean, np.maximum(variance, _LEAST_VARIANCE), alike)
