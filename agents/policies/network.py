"""The RLModules of the arena: a masked MLP and a masked residual CNN, each with a policy and a value head.

A module is told three things, the arena's observation for RLlib: what the seat sees, which actions are legal, and
which seat it is, so that one module can be shared by all seats of a game.
"""

from __future__ import annotations

import logging
import math
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module import RLModuleSpec
from ray.rllib.core.rl_module.apis.value_function_api import ValueFunctionAPI
from ray.rllib.core.rl_module.torch import TorchRLModule
from torch import Tensor, nn

from games.contract import Game

# RLlib builds every module in a way that it calls deprecated itself, which no user can help.
logging.getLogger("ray._common.deprecation").addFilter(lambda record: "RLModuleConfig" not in record.getMessage())

OBSERVATION, ACTION_MASK, SEAT = "observation", "action_mask", "seat"

LOGIT_OF_ILLEGAL = -1e9
"""Finite, so that a KL divergence or an entropy over masked logits stays finite; its probability is exactly 0."""

FIRST_LOG_STD = math.log(0.5)
"""Continuous actions begin with half a unit of deviation: most draws lie inside the bounds (Andrychowicz et al. 2021,
section 3.2, found 0.5 best)."""

ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "silu": nn.SiLU, "gelu": nn.GELU}
SETTINGS = ("network", "fcnet_hiddens", "fcnet_activation", "conv_channels", "conv_blocks", "precision")
NETWORKS = ("auto", "mlp", "residual")
PRECISIONS = ("float32", "bfloat16")
SMALLEST_BOARD_FOR_CONVOLUTION = 9


def module_observation_space(game: Game, seat: int) -> gym.spaces.Dict:
    """What a module of ``game`` observes at ``seat``: observation, action mask, and the seat as one-hot."""
    return gym.spaces.Dict(
        {
            OBSERVATION: game.observation_space(seat),
            ACTION_MASK: gym.spaces.MultiBinary(game.num_actions),
            SEAT: gym.spaces.Box(0.0, 1.0, (game.num_seats,), np.float32),
        }
    )


def mask_logits(logits: Tensor, mask: Tensor) -> Tensor:
    """Logits with every illegal action pushed to :data:`LOGIT_OF_ILLEGAL`; neither argument is changed.

    Args:
        logits: ``(..., A)`` float.
        mask: ``(..., A)`` bool or number, true where legal.
    """
    return torch.where(mask.bool(), logits, LOGIT_OF_ILLEGAL)


class MaskedNetwork(TorchRLModule, ValueFunctionAPI):
    """A shared trunk with a masked policy head and a value head.

    The trunk is chosen by ``model_config``, whose keys are RLlib's where RLlib has one:

    - ``network``: ``"mlp"``, ``"residual"``, or ``"auto"`` (default), which takes the residual CNN for a board of
      9x9 and up or an image, and the MLP for everything else, where it costs far less arithmetic.
    - ``fcnet_hiddens``: widths of the MLP, default ``[256, 256]``; ``fcnet_activation``: default ``"relu"``.
    - ``conv_channels``, ``conv_blocks``: width and depth of the residual tower, default 64 and 4.
    - ``precision``: ``"float32"`` (default), or ``"bfloat16"``, in which the trunk computes under autocast (weights,
      heads and optimizer stay float32), for devices that are faster at it.

    Every forward returns the inputs of the action distribution and the value in one pass; the batch is read, never
    written. Where actions are discrete the inputs are masked logits. Where they are continuous they are means and
    logarithms of standard deviations, in the units of :mod:`agents.policies.distributions`; the deviations are
    learned, and the same at every position.

    Raises:
        ValueError: an unknown network, activation or precision, or a residual tower over an observation that is no
            board.
    """

    def setup(self) -> None:
        config = self.model_config if isinstance(self.model_config, dict) else vars(self.model_config)
        space = self.observation_space[OBSERVATION]
        seats = self.observation_space[SEAT].shape[0]
        network = config.get("network", "auto")
        if network not in NETWORKS:
            raise ValueError(f"`network` must be one of {NETWORKS}, but got {network!r}")
        if network == "auto":
            network = "residual" if _is_large_board(space.shape) else "mlp"
        if network == "residual":
            trunk: _Mlp | _Residual = _Residual(
                space.shape, seats, config.get("conv_channels", 64), config.get("conv_blocks", 4)
            )
        else:
            trunk = _Mlp(
                int(np.prod(space.shape)) + seats,
                config.get("fcnet_hiddens", [256, 256]),
                config.get("fcnet_activation", "relu"),
            )
        self.trunk = trunk
        precision = config.get("precision", "float32")
        if precision not in PRECISIONS:
            raise ValueError(f"`precision` must be one of {PRECISIONS}, but got {precision!r}")
        self._half = precision == "bfloat16"
        continuous = isinstance(self.action_space, gym.spaces.Box)
        actions = self.action_space.shape[0] if continuous else int(self.action_space.n)
        self.policy = nn.Linear(trunk.width, actions)
        self.log_std = nn.Parameter(torch.full((actions,), FIRST_LOG_STD)) if continuous else None
        self.value = nn.Linear(trunk.width, 1)
        # A near-uniform first policy and small first values: nothing is unlearnt before learning starts
        # (Andrychowicz et al. 2021, "What Matters In On-Policy Reinforcement Learning?", section 3.2).
        nn.init.orthogonal_(self.policy.weight, 0.01)
        nn.init.zeros_(self.policy.bias)
        nn.init.orthogonal_(self.value.weight, 1.0)
        nn.init.zeros_(self.value.bias)

    def _forward(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Tensor]:
        seen = batch[Columns.OBS]
        hidden = self._embed(seen)  # (B, width)
        policy = self.policy(hidden)  # (B, A) logits, or (B, D) means
        return {
            Columns.ACTION_DIST_INPUTS: mask_logits(policy, seen[ACTION_MASK])  # (B, A)
            if self.log_std is None
            else torch.cat([policy, self.log_std.expand_as(policy)], 1),  # (B, 2 D)
            Columns.VF_PREDS: self.value(hidden).squeeze(-1),  # (B,)
            Columns.EMBEDDINGS: hidden,
        }

    def compute_values(self, batch: dict[str, Any], embeddings: Tensor | None = None) -> Tensor:
        """State values, ``(B,)``; pass ``embeddings`` of a forward pass to spare the trunk."""
        if embeddings is None:
            embeddings = self._embed(batch[Columns.OBS])
        return self.value(embeddings).squeeze(-1)

    def _embed(self, seen: dict[str, Tensor]) -> Tensor:
        if not self._half:
            return self.trunk(seen[OBSERVATION], seen[SEAT])
        with torch.autocast(seen[OBSERVATION].device.type, torch.bfloat16):
            return self.trunk(seen[OBSERVATION], seen[SEAT]).float()


class _Mlp(nn.Module):
    """Flattened observation and seat through fully connected layers."""

    def __init__(self, inputs: int, hiddens: list[int], activation: str) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            raise ValueError(f"`fcnet_activation` must be one of {sorted(ACTIVATIONS)}, but got {activation!r}")
        layers: list[nn.Module] = []
        for width in hiddens:
            layer = nn.Linear(inputs, width)
            nn.init.orthogonal_(layer.weight, 2**0.5)
            nn.init.zeros_(layer.bias)
            layers += [layer, ACTIVATIONS[activation]()]
            inputs = width
        self.layers = nn.Sequential(*layers)
        self.width = inputs

    def forward(self, observation: Tensor, seat: Tensor) -> Tensor:
        return self.layers(torch.cat([observation.flatten(1), seat], 1))


class _Residual(nn.Module):
    """A pre-activation residual tower (He et al. 2016) over a board or image, the seat as extra planes."""

    def __init__(self, shape: tuple[int, ...], seats: int, channels: int, blocks: int) -> None:
        super().__init__()
        if len(shape) != 3:
            raise ValueError(f"a residual network must see a board or image of rank 3, but got shape {shape}")
        self.channel_axis = _channel_axis(shape)
        height, width = (size for axis, size in enumerate(shape) if axis != self.channel_axis)
        self.stem = nn.Conv2d(shape[self.channel_axis] + seats, channels, 3, padding=1)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.ReLU(),
                nn.Conv2d(channels, channels, 3, padding=1),
                nn.ReLU(),
                nn.Conv2d(channels, channels, 3, padding=1),
            )
            for _ in range(blocks)
        )
        squeezed = 8
        self.squeeze = nn.Sequential(nn.ReLU(), nn.Conv2d(channels, squeezed, 1), nn.ReLU(), nn.Flatten())
        self.width = 256
        self.head = nn.Sequential(nn.Linear(squeezed * height * width, self.width), nn.ReLU())

    def forward(self, observation: Tensor, seat: Tensor) -> Tensor:
        planes = observation.movedim(self.channel_axis + 1, 1)  # (B, C, H, W)
        seats = seat[:, :, None, None].expand(-1, -1, *planes.shape[2:])
        # Channels last is the order in which convolutions are quickest. The weights stay as they are: an optimizer's
        # state that comes back from disk in another order than its weight's would be taken for scrambled numbers.
        hidden = self.stem(torch.cat([planes, seats], 1).contiguous(memory_format=torch.channels_last))
        for block in self.blocks:
            hidden = hidden + block(hidden)
        return self.head(self.squeeze(hidden))


def _channel_axis(shape: tuple[int, ...]) -> int:
    """OpenSpiel puts planes first, PettingZoo last: the axis that is not one of a square, else the smallest."""
    if shape[0] == shape[1] != shape[2]:
        return 2
    if shape[1] == shape[2]:
        return 0
    return int(np.argmin(shape))


def _is_large_board(shape: tuple[int, ...]) -> bool:
    if len(shape) != 3:
        return False
    axis = _channel_axis(shape)
    return min(size for i, size in enumerate(shape) if i != axis) >= SMALLEST_BOARD_FOR_CONVOLUTION


def default_module_spec(game: Game, seat: int = 0, model_config: dict[str, Any] | None = None) -> RLModuleSpec:
    """Spec of a :class:`MaskedNetwork` for one seat of ``game`` (all seats see alike, so for all of them)."""
    return RLModuleSpec(
        module_class=MaskedNetwork,
        observation_space=module_observation_space(game, seat),
        action_space=game.action_space(seat),
        model_config=dict(model_config or {}),
    )
