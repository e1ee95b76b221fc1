"""The modules of a league's learners: which there are, which network they have, and which ones are refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Self

import torch
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.core.rl_module import MultiRLModule, MultiRLModuleSpec, RLModule, RLModuleSpec
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig

from agents.policies.fit import MOST_TENSORS, outline
from agents.policies.interface import VF_OBSERVATIONS, reads_team
from agents.policies.network import build_network
from agents.policies.networks import is_own, network_class, network_name
from agents.policies.recurrent import memory_kind
from agents.policies.states import is_recurrent
from agents.policies.weights import WeightsError
from arena.settings import NetworkSettings, TrainingSettings
from arena.training.rllib_settings import has_no_effect, refused_model_setting
from arena.training.sequences import Cut
from arena.training.shared_encoders import SETTING, check_shared_encoders
from arena.training.team_critic import check_team_critics
from games.contract import Game
from games.specs import suggest
from leagues.records import LeagueError, Member
from leagues.roles import learner_ids
from leagues.setting_groups import short

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


Network = tuple[type[RLModule], dict[str, Any]]
"""The class of a network and its ``model_config``."""


def network_of(config: AlgorithmConfig) -> Network:
    """The network of the modules that are given none of their own."""
    spec = config.rl_module_spec
    return _network(config, spec if isinstance(spec, RLModuleSpec) else config.get_default_rl_module_spec())


def networks_of(config: AlgorithmConfig) -> dict[str, Network]:
    """The network of each module of the league, by module ID.

    Raises:
        LeagueError: ``rl_module_spec`` names another module, or a class for all modules together.
    """
    spec, modules = config.rl_module_spec, sorted(config.policies)
    own = spec.rl_module_specs if isinstance(spec, MultiRLModuleSpec) else {}
    if isinstance(spec, MultiRLModuleSpec) and spec.multi_rl_module_class is not MultiRLModule:
        raise LeagueError(
            "each module of a league is frozen and plays by itself, so `rl_module_spec` cannot have a "
            f"multi_rl_module_class, but got {short(spec.multi_rl_module_class)}; give each module a network, and "
            f"those that share an encoder the same word as `{SETTING}` in their model_config"
        )
    if unknown := sorted(own.keys() - set(modules)):
        raise LeagueError(
            f"`rl_module_spec` has a network for the module {unknown[0]!r}, but the league has {', '.join(modules)}"
        )
    default = network_of(config)
    return {module: _network(config, own[module]) if module in own else default for module in modules}


def _network(config: AlgorithmConfig, spec: RLModuleSpec) -> Network:
    own = spec.model_config
    settings = config.model_config | (own if isinstance(own, dict) else asdict(own) if own is not None else {})
    return spec.module_class, settings


def _different(networks: Mapping[str, Network]) -> list[Network]:
    """Each network once."""
    found: list[Network] = []
    for network in networks.values():
        if network not in found:
            found.append(network)
    return found


def network_settings(config: AlgorithmConfig) -> NetworkSettings:
    """The networks as a league stores them."""
    default = network_of(config)
    own = {module: network for module, network in networks_of(config).items() if network != default}
    return NetworkSettings(
        name=network_name(default[0]),
        config=default[1],
        modules={module: {"name": network_name(cls), "config": settings} for module, (cls, settings) in own.items()},
    )


def network_spec(settings: NetworkSettings, modules: Collection[str]) -> RLModuleSpec | MultiRLModuleSpec:
    """What ``rl_module()`` takes for stored networks.

    Args:
        settings: the networks.
        modules: IDs of all modules.
    """
    if not settings.modules:
        return _spec(settings.name, settings.config)
    specs = {module: _spec(settings.name, settings.config) for module in modules}
    for module, own in settings.modules.items():
        specs[module] = _spec(own.get("name", settings.name), own.get("config", {}))
    return MultiRLModuleSpec(rl_module_specs=specs)


def _spec(name: str | None, settings: Mapping[str, Any]) -> RLModuleSpec:
    return RLModuleSpec(module_class=None if name is None else network_class(name), model_config=dict(settings))


def check_networks(config: AlgorithmConfig, game: Game) -> None:
    """Build each network once, to find wrong settings before anything is stored.

    Raises:
        LeagueError: the settings of the arena's own network do not fit, a network remembers earlier steps and the
            algorithm cannot learn so, or modules cannot share an encoder, or values cannot read what a team sees.
    """
    networks = networks_of(config)
    for network, settings in _different(networks):
        _check_network(config, game, network, settings)
    check_shared_encoders(networks, game)
    check_team_critics(networks, game, config.algorithm, plays=config.learns_sequences)


def _check_network(config: AlgorithmConfig, game: Game, network: type[RLModule], settings: dict[str, Any]) -> None:
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
        recurrent = memory_kind(settings) is not None
    else:
        with torch.random.fork_rng(devices=[]):  # the first weights of the learners do not depend on this check
            recurrent = is_recurrent(build_network(network, game, settings))
    if recurrent and not config.learns_sequences:
        raise LeagueError(
            f"the algorithm {config.algorithm!r} learns from single steps, but {network.__name__} remembers earlier "
            "ones (its get_initial_state() is not empty); give it a network without a state, or take the algorithm "
            "ppo, appo or impala"
        )
    if recurrent and reads_team(settings):
        raise LeagueError(
            f"a value that reads what the team sees has no memory, but {network.__name__} remembers earlier steps; "
            f"take a network without a state, or drop `{VF_OBSERVATIONS}`"
        )


def remembers(config: AlgorithmConfig, game: Game) -> bool:
    """Whether any network remembers earlier steps."""
    if not config.learns_sequences:
        return False
    return any(_remembers(game, *network) for network in _different(networks_of(config)))


def _remembers(game: Game, network: type[RLModule], settings: dict[str, Any]) -> bool:
    if is_own(network):
        return memory_kind(settings) is not None
    with torch.random.fork_rng(devices=[]):
        return is_recurrent(build_network(network, game, settings))


def refuse_other_networks(config: AlgorithmConfig, base: type[RLModule]) -> None:
    """Refuse networks that the algorithm cannot train.

    Args:
        config: the config.
        base: what a network of the user's own must derive from.

    Raises:
        LeagueError: one is another of the arena's own networks than the algorithm's, or does not derive from ``base``.
    """
    default = config.get_default_rl_module_spec().module_class
    for network, _ in networks_of(config).values():
        if network is not default and (is_own(network) or not issubclass(network, base)):
            raise LeagueError(
                f"the algorithm {config.algorithm!r} trains a {default.__name__}, but got {network.__name__}; drop "
                f"the network, or derive yours from {base.__module__}.{base.__qualname__}"
            )


def refuse_unread_settings(config: AlgorithmConfig, stored: Collection[str]) -> None:
    """Refuse settings that the built-in network does not read, which would go unnoticed.

    Args:
        config: the config.
        stored: names of settings that a league was stored with; they are accepted.

    Raises:
        ValueError: there is one.
    """
    for network, settings in _different(networks_of(config)):
        if not is_own(network):
            continue
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


def refuse_unlike_mains(config: AlgorithmConfig) -> None:
    """Refuse a population whose main learners have different networks: they copy each other's weights.

    Raises:
        LeagueError: it has.
    """
    networks = networks_of(config)
    mains = [learner.modules for learner in config.learning_members() if learner.role == "main"]
    for agent_id in mains[0] if config.population_settings.hyperparam_mutations and mains else ():
        if len(_different({modules[agent_id]: networks[modules[agent_id]] for modules in mains})) > 1:
            raise LeagueError(
                "the main learners of a population copy each other's weights, so they have the same network, but "
                "`rl_module_spec` gives them different ones; give them one, or drop `hyperparam_mutations`"
            )


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
