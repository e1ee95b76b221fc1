"""The role of a best response: the opponents that it is given, and nobody else."""

from __future__ import annotations

import numpy as np
import pytest

from leagues.errors import LeagueError
from leagues.league import League
from leagues.records import Member
from leagues.settings import LeagueSettings

SEATS = ("player_0", "player_1", "player_2")
LEARNER = Member("best_response", "learner", "best_response", modules=dict.fromkeys(SEATS, "best_response"))
GUESTS = [Member(name, "guest", "guest", agent=name) for name in ("a", "b", "c")]


def league(opponents: dict[str, float]) -> League:
    settings = LeagueSettings(roles={"best_response": 1}, baselines=(), opponents=opponents)
    return League(settings, [LEARNER, *GUESTS], num_seats=3, agent_ids=SEATS)


def test_it_meets_the_members_that_are_named_in_their_shares_at_every_seat_alike() -> None:
    made = league({"a": 0.25, "c": 0.75})
    pairings = [pairing for turn in range(300) for pairing in made.ask(10, np.random.default_rng(turn))]
    others = [name for pairing in pairings for name in pairing.seats if name != LEARNER.id]
    assert set(others) == {"a", "c"}
    assert others.count("a") / len(others) == pytest.approx(0.25, abs=0.05)
    assert [sum(pairing.seats[seat] == LEARNER.id for pairing in pairings) for seat in range(3)] == [1000] * 3


def test_it_is_never_frozen_during_a_run_and_needs_its_opponents() -> None:
    made = league({"a": 1.0})
    made.tell([], {LEARNER.id: 10**9})
    assert list(made.due()) == []
    assert made.after_snapshot(LEARNER.id, np.random.default_rng(0)) == "continue"
    with pytest.raises(LeagueError, match="'nobody' is not in the league"):
        league({"nobody": 1.0})
