"""A module as an agent: the frozen policies that play against a learner and in matches."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import copy, deepcopy
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module import RLModule, RLModuleSpec
from ray.rllib.core.rl_module.apis.value_function_api import ValueFunctionAPI

from agents.contract import Agent, AgentError, Probabilities, Turn, Values
from agents.memory import Memory, States
from agents.policies.distributions import action_probabilities, in_bounds, sample_actions, sample_points
from agents.policies.fit import Outline, check_fit, outline
from agents.policies.interface import reads_team
from agents.policies.network import (
    ACTION_MASK,
    OBSERVATION,
    SEAT,
    build_network,
)
from agents.policies.networks import is_own, network_class, network_name
from agents.policies.states import StateLayout
from agents.policies.weights import Tensors, WeightsError
from games.contract import ActionArray, BoolArray, FloatArray, Game, IntArray


def module_batch(
    observations: FloatArray, masks: BoolArray, seats: IntArray, num_seats: int, device: str | torch.device = "cpu"
) -> dict[str, Any]:
    """Rows as a module's batch of torch tensors, which view the arrays where those allow it.

    Args:
        observations: ``(B, *observation_shape)`` float32.
        masks: ``(B, A)`` bool.
        seats: ``(B,)`` int64.
        num_seats: seats of the game, for the one-hot.
        device: where to put the tensors.
    """
    return {
        Columns.OBS: {
            OBSERVATION: _tensor(observations).to(device),
            ACTION_MASK: _tensor(masks).to(device),
            SEAT: torch.from_numpy(np.eye(num_seats, dtype=np.float32)[seats]).to(device),
        }
    }


def _tensor(array: npt.NDArray[Any]) -> torch.Tensor:
    # torch can view only contiguous, writable arrays; others are copied.
    return torch.from_numpy(np.require(array, requirements=("C", "W")))


class PolicyAgent(Agent):
    """A frozen policy: one module for all seats, or one per seat.

    Modules that remember have a state for each table and seat, which :meth:`act` moves on. Openings that others play
    are not among what they remember.

    Args:
        game: the game it plays.
        modules: seat -> its module, the same object where seats share one. They are switched to evaluation mode.
        deterministic: take the most likely action (the mean of a continuous one) instead of sampling. Two deterministic
            policies repeat one game.
        device: where the modules are.
    """

    reads_state = False

    def __init__(
        self,
        game: Game,
        modules: Mapping[int, RLModule],
        *,
        deterministic: bool = False,
        device: str | torch.device = "cpu",
    ) -> None:
        self._game = game
        self._modules = {seat: module.eval() for seat, module in modules.items()}
        self._device = device
        self._shared = len({id(module) for module in self._modules.values()}) == 1
        self._deterministic = deterministic
        layouts = {id(module): StateLayout.of(module) for module in self._modules.values()}
        self._layouts = {seat: layouts[id(module)] for seat, module in sorted(self._modules.items())}
        self.memory = self._new_memory()

    def _new_memory(self) -> Memory | None:
        if not any(self._layouts.values()):
            return None
        return Memory([_no_state if layout is None else layout.initial for layout in self._layouts.values()])

    def apart(self) -> PolicyAgent:
        """The same policy for other tables: what it remembers there is kept apart. It shares the modules."""
        if self.memory is None:
            return self
        other = copy(self)
        other.memory = other._new_memory()
        return other

    @property
    def keeps_games(self) -> bool:
        return self.memory is not None

    def reset(self, tables: Sequence[int]) -> None:
        if self.memory is not None:
            self.memory.reset(tables)

    @property
    def modules(self) -> Mapping[int, RLModule]:
        """Seat -> its module, the same object where seats share one."""
        return self._modules

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        if self._shared:
            return self._act(turn, 0, rng)
        actions = self._game.empty_actions(len(turn.seats))
        for seat in np.unique(turn.seats).tolist():
            rows = np.flatnonzero(turn.seats == seat)
            actions[rows] = self._act(turn.part(rows), seat, rng)
        return actions

    def _act(self, turn: Turn, seat: int, rng: np.random.Generator) -> ActionArray:
        """Actions by the module of a seat."""
        inputs = self._step(turn, seat)[Columns.ACTION_DIST_INPUTS].cpu().numpy()
        source = None if self._deterministic else rng
        if self._game.action_bounds is None:
            return sample_actions(inputs, source)[0]
        return in_bounds(sample_points(inputs, source)[0], self._game.action_bounds)

    def _step(self, turn: Turn, seat: int) -> dict[str, Any]:
        """What the module of a seat gives for these rows, ``(B, ...)``; it remembers them."""
        module, layout, batch = self._modules[seat], self._layouts[seat], self._batch(turn)
        if layout is None:
            return self._output(module, batch)
        assert self.memory is not None
        states = self.memory.of(turn.tables, turn.seats)[:, : layout.size]
        output = self._output(module, layout.one_step(batch, torch.from_numpy(states).to(self._device)))
        self.memory.keep(turn.tables, turn.seats, layout.packed(output[Columns.STATE_OUT]).cpu().numpy())
        of_steps = (Columns.ACTION_DIST_INPUTS, Columns.VF_PREDS)
        return {name: output[name].squeeze(1) for name in of_steps if name in output}

    def consider(self, turn: Turn) -> tuple[Values | None, Probabilities | None]:
        """As :meth:`values` and :meth:`probabilities`, after what its networks remember of these tables. Values are
        known of networks whose forward pass gives them."""
        if self.memory is None:
            return super().consider(turn)
        values, chances = np.full(len(turn.seats), np.nan), np.empty(turn.masks.shape)
        for seat in np.unique(turn.seats).tolist():
            rows = np.flatnonzero(turn.seats == seat)
            output = self._step(turn.part(rows), seat)
            if Columns.VF_PREDS in output:
                values[rows] = output[Columns.VF_PREDS].cpu().numpy()
            if self._game.action_bounds is None:
                inputs = output[Columns.ACTION_DIST_INPUTS].cpu().numpy()
                chances[rows] = action_probabilities(inputs, deterministic=self._deterministic)
        return None if np.isnan(values).any() else values, None if self._game.action_bounds is not None else chances

    def probabilities(self, turn: Turn) -> Probabilities | None:
        """Those of the masked network, ``(B, A)``; None for continuous actions, and if a network remembers, because
        they do not follow from the rows alone then."""
        if self._game.action_bounds is not None or self.memory is not None:
            return None
        result = np.empty(turn.masks.shape)
        for seat in np.unique(turn.seats).tolist():
            rows = np.flatnonzero(turn.seats == seat)
            output = self._output(self._modules[seat], self._batch(turn.part(rows)))
            inputs = output[Columns.ACTION_DIST_INPUTS].cpu().numpy()
            result[rows] = action_probabilities(inputs, deterministic=self._deterministic)
        return result

    def values(self, turn: Turn) -> Values | None:
        """Those of the value head, ``(B,)``; None if a network has none, or remembers, or values what its team sees."""
        if self.memory is not None:
            return None
        result = np.empty(len(turn.seats))
        for seat in np.unique(turn.seats).tolist():
            module = self._modules[seat]
            if not isinstance(module, ValueFunctionAPI) or reads_team(module.model_config):
                return None
            rows = np.flatnonzero(turn.seats == seat)
            with torch.no_grad():
                result[rows] = module.compute_values(self._batch(turn.part(rows))).cpu().numpy()
        return result

    def _batch(self, turn: Turn) -> dict[str, Any]:
        return module_batch(turn.observations, turn.masks, turn.seats, self._game.num_seats, self._device)

    @staticmethod
    def _output(module: RLModule, batch: dict[str, Any]) -> dict[str, Any]:
        # The public `forward_inference` walks all submodules twice a call to switch modes.
        with torch.no_grad():
            output: dict[str, Any] = module._forward_inference(batch)
        return output


def _no_state() -> States:
    """The state of a module that remembers nothing."""
    return np.zeros(0, np.float32)


def policy_card(game: Game, specs: Mapping[str, RLModuleSpec], seats: Mapping[str, str]) -> dict[str, Any]:
    """The card of a weights file: what rebuilding its networks takes besides the tensors.

    Args:
        game: the game the networks play.
        specs: module name -> its spec.
        seats: agent ID -> module name.
    """
    return {
        "format": 2,
        "game": game.spec,
        "seats": dict(seats),
        "modules": {
            name: {"network": network_name(spec.module_class), "model_config": dict(spec.model_config or {})}
            for name, spec in specs.items()
        },
    }


def build_policy(
    tensors: Tensors,
    card: Mapping[str, Any],
    game: Game,
    *,
    module_classes: Mapping[str, type[RLModule]] | None = None,
    deterministic: bool = False,
    device: str | torch.device = "cpu",
) -> PolicyAgent:
    """A frozen policy from the tensors and the card of a weights file.

    Args:
        tensors, card: as :func:`agents.policies.weights.parse` gives them.
        game: the game to play; the card must name the same.
        module_classes: the user's own RLModule classes by ``package.module:Class``. The arena's own networks need no
            entry; no other code is loaded.
        deterministic, device: as in :class:`PolicyAgent`.

    Raises:
        WeightsError: the card is incomplete or of a newer format, or the tensors do not fit the networks.
        AgentError: the policy was made for another game, or needs a network that is not in ``module_classes``.
    """
    if card.get("game") != game.spec:
        raise AgentError(f"this policy plays {card.get('game')!r}, the game it was trained on, but got {game.spec!r}")
    networks, names = _read_card(card, game)
    modules: dict[str, RLModule] = {}
    for name, (network, model_config) in networks.items():
        cls = network_class(network, module_classes)
        arrays = {key.split("/", 1)[1]: array for key, array in tensors.items() if key.split("/", 1)[0] == name}
        settings = json.dumps(model_config)
        check_fit(name, arrays, _outline(cls, game, settings, len(arrays)))  # type: ignore[arg-type] # classes are hashable
        # Building a network draws its weights at random; a copy of one that is there already is faster.
        with torch.random.fork_rng(devices=[]):  # these draws must not move the numbers that a run goes on with
            module = (
                deepcopy(_own_network(cls, game, settings))  # type: ignore[arg-type] # classes are hashable
                if is_own(cls)
                else build_network(cls, game, model_config)
            )
        module.load_state_dict({key: torch.from_numpy(array) for key, array in arrays.items()})
        modules[name] = module.to(device)
    seats = {seat: modules[name] for seat, name in enumerate(names)}
    return PolicyAgent(game, seats, deterministic=deterministic, device=device)


def _read_card(card: Mapping[str, Any], game: Game) -> tuple[dict[str, tuple[str, dict[str, Any]]], list[str]]:
    """Module name -> (network, model config), and the module name at each seat.

    Format 1 names a network under ``class``, format 2 under ``network``.
    """
    if card.get("format") not in (1, 2):
        raise WeightsError(f"weights card has format {card.get('format')!r}, but 1 and 2 are known; update the arena")
    key = "class" if card["format"] == 1 else "network"
    try:
        networks = {name: (str(module[key]), dict(module["model_config"])) for name, module in card["modules"].items()}
        names = [card["seats"][agent_id] for agent_id in game.agent_ids]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise WeightsError(f"weights card is incomplete ({error!r}); restore the file from a copy") from error
    if missing := sorted({str(name) for name in names} - networks.keys()):
        raise WeightsError(f"weights card seats the modules {missing}, but describes only {sorted(networks)}")
    return networks, names


@lru_cache(maxsize=16)
def _outline(network: type[RLModule], game: Game, model_config: str, tensors: int) -> Outline:
    """As :func:`agents.policies.fit.outline`; ``model_config`` as JSON."""
    return outline(network, game, json.loads(model_config), tensors)


@lru_cache(maxsize=4)
def _own_network(network: type[RLModule], game: Game, model_config: str) -> RLModule:
    """A network to copy, with random weights; ``model_config`` as JSON."""
    return build_network(network, game, json.loads(model_config))


def policy_tensors(modules: Mapping[str, Mapping[str, Any]]) -> dict[str, npt.NDArray[Any]]:
    """Module states (module name -> parameter -> array) as the flat tensors of a weights file."""
    return {f"{name}/{key}": np.asarray(value) for name, state in modules.items() for key, value in state.items()}
