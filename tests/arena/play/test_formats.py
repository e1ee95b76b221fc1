"""Who meets whom in a tournament."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.play.formats import EXTRA_BLOCKS, Format, Meeting, make_format
from leagues.records import LeagueError


def names(count: int) -> list[str]:
    return [f"p{number}" for number in range(count)]


def better_seed(a: str, b: str) -> float:
    """The better seed wins."""
    return float(int(b[1:]) - int(a[1:]))


def run(made: Format, result: Callable[[str, str], float] = better_seed) -> list[list[Meeting]]:
    """Play a tournament of two sides; returns the meetings round by round, as they were asked for."""
    rounds = []
    while meetings := made.next():
        assert meetings == made.next(), "asking changes nothing"
        rounds.append(list(meetings))
        made.tell([result(*meeting.players) for meeting in meetings])
    return rounds


def pairs(rounds: Sequence[Sequence[Meeting]]) -> list[frozenset[str]]:
    return [frozenset(meeting.players) for meetings in rounds for meeting in meetings]


@pytest.mark.parametrize("count", [2, 3, 6, 7])
def test_in_a_round_robin_everybody_meets_everybody_once_and_plays_once_a_round(count: int) -> None:
    made = make_format("round-robin", names(count), sides=2, blocks=3)
    (meetings,) = run(made)
    assert Counter(pairs([meetings])) == Counter(map(frozenset, combinations(names(count), 2)))
    assert {meeting.blocks for meeting in meetings} == {3}
    assert made.rounds == count - 1 + count % 2
    for number in range(1, made.rounds + 1):
        playing = [player for meeting in meetings if meeting.round == number for player in meeting.players]
        assert len(set(playing)) == len(playing) == count - count % 2


def test_in_games_of_three_sides_all_combinations_meet() -> None:
    (meetings,) = run(make_format("round-robin", names(5), sides=3, blocks=1), lambda a, b, c: 0.0)  # type: ignore[misc]
    assert Counter(pairs([meetings])) == Counter(map(frozenset, combinations(names(5), 3)))
    (meetings,) = run(make_format("gauntlet", names(5), sides=3, blocks=1), lambda a, b, c: 0.0)  # type: ignore[misc]
    assert len(meetings) == 6
    assert all("p0" in meeting.players for meeting in meetings)


@pytest.mark.parametrize(("seeds", "meetings"), [(None, 4), (1, 4), (2, 7)])
def test_in_a_gauntlet_the_seeds_meet_all_others(seeds: int | None, meetings: int) -> None:
    made = make_format("gauntlet", names(5), sides=2, blocks=1, seeds=seeds)
    (played,) = run(made)
    assert len(set(pairs([played]))) == len(played) == meetings == made.meetings
    first = set(names(seeds or 1))
    assert all(first & set(meeting.players) for meeting in played)


@settings(deadline=None, max_examples=50)
@given(count=st.integers(2, 12), data=st.data())
def test_nobody_meets_twice_in_a_swiss_tournament_and_nobody_has_two_byes(count: int, data: st.DataObject) -> None:
    rounds = data.draw(st.integers(1, max(1, count // 2)))
    results = iter(
        data.draw(st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=count * rounds, max_size=count * rounds))
    )
    made = make_format("swiss", names(count), sides=2, blocks=1, rounds=rounds)
    played = run(made, lambda a, b: next(results))
    met = pairs(played)
    assert len(set(met)) == len(met) == made.meetings
    byes = [name for meetings in played for name in set(names(count)) - {p for m in meetings for p in m.players}]
    assert len(set(byes)) == len(byes) == (rounds if count % 2 else 0)
    points = {name: merits["points"] for name, merits in made.merits().items()}
    assert sum(points.values()) == rounds * (count // 2) + len(byes)


def test_a_swiss_round_pairs_equal_points_upper_half_against_lower_half() -> None:
    made = make_format("swiss", names(8), sides=2, blocks=1, rounds=3)
    first, second, third = (set(pairs([meetings])) for meetings in run(made))
    assert first == {frozenset(pair) for pair in (("p0", "p4"), ("p1", "p5"), ("p2", "p6"), ("p3", "p7"))}
    assert second == {frozenset(pair) for pair in (("p0", "p2"), ("p1", "p3"), ("p4", "p6"), ("p5", "p7"))}
    assert frozenset(("p0", "p1")) in third
    merits = made.merits()
    assert merits["p0"] == {"points": 3, "buchholz": 1 + 2 + 2}
    assert list(merits["p0"]) == ["points", "buchholz"]


def test_a_bye_goes_to_the_lowest_and_is_worth_a_point() -> None:
    made = make_format("swiss", names(5), sides=2, blocks=1, rounds=2)
    first, second = run(made)
    assert {p for m in first for p in m.players} == set(names(4))
    assert made.merits()["p4"]["points"] >= 1
    assert "p4" in {p for m in second for p in m.players}


def test_in_a_knockout_the_best_seeds_meet_in_the_final() -> None:
    made = make_format("knockout", names(6), sides=2, blocks=2)
    rounds = run(made)
    assert [len(meetings) for meetings in rounds] == [2, 2, 1]
    assert pairs([rounds[0]]) == [frozenset(("p3", "p4")), frozenset(("p2", "p5"))], "the best two seeds have byes"
    assert pairs([rounds[2]]) == [frozenset(("p0", "p1"))]
    assert [merits["rounds"] for merits in made.merits().values()] == [3, 2, 1, 1, 0, 0]
    assert (made.rounds, made.meetings) == (3, 5)


def test_an_even_meeting_of_a_knockout_goes_on_block_by_block() -> None:
    made = make_format("knockout", names(2), sides=2, blocks=4)
    results = iter([0.0, 0.0, -0.25])
    rounds = run(made, lambda a, b: next(results))
    assert [meeting.blocks for (meeting,) in rounds] == [4, 1, 1]
    assert made.merits()["p1"]["rounds"] == 1


def test_the_better_seed_advances_if_a_meeting_stays_even() -> None:
    made = make_format("knockout", names(2)[::-1], sides=2, blocks=4)
    rounds = run(made, lambda a, b: 0.0)
    assert len(rounds) == 1 + EXTRA_BLOCKS
    assert made.merits()["p1"]["rounds"] == 1, "p1 was named first"


@pytest.mark.parametrize(
    ("name", "count", "arguments", "rule"),
    [
        ("ladder", 4, {}, "no format"),
        ("swiss", 4, {"sides": 3}, "games of two sides, but this one has 3; use round-robin"),
        ("knockout", 4, {"sides": 3}, "games of two sides"),
        ("round-robin", 2, {"sides": 3}, "of agents 2"),
        ("round-robin", 1, {}, "of agents 1"),
        ("round-robin", 4, {"rounds": 2}, "only swiss"),
        ("knockout", 4, {"seeds": 2}, "only a gauntlet"),
        ("gauntlet", 4, {"seeds": 4}, "1 <= seeds < 4"),
        ("swiss", 4, {"rounds": 4}, "1 <= rounds <= 3"),
    ],
)
def test_what_makes_no_tournament_is_refused(name: str, count: int, arguments: dict[str, int], rule: str) -> None:
    with pytest.raises(LeagueError, match=rule):
        make_format(name, names(count), **{"sides": 2, "blocks": 1} | arguments)  # type: ignore[arg-type]
