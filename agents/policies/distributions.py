"""From a network's outputs to actions: a categorical distribution if discrete, a diagonal Gaussian if continuous.

Networks express continuous actions in *units*: 0 is the middle of the bounds, -1 and 1 are the bounds. A drawn point
may lie outside. The network learns from the point; the game gets the nearest action inside (:func:`in_bounds`).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from games.contract import ActionArray, FloatArray, Game

HALF_LOG_TAU = 0.5 * math.log(math.tau)

_WIDE = 64
"""In games with at least this many actions, most are usually illegal."""

_NO_ODDS = -104.0
"""Logits this far below the greatest have probability 0 in float32."""


def num_inputs(game: Game) -> int:
    """Numbers that describe one action's distribution: A logits, or D means and D logarithms of deviations."""
    return game.num_actions if game.action_bounds is None else 2 * len(game.action_bounds[0])


def sample_actions(logits: FloatArray, rng: np.random.Generator | None) -> tuple[ActionArray, FloatArray]:
    """Draw from the categorical distribution of each row, or take its mode.

    Args:
        logits: ``(B, A)`` float32, illegal actions at :data:`agents.policies.interface.LOGIT_OF_ILLEGAL`.
        rng: None takes the most likely action.

    Returns:
        Actions ``(B,)`` int64 and their log-probabilities ``(B,)`` float32.
    """
    highest = logits.max(axis=1, keepdims=True)
    shifted = logits - highest
    if rng is not None and logits.shape[1] >= _WIDE and np.isfinite(highest).all():
        return _sample_few(shifted, rng)
    odds = np.exp(shifted)
    actions = odds.argmax(axis=1) if rng is None else _race(odds, rng).argmax(axis=1)
    return actions, _log_shares(shifted, actions, odds.sum(axis=1))


def log_probabilities(logits: FloatArray, actions: ActionArray) -> FloatArray:
    """What :func:`sample_actions` says of these actions, ``(B,)`` float32."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return _log_shares(shifted, actions, np.exp(shifted).sum(axis=1))


def action_probabilities(logits: FloatArray, *, deterministic: bool) -> npt.NDArray[np.float64]:
    """The probabilities with which :func:`sample_actions` draws, ``(B, A)`` float64.

    Args:
        logits: ``(B, A)`` float32, as there.
        deterministic: whether it takes the most likely action.
    """
    odds = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    if deterministic:
        odds = np.eye(logits.shape[1])[odds.argmax(axis=1)]
    shares: npt.NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
    return shares


def _race(odds: FloatArray, rng: np.random.Generator) -> FloatArray:
    """The exponential race: the index of the greatest odds / Exp(1) is a draw in proportion to the odds."""
    # About one float32 draw in 10 million is exactly 0, which would give 0 / 0 for an illegal action.
    times: FloatArray = np.maximum(rng.standard_exponential(odds.shape, np.float32), np.finfo(np.float32).tiny)
    return odds / times


def _sample_few(shifted: FloatArray, rng: np.random.Generator) -> tuple[ActionArray, FloatArray]:
    """As :func:`sample_actions`, faster where most actions are illegal: nothing is drawn for those.

    Args:
        shifted: ``(B, A)`` float32 logits; the greatest of each row is 0.
        rng: source of randomness.
    """
    rows, columns = np.nonzero(shifted > _NO_ODDS)  # at least the greatest of each row
    counts = np.bincount(rows, minlength=len(shifted))
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    odds = np.exp(shifted[rows, columns])
    scores = _race(odds, rng)
    best = np.flatnonzero(scores == np.repeat(np.maximum.reduceat(scores, starts), counts))
    first = np.searchsorted(rows[best], np.arange(len(shifted)))  # two scores of a row may be equal
    actions = columns[best[first]]
    return actions, _log_shares(shifted, actions, np.add.reduceat(odds, starts))


def _log_shares(shifted: FloatArray, actions: ActionArray, totals: FloatArray) -> FloatArray:
    """The log-probabilities of actions ``(B,)``, where ``totals`` are the sums of a row's odds."""
    log_probs: FloatArray = shifted[np.arange(len(actions)), actions] - np.log(totals)
    return log_probs


def sample_points(inputs: FloatArray, rng: np.random.Generator | None) -> tuple[FloatArray, FloatArray]:
    """Draw from the diagonal Gaussian of each row, or take its mean.

    Args:
        inputs: ``(B, 2 D)`` float32, the means and then the logarithms of the standard deviations, in units, as
            RLlib's ``TorchDiagGaussian`` reads them.
        rng: None takes the mean.

    Returns:
        Unbounded points ``(B, D)`` and their log-densities ``(B,)``, float32.
    """
    components = inputs.shape[1] // 2
    means, log_stds = inputs[:, :components], inputs[:, components:]
    noise: FloatArray = np.zeros_like(means) if rng is None else rng.standard_normal(means.shape, np.float32)
    stds: FloatArray = np.exp(log_stds)
    points: FloatArray = means + stds * noise
    log_probs: FloatArray = -(0.5 * np.square(noise) + log_stds + HALF_LOG_TAU).sum(axis=1)
    return points, log_probs


def in_bounds(points: FloatArray, bounds: tuple[FloatArray, FloatArray]) -> FloatArray:
    """The actions within ``bounds`` nearest to ``points``, which are ``(B, D)`` in units; ``(B, D)`` float32."""
    low, high = bounds
    share = (np.clip(points, -1.0, 1.0) + 1.0) / 2.0  # of the way from low to high
    # A weighted sum, because high - low can overflow; clipped, because the sum is rounded.
    actions: FloatArray = np.clip(low * (1.0 - share) + high * share, low, high).astype(np.float32, copy=False)
    return actions


def in_units(actions: FloatArray, bounds: tuple[FloatArray, FloatArray]) -> FloatArray:
    """The points of actions within ``bounds``, ``(B, D)`` float32: :func:`in_bounds` the other way round."""
    low, high = (bound.astype(np.float64) for bound in bounds)  # high - low can overflow in float32
    width = np.where(high > low, high - low, 1.0)
    points: FloatArray = (2.0 * (actions - low) / width - 1.0).astype(np.float32)
    return points
