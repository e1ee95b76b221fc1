"""Small margin matrices with known answers, and block scores that have them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from leagues.results.blocks import BlockScore

Floats = npt.NDArray[np.float64]

RPS: Floats = np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]]) / 2
"""Rock, paper, scissors."""


def chain(n: int, step: float = 1.0) -> Floats:
    """Members of rising strength, ``step`` natural units apart."""
    strength = step * np.arange(n)
    return 1 / (1 + np.exp(strength[None, :] - strength[:, None])) - 0.5


def with_copy(margins: Floats, of: int = 0) -> Floats:
    """The margins with a copy of a member at the end."""
    places = [*range(len(margins)), of]
    return margins[np.ix_(places, places)]


def blocks_of(margins: Floats, names: Sequence[str], blocks: int = 50) -> list[BlockScore]:
    """Blocks of two decided games, whose mean margins are these up to rounding."""
    scores = []
    for i in range(len(names)):
        for j in range(i + 1, len(names)):
            wins = round((margins[i, j] + 0.5) * 2 * blocks)
            for block in range(blocks):
                won = (wins * (block + 1)) // blocks - (wins * block) // blocks
                a, b = (i, j) if names[i] < names[j] else (j, i)
                ours = won if a == i else 2 - won
                scores.append(BlockScore(1, len(scores) + 1, names[a], names[b], ours, 0, 2 - ours))
    return scores
