"""A replay: the newest rows, in little memory, drawn by their errors; and what a resumed run takes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.training import learner_state
from arena.training.replay import ROWS, WEIGHTS, Replay

LIKE = {
    "obs": {"board": np.empty((0, 3, 4), np.float32), "mask": np.empty((0, 5), np.bool_)},
    "rewards": np.empty(0, np.float32),
    "number": np.empty(0, np.int64),
}


def rows(first: int, count: int, *, bits: bool = True) -> dict[str, Any]:
    """Rows that can be told by their number."""
    numbers = np.arange(first, first + count)
    boards = np.stack([np.random.default_rng(number).integers(2, size=(3, 4)) for number in numbers])
    masks = np.stack([np.random.default_rng(number).random(5) < 0.5 for number in numbers])
    return {
        "obs": {"board": boards.astype(np.float32) * (1 if bits else 0.5), "mask": masks},
        "rewards": numbers.astype(np.float32) / 7,
        "number": numbers,
    }


def check(drawn: dict[str, Any], *, bits: bool = True) -> None:
    """Every drawn row is one that was added."""
    for place, number in enumerate(drawn["number"].tolist()):
        expected = rows(number, 1, bits=bits)
        np.testing.assert_array_equal(drawn["obs"]["board"][place], expected["obs"]["board"][0])
        np.testing.assert_array_equal(drawn["obs"]["mask"][place], expected["obs"]["mask"][0])
        assert drawn["rewards"][place] == expected["rewards"][0]


@given(st.lists(st.integers(1, 25), min_size=1, max_size=6), st.integers(1, 20))
def test_the_newest_rows_are_kept(counts: list[int], capacity: int) -> None:
    replay, total = Replay(capacity, LIKE), 0
    for count in counts:
        replay.add(rows(total, count))
        total += count
    drawn = replay.draw(300, np.random.default_rng(0))
    assert len(replay) == min(capacity, total)
    assert set(drawn["number"].tolist()) <= set(range(max(0, total - capacity), total))
    check(drawn)
    assert {name: drawn[name].dtype for name in ("rewards", "number")} == {"rewards": np.float32, "number": np.int64}
    assert (drawn["obs"]["board"].dtype, drawn["obs"]["mask"].dtype) == (np.float32, np.bool_)


def test_zeros_and_ones_are_kept_as_bits_until_other_numbers_come() -> None:
    replay = Replay(1000, LIKE)
    replay.add(rows(0, 500))
    small = sum(each["rows"].nbytes for each in replay.state(10**9)["columns"])
    assert small == 500 * (2 + 1 + 4 + 8)  # 12 cells and 5 actions as bits, and two numbers
    replay.add(rows(500, 500, bits=False))
    drawn = replay.draw(500, np.random.default_rng(0))
    old = drawn["number"] < 500
    for place in np.flatnonzero(old):
        np.testing.assert_array_equal(
            drawn["obs"]["board"][place], rows(int(drawn["number"][place]), 1)["obs"]["board"][0]
        )
    assert (drawn["obs"]["board"][~old].max(axis=(1, 2)) == 0.5).any()


def test_rows_are_drawn_in_proportion_to_a_power_of_their_error_and_weighed_for_it() -> None:
    alpha, beta, errors = 0.6, 0.4, np.array([0.1, 1.0, 4.0, 0.0])
    replay = Replay(10, LIKE, alpha=alpha, beta=beta)
    replay.add(rows(0, 4))
    replay.set_errors(np.arange(4), errors.astype(np.float32))
    drawn = replay.draw(100_000, np.random.default_rng(0))
    odds = (errors + 1e-6) ** alpha
    shares = np.bincount(drawn["number"], minlength=4) / 100_000
    np.testing.assert_allclose(shares, odds / odds.sum(), atol=0.01)
    present = np.unique(drawn["number"])
    raw = (4 * odds / odds.sum()) ** -beta
    for number in present:
        weights = drawn[WEIGHTS][drawn["number"] == number]
        np.testing.assert_allclose(weights, raw[number] / raw[present].max(), rtol=1e-4)


def test_new_rows_have_the_greatest_error_and_errors_that_are_no_numbers_change_nothing() -> None:
    replay = Replay(10, LIKE, alpha=1.0, beta=0.4)
    replay.add(rows(0, 2))
    replay.set_errors(np.arange(2), np.array([9.0, 0.0], np.float32))
    replay.add(rows(2, 1))
    replay.set_errors(np.array([0, 2]), np.array([np.nan, np.inf], np.float32))
    shares = np.bincount(replay.draw(20_000, np.random.default_rng(0))["number"], minlength=3) / 20_000
    np.testing.assert_allclose(shares, [0.5, 0.0, 0.5], atol=0.02)


def test_uniform_rows_weigh_the_same() -> None:
    replay = Replay(10, LIKE)
    replay.add(rows(0, 5))
    replay.set_errors(np.arange(5), np.arange(5, dtype=np.float32))
    drawn = replay.draw(50_000, np.random.default_rng(0))
    np.testing.assert_allclose(np.bincount(drawn["number"]) / 50_000, 0.2, atol=0.01)
    assert (drawn[WEIGHTS] == 1).all()


@pytest.mark.parametrize("added", [0, 7, 10, 33])
def test_a_restored_replay_draws_what_the_first_would_have(added: int) -> None:
    first, second = (Replay(10, LIKE, alpha=0.6, beta=0.4) for _ in range(2))
    if added:
        first.add(rows(0, added))
        first.set_errors(np.arange(4), np.arange(4, dtype=np.float32))
    second.restore(learner_state.parse(learner_state.pack(first.state(10**9))))
    for replay in (first, second):
        replay.add(rows(added, 3))
    one, other = (replay.draw(50, np.random.default_rng(1)) for replay in (first, second))
    for name in ("number", ROWS, WEIGHTS):
        np.testing.assert_array_equal(one[name], other[name])


def test_a_state_has_the_newest_rows_that_fit() -> None:
    replay, restored = Replay(10, LIKE), Replay(10, LIKE)
    replay.add(rows(0, 14))
    state = replay.state(4 * 24)
    assert sum(each["rows"].nbytes for each in state["columns"]) + state["odds"].nbytes <= 4 * 24
    restored.restore(state)
    drawn = restored.draw(100, np.random.default_rng(0))
    assert set(drawn["number"].tolist()) == {10, 11, 12, 13}
    check(drawn)
    restored.clear()
    assert len(restored) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"odds": np.zeros(3)},
        {"odds": np.full(3, np.nan)},
        {"odds": np.ones(4)},
        {"odds": np.ones(11), "next": 3},
        {"highest": float("inf")},
        {"next": 7},
        {"columns": []},
        {"columns": [{"rows": np.zeros((3, 9), np.uint8), "bits": True}] * 4},
    ],
)
def test_a_state_of_another_replay_is_refused(change: dict[str, Any]) -> None:
    replay = Replay(10, LIKE)
    replay.add(rows(0, 3))
    with pytest.raises((ValueError, LookupError)):
        Replay(10, LIKE).restore({**replay.state(10**9), **change})
