"""Views of a board, computed inside a network, so that they go wherever the network goes.

They have no weights: the name of the game in the network's settings says all.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from games.contract import IntArray
from games.errors import GameError
from games.symmetries import known_symmetries, seat_views

GOLDEN = (5**0.5 - 1) / 2


class SeatView(nn.Module):
    """Shows the second seat the board as the first one would see it, with colours exchanged.

    Args:
        name: short name of the game, see :func:`games.symmetries.seat_views`.
        observation_shape: of the game.
        num_actions: of the game; 0 for continuous actions.

    Raises:
        ValueError: there is no such view, or it does not fit.
    """

    cells: Tensor
    back: Tensor

    def __init__(self, name: object, observation_shape: tuple[int, ...], num_actions: int) -> None:
        super().__init__()
        try:
            _, other = seat_views(str(name), observation_shape, num_actions)
        except GameError as error:
            raise ValueError(str(error)) from error
        back = np.argsort(other.actions)  # the game's action -> the action that is seen
        self.renames = bool((back != np.arange(num_actions)).any())
        self.register_buffer("cells", torch.tensor(other.cells), persistent=False)
        self.register_buffer("back", torch.tensor(back), persistent=False)

    def forward(self, observation: Tensor, seat: Tensor) -> Tensor:
        """Observations ``(B, *observation_shape)`` as seen; ``seat`` is one-hot, ``(B, 2)``."""
        flat = observation.flatten(1)
        seen = torch.where(seat[:, 1:] > 0.5, flat.index_select(1, self.cells), flat)
        return seen.view_as(observation)

    def usual(self, logits: Tensor, seat: Tensor) -> Tensor:
        """Logits ``(B, A)`` of the game's actions, for those of the actions that are seen."""
        if not self.renames:
            return logits
        return torch.where(seat[:, 1:] > 0.5, logits.index_select(1, self.back), logits)


class Orientation(nn.Module):
    """Turns a board to one of the ways in which its symmetries show it, so that symmetric boards look the same.

    It takes the way in which a weighted sum of the board's planes is largest, the first of equal ones. The weights grow
    along a slanted direction: stones end up on one side of the board, and one more stone seldom turns it. They are
    whole numbers, so that sums are exact, and a board is turned in the same way in every batch.

    Args:
        name, observation_shape, num_actions: as of :class:`SeatView`.

    Raises:
        ValueError: no symmetry is known of such a game.
    """

    cells: Tensor
    back: Tensor
    weights: Tensor

    def __init__(self, name: object, observation_shape: tuple[int, ...], num_actions: int) -> None:
        super().__init__()
        try:
            symmetries = known_symmetries(str(name), observation_shape, num_actions)
        except GameError as error:
            raise ValueError(str(error)) from error
        numbers = int(np.prod(observation_shape))
        cells = np.stack([np.arange(numbers), *(symmetry.cells for symmetry in symmetries)])  # (K, N)
        back = np.stack([np.arange(num_actions), *(np.argsort(symmetry.actions) for symmetry in symmetries)])  # (K, A)
        weights = np.empty((numbers, len(cells)))
        for way, order in enumerate(cells):
            weights[order, way] = _slope(observation_shape)
        self.register_buffer("cells", torch.tensor(cells), persistent=False)
        self.register_buffer("back", torch.tensor(back), persistent=False)
        self.register_buffer("weights", torch.tensor(weights, dtype=torch.float32), persistent=False)

    def forward(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        """Observations ``(B, *observation_shape)`` as seen, and the way in which each is, ``(B,)``."""
        flat = observation.flatten(1)
        way = (flat @ self.weights).argmax(1)
        return _chosen(flat, self.cells, way).view_as(observation), way

    def usual(self, logits: Tensor, way: Tensor) -> Tensor:
        """Logits ``(B, A)`` of the game's actions, for those of the actions that are seen."""
        return _chosen(logits, self.back, way)


def _chosen(rows: Tensor, orders: Tensor, way: Tensor) -> Tensor:
    """Rows ``(B, N)``, each in the order that its way has in ``orders``, ``(K, N)``; the first leaves it as it is."""
    if len(orders) == 2:  # much quicker than to gather
        return torch.where(way.bool()[:, None], rows.index_select(1, orders[1]), rows)
    return rows.gather(1, orders[way])


def _slope(shape: tuple[int, ...]) -> IntArray:
    """Whole numbers ``(N,)`` for the cells of planes: other ones for each plane, and hardly two sums alike."""
    planes, rows, columns = shape
    row, column = np.mgrid[:rows, :columns]
    slope = 200 * (column - (columns - 1) / 2 + GOLDEN * (row - (rows - 1) / 2))
    factors = np.arange(planes, 0, -1) - 1  # the last plane counts nothing
    spread = np.arange(planes * rows * columns).reshape(shape) ** 3 % 101
    numbers: IntArray = np.rint(factors[:, None, None] * slope + np.where(factors[:, None, None], spread, 0))
    return numbers.astype(np.int64).ravel()
