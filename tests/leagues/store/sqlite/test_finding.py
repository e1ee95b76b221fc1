"""Finding matches by a filter: every way through the indexes gives what reading all matches gives."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from leaguekit import INFO, MAIN, RANDOM, match, put_weights, snapshot, unguarded

from leagues.records import ENDINGS, FAULTS, MATCH_KINDS, Match, MatchFilter, Result
from leagues.store import Reader, open_store
from leagues.store.sqlite import finding

NAMES = ("main", "random", "main@1", "main@2")
RESULTS: tuple[Result, ...] = ("won", "drew", "lost")


def some_match(rng: random.Random, number: int) -> Match:
    """A match of a small league: learners play most of them, faults and people are rare."""
    seats = (rng.choice(NAMES[: 2 + number // 100]), rng.choice(NAMES))
    ending = rng.choice(ENDINGS) if rng.random() < 0.1 else "terminated"
    fault = rng.randrange(2) if ending in FAULTS and (ending != "crash" or rng.random() < 0.5) else None
    return match(
        seats,
        rng.choice([(1.0, -1.0), (-1.0, 1.0), (0.0, 0.0)]),
        kind=rng.choices(MATCH_KINDS, (6, 4, 1))[0],
        event=number // 20 + rng.randrange(2),
        plies=min(rng.randrange(1, 60), rng.randrange(1, 60)),
        ending=ending,
        fault=fault,
    )


@pytest.fixture(scope="module")
def league(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("league")
    rng = random.Random(5)
    members = [snapshot(1), snapshot(2)]
    put_weights(open_store(folder), *members)
    with open_store(folder).create(INFO) as writer:
        writer.add_members([MAIN, RANDOM, *members])
        for first in range(0, 300, 30):
            writer.record(matches=[some_match(rng, number) for number in range(first, first + 30)])
    return folder


@pytest.fixture
def reader(league: Path) -> Iterator[Reader]:
    with open_store(league).reader() as opened:
        yield opened


def some_filter(rng: random.Random) -> MatchFilter:
    def maybe(values: tuple[Any, ...], chance: float = 0.3) -> Any:
        return rng.choice(values) if rng.random() < chance else None

    return MatchFilter(
        tuple(rng.sample(NAMES, rng.choice((0, 0, 1, 2)))),
        kind=maybe(MATCH_KINDS),
        event=maybe(tuple(range(18)), 0.1),
        ending=maybe(ENDINGS, 0.2),
        result=maybe(tuple(product(NAMES, RESULTS))),
        min_plies=maybe((0, 20, 50)),
        max_plies=maybe((3, 20, 70)),
    )


@pytest.mark.parametrize(("window", "few"), [(20_000, 5_000), (10, 40), (10, 0), (1, 5_000)])
def test_every_way_finds_the_same_matches(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, window: int, few: int
) -> None:
    in_memory = open_store(None)
    with in_memory.create(INFO) as twin:
        for member in reader.members():
            if member.weights is not None:
                put_weights(in_memory, member)
        twin.record(members=reader.members(), matches=list(reader.iter_matches()))
        monkeypatch.setattr(finding, "_WINDOW", window)
        monkeypatch.setattr(finding, "_FEW", few)
        rng, found = random.Random(7), 0
        for _ in range(300):
            where, before, limit = some_filter(rng), rng.choice((None, 150)), rng.choice((None, 0, 1, 7))
            expected = twin.matches(where, before=before, limit=limit)
            assert reader.matches(where, before=before, limit=limit) == expected, (where, before, limit)
            found += bool(expected)
        assert found > 75


def test_a_page_follows_the_one_before(reader: Reader) -> None:
    where = MatchFilter(("main",), result=("main", "lost"))
    every, pages, before = reader.matches(where, limit=None), [], None
    while page := reader.matches(where, before=before, limit=5):
        pages += page
        before = page[-1].id
    assert pages == every
    assert len(every) > 15


@pytest.mark.parametrize(
    "change",
    [
        "spans SET last = last - 1 WHERE event = 3",
        "spans SET first = first + 1 WHERE event = 3",
        "spans SET shortest = 60 WHERE event = 3",
        "spans SET event = 99 WHERE event = 3",
        "matches SET results = 'ww' WHERE id = 7",
        "matches SET event = 99 WHERE id = 7",
        "matches SET fault = 0 WHERE id = 7",
    ],
)
def test_a_match_that_a_filter_would_not_find_is_known(league: Path, tmp_path: Path, change: str) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "league.db").write_bytes((league / "league.db").read_bytes())
    with open_store(copy).reader() as reader:
        assert reader.hidden_matches() == []
    with unguarded(copy) as connection:
        connection.execute(f"UPDATE {change}")
    with open_store(copy).reader() as reader:
        hidden = reader.hidden_matches()
        assert hidden == [7] if "matches" in change else hidden
