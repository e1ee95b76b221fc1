"""Agents that need no thought: a uniformly random one and one that takes the first legal action."""

from __future__ import annotations

import numpy as np

from agents.contract import Agent, Turn
from games.contract import IntArray


class RandomAgent(Agent):
    """Uniform over the legal actions of each row."""

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        """One uniformly drawn legal action per row, ``(B,)`` int64."""
        counts = turn.masks.cumsum(axis=1)  # (B, A): how many legal actions up to and with each
        drawn = rng.integers(counts[:, -1])  # (B,): which of them, from 0
        actions: IntArray = (counts > drawn[:, None]).argmax(axis=1)
        return actions


class FirstLegalAgent(Agent):
    """The legal action with the lowest number. Deterministic: it repeats its games."""

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        """The first legal action of each row, ``(B,)`` int64."""
        actions: IntArray = turn.masks.argmax(axis=1)
        return actions
