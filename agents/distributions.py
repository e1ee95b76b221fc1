"""From what a policy network says to actions: categorical where they are discrete, diagonal Gaussian where continuous.

A network speaks of continuous actions in *units*: 0 is the middle of the bounds, -1 and 1 are the bounds. It learns
from what was drawn, which may lie beyond; the game is given the nearest action inside (:func:`in_bounds`).
"""

from __future__ import annotations

import math

import numpy as np

from games.contract import ActionArray, FloatArray, Game

HALF_LOG_TAU = 0.5 * math.log(math.tau)


def num_inputs(game: Game) -> int:
    """How many numbers describe the distribution of one action: a logit each, or D means and D log deviations."""
    return game.num_actions if game.action_bounds is None else 2 * len(game.action_bounds[0])


def sample_actions(logits: FloatArray, rng: np.random.Generator | None) -> tuple[ActionArray, FloatArray]:
    """Draw from the categorical distribution of each row, or take its mode.

    Args:
        logits: ``(B, A)`` float32, illegal actions at :data:`agents.networks.LOGIT_OF_ILLEGAL`.
        rng: source of randomness; None takes the most likely action.

    Returns:
        Actions ``(B,)`` int64 and their log-probabilities ``(B,)`` float32.
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    odds = np.exp(shifted)
    if rng is None:
        actions = odds.argmax(axis=1)
    else:
        # The exponential race: argmax of odds / Exp(1) is a draw in proportion to the odds, one pass for all rows.
        # About one float32 draw in 10 million is exactly 0, which would make 0 / 0 of an illegal action.
        race = np.maximum(rng.standard_exponential(odds.shape, np.float32), np.finfo(np.float32).tiny)
        with np.errstate(over="ignore"):  # whoever draws that little has won
            actions = (odds / race).argmax(axis=1)
    rows = np.arange(len(actions))
    log_probs = shifted[rows, actions] - np.log(odds.sum(axis=1))
    return actions, log_probs


def sample_points(inputs: FloatArray, rng: np.random.Generator | None) -> tuple[FloatArray, FloatArray]:
    """Draw from the diagonal Gaussian of each row, or take its mean.

    Args:
        inputs: ``(B, 2 D)`` float32, the means and then the logarithms of the standard deviations, in units; what
            RLlib's ``TorchDiagGaussian`` reads.
        rng: source of randomness; None takes the mean.

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
    """Points ``(B, D)`` in units as the nearest actions within ``bounds``, ``(B, D)`` float32."""
    low, high = bounds
    share = (np.clip(points, -1.0, 1.0) + 1.0) / 2.0  # of the way from low to high
    # Weighted so that neither the range nor the sum can overflow, and clipped against rounding.
    actions: FloatArray = np.clip(low * (1.0 - share) + high * share, low, high).astype(np.float32, copy=False)
    return actions
