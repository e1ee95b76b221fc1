"""A league of a stranger, full of text that wants to be more than text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from small_league import NOW, play, progress

from agents.policies import weights
from games import make_game
from leagues.records import JournalEntry, Measure, Member
from leagues.store import LeagueInfo, open_store

HOSTILE_TEXT = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'`\x1b[31m\u202e\u2028"


def hostile_league(folder: Path) -> Path:
    """Make a league in ``folder`` whose members, versions, settings, metrics, measures and journal are hostile."""
    game = make_game("tic_tac_toe")
    place = open_store(folder)
    modules = dict.fromkeys(game.agent_ids, "main")
    digest = place.weights.put(weights.pack({"x": np.zeros(1, np.float32)}, {"game": game.spec}))
    info = LeagueInfo(
        game.spec, game.agent_ids, 7, {"version": 2, "algorithm": HOSTILE_TEXT}, {HOSTILE_TEXT: HOSTILE_TEXT}, NOW
    )
    with place.create(info) as writer:
        writer.add_members(
            [
                Member(HOSTILE_TEXT, "learner", "main", modules=modules),
                Member("random", "baseline", "baseline", agent="random"),
                Member("first", "baseline", "anchor", agent="first"),
                Member(f"{HOSTILE_TEXT}@1", "snapshot", "main", 1, modules, digest, None, HOSTILE_TEXT, 8000),
            ]
        )
        for number in play(writer, [("random", "first"), ("first", "random")]):
            match = writer.match(number)
            seats = tuple(f"{HOSTILE_TEXT}@1" if name == "random" else name for name in match.seats)
            hashes = tuple(digest if name != "first" else None for name in seats)
            writer.record(matches=[replace(match, seats=seats, weights=hashes, event=2, block=2)])
        writer.record(
            progress=replace(progress(4), metrics={HOSTILE_TEXT: {HOSTILE_TEXT: 1.5}}),
            measures=[Measure(HOSTILE_TEXT, HOSTILE_TEXT, 4, 24_000, 0.5)],
            journal=[JournalEntry("crash", NOW, 3, 24_000, None, {"message": HOSTILE_TEXT, "traceback": HOSTILE_TEXT})],
        )
    return folder
