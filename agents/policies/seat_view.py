"""A board as the seat to move sees it, computed inside a network, so that it goes wherever the network goes."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from games.errors import GameError
from games.symmetries import seat_views


class SeatView(nn.Module):
    """Shows the second seat the board as the first one would see it, with colours exchanged.

    It has no weights: the name in the network's settings says all.

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
