"""The weights that learners start with, and start over with: those of a member of another league."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ray.rllib.algorithms.algorithm_config import AlgorithmConfig

from agents.policies.agent import build_policy
from agents.policies.fit import check_fit, outline
from agents.policies.networks import network_name
from agents.policies.weights import WeightsError, parse
from arena.names import find_member, require_game, split_name
from arena.training.modules import networks_of
from games.contract import Game
from leagues.league import INITIAL
from leagues.records import LeagueError, Member
from leagues.store import open_store


@dataclass(frozen=True, slots=True)
class Initial:
    """Where learners start.

    Attributes:
        member: a guest of the league, named :data:`leagues.league.INITIAL`; its `origin` says where it comes from.
        data: its weights file.
        weights: module ID of the league -> state (parameter name -> array).
    """

    member: Member
    data: bytes
    weights: Mapping[str, Mapping[str, Any]]


def initial_of(config: AlgorithmConfig, game: Game) -> Initial | None:
    """What the setting ``initial`` names; from the league itself, once it has it. None without the setting.

    Raises:
        LeagueError: the setting names no member with a network, or its network is not that of the learners.
        AgentError, StoreError: the member cannot be found, or plays another game.
        WeightsError: its weights cannot be read.
    """
    name, folder = config.league_settings.initial, config.league_folder
    if name is None:
        return None
    store = open_store(folder)
    if store.exists():
        with store.reader() as reader:
            kept = next((member for member in reader.members() if member.id == INITIAL), None)
        if kept is not None:
            return _initial(kept, store.weights.get(str(kept.weights)), config, game)
    place = split_name(name)
    if place is None:
        raise LeagueError(f"learners start with a member of another league, DIR:MEMBER, but got {name!r}")
    other = open_store(place[0])
    with other.reader() as reader:
        require_game(reader, other.name, game)
        source = find_member(reader, place[1])
    if source.weights is None:
        raise LeagueError(f"{name!r} has no network, so no learner can start with its weights; name a snapshot")
    member = Member(
        INITIAL, "guest", "guest", modules=source.modules, weights=source.weights, origin=f"{place[0]}:{source.id}"
    )
    return _initial(member, other.weights.get(source.weights), config, game)


def _initial(member: Member, data: bytes, config: AlgorithmConfig, game: Game) -> Initial:
    tensors, card = parse(data)
    networks = networks_of(config)
    build_policy(tensors, card, game, module_classes={network_name(cls): cls for cls, _ in networks.values()})  # checks
    weights: dict[str, dict[str, Any]] = {}
    sources: dict[str, str] = {}
    for learner in config.learning_members():
        for agent_id, module in learner.modules.items():
            source, (network, settings) = card["seats"][agent_id], networks[module]
            own = network_name(network)
            if sources.setdefault(module, source) != source:
                raise LeagueError(
                    f"the seats of module {module!r} have different modules in {member.origin}; give each seat its own "
                    "with module_per_seat=true"
                )
            state = {key.partition("/")[2]: array for key, array in tensors.items() if key.partition("/")[0] == source}
            try:
                check_fit(module, state, outline(network, game, settings, len(state)))
            except WeightsError:
                state = {}
            described = card["modules"][source]
            different = _different(dict(described["model_config"]), settings)
            if not state or described.get("network", own) != own or different:
                raise LeagueError(
                    f"learners start with the weights of {member.origin}, so they need its network, "
                    f"{described.get('network')} with {json.dumps(described['model_config'])}, but got {own} with "
                    f"{json.dumps(dict(settings))}; set it in [network] of the settings"
                )
            weights[module] = state
    return Initial(member, data, weights)


def _different(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two settings of networks differ; tuples are lists, as in a file."""
    return json.loads(json.dumps(dict(one))) != json.loads(json.dumps(dict(other)))
