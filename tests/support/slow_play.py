"""Agents that other processes can make: one takes its time where an environment variable says so, one gives up."""

from __future__ import annotations

import os
import time

import numpy as np
from played_league import Resigner

from agents.basic import RandomAgent
from agents.contract import Turn
from games.contract import ActionArray, Game

SECONDS = "SLOW_PLAY_SECONDS"
"""The environment variable: seconds for each move."""


class Slow(RandomAgent):
    """Plays one block at a time, as searches do."""

    batched = False

    def __init__(self, game: Game) -> None:
        self._seconds = float(os.environ.get(SECONDS, "0"))

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        time.sleep(self._seconds)
        return super().act(turn, rng)


def giving_up(game: Game) -> Resigner:
    """An agent that raises at its second move."""
    return Resigner()
