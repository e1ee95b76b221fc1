"""Modules as agents: the frozen policies that sit opposite a learner, play matches, and are loaded by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module import RLModule, RLModuleSpec

from agents.contract import Agent, AgentError, Turn
from agents.policies import weights
from agents.policies.distributions import in_bounds, sample_actions, sample_points
from agents.policies.network import ACTION_MASK, OBSERVATION, SEAT, MaskedNetwork, module_observation_space
from games.contract import ActionArray, BoolArray, FloatArray, Game, IntArray


def module_batch(
    observations: FloatArray, masks: BoolArray, seats: IntArray, num_seats: int, device: str | torch.device = "cpu"
) -> dict[str, Any]:
    """The arrays of some rows as a module's batch of torch tensors (views where the arrays allow it).

    Args:
        observations: ``(B, *observation_shape)`` float32.
        masks: ``(B, A)`` bool.
        seats: ``(B,)`` int64.
        num_seats: number of seats of the game, for the one-hot.
        device: where the tensors go.
    """
    return {
        Columns.OBS: {
            OBSERVATION: _tensor(observations).to(device),
            ACTION_MASK: _tensor(masks).to(device),
            SEAT: torch.from_numpy(np.eye(num_seats, dtype=np.float32)[seats]).to(device),
        }
    }


def _tensor(array: npt.NDArray[Any]) -> torch.Tensor:
    return torch.from_numpy(
        np.require(array, requirements=("C", "W"))
    )  # torch wants to own what it views; copies if not


class PolicyAgent(Agent):
    """A frozen policy: one module for all seats, or one per seat.

    Args:
        game: the game it plays.
        modules: the module at each seat, put in its evaluation mode; the same object for all seats when shared.
        deterministic: take the most likely action (the mean of a continuous one) instead of sampling. Two deterministic
            policies replay one game.
        device: where the modules are.
    """

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

    def act(self, turn: Turn, rng: np.random.Generator) -> ActionArray:
        if self._shared:
            return self._act(self._modules[0], turn.observations, turn.masks, turn.seats, rng)
        actions = self._game.empty_actions(len(turn.seats))
        for seat in np.unique(turn.seats).tolist():
            rows = np.flatnonzero(turn.seats == seat)
            actions[rows] = self._act(
                self._modules[seat], turn.observations[rows], turn.masks[rows], turn.seats[rows], rng
            )
        return actions

    def _act(
        self, module: RLModule, observations: FloatArray, masks: BoolArray, seats: IntArray, rng: np.random.Generator
    ) -> ActionArray:
        batch = module_batch(observations, masks, seats, self._game.num_seats, self._device)
        # Past the public `forward_inference`, which walks all submodules twice a call to switch modes.
        with torch.no_grad():
            output = module._forward_inference(batch)
        inputs = output[Columns.ACTION_DIST_INPUTS].cpu().numpy()
        source = None if self._deterministic else rng
        if self._game.action_bounds is None:
            return sample_actions(inputs, source)[0]
        return in_bounds(sample_points(inputs, source)[0], self._game.action_bounds)


def policy_card(game: Game, specs: Mapping[str, RLModuleSpec], seats: Mapping[str, str]) -> dict[str, Any]:
    """What a weights file says about itself, so that the networks can be rebuilt from it alone.

    Args:
        game: the game the networks play.
        specs: module name -> its spec.
        seats: agent ID -> module name.
    """
    return {
        "format": 1,
        "game": game.spec,
        "seats": dict(seats),
        "modules": {
            name: {
                "class": f"{spec.module_class.__module__}:{spec.module_class.__qualname__}",
                "model_config": dict(spec.model_config or {}),
            }
            for name, spec in specs.items()
        },
    }


def load_policy(
    path: Path,
    game: Game,
    *,
    module_classes: Mapping[str, type[RLModule]] | None = None,
    deterministic: bool = False,
) -> PolicyAgent:
    """A frozen policy from a content-addressed weights file, its bytes verified first.

    Args:
        path: ``<folder>/<sha256>.safetensors``.
        game: the game to play; the file's card must name the same.
        module_classes: RLModule classes this process trusts, by the card's name for them. The arena's own networks
            are always trusted; no other code is ever imported on a file's word.
        deterministic: take the most likely action instead of sampling.

    Raises:
        WeightsError: the file is missing or altered, or its tensors do not fit its networks.
        AgentError: the policy was made for another game, or needs an RLModule class that is not trusted here.
    """
    tensors, card = weights.parse(weights.read(path.parent, path.name.removesuffix(weights.SUFFIX)))
    return build_policy(tensors, card, game, module_classes=module_classes, deterministic=deterministic)


def build_policy(
    tensors: weights.Tensors,
    card: Mapping[str, Any],
    game: Game,
    *,
    module_classes: Mapping[str, type[RLModule]] | None = None,
    deterministic: bool = False,
    device: str | torch.device = "cpu",
) -> PolicyAgent:
    """A frozen policy from tensors and card, on ``device``; other arguments and errors as :func:`load_policy`."""
    if card.get("game") != game.spec:
        raise AgentError(f"a policy plays the game it was trained on, {card.get('game')!r}, but got {game.spec!r}")
    trusted: dict[str, type[RLModule]] = {
        f"{MaskedNetwork.__module__}:{MaskedNetwork.__qualname__}": MaskedNetwork,
        **(module_classes or {}),
    }
    modules: dict[str, RLModule] = {}
    for name, made_of in card["modules"].items():
        if made_of["class"] not in trusted:
            raise AgentError(
                f"no file may import code, so a policy's network must be a class that you name, but "
                f"{made_of['class']!r} is not: pass module_classes={{{made_of['class']!r}: ...}}, on the command line "
                "--module PACKAGE.MODULE:CLASS, in training rl_module()"
            )
        network, settings = trusted[made_of["class"]], made_of["model_config"]
        # Own networks of a kind differ in what the file holds alone, and copying one is quicker than making one up.
        module = (
            deepcopy(_own_network(game, json.dumps(settings)))
            if network is MaskedNetwork
            else _network(network, game, settings)
        )
        state = {
            key.split("/", 1)[1]: torch.from_numpy(array)
            for key, array in tensors.items()
            if key.split("/", 1)[0] == name
        }
        try:
            module.load_state_dict(state)
        except RuntimeError as error:
            raise weights.WeightsError(f"weights must fit their network, but for module {name!r}: {error}") from error
        modules[name] = module.to(device).eval()
    seats = {seat: modules[card["seats"][agent_id]] for seat, agent_id in enumerate(game.agent_ids)}
    return PolicyAgent(game, seats, deterministic=deterministic, device=device)


def _network(network: type[RLModule], game: Game, settings: Mapping[str, Any]) -> RLModule:
    return network(
        observation_space=module_observation_space(game, 0),
        action_space=game.action_space(0),
        inference_only=False,
        model_config=dict(settings),
    )


@lru_cache(maxsize=4)
def _own_network(game: Game, settings: str) -> RLModule:
    """A network with weights that nobody wants yet; ``settings`` as JSON."""
    return _network(MaskedNetwork, game, json.loads(settings))


def policy_tensors(modules: Mapping[str, Mapping[str, Any]]) -> dict[str, npt.NDArray[Any]]:
    """Module states (name -> parameter -> array) as the flat tensors of a weights file."""
    return {f"{name}/{key}": np.asarray(value) for name, state in modules.items() for key, value in state.items()}
