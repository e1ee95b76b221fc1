"""Which frozen members leave the pool of opponents, whatever learners make in whatever order."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from leaguekit import MAIN, RANDOM, snapshot

from leagues.pool import KEPT_PER_LEARNER, retired
from leagues.records import Member

LEARNERS = ("main", "main-2", "main_exploiter")

orders = st.lists(st.sampled_from(LEARNERS), max_size=150)
limits = st.integers(1 + KEPT_PER_LEARNER * len(LEARNERS), 30)


def league(order: list[str]) -> list[Member]:
    """A baseline and snapshots of these learners, in this order."""
    made = Counter[str]()
    members = [RANDOM]
    for learner in order:
        made[learner] += 1
        members.append(snapshot(made[learner], learner))
    return members


def pools(order: list[str], limit: int) -> dict[str, list[int]]:
    """Learner -> the generations in the pool, newest first."""
    members = league(order)
    left = set(retired(members, limit))
    stay = [member for member in members if member.id not in left]
    return {learner: [m.generation or 0 for m in reversed(stay) if m.learner == learner] for learner in LEARNERS}


def test_a_full_pool_keeps_rounder_numbers_longer() -> None:
    members = [MAIN, RANDOM, *(snapshot(k) for k in range(1, 21))]
    left = retired(members, 8)
    kept = [member.id for member in members[2:] if member.id not in left]
    assert kept == [f"main@{k}" for k in (1, 9, 13, 17, 18, 19, 20)]


def test_only_baselines_and_snapshots_count() -> None:
    anchor = Member("mcts:100", "baseline", "anchor", agent="mcts:100")
    guest = Member("exec:./program", "guest", "guest", agent="exec:./program")
    members = [MAIN, RANDOM, anchor, guest, *(snapshot(k) for k in range(1, 4))]
    assert retired(members, 4) == []
    assert retired(members, 3) == ["main@2"]


def test_what_has_to_stay_stays_even_in_too_small_a_pool() -> None:
    assert retired(league([*LEARNERS, *LEARNERS]), 1) == []


@given(orders, limits)
def test_the_pool_is_bounded_and_full(order: list[str], limit: int) -> None:
    size = 1 + sum(map(len, pools(order, limit).values()))
    assert size == min(limit, 1 + len(order))


@given(orders, limits)
def test_the_first_and_the_newest_of_each_learner_stay(order: list[str], limit: int) -> None:
    kept = pools(order, limit)
    for learner in set(order):
        assert {1, order.count(learner)} <= set(kept[learner])


@given(orders, limits)
def test_gaps_grow_with_age(order: list[str], limit: int) -> None:
    for kept in pools(order, limit).values():
        gaps = [newer - older for newer, older in pairwise(kept)]
        assert gaps == sorted(gaps)


@given(orders, limits)
def test_whoever_has_left_does_not_come_back(order: list[str], limit: int) -> None:
    members = league(order)
    left = retired(members, limit)
    assert len(set(left)) == len(left)
    for joined in range(len(members)):
        assert retired(members[:joined], limit) == left[: len(retired(members[:joined], limit))]


@given(orders, limits)
def test_a_larger_pool_keeps_no_fewer_of_a_learner(order: list[str], limit: int) -> None:
    small, large = pools(order, limit), pools(order, limit + 5)
    assert all(len(large[learner]) >= len(small[learner]) for learner in LEARNERS)
