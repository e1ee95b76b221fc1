"""Agents that other processes can make: one is slow, one waits, one gives up, and one takes its process with it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
from played_league import Resigner

from agents.basic import RandomAgent
from agents.contract import Turn
from games.contract import ActionArray, Game

SECONDS = "SLOW_PLAY_SECONDS"
"""The environment variable: seconds for each move."""

DEATHS = "deaths"
"""The folder, in the current directory, with one file for each time that an agent kills its process."""


class Slow(RandomAgent):
    """Plays one block at a time, as searches do."""

    batched = False

    def __init__(self, game: Game) -> None:
        self._seconds = float(os.environ.get(SECONDS, "0"))

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        time.sleep(self._seconds)
        return super().act(turn, rng)


MOVES = "moves"
"""The folder, in the current directory, with one file for each move that an agent may make."""


class Waiting(Slow):
    """Waits at each move until there is a file for it."""

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        while not (files := list(Path(MOVES).iterdir())):
            time.sleep(0.01)
        files[0].unlink()
        return super().act(turn, rng)


def giving_up(game: Game) -> Resigner:
    """An agent that raises at its second move."""
    return Resigner()


class Mortal(Slow):
    """Kills its own process as often as there are files for it."""

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        for file in Path(DEATHS).iterdir():
            file.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().act(turn, rng)
