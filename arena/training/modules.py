"""The modules of a league's learners: which there are, which network they have, and which ones are refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Self

import torch
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.core.rl_module import RLModule, RLModuleSpec
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig

from agents.policies.fit import outline
from agents.policies.network import build_network
from agents.policies.networks import is_own
from agents.policies.recurrent import memory_kind
from agents.policies.states import is_recurrent
from agents.policies.weights import WeightsError
from arena.settings import TrainingSettings
from arena.training.rllib_settings import has_no_effect, refused_model_setting
from arena.training.sequences import Cut
from games.contract import Game
from games.specs import suggest
from leagues.records import LeagueError, Member
from leagues.roles import learner_ids
from leagues.setting_groups import short

MOST_TENSORS = 1000
"""Tensors of a network; more are a mistake in its settings."""

LEAGUE_DECIDES = "the league decides who plays and who learns; set .league(roles=..., modules=...)"


class MapToMain:
    """``policy_mapping_fn`` outside league play (``evaluation()``): every seat to one learner.

    Args:
        modules: agent ID -> its module.
    """

    def __init__(self, modules: Mapping[str, str]) -> None:
        self.modules = dict(modules)

    @classmethod
    def of(cls, learners: Sequence[Member]) -> Self:
        """Every seat to the first main learner, or to the first learner where there is no main."""
        return cls(first_main(learners).modules)

    def __call__(self, agent_id: str, *args: Any, **kwargs: Any) -> str:
        return self.modules[agent_id]


def first_main(learners: Sequence[Member]) -> Member:
    """The first main learner, or the first learner where there is no main."""
    return next((each for each in learners if each.role == "main"), learners[0])


def learning_members(game: Game, roles: Mapping[str, int], settings: TrainingSettings) -> list[Member]:
    """The learners of a league as members, each with its modules.

    Args:
        game: the game.
        roles: role -> number of learners.
        settings: which seats share a module: ``modules`` and ``module_per_seat``.

    Raises:
        LeagueError: ``modules`` does not name each seat of the game.
    """
    words = _words(game, settings)
    return [
        Member(
            name,
            "learner",
            role,
            modules={agent_id: f"{name}.{word}" if word else name for agent_id, word in words.items()},
        )
        for name, role in learner_ids(roles).items()
    ]


def _words(game: Game, settings: TrainingSettings) -> dict[str, str]:
    """Agent ID -> the word of its module; empty if all seats share the one module."""
    named = settings.modules
    if not named:
        return {agent_id: agent_id if settings.module_per_seat else "" for agent_id in game.agent_ids}
    seats = ", ".join(game.agent_ids)
    if unknown := [agent_id for agent_id in named if agent_id not in game.agent_ids]:
        raise LeagueError(f"`modules` names the seat {unknown[0]!r}, but the seats of {game.spec!r} are {seats}")
    if missing := [agent_id for agent_id in game.agent_ids if agent_id not in named]:
        raise LeagueError(
            f"`modules` names the module of every seat, but there is none for {', '.join(missing)}; the seats of "
            f"{game.spec!r} are {seats}"
        )
    return {agent_id: named[agent_id] for agent_id in game.agent_ids}


def network_of(config: AlgorithmConfig) -> tuple[type[RLModule], dict[str, Any]]:
    """The class of all networks and their ``model_config``.

    Raises:
        LeagueError: the config has a network for each module.
    """
    spec = config.rl_module_spec
    if not isinstance(spec, RLModuleSpec):
        raise LeagueError(
            "all learners of a league have the same kind of network, so `rl_module_spec` must be an RLModuleSpec, "
            f"but got {type(spec).__name__}"
        )
    own = spec.model_config
    settings = config.model_config | (own if isinstance(own, dict) else asdict(own) if own is not None else {})
    return spec.module_class, settings


def check_network(config: AlgorithmConfig, game: Game) -> None:
    """Build the network once, to find wrong settings before anything is stored.

    Raises:
        LeagueError: the settings of the arena's own network do not fit, or the network remembers earlier steps and the
            algorithm cannot learn so.
    """
    network, settings = network_of(config)
    try:
        Cut.of(settings)
    except ValueError as problem:
        raise LeagueError(str(problem)) from problem
    if is_own(network):
        try:
            outline(network, game, settings, MOST_TENSORS)  # takes no memory
        except WeightsError as problem:
            reason = str(problem.__cause__ or "it has too many layers").partition("\n")[0]
            raise LeagueError(f"the network cannot be built with {short(settings)}: {reason}") from problem
        return
    with torch.random.fork_rng(devices=[]):  # the first weights of the learners do not depend on this check
        module = build_network(network, game, settings)
    if is_recurrent(module) and not config.learns_sequences:
        raise LeagueError(
            f"the algorithm {config.algorithm!r} learns from single steps, but {network.__name__} remembers earlier "
            "ones (its get_initial_state() is not empty); give it a network without a state, or take the algorithm "
            "ppo, appo or impala"
        )


def remembers(config: AlgorithmConfig, game: Game) -> bool:
    """Whether networks remember earlier steps."""
    network, settings = network_of(config)
    if not config.learns_sequences:
        return False
    if is_own(network):
        return memory_kind(settings) is not None
    with torch.random.fork_rng(devices=[]):
        return is_recurrent(build_network(network, game, settings))


def refuse_other_network(config: AlgorithmConfig, base: type[RLModule]) -> None:
    """Refuse a network that the algorithm cannot train.

    Args:
        config: the config.
        base: what a network of the user's own must derive from.

    Raises:
        LeagueError: it is another of the arena's own networks than the algorithm's, or does not derive from ``base``.
    """
    network, _ = network_of(config)
    default = config.get_default_rl_module_spec().module_class
    if network is not default and (is_own(network) or not issubclass(network, base)):
        raise LeagueError(
            f"the algorithm {config.algorithm!r} trains a {default.__name__}, but got {network.__name__}; drop the "
            f"network, or derive yours from {base.__module__}.{base.__qualname__}"
        )


def refuse_unread_settings(config: AlgorithmConfig, stored: Collection[str]) -> None:
    """Refuse settings that the built-in network does not read, which would go unnoticed.

    Args:
        config: the config.
        stored: names of settings that a league was stored with; they are accepted.

    Raises:
        ValueError: there is one.
    """
    network, settings = network_of(config)
    if not is_own(network):
        return
    known = network.SETTINGS
    for name, value in settings.items():
        if name in known or name in stored:
            continue
        if name not in DefaultModelConfig.__dataclass_fields__:
            raise ValueError(
                f"`model_config` has the settings {', '.join(known)}, but got {name!r}{suggest(name, known)}"
            )
        if reason := refused_model_setting(name, value):
            raise ValueError(reason)


def refuse_other_modules(config: AlgorithmConfig, modules: Collection[str]) -> None:
    """Refuse policies and mappings that are not the league's.

    Args:
        config: the config.
        modules: the league's modules.

    Raises:
        ValueError: the config has others.
    """
    if not (isinstance(config.policy_mapping_fn, MapToMain) or config.in_evaluation):
        raise has_no_effect("policy_mapping_fn", config.policy_mapping_fn, LEAGUE_DECIDES)
    for name in ("policies", "policies_to_train"):
        value = getattr(config, name)
        if set(value) != set(modules):
            raise has_no_effect(name, sorted(value), LEAGUE_DECIDES)
