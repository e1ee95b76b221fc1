"""The simplest agents: one plays at random, one takes the first legal action."""

from __future__ import annotations

import numpy as np

from agents.contract import Agent, Probabilities, Turn
from agents.policies.distributions import in_bounds
from games.contract import ActionArray, BoolArray


class RandomAgent(Agent):
    """Uniform over the legal actions of each row, or over the bounds of continuous actions."""

    reads_state = False

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        """One uniformly drawn legal action per row, ``(B,)`` int64 or ``(B, D)`` float32."""
        if turn.action_bounds is not None:
            points = rng.uniform(-1.0, 1.0, (len(turn.seats), len(turn.action_bounds[0])))
            return in_bounds(points.astype(np.float32), turn.action_bounds)
        counts = turn.masks.cumsum(axis=1)  # (B, A), legal actions up to and including each
        drawn = rng.integers(counts[:, -1])  # (B,), index of the drawn action among the legal ones
        actions: ActionArray = (counts > drawn[:, None]).argmax(axis=1)
        return actions

    def probabilities(self, turn: Turn) -> Probabilities | None:
        """Equal ones for the legal actions, ``(B, A)``; None for continuous actions."""
        return None if turn.action_bounds is not None else uniform(turn.masks)


class FirstLegalAgent(Agent):
    """The lowest legal action, or the low bounds. It is deterministic, so it repeats its games."""

    reads_state = False

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        """The lowest legal action of each row, ``(B,)`` int64 or ``(B, D)`` float32."""
        return first_legal(turn)

    def probabilities(self, turn: Turn) -> Probabilities | None:
        """1 for the lowest legal action, ``(B, A)``; None for continuous actions."""
        if turn.action_bounds is not None:
            return None
        return uniform(np.eye(turn.masks.shape[1], dtype=np.bool_)[first_legal(turn)])


def uniform(allowed: BoolArray) -> Probabilities:
    """Equal probabilities for the allowed actions of each row, ``(B, A)``; at least one in each row is allowed."""
    shares: Probabilities = allowed / allowed.sum(axis=1, keepdims=True)
    return shares


def first_legal(turn: Turn) -> ActionArray:
    """The lowest legal action of each row, ``(B,)`` int64 or ``(B, D)`` float32."""
    if turn.action_bounds is not None:
        return np.tile(turn.action_bounds[0], (len(turn.seats), 1))
    actions: ActionArray = turn.masks.argmax(axis=1)
    return actions
