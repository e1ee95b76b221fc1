"""A small league in a folder: two baselines, two snapshots, some evaluation and training matches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from agents.basic import FirstLegalAgent, RandomAgent
from agents.contract import Agent, Turn
from agents.policies import weights
from arena.play.matches import play_pairings, rotated_pairings
from games import make_game
from games.contract import IntArray
from leagues.records import Match, Member
from leagues.results.scoring import tallies
from leagues.store import LeagueInfo, Progress, open_store

AT = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


class Centre(Agent):
    """Takes the highest legal action; stands in for a trained policy."""

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        actions: IntArray = turn.masks.shape[1] - 1 - turn.masks[:, ::-1].argmax(axis=1)
        return actions


class Resigner(RandomAgent):
    """Raises at its second move."""

    def act(self, turn: Turn, rng: np.random.Generator) -> IntArray:
        if (turn.masks.sum(axis=1) < 8).any():
            raise RuntimeError("I resign")
        return super().act(turn, rng)


AGENTS: dict[str, Agent] = {
    "random": RandomAgent(),
    "first": FirstLegalAgent(),
    "main@1": RandomAgent(),
    "main@2": Centre(),
    "main": RandomAgent(),
}


def make_league(folder: Path, spec: str = "tic_tac_toe", *, played: bool = True) -> Path:
    """Make a league in ``folder``. Its first matches are main@2 against first, its last ones training matches."""
    store = open_store(folder)
    game = make_game(spec)
    seats = dict.fromkeys(game.agent_ids, "main")
    digests = [
        store.weights.put(weights.pack({"main/w": np.full(50, number, np.float32)}, {"number": number}))
        for number in (1, 2)
    ]
    state = store.states.put(weights.pack({"main/m": np.zeros(9, np.float32)}, {}))
    members = [
        Member("random", "baseline", "baseline", agent="random"),
        Member("first", "baseline", "baseline", agent="first"),
        Member("main", "learner", "main", modules=seats),
        *(
            Member(f"main@{number}", "snapshot", "main", number, seats, digest, learner="main", step=1000 * number)
            for number, digest in enumerate(digests, 1)
        ),
    ]
    info = LeagueInfo(game.spec, game.agent_ids, 7, {}, {"python": "3.11"}, AT)
    with store.create(info) as writer:
        writer.add_members(members)
        writer.record(progress=Progress(2, 2000, 2100, 90, 60.0, 35.0, AT, state=state))
        if played:
            hashes = {member.id: member.weights for member in members}
            for seed, names in enumerate((("main@2", "first"), ("main@1", "random"), ("main@2", "main@1"))):
                pairings = rotated_pairings(names, games=6, seed=seed + 1)
                writer.record(matches=play_pairings(game, pairings, AGENTS, weights=hashes))
            training = [
                pairing._replace(kind="training", learner="main")
                for pairing in rotated_pairings(("main", "main@1"), games=4, seed=9)
            ]
            matches = play_pairings(game, training, AGENTS, weights=hashes, iteration=2)
            writer.record(matches=matches, tallies=tallies(matches))
    return folder


def crash(game_spec: str, seats: Sequence[str]) -> Match:
    """A match that the agent at seat 0 crashed at its second move."""
    pairing = rotated_pairings(seats, games=1, seed=3)[0]._replace(seats=tuple(seats))
    agents: dict[str, Agent] = {seats[0]: Resigner(), seats[1]: FirstLegalAgent()}
    return play_pairings(make_game(game_spec), [pairing], agents)[0]
