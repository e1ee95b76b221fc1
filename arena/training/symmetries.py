"""Training games that learners see through a symmetry of the game, such as its mirror.

A module sees a whole game in one way, acts in it and learns from it as it saw it. So what it learns from is its own
behaviour, and the probability ratios of PPO are exact, which they are not if a batch is changed after it was sampled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from agents.contract import Turn
from arena.training.columns import Trajectories
from games.contract import ActionArray, BoolArray, FloatArray, IntArray, Symmetry


class Views:
    """How modules see each game: the games take the usual view and the symmetries in turn, by their number.

    Args:
        symmetries: of the game; empty to see every game as it is. Only games with discrete actions have any.
    """

    def __init__(self, symmetries: Sequence[Symmetry]) -> None:
        self._cells = [symmetry.cells for symmetry in symmetries]
        self._actions = [symmetry.actions for symmetry in symmetries]
        self._back = [np.argsort(actions) for actions in self._actions]

    def __bool__(self) -> bool:
        """Whether some games are seen in another way."""
        return bool(self._cells)

    def seen(self, turn: Turn, games: IntArray) -> Turn:
        """A turn as a module sees it.

        Args:
            turn: the B rows as they are.
            games: ``(B,)`` number of each row's game.
        """
        if not self:
            return turn
        observations = self.observations(turn.observations, games)
        return replace(turn, observations=observations, masks=self.masks(turn.masks, games))

    def played(self, actions: ActionArray, games: IntArray) -> ActionArray:
        """The game's actions, ``(B,)``, for those that a module took in what it saw."""
        return self._renamed(actions, games, self._actions)

    def observations(self, observations: FloatArray, games: IntArray) -> FloatArray:
        """Observations ``(B, *observation_shape)`` as a module sees them."""
        flat = observations.reshape(len(observations), -1)
        return self._through(flat, games, self._cells).reshape(observations.shape)

    def masks(self, masks: BoolArray, games: IntArray) -> BoolArray:
        """Masks ``(B, A)`` as a module sees them."""
        return self._through(masks, games, self._actions)

    def learned(self, trajectories: Trajectories) -> Trajectories:
        """Trajectories of the games as they are, as the module saw them and acted; ``dist_inputs`` and the final
        observations and masks are so already."""
        if not self:
            return trajectories
        games = trajectories.games.repeat(np.diff(trajectories.offsets))
        return replace(
            trajectories,
            observations=self.observations(trajectories.observations, games),
            masks=self.masks(trajectories.masks, games),
            actions=self._renamed(trajectories.actions, games, self._back),
        )

    def _through(self, rows: npt.NDArray[Any], games: IntArray, orders: Sequence[IntArray]) -> npt.NDArray[Any]:
        result = rows.copy()
        for at, order in zip(self._rows(games), orders, strict=True):
            result[at] = rows[at][:, order]
        return result

    def _renamed(self, actions: ActionArray, games: IntArray, names: Sequence[IntArray]) -> ActionArray:
        result = actions.copy()
        for at, name in zip(self._rows(games), names, strict=True):
            result[at] = name[actions[at]]
        return result

    def _rows(self, games: IntArray) -> list[IntArray]:
        """The rows that are seen through each symmetry."""
        ways = games % (1 + len(self._cells))
        return [np.flatnonzero(ways == 1 + symmetry) for symmetry in range(len(self._cells))]
