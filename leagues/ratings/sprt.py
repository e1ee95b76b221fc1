"""Sequential probability ratio tests (SPRT): is a new agent better than an old one, in as few games as possible?

The test goes on while the log-likelihood ratio of two hypotheses stays between two bounds (Wald 1945, Annals of
Mathematical Statistics 16). What is not tested, the distribution of the results, takes its most likely value under each
hypothesis: a generalised SPRT. The observation is the block, because its games depend on each other.

Sources: M. Van den Bergh, "The Generalized Maximum Likelihood Ratio for the Expectation Value of a Distribution" and
"Normalized Elo", the notes behind the tests of chess engines.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from leagues.records import LeagueError

Floats = npt.NDArray[np.float64]
Accepted = Literal["H0", "H1"]

MODELS = ("logistic", "normalized", "returns")

ELO = 400 / math.log(10)
"""Elo of one unit of log-odds."""

NORMALIZED_ELO = 800 / math.log(10)
"""Normalised Elo of an advantage of one standard deviation in a game."""

MOST_ELO = 2000
"""Largest difference of a hypothesis: beyond it, the expected score is 0 or 1 within what games can tell."""

UNSEEN = 1e-3
"""Counts for a block score that has not occurred: no result may be impossible."""

LEAST_BLOCKS = 20
"""Blocks before a test by returns decides: the standard deviation of fewer is not known well enough."""


@dataclass(frozen=True, slots=True)
class Hypotheses:
    """What a test decides between.

    Attributes:
        low: H0, the new agent is better by this much (and not by more).
        high: H1, it is better by this much.
        model: the unit of both. ``logistic``: Elo, the expected score is ``1 / (1 + 10 ** (-elo / 400))``.
            ``normalized``: normalised Elo, in which equal differences need equally many games at any rate of draws;
            347.4 is an advantage of one standard deviation in a game. ``returns``: returns per game.
        alpha: highest probability of accepting H1 where H0 is true.
        beta: highest probability of accepting H0 where H1 is true.

    Raises:
        LeagueError: ``low < high`` or ``0 < alpha, beta < 0.5`` does not hold, or there is no such model.
    """

    low: float
    high: float
    model: str = "logistic"
    alpha: float = 0.05
    beta: float = 0.05

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            raise LeagueError(f"`model in {MODELS}` must hold, but got model={self.model!r}")
        unit = "return" if self.model == "returns" else "elo"
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise LeagueError(
                f"`{unit}0 < {unit}1` must hold for finite numbers, but got ({unit}0={self.low:g}, "
                f"{unit}1={self.high:g})"
            )
        if unit == "elo" and max(abs(self.low), abs(self.high)) > MOST_ELO:
            raise LeagueError(
                f"a difference of more than {MOST_ELO:,} Elo cannot be tested, but got (elo0={self.low:g}, "
                f"elo1={self.high:g})"
            )
        for name in ("alpha", "beta"):
            if not 0 < getattr(self, name) < 0.5:
                raise LeagueError(f"`0 < {name} < 0.5` must hold, but got {name}={getattr(self, name):g}")

    @property
    def bounds(self) -> tuple[float, float]:
        """The log-likelihood ratios from which on H0 and H1 are accepted: ln(beta / (1 - alpha)), ln((1 - beta) /
        alpha)."""
        return math.log(self.beta / (1 - self.alpha)), math.log((1 - self.beta) / self.alpha)


class SequentialTest:
    """A running test. Give it the scores of complete blocks, in an order that does not depend on them.

    Attributes:
        hypotheses: what it decides between.
        llr: log-likelihood ratio of H1 to H0.
        accepted: the hypothesis that is accepted, None so far. Blocks after the decision do not count.
        blocks: number of blocks that count.

    Args:
        hypotheses: as above. A test of graded scores takes ``returns`` or ``normalized``, another one ``logistic`` or
            ``normalized``.
        games: games of a block.
        sides: sides of a game: seats, or teams.
        graded: whether a score is a return instead of a share of wins.

    Raises:
        LeagueError: the model does not fit.
    """

    def __init__(self, hypotheses: Hypotheses, *, games: int, sides: int = 2, graded: bool = False) -> None:
        if hypotheses.model == ("logistic" if graded else "returns"):
            rule = (
                "a graded game takes returns or normalized" if graded else "wins and losses take logistic or normalized"
            )
            raise LeagueError(f"the model does not suit the game: {rule}, but got model={hypotheses.model!r}")
        self.hypotheses, self.games, self.graded = hypotheses, games, graded
        self.llr, self.accepted, self.blocks = 0.0, None, 0
        self._steps = 2 * games * (sides - 1)  # a block's score is a multiple of one half of a game against one side
        self._counts = np.zeros(self._steps + 1)
        self._mean = self._squares = 0.0

    llr: float
    accepted: Accepted | None

    def add(self, score: float) -> None:
        """Take the score of the next block.

        Args:
            score: mean score of the new agent in the games of the block: a share of wins in which a draw is one half,
                or the mean margin in returns.
        """
        if self.accepted is not None:
            return
        self.blocks += 1
        if self.graded:
            before = score - self._mean
            self._mean += before / self.blocks
            self._squares += before * (score - self._mean)
        else:
            self._counts[round(score * self._steps)] += 1
        self.llr = self._ratio()
        low, high = self.hypotheses.bounds
        if not self.graded or self.blocks >= LEAST_BLOCKS:
            self.accepted = "H1" if self.llr >= high else "H0" if self.llr <= low else None

    @property
    def counts(self) -> list[int]:
        """How often each block score occurred, from none to all points; five numbers in games of two sides. Empty in
        graded games."""
        return [] if self.graded else self._counts.astype(int).tolist()

    def _ratio(self) -> float:
        given, games = self.hypotheses, self.games
        if self.graded:
            return float(normal_llr(self.blocks, self._mean, self._squares, given, games=games))
        return float(multinomial_llr(self._counts, given, games=games))


def score_of(elo: float) -> float:
    """The expected score at a difference of logistic Elo."""
    return 1 / (1 + 10 ** (-elo / 400))


def elo_of(score: float) -> float:
    """The difference of logistic Elo at an expected score; infinite at 0 and 1."""
    return ELO * math.log(score / (1 - score)) if 0 < score < 1 else math.copysign(math.inf, score - 0.5)


def multinomial_llr(counts: npt.ArrayLike, hypotheses: Hypotheses, *, games: int = 2) -> Floats:
    """The log-likelihood ratio of H1 to H0 when the score of a block has any distribution on a grid.

    With ``q`` the observed shares and ``a`` the scores, the most likely distribution of mean ``s`` is ``p = q / (1 + t
    (a - s))``, with ``t`` such that it has this mean. The ratio is ``N sum q ln(p1 / p0)``. In blocks of two games with
    two sides, this is the pentanomial test.

    Args:
        counts: ``(..., K)`` blocks of each score; the scores are the ``K`` equal steps from 0 to 1. Those of 0 count
            :data:`UNSEEN`.
        hypotheses: logistic or normalised.
        games: games of a block, for normalised Elo.

    Returns:
        ``(...)`` log-likelihood ratios; 0 without any block.
    """
    given = np.asarray(counts, np.float64)
    played = given.sum(-1) > 0
    given = np.where(given == 0, UNSEEN, given)
    total = given.sum(-1)
    shares = given / total[..., None]
    scores = np.linspace(0, 1, given.shape[-1])
    if hypotheses.model == "normalized":
        low, high = (
            _most_likely_of_advantage(shares, scores, elo / NORMALIZED_ELO * math.sqrt(games))
            for elo in (hypotheses.low, hypotheses.high)
        )
    else:
        low, high = (_tilted(shares, scores - score_of(elo)) for elo in (hypotheses.low, hypotheses.high))
    return np.asarray(np.where(played, total * (shares * np.log(high / low)).sum(-1), 0.0))


def normal_llr(
    blocks: npt.ArrayLike, mean: npt.ArrayLike, squares: npt.ArrayLike, hypotheses: Hypotheses, *, games: int = 2
) -> Floats:
    """The log-likelihood ratio of H1 to H0 when the mean return of a block is normal with an unknown variance.

    The variance takes its most likely value under each hypothesis. By returns, the ratio is then ``N / 2 ln((v + (m -
    low)^2) / (v + (m - high)^2))`` with the mean ``m`` and the variance ``v`` of the blocks: the likelihood-ratio form
    of Student's t.

    Args:
        blocks: number of blocks.
        mean: of their mean returns (margins).
        squares: sum of their squared deviations from `mean`.
        hypotheses: by returns or normalised.
        games: games of a block, for normalised Elo.

    Returns:
        Log-likelihood ratios, in the broadcast shape of the arguments; 0 without any block.
    """
    n, mean, squares = (np.asarray(each, np.float64) for each in (blocks, mean, squares))
    count = np.maximum(n, 1)
    if hypotheses.model == "normalized":
        low, high = (
            _likelihood_of_advantage(mean, squares / count + mean**2, elo / NORMALIZED_ELO * math.sqrt(games))
            for elo in (hypotheses.low, hypotheses.high)
        )
        return np.asarray(n * (high - low))
    # One deviation as large as the difference of the hypotheses, so that equal blocks decide nothing at once.
    variance = (squares + (hypotheses.high - hypotheses.low) ** 2) / count
    far, near = variance + (mean - hypotheses.low) ** 2, variance + (mean - hypotheses.high) ** 2
    return np.asarray(n / 2 * np.log(far / near))


def _tilted(shares: Floats, centred: Floats) -> Floats:
    """The most likely distribution ``(..., K)`` in which the mean of ``centred`` is 0, which has values of both signs.

    Solves ``sum q c / (1 + t c) = 0`` for ``t`` by Newton's method inside a shrinking bracket.
    """
    centred = np.broadcast_to(centred, shares.shape)
    low, high = -1 / centred.max(-1), -1 / centred.min(-1)
    t = np.zeros(shares.shape[:-1])
    for _ in range(100):
        part = centred / (1 + t[..., None] * centred)
        value = (shares * part).sum(-1)  # falls in t
        low, high = np.where(value >= 0, t, low), np.where(value <= 0, t, high)
        step = value / (shares * part**2).sum(-1)
        new = np.where((t + step > low) & (t + step < high), t + step, (low + high) / 2)
        done = np.abs(new - t) <= 1e-12 * (1 + np.abs(t))
        t = new
        if done.all():
            break
    tilted = shares / (1 + t[..., None] * centred)
    return np.asarray(tilted / tilted.sum(-1, keepdims=True))


def _most_likely_of_advantage(shares: Floats, scores: Floats, advantage: float) -> Floats:
    """The most likely distribution ``(..., K)`` whose mean is above 1/2 by ``advantage`` of its standard deviations.

    With the Lagrange multiplier of the condition, this distribution is tilted by a parabola in the score that depends
    on its standard deviation alone. The deviation is found by iteration inside a shrinking bracket.
    """
    if not advantage:
        return _tilted(shares, scores - 0.5)
    size = abs(advantage)
    # Below `low`, the parabola is positive at no score. No distribution on 0..1 has a deviation above `high`.
    low = np.full((*shares.shape[:-1], 1), 1.001 * scores[1] / (2 / size + size))
    high = np.full_like(low, 0.5 / math.sqrt(1 + size**2))
    spread = np.clip(np.full_like(low, scores.std()), low, high)
    gap = np.full_like(low, np.inf)
    for _ in range(200):
        standard = (scores - 0.5 - advantage * spread) / spread
        found = _tilted(shares, scores - 0.5 - advantage * spread * (1 + standard**2) / 2)
        new = _spread(found, scores)
        low, high = np.where(new >= spread, spread, low), np.where(new <= spread, spread, high)
        before, gap = gap, np.abs(new - spread)
        if gap.max() <= 1e-10 or (high - low).max() <= 1e-12:
            break
        spread = np.where((new > low) & (new < high) & (gap < before / 2), new, (low + high) / 2)
    return found


def _spread(shares: Floats, scores: Floats) -> Floats:
    """``(..., 1)`` standard deviations of distributions ``(..., K)``."""
    mean = (shares * scores).sum(-1, keepdims=True)
    return np.asarray(np.sqrt((shares * (scores - mean) ** 2).sum(-1, keepdims=True)))


def _likelihood_of_advantage(mean: Floats, square: Floats, advantage: float) -> Floats:
    """The highest log-likelihood of a block, up to a constant, of a normal distribution whose mean is ``advantage`` of
    its standard deviations; ``square`` is the mean of the squared observations."""
    square = np.maximum(square, 1e-300)
    inverse = (mean * advantage + np.sqrt((mean * advantage) ** 2 + 4 * square)) / (2 * square)  # 1 / deviation
    return np.asarray(np.log(inverse) - square * inverse**2 / 2 + mean * advantage * inverse - advantage**2 / 2)
