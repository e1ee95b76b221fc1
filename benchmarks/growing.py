"""A league of connect four that grows step by step, for the benchmark ``growth``.

Every snapshot has its own weights file (256x256), a strength drawn from a normal distribution (standard deviation one
natural unit, 174 Elo), and 1,008 recorded evaluation matches. The matches have random moves and results drawn from
Davidson's model. They come in blocks of two, eight blocks in a row for each pair, as in evaluation plans. The newest
snapshot has played only 16.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from ray.rllib.core.rl_module import RLModuleSpec

from agents.policies import weights
from agents.policies.agent import policy_card, policy_tensors
from agents.policies.network import MaskedNetwork, build_network
from agents.registry import make_agent
from arena.play.matches import play_pairings
from benchmarks.configs import SETTINGS
from games import make_game
from leagues.records import Match, Member, Pairing, Tally
from leagues.settings import EvaluationSettings
from leagues.store import LeagueInfo, open_store

GAME = make_game("connect_four")
IN_A_ROW = EvaluationSettings().blocks_in_a_row
BLOCKS, PLANNED = 504, 16
"""Evaluation blocks per snapshot, and per iteration."""
TABLES, RANDOM_GAMES = 256, 4000
AT_ONCE = 50
"""Number of snapshots whose matches are written in one transaction."""

MAIN = Member("main", "learner", "main", modules=dict.fromkeys(GAME.agent_ids, "main"))
RANDOM = Member("random", "baseline", "baseline", agent="random")


class Growing:
    """The league in a new folder.

    Attributes:
        plies: mean number of moves of a match.

    Args:
        folder: where it is.
        settings: its settings, as they are stored.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self._folder = folder
        self._rng, self._draw = np.random.default_rng(0), random.Random(0)
        self._frozen, self._strengths, self._blocks = [RANDOM], [0.0], 0
        spec = RLModuleSpec(MaskedNetwork, model_config={"fcnet_hiddens": SETTINGS["hiddens"]})
        self._card = policy_card(GAME, {"main": spec}, MAIN.modules)
        self._tensors = policy_tensors({"main": build_network(MaskedNetwork, GAME, spec.model_config).get_state()})
        self._played = random_games()
        self.plies = statistics.fmean(match.plies for matches in self._played for match in matches)
        info = LeagueInfo(GAME.spec, GAME.agent_ids, 0, settings, {}, datetime.now(UTC), GAME.teams)
        with open_store(folder).create(info) as writer:
            writer.add_members([MAIN, RANDOM])

    def grow(self, size: int) -> None:
        """Add snapshots and their matches until there are ``size`` snapshots."""
        with open_store(self._folder).writer() as writer:
            new = [self._snapshot(generation) for generation in range(len(self._frozen), size + 1)]
            writer.record(members=new, tallies=[Tally("main", member.id, 18, 3, 9) for member in new])
            self._frozen += new
            self._strengths += self._rng.normal(0, 1, len(new)).tolist()
            newest = len(self._frozen) - 1
            for first in range(0, len(new), AT_ONCE):
                pairs = BLOCKS // IN_A_ROW * len(new[first : first + AT_ONCE])
                ours = self._rng.integers(len(self._frozen) - len(new), newest, pairs)
                theirs = (ours + self._rng.integers(1, newest, pairs)) % newest
                in_a_row = zip(
                    np.repeat(ours, IN_A_ROW).tolist(),
                    np.repeat(theirs, IN_A_ROW).tolist(),
                    strict=True,
                )
                writer.record(matches=[match for i, j in in_a_row for match in self._block(i, j)])
            writer.record(matches=[match for _ in range(IN_A_ROW) for match in self._block(newest, 0)])

    def block(self) -> list[Match]:
        """A block of matches between the first two members."""
        return self._block(0, 1)

    def _snapshot(self, generation: int) -> Member:
        tensors = {name: array + np.float32(generation * 1e-6) for name, array in self._tensors.items()}
        digest = open_store(self._folder).weights.put(weights.pack(tensors, self._card))
        return Member(
            f"main@{generation}", "snapshot", "main", generation, MAIN.modules, digest, None, "main", 10**5 * generation
        )

    def _block(self, i: int, j: int) -> list[Match]:
        self._blocks += 1
        d = self._strengths[i] - self._strengths[j]
        first, second = self._draw.choices((0, 1, 2), (math.exp(d / 2), 0.2, math.exp(-d / 2)), k=2)
        seed, now = self._draw.getrandbits(63), datetime.now(UTC)
        matches = []
        for a, b, result in ((i, j, first), (j, i, 2 - second)):
            matches.append(
                replace(
                    self._draw.choice(self._played[result]),
                    seats=(self._frozen[a].id, self._frozen[b].id),
                    weights=(self._frozen[a].weights, self._frozen[b].weights),
                    seed=seed,
                    event=self._blocks // PLANNED + 1,
                    block=self._blocks % PLANNED + 1,
                    digest=self._draw.randbytes(32).hex(),
                    started_at=now,
                    iteration=self._blocks // PLANNED,
                )
            )
        return matches


def random_games() -> tuple[list[Match], ...]:
    """Random games in three lists: won, drawn and lost by the first seat."""
    pairings = [Pairing(("random", "random"), seed, 0, 0, "evaluation") for seed in range(RANDOM_GAMES)]
    found: tuple[list[Match], ...] = ([], [], [])
    for match in play_pairings(GAME, pairings, {"random": make_agent("random", GAME)}, tables=TABLES):
        found[1 - int(match.returns[0])].append(match)
    return found
