"""A small league whose snapshots are networks with random weights, far from uniform."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from network_specs import masked_spec
from ray.rllib.core.rl_module import RLModule

from agents.policies import weights
from agents.policies.agent import policy_card, policy_tensors
from agents.policies.network import MaskedNetwork
from games import make_game
from leagues.records import Member
from leagues.store import LeagueInfo, open_store


def network_league(
    folder: Path,
    game: str,
    snapshots: Sequence[str] = ("main@1", "main@2"),
    *,
    module_per_seat: bool = False,
    module_class: type[RLModule] = MaskedNetwork,
    **model_config: Any,
) -> Path:
    """A league with a main learner, ``random``, and these snapshots of learners, which have played nothing.

    Args:
        folder: where it is made.
        game: its game.
        snapshots: their IDs.
        module_per_seat: whether each seat has a network of its own.
        module_class: of the networks, which have a layer ``policy``.
        model_config: of the networks.
    """
    made = make_game(game)
    store = open_store(folder)
    info = LeagueInfo(made.spec, made.agent_ids, 7, {}, {}, datetime(2026, 1, 2, tzinfo=UTC), made.teams)
    with store.create(info) as writer:
        names = dict.fromkeys(["main", *(snapshot.partition("@")[0] for snapshot in snapshots)])
        seats = {
            name: {agent_id: f"{name}.{agent_id}" if module_per_seat else name for agent_id in made.agent_ids}
            for name in names
        }
        writer.add_members([Member(name, "learner", name, modules=seats[name]) for name in names])
        writer.add_members([Member("random", "baseline", "baseline", agent="random")])
        for number, snapshot in enumerate(snapshots):
            learner, _, generation = snapshot.partition("@")
            with torch.random.fork_rng(devices=[]):
                torch.default_generator.manual_seed(number)
                spec = masked_spec(made, **model_config)
                spec.module_class = module_class
                modules = {name: spec.build() for name in sorted(set(seats[learner].values()))}
                for module in modules.values():
                    torch.nn.init.uniform_(module.policy.weight, -1, 1)
            card = policy_card(made, dict.fromkeys(modules, spec), seats[learner])
            tensors = policy_tensors({name: module.get_state() for name, module in modules.items()})
            digest = store.weights.put(weights.pack(tensors, card))
            writer.add_members(
                [
                    Member(
                        snapshot,
                        "snapshot",
                        learner,
                        int(generation),
                        seats[learner],
                        digest,
                        None,
                        learner,
                        1000 * int(generation),
                    )
                ]
            )
    return folder
