"""Encoders that modules of a learner share: the setting ``shared_encoder`` of ``model_config``.

Modules of one learner with the same word in that setting hold one encoder, and each has heads of its own. Every module
still is a whole network: its state has the encoder, so a snapshot plays by itself. Modules of different learners share
nothing, because one may start over while the other learns on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from ray.rllib.core.rl_module import MultiRLModule, RLModule

from agents.policies.fit import MOST_TENSORS, Outline, outline
from games.contract import Game
from leagues.errors import LeagueError
from leagues.setting_groups import short

SETTING = "shared_encoder"


class SharedEncoders(MultiRLModule):
    """RLlib's ``MultiRLModule``, with one encoder for the modules that share it.

    Attributes:
        firsts: module ID -> ID of the module whose encoder it has. Modules that share none, and the first of those that
            share one, are not in it.
    """

    def setup(self) -> None:
        super().setup()
        configs = {module_id: spec.model_config or {} for module_id, spec in self.rl_module_specs.items()}
        self.firsts = {module_id: first for first, *others in sharing(configs).values() for module_id in others}
        for module_id, first in self.firsts.items():
            for name in encoder_of(type(self[first])):
                setattr(self[module_id], name, getattr(self[first], name))

    def get_state(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        """RLlib's; the arrays of a shared encoder are the same objects, so that they travel and are stored once."""
        state: dict[str, Any] = super().get_state(*arguments, **options)
        for module_id, first in self.firsts.items():
            if {module_id, first} <= state.keys():
                parts = encoder_of(type(self[first].unwrapped()))
                state[module_id] |= {name: each for name, each in state[first].items() if _part(name) in parts}
        return state


def sharing(configs: Mapping[str, Mapping[str, Any]]) -> dict[tuple[str, str], list[str]]:
    """The modules that share an encoder, by learner and word.

    Args:
        configs: module ID -> its ``model_config``.
    """
    groups: dict[tuple[str, str], list[str]] = {}
    for module_id in sorted(configs):
        if (word := configs[module_id].get(SETTING)) is not None:
            learner = module_id.partition(".")[0]  # a module is called like its learner, a dot and its seat or word
            groups.setdefault((learner, word), []).append(module_id)
    return groups


def encoder_of(network: type[RLModule]) -> tuple[str, ...]:
    """The attributes that are a network's encoder: ``ENCODER`` of its class, or ``encoder``."""
    return tuple(getattr(network, "ENCODER", ("encoder",)))


def _part(name: str) -> str:
    """The attribute that a tensor belongs to."""
    return name.partition(".")[0]


def check_shared_encoders(networks: Mapping[str, tuple[type[RLModule], Mapping[str, Any]]], game: Game) -> None:
    """Check that the modules that are to share an encoder can.

    Args:
        networks: module ID -> class and ``model_config`` of its network.
        game: the game.

    Raises:
        LeagueError: they cannot.
    """
    for module_id, (_, config) in networks.items():
        word = config.get(SETTING)
        if not (word is None or (isinstance(word, str) and word)):
            raise LeagueError(
                f"`{SETTING}` is a word, which modules of a learner that share an encoder have in common, but module "
                f"{module_id!r} has {short(word)}"
            )
    for (learner, word), modules in sharing({name: config for name, (_, config) in networks.items()}).items():
        if len(modules) < 2:
            raise LeagueError(
                f"{learner!r} has no second module to share the encoder {word!r} with {modules[0]!r}; give it one with "
                f".league(module_per_seat=True) or .league(modules=...), or drop `{SETTING}`"
            )
        first = _encoder(modules[0], *networks[modules[0]], game)
        for other in modules[1:]:
            if _encoder(other, *networks[other], game) != first:
                raise LeagueError(
                    f"modules that share an encoder have it alike, but the encoders {word!r} of {modules[0]!r} and "
                    f"{other!r} differ; give both the same settings"
                )


def _encoder(module_id: str, network: type[RLModule], config: Mapping[str, Any], game: Game) -> Outline:
    with torch.random.fork_rng(devices=[]):  # the first weights of the learners do not depend on this check
        tensors = outline(network, game, config, MOST_TENSORS)
    parts = encoder_of(network)
    found = {name: tensor for name, tensor in tensors.items() if _part(name) in parts}
    if not found:
        raise LeagueError(
            f"`{SETTING}` shares the attribute `encoder` of a network, but {network.__name__} of module {module_id!r} "
            "has none; name it so, or list its attributes in the class as ENCODER"
        )
    return found
