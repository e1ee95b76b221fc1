"""The arena's network, a masked MLP or residual CNN with a policy and a value head.

A module's observation has three parts: what the seat sees, which actions are legal, and which seat it is. So all seats
of a game can share one module.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Any, ClassVar

import gymnasium as gym
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.utils import make_target_network
from ray.rllib.core.rl_module import RLModule
from ray.rllib.core.rl_module.apis.target_network_api import TARGET_NETWORK_ACTION_DIST_INPUTS, TargetNetworkAPI
from ray.rllib.core.rl_module.apis.value_function_api import ValueFunctionAPI
from ray.rllib.core.rl_module.torch import TorchRLModule
from torch import Tensor, nn

from agents.policies.interface import ACTION_MASK as ACTION_MASK
from agents.policies.interface import LOGIT_OF_ILLEGAL as LOGIT_OF_ILLEGAL
from agents.policies.interface import OBSERVATION as OBSERVATION
from agents.policies.interface import SEAT as SEAT
from agents.policies.interface import TEAM, TEAM_SEATS, VF_OBSERVATIONS, reads_team
from agents.policies.interface import module_observation_space as module_observation_space
from agents.policies.recurrent import MEMORIES, MEMORY_DEFAULTS, Attention, Gru, Lstm, make_memory, memory_kind
from agents.policies.trunks import Mlp, Residual, is_large_board
from agents.policies.views import Orientation, SeatView
from games.contract import Game

# RLlib warns about the way it builds modules, which users cannot change.
logging.getLogger("ray._common.deprecation").addFilter(lambda record: "RLModuleConfig" not in record.getMessage())

WAY = "way"
"""Where the network keeps the way in which it turned each board."""

VALUE_STATE = "value_"
"""How the names of states begin that belong to the value alone."""

FIRST_LOG_STD = math.log(0.5)
"""Continuous actions start with a standard deviation of 0.5 units, so most draws lie inside the bounds (best value in
Andrychowicz et al. 2021, section 3.2)."""

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
    "shared_encoder",
)
TRUNKS = ("auto", "mlp", "residual")
PRECISIONS = ("float32", "bfloat16")


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
      and larger without ``conv_filters``, the cheaper MLP for everything else. ``"lstm"``, ``"gru"`` and
      ``"attention"`` put a memory of the seat's earlier steps behind that trunk.
    - ``use_lstm``: an LSTM behind the trunk that ``network`` names, default False.
    - ``lstm_cell_size``: width of the LSTM or GRU, default 256; ``attention_window``: steps before a step that
      attention looks at, default 16.
    - ``max_seq_len``: steps through which a memory is trained at once, default 20. Longer games are cut, and the later
      parts begin with the state that the network has there; ``burn_in_len``: steps before each such part through which
      the network only finds its state, default 0.
    - ``fcnet_hiddens``: widths of the MLP, default ``[256, 256]``; ``fcnet_activation``: default ``"relu"``, also
      behind its convolutions.
    - ``conv_filters``: convolutions before the MLP, in RLlib's form ``[channels, kernel, stride]`` or
      ``[channels, kernel, stride, padding]``, with the padding ``"same"`` (default) or ``"valid"``. Default none.
    - ``conv_channels``, ``conv_blocks``: width and depth of the residual tower, default 64 and 4.
    - ``vf_share_layers``: whether the value head stands on the policy's trunk (default), or on a separate one, whose
      gradients do not disturb the policy (Andrychowicz et al. 2021, section 3.2).
    - ``vf_observations``: ``"team"`` for a value that reads what all seats of the team see, with a trunk of its own: a
      centralised critic. Outside of training the network then gives no values. Default None: what the seat sees.
    - ``view``: the name of a game of two seats in :mod:`games.symmetries`, such as ``"connect_four"``: the network then
      sees the board as the seat to move does, its own stones first. Default None: as the game shows it.
    - ``orientation``: likewise the name of a game: the network then sees a board and its mirrors and rotations in the
      same way, and answers accordingly. Default None.
    - ``precision``: ``"float32"`` (default), or ``"bfloat16"`` for devices that are faster at it. The trunk then
      computes under autocast; weights, heads and optimizer stay float32.
    - ``shared_encoder``: a word; modules of a learner with the same word have the same trunks and memories, and heads
      of their own. Whoever builds the modules of a learner does it; a single network does not read it. Default None.

    Every forward returns the action distribution's inputs and the value in one pass and leaves the batch unchanged. A
    memory reads sequences ``(B, T, ...)`` and states, as :class:`agents.policies.states.StateLayout` says. For discrete
    actions the inputs are masked logits. For continuous ones they are means and logarithms of standard deviations, in
    the units of :mod:`agents.policies.distributions`; the deviations are learned and do not depend on the position.

    Raises:
        TypeError: in a forward: the batch has no dict of the three parts of an observation.
        ValueError: the network, activation, sharing, view, orientation or precision is unknown, or convolutions get an
            observation that is neither a board nor an image, or do not fit it, or a setting of memories has no effect,
            or a value that reads the team has no trunk of its own or a memory; or it is asked for without a team.
    """

    SETTINGS: ClassVar[tuple[str, ...]] = (*SETTINGS, VF_OBSERVATIONS, "use_lstm", *MEMORY_DEFAULTS)
    """What the network reads of ``model_config``."""

    MEMORIES: ClassVar[tuple[str, ...]] = MEMORIES
    """Memories that it may have."""

    ENCODER: ClassVar[tuple[str, ...]] = ("trunk", "value_trunk", "memory", "value_memory")
    """Attributes that ``shared_encoder`` shares."""

    def setup(self) -> None:
        config = self._settings
        space = self.observation_space[OBSERVATION]
        self.trunk = self._make_trunk()
        team = reads_team(config)
        shared = config.get("vf_share_layers", not team)
        if not isinstance(shared, bool):
            raise ValueError(f"`vf_share_layers` must be true or false, but got {shared!r}")
        self.value_trunk = None if shared else self._make_trunk()
        self.memory = self._make_memory()
        self.value_memory = None if shared else self._make_memory()
        if config.get(VF_OBSERVATIONS) is not None and not team:
            raise ValueError(f'`{VF_OBSERVATIONS}` must be "team" or none, but got {config[VF_OBSERVATIONS]!r}')
        if team and (shared or self.memory is not None):
            raise ValueError(
                "a value that reads what the team sees has a trunk of its own and no memory; drop `vf_share_layers` "
                f"and the memory, or `{VF_OBSERVATIONS}`"
            )
        seats = self.observation_space[SEAT].shape[0]
        self.team = nn.Sequential(nn.Linear(seats * self.trunk.width, self.trunk.width), nn.ReLU()) if team else None
        self.precision = config.get("precision", "float32")
        if self.precision not in PRECISIONS:
            raise ValueError(f"`precision` must be one of {PRECISIONS}, but got {self.precision!r}")
        continuous = isinstance(self.action_space, gym.spaces.Box)
        actions = self.action_space.shape[0] if continuous else int(self.action_space.n)
        board = space.shape, 0 if continuous else actions
        view, orientation = config.get("view"), config.get("orientation")
        self.view = None if view is None else SeatView(view, *board)
        self.orientation = None if orientation is None else Orientation(orientation, *board)
        if self.memory is not None and self.orientation is not None:
            raise ValueError(
                "`orientation` turns each position by itself, so a memory would mix the ways that it was turned; drop "
                "the orientation or the memory"
            )
        self._make_heads(actions, continuous)

    policy: nn.Module
    value: nn.Module

    @property
    def _settings(self) -> Mapping[str, Any]:
        return self.model_config if isinstance(self.model_config, dict) else vars(self.model_config)

    def _make_trunk(self, more: int = 0) -> Mlp | Residual:
        """A trunk that ``model_config`` describes; it reads ``more`` numbers beside what a seat sees."""
        config, space = self._settings, self.observation_space[OBSERVATION]
        inputs = self.observation_space[SEAT].shape[0] + more
        network = config.get("network", "auto")
        if network not in TRUNKS + self.MEMORIES:
            raise ValueError(f"`network` must be one of {TRUNKS + self.MEMORIES}, but got {network!r}")
        filters = config.get("conv_filters") or []
        if network == "auto" or network in self.MEMORIES:
            network = "residual" if is_large_board(space.shape) and not filters else "mlp"
        if network == "residual" and filters:
            raise ValueError('`conv_filters` stand before an MLP, but `network` is "residual"; drop one of them')
        if network == "residual":
            return Residual(space.shape, inputs, config.get("conv_channels", 64), config.get("conv_blocks", 4))
        return Mlp(
            space.shape,
            inputs,
            filters,
            config.get("fcnet_hiddens", [256, 256]),
            config.get("fcnet_activation", "relu"),
        )

    def _make_memory(self) -> Lstm | Gru | Attention | None:
        """The memory that ``model_config`` describes, if it does."""
        if not self.MEMORIES:
            return None
        config, kind = self._settings, memory_kind(self._settings)
        values = {name: config.get(name, default) for name, default in MEMORY_DEFAULTS.items()}
        if kind is not None:
            sizes = {"cell_size": values["lstm_cell_size"], "window": values["attention_window"]}
            return make_memory(kind, self.trunk.width, **sizes)
        for name, default in MEMORY_DEFAULTS.items():
            if values[name] != default:
                raise ValueError(
                    f"`{name}` is for networks that remember, but this one does not; set `network` to one of "
                    f"{MEMORIES}, or drop it"
                )
        return None

    def _make_heads(self, actions: int, continuous: bool) -> None:
        """The layers on the trunks, or on the memories behind them."""
        width = self.trunk.width if self.memory is None else self.memory.width
        self.policy = nn.Linear(width, actions)
        self.log_std = nn.Parameter(torch.full((actions,), FIRST_LOG_STD)) if continuous else None
        self.value = nn.Linear(width, 1)
        # The first policy is nearly uniform, so learning has nothing to undo first (Andrychowicz et al. 2021,
        # "What Matters In On-Policy Reinforcement Learning?", section 3.2).
        nn.init.orthogonal_(self.policy.weight, 0.01)
        nn.init.zeros_(self.policy.bias)
        nn.init.orthogonal_(self.value.weight, 1.0)
        nn.init.zeros_(self.value.bias)

    def get_initial_state(self) -> dict[str, Tensor]:
        """The state before the first step, without a batch axis; empty without a memory."""
        if self.memory is None:
            return {}
        critic = {} if self.value_memory is None else self.value_memory.initial_state()
        return {**self.memory.initial_state(), **{VALUE_STATE + name: state for name, state in critic.items()}}

    def _forward(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        seen = self._seen(batch)
        hidden, state = self._hidden(self.trunk, self.memory, seen, batch)  # (N, width), where N is B, or B * T
        policy = self._usual(self.policy(hidden), seen)  # (N, A) logits, or (N, D) means
        outputs = {
            Columns.ACTION_DIST_INPUTS: mask_logits(policy, seen[ACTION_MASK])  # (N, A)
            if self.log_std is None
            else torch.cat([policy, self.log_std.expand_as(policy)], 1),  # (N, 2 D)
        }
        if self.team is not None and TEAM not in seen:
            return outputs
        critic, more = (hidden, {}) if self.value_trunk is None else self._critic(seen, batch)  # (N, width)
        outputs |= {Columns.VF_PREDS: self.value(critic).squeeze(-1), Columns.EMBEDDINGS: critic}  # (N,)
        if self.memory is None:
            return outputs
        in_steps = {name: output.reshape(*_sequences(batch), *output.shape[1:]) for name, output in outputs.items()}
        return {**in_steps, Columns.STATE_OUT: {**state, **more}}

    def compute_values(self, batch: dict[str, Any], embeddings: Tensor | None = None) -> Tensor:
        """State values, ``(B,)``, or ``(B, T)`` with a memory; ``embeddings`` of a forward pass save the trunk's
        work."""
        if embeddings is None:
            embeddings, _ = self._critic(self._seen(batch), batch)
            if self.memory is not None:
                embeddings = embeddings.reshape(*_sequences(batch), -1)
        return self.value(embeddings).squeeze(-1)

    def _critic(self, seen: dict[str, Tensor], batch: dict[str, Any]) -> tuple[Tensor, dict[str, Tensor]]:
        """What the value head stands on, ``(N, width)``, and the states after it."""
        if self.value_trunk is None:
            return self._hidden(self.trunk, self.memory, seen, batch)
        if self.team is not None:
            return self.team(self._embed_team(self.value_trunk, seen)), {}
        return self._hidden(self.value_trunk, self.value_memory, seen, batch, VALUE_STATE)

    def _hidden(
        self,
        trunk: nn.Module,
        memory: Lstm | Gru | Attention | None,
        seen: dict[str, Tensor],
        batch: dict[str, Any],
        prefix: str = "",
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """What comes out of a trunk and of the memory behind it, ``(N, width)``, and the states after it.

        Args:
            trunk, memory: of the network.
            seen: what :meth:`_seen` gave for the batch.
            batch: the batch.
            prefix: of the names of the memory's states.
        """
        hidden = self._embed(trunk, seen)
        if memory is None:
            return hidden, {}
        before = {name: batch[Columns.STATE_IN][prefix + name] for name in memory.initial_state()}
        outputs, after = memory(hidden.reshape(*_sequences(batch), -1), before)
        return outputs.flatten(0, 1), {prefix + name: state for name, state in after.items()}

    def _embed_team(self, trunk: nn.Module, seen: dict[str, Tensor]) -> Tensor:
        """What comes out of a trunk for each seat of the team, side by side, ``(B, seats * width)``."""
        if TEAM not in seen:
            raise ValueError(
                f"the value reads {TEAM!r}, what the seats of a team see, which only a league's training gives; drop "
                f"`{VF_OBSERVATIONS}` to value positions elsewhere"
            )
        rows, seats = seen[TEAM_SEATS].nonzero(as_tuple=True)
        ones = torch.eye(seen[SEAT].shape[1], device=seats.device)
        embedded = self._embed(trunk, {OBSERVATION: seen[TEAM][rows, seats], SEAT: ones[seats]})
        side_by_side = embedded.new_zeros(*seen[TEAM_SEATS].shape, embedded.shape[1])
        return side_by_side.index_put((rows, seats), embedded).flatten(1)

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
        if self.memory is not None:
            seen = {name: part.flatten(0, 1) for name, part in seen.items()}
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


def _sequences(batch: dict[str, Any]) -> tuple[int, int]:
    """B and T of a batch of sequences."""
    sequences, steps = batch[Columns.OBS][SEAT].shape[:2]
    return sequences, steps


def build_network(network: type[RLModule], game: Game, model_config: Mapping[str, Any]) -> RLModule:
    """A network with random weights for any seat of ``game``: their spaces are equal."""
    return network(
        observation_space=module_observation_space(game, 0),
        action_space=game.action_space(0),
        inference_only=False,
        model_config=dict(model_config),
    )
