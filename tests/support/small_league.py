"""A small league of tic-tac-toe with real matches, for the tests of the command line and the terminal UI."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from agents.basic import FirstLegalAgent, RandomAgent
from agents.contract import Agent
from agents.policies import weights
from arena.play.matches import play_pairings
from games import make_game
from leagues.records import JournalEntry, Measure, Member, Pairing, Tally
from leagues.store import open_store
from leagues.store.contract import LeagueInfo, Progress, Writer

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
GAME = "tic_tac_toe"
HOSTILE = "[red]evil[/red]\x1b]0;owned\x07"
"""A member's name that would colour text or set the terminal's title if it were printed raw."""

HOSTILES = (
    HOSTILE,
    "[@click=app.quit]click me[/]",
    "漢字かな交じり文" * 8 + "@7",
    "\u202ereversed\u202c and \u200bhidden",
    "e\u0301" * 40,
    "$primary #ff0000 {braces} %s \\[escaped",
)
"""Names of members that try to break a screen: markup, controls, wide, combining and invisible characters."""

AGENTS: dict[str, Agent] = {
    "random": RandomAgent(),
    "first": FirstLegalAgent(),
    "main@1": FirstLegalAgent(),
    "main": RandomAgent(),
    HOSTILE: RandomAgent(),
}


def new_league(folder: Path) -> Writer:
    """A league with members and no match."""
    game = make_game(GAME)
    place = open_store(folder)
    store = place.create(LeagueInfo(game.spec, game.agent_ids, 7, {}, {}, NOW))
    modules = dict.fromkeys(game.agent_ids, "main")
    digest = place.weights.put(weights.pack({"x": np.zeros(1, np.float32)}, {"game": game.spec}))
    store.add_members(
        [
            Member("main", "learner", "main", modules=modules),
            Member("random", "baseline", "baseline", agent="random"),
            Member("first", "baseline", "baseline", agent="first"),
            Member("main@1", "snapshot", "main", 1, modules, digest, None, "main", 8000),
        ]
    )
    return store


def play(store: Writer, seats: Sequence[tuple[str, str]], *, kind: str = "evaluation", block: int = 1) -> list[int]:
    """Play and record one match for each of ``seats``."""
    pairings = [Pairing(pair, block, 1, block, kind, "main" if kind == "training" else None) for pair in seats]  # type: ignore[arg-type]
    return store.record(matches=play_pairings(make_game(GAME), pairings, AGENTS))


def progress(iteration: int = 3) -> Progress:
    """The progress of training two seconds ago."""
    at = NOW - timedelta(seconds=2)
    return Progress(iteration, 24_000, 20_000, 900, 61.0, 17_600.0, at, remaining=90.0)


def played_league(folder: Path) -> Path:
    """A league with 13 matches: 12 of evaluation in six blocks, then one of training."""
    with new_league(folder) as store:
        for block in range(1, 7):
            pair = [("random", "first"), ("random", "main@1"), ("first", "main@1")][block % 3]
            play(store, [pair, pair[::-1]], block=block)
        play(store, [("main", "random")], kind="training", block=9)
        tallies = [Tally("main", "random", 30, 10, 20), Tally("random", "main", 20, 10, 30)]
        store.record(tallies=tallies, progress=progress())
    return folder


def hostile_league(folder: Path) -> Path:
    """A league whose members have hostile names, also in its journal and its matches."""
    with open_store(played_league(folder)).writer() as store:
        whole = store.match(1)
        snapshot = next(member for member in store.members() if member.kind == "snapshot")
        store.add_members([Member(name, "guest", "guest", agent="random") for name in HOSTILES])
        store.add_members([replace(snapshot, id=f"{HOSTILE}@{number}", generation=number) for number in (2, 3)])
        for block, name in enumerate(HOSTILES, 20):
            seats = [(name, "random"), ("first", name)]
            store.record(
                matches=[replace(whole, seats=pair, weights=(None, None), block=block) for pair in seats],
                tallies=[Tally(name, "random", 3, 1, 2), Tally("random", name, 2, 1, 3)],
                journal=[
                    JournalEntry("crash", NOW, 2, 100, name, {"message": name, "traceback": f"{name}\n" * 9}, name)
                ],
                measures=[Measure("nash_conv", f"{HOSTILE}@2", block, 100 * block, 0.5)],
            )
    return folder
