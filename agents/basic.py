"""The simplest agents: one plays at random, one takes the first legal action."""

from __future__ import annotations

import numpy as np

from agents.contract import Agent, Turn
from agents.policies.distributions import in_bounds
from games.contract import ActionArray


class RandomAgent(Agent):
    """Uniform over the legal actions of each row, or over the bounds of continuous actions."""

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        """One uniformly drawn legal action per row, ``(B,)`` int64 or ``(B, D)`` float32."""
        if turn.action_bounds is not None:
            points = rng.uniform(-1.0, 1.0, (len(turn.seats), len(turn.action_bounds[0])))
            return in_bounds(points.astype(np.float32), turn.action_bounds)
        counts = turn.masks.cumsum(axis=1)  # (B, A), legal actions up to and including each
        drawn = rng.integers(counts[:, -1])  # (B,), index of the drawn action among the legal ones
        actions: ActionArray = (counts > drawn[:, None]).argmax(axis=1)
        return actions


class FirstLegalAgent(Agent):
    """The lowest legal action, or the low bounds. It is deterministic, so it repeats its games."""

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        """The lowest legal action of each row, ``(B,)`` int64 or ``(B, D)`` float32."""
        return first_legal(turn)


def first_legal(turn: Turn) -> ActionArray:
    """The lowest legal action of each row, ``(B,)`` int64 or ``(B, D)`` float32."""
    if turn.action_bounds is not None:
        return np.tile(turn.action_bounds[0], (len(turn.seats), 1))
    actions: ActionArray = turn.masks.argmax(axis=1)
    return actions
