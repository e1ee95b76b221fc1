"""Named streams: no two names share one, and nothing else makes a generator."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from arena import seeds
from arena.seeds import Purpose, number, stream

ROOT = Path(seeds.__file__).parents[1]
Name = tuple[int, Purpose, tuple[int, ...]]

MAKES_A_GENERATOR = re.compile(
    r"default_rng\(|SeedSequence\(|RandomState\(|np\.random\.seed\(|\brandom\.seed\(|manual_seed\((?!number\()"
)
ALLOWED = {
    "arena/seeds.py": "the streams",
    "agents/search.py": "OpenSpiel's search, seeded from the stream that it is given",
    "arena/training/learner.py": "the order of rows, seeded by the number that it is given",
    "agents/policies/onnx.py": "rows to compare a model with its network, with a fixed seed",
    "agents/conformance.py": "a check of somebody's agent, with a fixed seed",
    "games/conformance.py": "a check of somebody's game, with a fixed seed",
    "leagues/ratings/cyclic_order.py": "where an iteration begins, with a fixed seed",
    "leagues/ratings/leaderboard.py": "the bootstrap, with a fixed seed",
    "leagues/ratings/notes.py": "the test of fit, with a fixed seed",
}
EXPORTS = ("games/exports/", "arena/exports/")
"""Their ``reset(seed)`` takes a seed of the caller's."""

numbers = st.one_of(st.integers(0, 3), st.sampled_from([2**31, 2**32 - 1, 2**32, 2**33, 2**63, 2**64 - 1]))


@st.composite
def named(draw: st.DrawFn) -> Name:
    purpose = draw(st.sampled_from(Purpose))
    return draw(numbers), purpose, tuple(draw(numbers) for _ in purpose.keys)


def drawn(name: Name) -> tuple[int, ...]:
    seed, purpose, keys = name
    return tuple(stream(seed, purpose, *keys).integers(2**63, size=2).tolist())


@given(named(), named())
def test_two_names_never_share_a_stream(one: Name, other: Name) -> None:
    assume(one != other)
    assert drawn(one) != drawn(other)
    assert number(one[0], one[1], *one[2]) != number(other[0], other[1], *other[2])


@given(named())
def test_one_name_is_one_stream(name: Name) -> None:
    assert drawn(name) == drawn(name)
    assert 0 <= number(name[0], name[1], *name[2]) < 2**63


def test_small_numbers_of_every_purpose_are_all_different() -> None:
    """Every purpose, iteration, runner, event and player from 0 to 3: where padding and carries would show."""
    names = [
        (seed, purpose, keys)
        for purpose in Purpose
        for seed in range(4)
        for keys in product(range(4), repeat=len(purpose.keys))
    ]
    assert len({drawn(name) for name in names}) == len(names)


def test_zero_padding_and_wide_numbers_do_not_meet() -> None:
    """NumPy's own seed sequences are equal for ``[7, 1]`` and ``[7, 1, 0]``, and for ``[2**32]`` and ``[0, 1]``."""
    plan, sampling = Purpose.TRAINING_PLAN, Purpose.SAMPLING
    names: list[Name] = [(7, plan, (1,)), (7, sampling, (1, 0)), (7, sampling, (0, 1)), (2**32, sampling, (0, 0))]
    names += [(0, sampling, (1, 0)), (0, sampling, (2**32, 0)), (0, sampling, (0, 2**32)), (0, plan, (0,))]
    assert len({drawn(name) for name in names}) == len(names)


def test_purposes_have_numbers_of_their_own_and_keys_that_fit() -> None:
    assert len({purpose.value[0] for purpose in Purpose}) == len(Purpose)
    assert max(len(purpose.keys) for purpose in Purpose) == seeds.KEYS


@pytest.mark.parametrize(
    ("seed", "purpose", "keys", "message"),
    [
        (1, Purpose.SAMPLING, (1,), "has the keys"),
        (1, Purpose.GAME_LENGTH, (0,), "has the keys"),
        (-1, Purpose.GAME_LENGTH, (), "seed=-1"),
        (2**64, Purpose.GAME_LENGTH, (), "below 2"),
        (1, Purpose.EVALUATION_PLAN, (-1,), r"keys=\(-1,\)"),
    ],
)
def test_a_wrong_name_is_one_clear_line(seed: int, purpose: Purpose, keys: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        stream(seed, purpose, *keys)


def test_nothing_else_makes_a_generator() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for package in ("games", "agents", "leagues", "arena")
        for path in (ROOT / package).rglob("*.py")
        if MAKES_A_GENERATOR.search(path.read_text("utf-8"))
    }
    assert {path for path in found if not path.startswith(EXPORTS)} == set(ALLOWED)
