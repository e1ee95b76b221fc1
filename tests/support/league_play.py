"""Leagues without a store, for tests of who plays whom."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from leagues.league import League
from leagues.records import Member, Tally
from leagues.settings import LeagueSettings

EXPLOITER = Member("main_exploiter", "learner", "main_exploiter")
MODULES = {"player_0": "main", "player_1": "main"}


MIX = {"pfsp_hard": 0.25, "latest": 0.25, "uniform": 0.5}
"""A main learner with this mix meets everybody."""


def league_of(*members: Member, seats: int = 2, graded: bool = False, **settings: Any) -> League:
    """A league of these members that has played no game yet, with :data:`MIX` unless other opponents are named."""
    ids = tuple(f"player_{k}" for k in range(seats))
    return League(
        LeagueSettings(**{"opponents": MIX, **settings}), members, num_seats=seats, agent_ids=ids, graded=graded
    )


def beat(league: League, member: str, opponent: str, wins: int, losses: int = 0, draws: int = 0) -> None:
    """Tell the league of training games."""
    mirror = Tally(opponent, member, losses, draws, wins)
    league.tell([Tally(member, opponent, wins, draws, losses), mirror], {})


def score(league: League, member: str, opponent: str) -> tuple[float, float]:
    """Score and games of a pair in training."""
    return league.view(league.members[0].id).training.get(member, opponent)


def faced(league: League, learner: str = "main", n: int = 2_000) -> Counter[str]:
    """How often a learner meets whom in a game of two seats; itself, in self-play."""
    rng = generator()
    pairings = [each for _ in range(n // 5) for each in league.ask(5, rng)]  # one call meets only a few
    mine = [set(each.seats) for each in pairings if each.learner == learner]
    return Counter((seats - {learner} or {learner}).pop() for seats in mine)


def generator(seed: int = 0) -> np.random.Generator:
    """A new generator."""
    return np.random.default_rng(seed)
