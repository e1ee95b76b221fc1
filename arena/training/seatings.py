"""Who sits where in the games that a runner starts: from a league's plan, or as RLlib's policy mapping says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from ray.rllib.env.multi_agent_episode import MultiAgentEpisode

from arena.training.opponents import agent_key
from arena.training.planner import Plan
from arena.training.samples import Seating
from games.contract import Game
from leagues.records import Member, Pairing

RANDOM = "agent:random"
"""Key of the agent that plays where RLlib asks for random actions."""


def planned_seatings(game: Game, plan: Plan, rng: np.random.Generator) -> Iterator[Seating]:
    """The seatings of a training plan without end: after the last pairing the first one again, with a new seed."""
    seeds = [pairing.seed for pairing in plan.pairings]
    known: dict[tuple[tuple[str, ...], str | None], Seating] = {}  # few meet, in many games
    while True:
        for pairing, seed in zip(plan.pairings, seeds, strict=True):
            like = known.get((pairing.seats, pairing.learner))
            if like is None:
                like = known[pairing.seats, pairing.learner] = _seating(game, pairing, plan.members)
            yield Seating(like.players, like.keeps, pairing._replace(seed=seed), like.weights)
        seeds = rng.integers(2**63, size=len(seeds)).tolist()


def _seating(game: Game, pairing: Pairing, members: Mapping[str, Member]) -> Seating:
    seated = [members[member] for member in pairing.seats]
    return Seating(
        players=tuple(
            agent_key(member) if member.frozen else member.modules[agent_id]
            for agent_id, member in zip(game.agent_ids, seated, strict=True)
        ),
        keeps=tuple(member == pairing.learner for member in pairing.seats),
        pairing=pairing,
        weights=tuple(member.weights for member in seated),
    )


def mapped_seatings(
    game: Game, mapping: Callable[..., str], rng: np.random.Generator, *, random_actions: bool
) -> Iterator[Seating]:
    """Seatings without end in which every seat has the module that ``mapping`` gives it.

    Args:
        game: the game.
        mapping: ``policy_mapping_fn``; called anew for every game, as RLlib does for every episode.
        rng: gives the seeds.
        random_actions: seat the random agent instead, and keep no experience.
    """
    no_weights = (None,) * game.num_seats
    while True:
        episode = MultiAgentEpisode()
        modules = tuple(mapping(agent_id, episode) for agent_id in game.agent_ids)
        players = (RANDOM,) * len(modules) if random_actions else modules
        pairing = Pairing(seats=modules, seed=int(rng.integers(2**63)), event=0, block=0, kind="training")
        yield Seating(players, (not random_actions,) * len(modules), pairing, no_weights, episode.id_)
