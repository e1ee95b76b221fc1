"""The players of a plan on a runner: a bounded cache of frozen opponents, and who sits where."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping

import numpy as np
import ray
import torch
from ray.rllib.core.rl_module import RLModule

from agents.contract import Agent
from agents.frozen import frozen_agent
from agents.memory import Memory
from agents.policies.agent import PolicyAgent
from agents.registry import make_agent
from arena.play.source import Seating
from arena.training.planner import Plan
from games.contract import Game
from leagues.records import Member, Pairing

CACHED_OPPONENTS = 32
"""Agents that a runner keeps besides those at its tables."""


class OpponentCache:
    """Agents of frozen members by key, loaded when a plan needs them.

    Attributes:
        agents: key -> agent, the least recently used first.

    Args:
        game: the game they play.
        device: where policies are.
        module_classes: the user's own RLModule classes by name, for policies that need them.
    """

    def __init__(self, game: Game, device: str | torch.device, module_classes: Mapping[str, type[RLModule]]) -> None:
        self.agents: OrderedDict[str, Agent] = OrderedDict()
        self._game, self._device, self._module_classes = game, device, module_classes

    @property
    def memories(self) -> dict[str, Memory]:
        """What those agents remember that are networks with a memory, by key."""
        found = {key: agent.memory for key, agent in self.agents.items() if isinstance(agent, PolicyAgent)}
        return {key: memory for key, memory in found.items() if memory is not None}

    def load(self, plan: Plan, seated: Collection[str]) -> None:
        """Load the frozen members of a plan, and drop the least recently used agents beyond the bound.

        Args:
            plan: who plays.
            seated: keys of agents in running games, which stay.
        """
        for key in list(self.agents):
            if len(self.agents) <= CACHED_OPPONENTS:
                break
            if key not in seated:
                self.agents.pop(key).close()
        for member in plan.members.values():
            if member.frozen:
                key = agent_key(member, plan.kind)
                if key in self.agents:
                    self.agents.move_to_end(key)
                else:
                    self.agents[key] = self._made(member, plan)

    def close(self) -> None:
        """Release all agents."""
        while self.agents:
            self.agents.popitem()[1].close()

    def _made(self, member: Member, plan: Plan) -> Agent:
        if member.agent is not None:
            return make_agent(member.agent, self._game, module_classes=self._module_classes)
        data = plan.weights[str(member.weights)]
        data = ray.get(data) if isinstance(data, ray.ObjectRef) else data
        return frozen_agent(data, self._game, module_classes=self._module_classes, device=self._device)


def agent_key(member: Member, kind: str = "training") -> str:
    """The key of a frozen member's agent. It names the content, so that equal weights are loaded once.

    A baseline may keep something for each of its tables, so training and evaluation matches have agents of their own.
    Policies are shared: what they remember is kept :func:`apart`.

    Args:
        member: the member.
        kind: of the matches.
    """
    return f"weights:{member.weights}" if member.weights else f"{kind}:{member.agent}"


def apart(agent: Agent) -> Agent:
    """An agent of training games for the tables of matches: a network remembers these games apart from those."""
    return agent.apart() if isinstance(agent, PolicyAgent) else agent


def planned_seatings(
    game: Game,
    plan: Plan,
    rng: np.random.Generator,
    *,
    random_plies: int = 0,
    opening_rng: np.random.Generator | None = None,
) -> Iterator[Seating]:
    """Endless seatings of a training plan: after the last pairing the first one again, with a new seed.

    Args:
        game: the game.
        plan: the league's pairings.
        rng: gives the new seeds.
        random_plies: most random steps that a game begins with. A pairing with an opening has no more.
        opening_rng: draws the number of these steps, from 0 up; by default ``rng``.
    """
    seeds = [pairing.seed for pairing in plan.pairings]
    zeros = np.zeros(len(seeds), np.int64)
    known: dict[tuple[tuple[str, ...], str | None], Seating] = {}  # few meet, in many games
    while True:
        plies = (opening_rng or rng).integers(random_plies, size=len(seeds), endpoint=True) if random_plies else zeros
        for pairing, seed, drawn in zip(plan.pairings, seeds, plies.tolist(), strict=True):
            like = known.get((pairing.seats, pairing.learner))
            if like is None:
                like = known[pairing.seats, pairing.learner] = seating(game, pairing, plan.members)
            if pairing.opening:  # which belongs to its seed
                seed, drawn = pairing.seed, 0
            yield Seating(like.players, pairing._replace(seed=seed), like.weights, like.keeps, random_plies=drawn)
        seeds = rng.integers(2**63, size=len(seeds)).tolist()


def seating(game: Game, pairing: Pairing, members: Mapping[str, Member]) -> Seating:
    """Who plays a game: learners with their modules, frozen members by the keys of their agents."""
    seated = [members[member] for member in pairing.seats]
    return Seating(
        players=tuple(
            agent_key(member, pairing.kind) if member.frozen else member.modules[agent_id]
            for agent_id, member in zip(game.agent_ids, seated, strict=True)
        ),
        pairing=pairing,
        weights=tuple(member.weights for member in seated),
        keeps=tuple(member == pairing.learner for member in pairing.seats),
    )
