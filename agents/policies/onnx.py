"""From the networks of a policy to an ONNX model that plays every seat."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module import RLModule
from ray.rllib.core.rl_module.apis.value_function_api import ValueFunctionAPI
from torch import Tensor, nn

from agents.contract import AgentError, Turn
from agents.onnx import CARD, LARGEST_DIFFERENCE, MISSING, OnnxAgent, no_state
from agents.policies.agent import build_policy, module_batch
from agents.policies.interface import LOG_PROBABILITIES, SEAT, STATE, Port, inputs, outputs, reads_team
from agents.policies.network import MaskedNetwork
from agents.policies.states import StateLayout
from agents.policies.weights import Tensors
from games.contract import Game

OPSET = 20
"""Version of ONNX's operators, which onnxruntime 1.17 and later run."""

_ROWS = 4
"""Rows of the example that a model is traced with; PyTorch takes 0 and 1 for fixed numbers."""


class Exportable(nn.Module):
    """The networks of a policy as one, which gives each row what the network of its seat gives.

    All of them see all rows, and the seat chooses, because ONNX has no cheap way to send rows to different places.

    Args:
        game: the game.
        modules: seat -> its module, the same object where seats share one.
        explores: whether they act as in training.
    """

    def __init__(self, game: Game, modules: Mapping[int, RLModule], *, explores: bool = False) -> None:
        super().__init__()
        self.game, self._explores = game, explores
        distinct: dict[int, Any] = {id(module): module for module in modules.values()}
        self.networks = nn.ModuleList(distinct.values())
        self.seats = [[seat for seat, each in modules.items() if each is module] for module in distinct.values()]
        self.value = all(
            isinstance(module, ValueFunctionAPI) and not reads_team(module.model_config) for module in distinct.values()
        )
        self.layouts = [StateLayout.of(module) for module in distinct.values()]
        self.memory = max(0 if layout is None else layout.size for layout in self.layouts)

    @property
    def inputs(self) -> tuple[Port, ...]:
        """What it takes."""
        return inputs(self.game, memory=self.memory)

    @property
    def outputs(self) -> tuple[Port, ...]:
        """What it gives."""
        return outputs(self.game, value=self.value, memory=self.memory)

    def forward(self, *rows: Tensor) -> tuple[Tensor, ...]:
        """What :attr:`outputs` names, for what :attr:`inputs` names."""
        named = {port.name: tensor for port, tensor in zip(self.inputs, rows, strict=True)}
        states, seat = named.pop(STATE, None), named[SEAT]
        chosen, *others = [self.of(number, {Columns.OBS: named}, states) for number in range(len(self.networks))]
        for seats, given in zip(self.seats[1:], others, strict=True):
            mine = seat[:, seats].sum(1) > 0.5  # (B,)
            chosen = tuple(
                torch.where(mine.view(-1, *[1] * (old.dim() - 1)), new, old)
                for old, new in zip(chosen, given, strict=True)
            )
        return chosen

    def of(self, number: int, batch: dict[str, Any], states: Tensor | None) -> tuple[Tensor, ...]:
        """What one of the networks gives for a batch, after states ``(B, S)`` if any network remembers."""
        network: Any = self.networks[number]
        layout = self.layouts[number]
        if layout is not None:
            assert states is not None
            batch = layout.one_step(batch, states[:, : layout.size])
        output = network._forward_exploration(batch) if self._explores else network._forward_inference(batch)
        policy = output[Columns.ACTION_DIST_INPUTS]
        value = output.get(Columns.VF_PREDS)
        if self.value and value is None:
            value = network.compute_values(batch, embeddings=output.get(Columns.EMBEDDINGS))
        after = states
        if layout is not None:
            assert states is not None
            policy, value = policy.squeeze(1), None if value is None else value.squeeze(1)
            after = torch.cat([layout.packed(output[Columns.STATE_OUT]), states[:, layout.size :]], 1)
        parts = (torch.log_softmax(policy, 1),) if self.game.action_bounds is None else policy.chunk(2, 1)
        return (*parts, *[value] * self.value, *([] if after is None else [after]))


def exportable(
    tensors: Tensors,
    card: Mapping[str, Any],
    game: Game,
    *,
    module_classes: Mapping[str, type[RLModule]] | None = None,
) -> Exportable:
    """The networks of a weights file, which compute in float32 whatever they trained in.

    Args and errors are those of :func:`agents.policies.agent.build_policy`.

    Raises:
        AgentError: a network remembers something before its first step.
    """
    policy = build_policy(tensors, card, game, module_classes=module_classes)
    if policy.memory is not None:
        policy.memory.reset([0])
        if policy.memory.at([0]).any():
            raise AgentError(
                "an ONNX model begins each game with a state of zeros, but this network begins with another; export "
                "its weights, with -o FILE.safetensors"
            )
    for module in policy.modules.values():
        if isinstance(module, MaskedNetwork):
            module.precision = "float32"  # onnxruntime has no bfloat16 on CPUs
    return Exportable(game, policy.modules).eval()


def to_onnx(network: Exportable, card: Mapping[str, Any]) -> bytes:
    """The bytes of an ONNX model.

    Args:
        network: what it computes.
        card: what the model says about itself, as plain JSON; its ``game`` is the spec of the game.

    Raises:
        AgentError: a library of the extra ``onnx`` is not installed, or a network has something that ONNX cannot
            express.
    """
    return _bytes(_model(network, card, optimize=True))


class OnnxWriter:
    """Writes the ONNX models of one network again and again as its weights change. PyTorch's exporter, which takes a
    second, runs once.

    Args:
        network: what the models compute.
        card: as of :func:`to_onnx`.

    Raises:
        AgentError: as there; or a model differs from the network whose weights it has.
    """

    def __init__(self, network: Exportable, card: Mapping[str, Any]) -> None:
        # Without optimization, which leaves out or folds weights, depending on their values.
        self._model = _model(network, card, optimize=False)
        own = network.state_dict()
        self._initializers = [each for each in self._model.graph.initializer if each.name in own]
        other, game = _with_other_weights(network), network.game
        difference = largest_difference(other, OnnxAgent(self.written(other), game), _any_rows(game))
        if not difference <= LARGEST_DIFFERENCE:
            raise AgentError(
                f"an ONNX model of the network differs from it by {difference:.2g}, and at most {LARGEST_DIFFERENCE:g} "
                "is allowed; noisy layers and other precisions than float32 have no model, so train without them"
            )

    def written(self, network: Exportable) -> bytes:
        """The model with the weights of a network that differs in nothing else."""
        from onnx import numpy_helper  # not everybody has it

        state = network.state_dict()
        for initializer in self._initializers:
            values = state[initializer.name].numpy(force=True)
            initializer.CopyFrom(numpy_helper.from_array(values, initializer.name))
        return _bytes(self._model)


def _with_other_weights(network: Exportable) -> Exportable:
    """A copy with other values wherever training may change them."""
    other, noise = deepcopy(network), torch.Generator().manual_seed(0)
    stored = other.state_dict().keys()
    with torch.no_grad():
        for weights in other.parameters():
            weights.add_(torch.randn(weights.shape, generator=noise), alpha=0.02)
        for name, values in other.named_buffers():
            if name in stored and values.is_floating_point():
                # Towards numbers from 0 to 1: probabilities and variances stay such.
                values.lerp_(torch.rand(values.shape, generator=noise).to(values.dtype), 0.1)
    return other


def _any_rows(game: Game) -> Turn:
    """Rows to compare a model with its network: noise, seen from each seat."""
    rows = 8 * game.num_seats
    observations = np.random.default_rng(0).standard_normal((rows, *game.observation_shape), np.float32)
    seats, masks = np.arange(rows) % game.num_seats, np.ones((rows, game.num_actions), np.bool_)
    return Turn(observations, masks, seats, np.arange(rows), no_state, game.action_bounds)


def _model(network: Exportable, card: Mapping[str, Any], *, optimize: bool) -> Any:
    """The ONNX model of a network; arguments and errors are those of :func:`to_onnx`."""
    try:
        import onnxscript  # noqa: F401 - torch needs it
    except ImportError as error:
        raise AgentError(MISSING) from error
    game = network.game
    rows = (
        torch.zeros(_ROWS, *game.observation_shape),
        torch.ones(_ROWS, game.num_actions, dtype=torch.bool),
        torch.eye(game.num_seats)[torch.arange(_ROWS) % game.num_seats],
        *[torch.zeros(_ROWS, network.memory)] * bool(network.memory),
    )
    try:
        with _quiet(), torch.no_grad():
            program = torch.onnx.export(
                network,
                rows,
                input_names=[port.name for port in network.inputs],
                output_names=[port.name for port in network.outputs],
                dynamic_shapes=(tuple({0: "rows"} for _ in rows),),
                opset_version=OPSET,
                dynamo=True,
                external_data=False,
                verbose=False,
                optimize=optimize,
            )
        assert program is not None
        model = program.model_proto
    except Exception as error:
        reason = str(error).strip().partition("\n")[0]
        raise AgentError(f"the network cannot be written as ONNX: {reason}; write .safetensors instead") from error
    for part in (*model.graph.node, *model.graph.value_info, model.graph):
        del part.metadata_props[:]  # the lines of source code that each part comes from
        part.doc_string = ""
    entry = model.metadata_props.add()
    entry.key, entry.value = CARD, json.dumps(card, sort_keys=True, separators=(",", ":"))
    return model


def _bytes(model: Any) -> bytes:
    data: bytes = model.SerializeToString(deterministic=True)
    return data


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what PyTorch tells the developers of its exporter."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def largest_difference(network: Exportable, agent: OnnxAgent, turn: Turn) -> float:
    """By how much a model and its networks differ at most, in what they give for these rows.

    Probabilities of illegal actions do not count. Numbers above 1 count in proportion to the largest of their kind.
    """
    states = np.random.default_rng(0).standard_normal((len(turn.seats), network.memory), np.float32)
    found, largest = agent.run(turn, states), 0.0
    for number, seats in enumerate(network.seats):
        rows = np.flatnonzero(np.isin(turn.seats, seats))
        if not len(rows):
            continue
        batch = module_batch(turn.observations[rows], turn.masks[rows], turn.seats[rows], network.game.num_seats)
        with torch.no_grad():
            given = network.of(number, batch, torch.from_numpy(states[rows]) if network.memory else None)
        for port, tensor in zip(network.outputs, given, strict=True):
            right, got = tensor.numpy(), found[port.name][rows]
            if port.name == LOG_PROBABILITIES:
                right, got = right[turn.masks[rows]], got[turn.masks[rows]]
            largest = max(largest, float(np.abs(got - right).max() / max(1.0, np.abs(right).max())))
    return largest
