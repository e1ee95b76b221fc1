"""A league whose snapshots beat each other in turn, and are all alike against the anchor."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from agents.policies import weights
from games import make_game
from leagues.records import Match, Member
from leagues.store import LeagueInfo, open_store

SNAPSHOTS = 8
AT = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


def inflated_league(folder: Path, *, better: bool = False) -> Path:
    """Make a league in ``folder``; with ``better``, play against the anchor improves as well. Matches have no moves."""
    game, rng = make_game("tic_tac_toe"), np.random.default_rng(0)
    store = open_store(folder)
    seats = dict.fromkeys(game.agent_ids, "main")
    digest = store.weights.put(weights.pack({"main/w": np.zeros(3, np.float32)}, {}))
    names = [f"main@{n}" for n in range(1, SNAPSHOTS + 1)]
    members = [
        Member("main", "learner", "main", modules=seats),
        Member("mcts:25", "baseline", "anchor", agent="mcts:25"),
        *(Member(each, "snapshot", "main", n, seats, digest, learner="main") for n, each in enumerate(names, 1)),
    ]
    matches: list[Match] = []

    def play(a: str, b: str, chance: float, blocks: int) -> None:
        for _ in range(blocks):
            for pair in ((a, b), (b, a)):
                won = rng.random() < chance
                result = 1.0 if won == (pair[0] == a) else -1.0
                hashes = tuple(digest if each in names else None for each in pair)
                block = 1 + len(matches) // 2
                matches.append(
                    Match(
                        pair,
                        hashes,
                        block,
                        1,
                        block,
                        "evaluation",
                        (),
                        (result, -result),
                        "terminated",
                        5,
                        "00",
                        AT,
                        0.1,
                    )
                )

    for i, name in enumerate(names):
        for j in range(max(0, i - 2), i):
            play(name, names[j], 0.7 + 0.1 * (i - j), 30)
        play(name, "mcts:25", 0.2 + 0.08 * i * better, 40)
    info = LeagueInfo(game.spec, game.agent_ids, 7, {}, {}, AT)
    with store.create(info) as writer:
        writer.add_members(members)
        writer.record(matches=matches)
    return folder
