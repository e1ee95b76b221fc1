"""Whom an oracle meets, when it is frozen, and what it does then."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from league_play import MODULES, faced, generator, league_of
from leaguekit import MAIN, RANDOM, snapshot

from leagues.league import League
from leagues.records import LeagueError, Member, Tally

ORACLE = Member("oracle", "learner", "oracle", modules=MODULES)
PAST = [replace(snapshot(k), id=f"oracle@{k}", role="oracle", learner="oracle") for k in (1, 2, 3)]


def league(*members: Member, **settings: Any) -> League:
    return league_of(ORACLE, *members, roles={"oracle": 1}, **settings)


def evaluated(made: League, *results: tuple[str, str, int, int]) -> League:
    """With evaluation games: member, opponent, wins, losses."""
    made.tell_evaluation([Tally(member, opponent, wins, 0, losses) for member, opponent, wins, losses in results])
    return made


def shares(made: League, learner: str = "oracle") -> dict[str, float]:
    counts = faced(made, learner, 4000)
    return {name: count / counts.total() for name, count in counts.items()}


def test_at_first_it_meets_the_baseline() -> None:
    assert shares(league(RANDOM)) == {"random": 1.0}
    with pytest.raises(LeagueError, match="a first policy"):
        league()


def test_it_meets_the_equilibrium_of_a_circle_and_nobody_that_all_beat() -> None:
    one, two, three = (member.id for member in PAST)
    circle = [(one, two, 900, 100), (two, three, 900, 100), (three, one, 900, 100)]
    beaten = [(name, "random", 900, 100) for name in (one, two, three)]
    met = shares(evaluated(league(RANDOM, *PAST), *circle, *beaten))
    assert set(met) == {one, two, three}
    assert all(share == pytest.approx(1 / 3, abs=0.05) for share in met.values())


def test_a_newcomer_without_games_is_met_beside_the_best() -> None:
    one, two, _ = (member.id for member in PAST)
    made = evaluated(league(RANDOM, *PAST[:2]), (one, "random", 900, 100))
    assert shares(made) == {one: pytest.approx(0.5, abs=0.05), two: pytest.approx(0.5, abs=0.05)}


def test_the_solver_is_a_setting() -> None:
    one = PAST[0].id
    made = evaluated(league(RANDOM, PAST[0], solver="uniform"), (one, "random", 900, 100))
    assert shares(made)[one] == pytest.approx(0.5, abs=0.05)
    made = evaluated(league(RANDOM, PAST[0], solver="prd"), (one, "random", 900, 100))
    assert shares(made)[one] > 0.9
    with pytest.raises(LeagueError, match="no solver 'nasch'"):
        league(RANDOM, solver="nasch")


def test_it_is_due_by_steps_alone() -> None:
    made = league(RANDOM, snapshot_min_steps=10, snapshot_max_steps=400, role_max_steps={"oracle": 100})
    made.tell([Tally("oracle", "random", 99, 0, 0), Tally("random", "oracle", 0, 0, 99)], {"oracle": 99})
    assert not made.due()
    made.tell([], {"oracle": 1})
    assert set(made.due()) == {"oracle"}


@pytest.mark.parametrize(("reset", "after"), [(0.0, "continue"), (1.0, "reset")])
def test_it_goes_on_or_starts_over(reset: float, after: str) -> None:
    made = league(RANDOM, oracle_reset=reset)
    made.snapshot("oracle", "ab" * 32, 100, MODULES)
    assert made.after_snapshot("oracle", generator()) == after


def test_beside_a_main_learner_it_also_responds_to_that_ones_snapshots() -> None:
    made = evaluated(league(MAIN, RANDOM, snapshot(1), PAST[0]), ("main@1", "random", 900, 100))
    assert set(shares(made)) == {"main@1", "oracle@1"}
