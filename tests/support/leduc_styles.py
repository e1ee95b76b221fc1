"""Two ways to play leduc poker: the patient one takes more chips from the other, and wins fewer hands."""

from __future__ import annotations

import numpy as np

from agents.contract import Agent, Turn
from games.contract import ActionArray, Game

FOLD, CALL, RAISE = range(3)
KINGS = 4
"""The first card of the highest rank; cards are numbered by rank."""


class Maniac(Agent):
    """Raises whenever it may, and never folds."""

    reads_state = False

    def __init__(self, game: Game) -> None:
        """Needs nothing of the game."""

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        return np.where(turn.masks[:, RAISE], RAISE, CALL)


class Patient(Agent):
    """Folds to a raise before the public card unless it holds a king, and calls everything else."""

    reads_state = False

    def __init__(self, game: Game) -> None:
        """Needs nothing of the game."""

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        private, public = turn.observations[:, 2:8].argmax(1), turn.observations[:, 8:14].any(1)
        folds = turn.masks[:, FOLD] & (private < KINGS) & ~public
        return np.where(folds, FOLD, CALL)
