"""Whether the tensors of a file fit a network, found out before the network takes any memory.

A file from somebody else may describe a network of any size. So the network is first built on torch's meta device,
where tensors have shapes and no numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from ray.rllib.core.rl_module import RLModule
from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from agents.policies.network import build_network
from agents.policies.networks import is_own
from agents.policies.weights import Tensors, WeightsError
from games.contract import Game

PARAMETERS_PER_TENSOR = 10
"""Building stops when the network has this many parameters for each tensor of the file."""

MOST_TENSORS = 1000
"""Tensors of a network; more are a mistake in its settings."""

Outline = dict[str, tuple[tuple[int, ...], str]]
"""Tensor name -> shape and dtype. A tensor of rank 0 counts as ``(1,)``, which is how files store it."""


def outline(network: type[RLModule], game: Game, model_config: Mapping[str, Any], tensors: int) -> Outline:
    """The tensors of a network.

    Args:
        network: its class.
        game: the game to play.
        model_config: its settings.
        tensors: number of tensors in the file.

    Raises:
        WeightsError: the settings describe no network, or one with far more tensors than the file has.
    """
    try:
        with torch.device("meta"), _at_most(PARAMETERS_PER_TENSOR * tensors):
            module = build_network(network, game, model_config)
    except WeightsError:
        raise
    except Exception as error:
        if is_own(network):
            reason = str(error).partition("\n")[0]
            raise WeightsError(f"the network's settings describe no network: {reason}; restore the file") from error
        module = build_network(network, game, model_config)  # a user's own may need numbers while it is built
    assert isinstance(module, nn.Module)
    return {
        name: (tuple(tensor.shape) or (1,), str(tensor.dtype).removeprefix("torch."))
        for name, tensor in module.state_dict().items()
    }


def check_fit(module: str, tensors: Tensors, expected: Outline) -> None:
    """Check that a module's tensors have the names, shapes and dtypes that its network has.

    Raises:
        WeightsError: one has not.
    """
    found = {name: (array.shape or (1,), str(array.dtype)) for name, array in tensors.items()}
    if found == expected:
        return
    name = min(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
    raise WeightsError(
        f"the weights do not fit the network of module {module!r}: tensor {name!r} must be "
        f"{_text(expected.get(name))}, but is {_text(found.get(name))}; restore the file from a copy"
    )


def _text(tensor: tuple[tuple[int, ...], str] | None) -> str:
    return "absent" if tensor is None else f"{tensor[1]} {tensor[0]}"


@contextmanager
def _at_most(parameters: int) -> Iterator[None]:
    """Stop networks that have more parameters: even without numbers, enough of them fill the memory."""
    left = parameters

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise WeightsError(
                f"the weights do not fit the network: it has more than {parameters} parameters, "
                f"{PARAMETERS_PER_TENSOR} for each tensor of the file; restore the file from a copy"
            )

    hook = register_module_parameter_registration_hook(count)
    try:
        yield
    finally:
        hook.remove()
