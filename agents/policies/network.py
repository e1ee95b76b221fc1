"""The arena's network, a masked MLP or residual CNN with a policy and a value head.

A module's observation has three parts: what the seat sees, which actions are legal, and which seat it is. So all seats
of a game can share one module.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.utils import make_target_network
from ray.rllib.core.rl_module import RLModule
from ray.rllib.core.rl_module.apis.target_network_api import TARGET_NETWORK_ACTION_DIST_INPUTS, TargetNetworkAPI
from ray.rllib.core.rl_module.apis.value_function_api import ValueFunctionAPI
from ray.rllib.core.rl_module.torch import TorchRLModule
from torch import Tensor, nn

from agents.policies.convolutions import Convolutions, channel_axis
from agents.policies.interface import ACTION_MASK as ACTION_MASK
from agents.policies.interface import LOGIT_OF_ILLEGAL as LOGIT_OF_ILLEGAL
from agents.policies.interface import OBSERVATION as OBSERVATION
from agents.policies.interface import SEAT as SEAT
from agents.policies.interface import module_observation_space as module_observation_space
from agents.policies.views import Orientation, SeatView
from games.contract import Game

# RLlib warns about the way it builds modules, which users cannot change.
logging.getLogger("ray._common.deprecation").addFilter(lambda record: "RLModuleConfig" not in record.getMessage())

WAY = "way"
"""Where the network keeps the way in which it turned each board."""

FIRST_LOG_STD = math.log(0.5)
"""Continuous actions start with a standard deviation of 0.5 units, so most draws lie inside the bounds (best value in
Andrychowicz et al. 2021, section 3.2)."""

ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "silu": nn.SiLU, "gelu": nn.GELU}
SETTINGS = (
    "network",
    "fcnet_hiddens",
    "fcnet_activation",
    "conv_filters",
    "conv_channels",
    "conv_blocks",
    "vf_share_layers",
    "view",
    "orientation",
    "precision",
)
TRUNKS = ("auto", "mlp", "residual")
PRECISIONS = ("float32", "bfloat16")
SMALLEST_BOARD_FOR_CONVOLUTION = 9


def mask_logits(logits: Tensor, mask: Tensor) -> Tensor:
    """Logits with every illegal action pushed to :data:`LOGIT_OF_ILLEGAL`; neither argument is changed.

    Args:
        logits: ``(..., A)`` float.
        mask: ``(..., A)`` bool or number, true where legal.
    """
    return torch.where(mask.bool(), logits, LOGIT_OF_ILLEGAL)


class MaskedNetwork(TorchRLModule, ValueFunctionAPI, TargetNetworkAPI):
    """A shared trunk with a masked policy head and a value head.

    The trunk is chosen by ``model_config``, whose keys are RLlib's where RLlib has one:

    - ``network``: ``"mlp"``, ``"residual"``, or ``"auto"`` (default): the residual CNN for images and boards of 9x9
      and larger without ``conv_filters``, the cheaper MLP for everything else.
    - ``fcnet_hiddens``: widths of the MLP, default ``[256, 256]``; ``fcnet_activation``: default ``"relu"``, also
      behind its convolutions.
    - ``conv_filters``: convolutions before the MLP, in RLlib's form ``[channels, kernel, stride]`` or
      ``[channels, kernel, stride, padding]``, with the padding ``"same"`` (default) or ``"valid"``. Default none.
    - ``conv_channels``, ``conv_blocks``: width and depth of the residual tower, default 64 and 4.
    - ``vf_share_layers``: whether the value head stands on the policy's trunk (default), or on a separate one, whose
      gradients do not disturb the policy (Andrychowicz et al. 2021, section 3.2).
    - ``view``: the name of a game of two seats in :mod:`games.symmetries`, such as ``"connect_four"``: the network then
      sees the board as the seat to move does, its own stones first. Default None: as the game shows it.
    - ``orientation``: likewise the name of a game: the network then sees a board and its mirrors and rotations in the
      same way, and answers accordingly. Default None.
    - ``precision``: ``"float32"`` (default), or ``"bfloat16"`` for devices that are faster at it. The trunk then
      computes under autocast; weights, heads and optimizer stay float32.

    Every forward returns the action distribution's inputs and the value in one pass and leaves the batch unchanged.
    For discrete actions the inputs are masked logits. For continuous ones they are means and logarithms of standard
    deviations, in the units of :mod:`agents.policies.distributions`; the deviations are learned and do not depend on
    the position.

    Raises:
        TypeError: in a forward: the batch has no dict of the three parts of an observation.
        ValueError: the network, activation, sharing, view, orientation or precision is unknown, or convolutions get an
            observation that is neither a board nor an image, or do not fit it.
    """

    SETTINGS: ClassVar[tuple[str, ...]] = SETTINGS
    """What the network reads of ``model_config``."""

    def setup(self) -> None:
        config = self._settings
        space = self.observation_space[OBSERVATION]
        self.trunk = self._make_trunk()
        shared = config.get("vf_share_layers", True)
        if not isinstance(shared, bool):
            raise ValueError(f"`vf_share_layers` must be true or false, but got {shared!r}")
        self.value_trunk = None if shared else self._make_trunk()
        self.precision = config.get("precision", "float32")
        if self.precision not in PRECISIONS:
            raise ValueError(f"`precision` must be one of {PRECISIONS}, but got {self.precision!r}")
        continuous = isinstance(self.action_space, gym.spaces.Box)
        actions = self.action_space.shape[0] if continuous else int(self.action_space.n)
        board = space.shape, 0 if continuous else actions
        view, orientation = config.get("view"), config.get("orientation")
        self.view = None if view is None else SeatView(view, *board)
        self.orientation = None if orientation is None else Orientation(orientation, *board)
        self._make_heads(actions, continuous)

    policy: nn.Module
    value: nn.Module

    @property
    def _settings(self) -> Mapping[str, Any]:
        return self.model_config if isinstance(self.model_config, dict) else vars(self.model_config)

    def _make_trunk(self, more: int = 0) -> _Mlp | _Residual:
        """A trunk that ``model_config`` describes; it reads ``more`` numbers beside what a seat sees."""
        config, space = self._settings, self.observation_space[OBSERVATION]
        inputs = self.observation_space[SEAT].shape[0] + more
        network = config.get("network", "auto")
        if network not in TRUNKS:
            raise ValueError(f"`network` must be one of {TRUNKS}, but got {network!r}")
        filters = config.get("conv_filters") or []
        if network == "auto":
            network = "residual" if _is_large_board(space.shape) and not filters else "mlp"
        if network == "residual" and filters:
            raise ValueError('`conv_filters` stand before an MLP, but `network` is "residual"; drop one of them')
        if network == "residual":
            return _Residual(space.shape, inputs, config.get("conv_channels", 64), config.get("conv_blocks", 4))
        return _Mlp(
            space.shape,
            inputs,
            filters,
            config.get("fcnet_hiddens", [256, 256]),
            config.get("fcnet_activation", "relu"),
        )

    def _make_heads(self, actions: int, continuous: bool) -> None:
        """The layers on the trunks."""
        self.policy = nn.Linear(self.trunk.width, actions)
        self.log_std = nn.Parameter(torch.full((actions,), FIRST_LOG_STD)) if continuous else None
        self.value = nn.Linear(self.trunk.width, 1)
        # The first policy is nearly uniform, so learning has nothing to undo first (Andrychowicz et al. 2021,
        # "What Matters In On-Policy Reinforcement Learning?", section 3.2).
        nn.init.orthogonal_(self.policy.weight, 0.01)
        nn.init.zeros_(self.policy.bias)
        nn.init.orthogonal_(self.value.weight, 1.0)
        nn.init.zeros_(self.value.bias)

    def _forward(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Tensor]:
        seen = self._seen(batch)
        hidden = self._embed(self.trunk, seen)  # (B, width)
        critic = hidden if self.value_trunk is None else self._embed(self.value_trunk, seen)  # (B, width)
        policy = self._usual(self.policy(hidden), seen)  # (B, A) logits, or (B, D) means
        return {
            Columns.ACTION_DIST_INPUTS: mask_logits(policy, seen[ACTION_MASK])  # (B, A)
            if self.log_std is None
            else torch.cat([policy, self.log_std.expand_as(policy)], 1),  # (B, 2 D)
            Columns.VF_PREDS: self.value(critic).squeeze(-1),  # (B,)
            Columns.EMBEDDINGS: critic,
        }

    def compute_values(self, batch: dict[str, Any], embeddings: Tensor | None = None) -> Tensor:
        """State values, ``(B,)``; ``embeddings`` of a forward pass save the trunk's work."""
        if embeddings is None:
            embeddings = self._embed(self.trunk if self.value_trunk is None else self.value_trunk, self._seen(batch))
        return self.value(embeddings).squeeze(-1)

    def make_target_networks(self) -> None:
        """Make a target network, a copy of this one, for RLlib's own APPO. It is a part of the state from then on.

        A league's learners keep their targets themselves.
        """
        self.target = make_target_network(self)

    def get_target_network_pairs(self) -> list[tuple[nn.Module, nn.Module]]:
        """This network and its target network, which RLlib moves towards it."""
        return [(self, self.target)]

    def forward_target(self, batch: dict[str, Any]) -> dict[str, Tensor]:
        """The inputs of the target network's action distributions, ``(B, ...)``."""
        return {TARGET_NETWORK_ACTION_DIST_INPUTS: self.target._forward(batch)[Columns.ACTION_DIST_INPUTS]}

    def _seen(self, batch: dict[str, Any]) -> dict[str, Tensor]:
        seen: dict[str, Tensor] = batch[Columns.OBS]
        if not isinstance(seen, Mapping):
            raise TypeError(
                f"the network reads a dict of {OBSERVATION}, {ACTION_MASK} and {SEAT} under {Columns.OBS!r}, but got a "
                f"{type(seen).__name__}; arena.GameEnv and best_response_env(as_dict=True) give such observations"
            )
        if self.view is not None:
            seen = {**seen, OBSERVATION: self.view(seen[OBSERVATION], seen[SEAT])}
        if self.orientation is not None:
            observation, way = self.orientation(seen[OBSERVATION])
            seen = {**seen, OBSERVATION: observation, WAY: way}
        return seen

    def _usual(self, values: Tensor, seen: dict[str, Tensor]) -> Tensor:
        """Values ``(B, A)`` of the game's actions, for those of the actions that are seen."""
        if self.orientation is not None:
            values = self.orientation.usual(values, seen[WAY])
        return values if self.view is None else self.view.usual(values, seen[SEAT])

    def _embed(self, trunk: nn.Module, seen: dict[str, Tensor]) -> Tensor:
        if self.precision == "float32":
            return trunk(seen[OBSERVATION], seen[SEAT])
        with torch.autocast(seen[OBSERVATION].device.type, torch.bfloat16):
            return trunk(seen[OBSERVATION], seen[SEAT]).float()


class _Mlp(nn.Module):
    """Convolutions, if any, then flattened observation and seat through fully connected layers."""

    def __init__(
        self,
        shape: tuple[int, ...],
        seats: int,
        filters: Any,
        hiddens: Sequence[int],
        activation: str,
    ) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            raise ValueError(f"`fcnet_activation` must be one of {sorted(ACTIVATIONS)}, but got {activation!r}")
        self.convolutions = Convolutions(shape, filters, ACTIVATIONS[activation]) if filters else None
        inputs = int(np.prod(shape)) if self.convolutions is None else self.convolutions.width
        inputs += seats
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
        if self.convolutions is not None:
            observation = self.convolutions(observation)
        return self.layers(torch.cat([observation.flatten(1), seat], 1))


class _Residual(nn.Module):
    """A pre-activation residual tower (He et al. 2016) over a board or image, the seat as extra planes."""

    def __init__(self, shape: tuple[int, ...], seats: int, channels: int, blocks: int) -> None:
        super().__init__()
        if len(shape) != 3:
            raise ValueError(f"a residual network needs a board or image of rank 3, but got shape {shape}")
        self.channel_axis = channel_axis(shape)
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
        # Convolutions are fastest with channels last. The weights keep their order, because the optimizer's state is
        # restored from disk in that order.
        hidden = self.stem(torch.cat([planes, seats], 1).contiguous(memory_format=torch.channels_last))
        for block in self.blocks:
            hidden = hidden + block(hidden)
        return self.head(self.squeeze(hidden))


def _is_large_board(shape: tuple[int, ...]) -> bool:
    if len(shape) != 3:
        return False
    axis = channel_axis(shape)
    return min(size for i, size in enumerate(shape) if i != axis) >= SMALLEST_BOARD_FOR_CONVOLUTION


def build_network(network: type[RLModule], game: Game, model_config: Mapping[str, Any]) -> RLModule:
    """A network with random weights for any seat of ``game``: their spaces are equal."""
    return network(
        observation_space=module_observation_space(game, 0),
        action_space=game.action_space(0),
        inference_only=False,
        model_config=dict(model_config),
    )


def is_recurrent(module: RLModule) -> bool:
    """Whether the module keeps a state from one step to the next."""
    return bool(module.get_initial_state())
