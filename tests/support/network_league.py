"""A small league whose snapshots are networks with random weights, far from uniform."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import torch
from network_specs import masked_spec

from agents.policies import weights
from agents.policies.agent import policy_card, policy_tensors
from games import make_game
from leagues.records import Member
from leagues.store import LeagueInfo, open_store


def network_league(folder: Path, game: str, snapshots: Sequence[str] = ("main@1", "main@2")) -> Path:
    """A league with a main learner, ``random``, and these snapshots of learners, which have played nothing."""
    made = make_game(game)
    store = open_store(folder)
    with store.create(LeagueInfo(made.spec, made.agent_ids, 7, {}, {}, datetime(2026, 1, 2, tzinfo=UTC))) as writer:
        names = dict.fromkeys(["main", *(snapshot.partition("@")[0] for snapshot in snapshots)])
        seats = {name: dict.fromkeys(made.agent_ids, name) for name in names}
        writer.add_members([Member(name, "learner", name, modules=seats[name]) for name in names])
        writer.add_members([Member("random", "baseline", "baseline", agent="random")])
        for number, snapshot in enumerate(snapshots):
            learner, _, generation = snapshot.partition("@")
            with torch.random.fork_rng(devices=[]):
                torch.default_generator.manual_seed(number)
                spec = masked_spec(made)
                module = spec.build()
                torch.nn.init.uniform_(module.policy.weight, -1, 1)
            card = policy_card(made, {learner: spec}, seats[learner])
            digest = store.weights.put(weights.pack(policy_tensors({learner: module.get_state()}), card))
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
