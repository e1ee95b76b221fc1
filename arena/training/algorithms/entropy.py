"""The entropy bonus that fits a game."""

from __future__ import annotations

from games.contract import Game

ENTROPY = {True: 0.003, False: 0.05}
"""Entropy bonus by perfect information. With hidden information, policy gradients need one high enough to keep policies
mixed (arXiv 2502.08938); otherwise mixing only costs games."""


def fitting_entropy_coeff(game: Game) -> float:
    """The weight of the entropy bonus for a game. Continuous actions get none: the entropy of a Gaussian has no upper
    bound, so a bonus would widen it without end (and deviations begin wide)."""
    return ENTROPY[game.perfect_information] if game.action_bounds is None else 0.0
