"""What a store promises, over every back end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from leaguekit import INFO, MAIN, NOW, RANDOM, match, progress, put_weights, snapshot

from leagues.records import Tally
from leagues.results import scoring
from leagues.results.blocks import BlockScore
from leagues.store import Reader, Store, StoreError, Writer, open_store
from leagues.store.conformance import check_store
from leagues.store.memory import MemoryBlobs, MemoryReader, MemoryStore


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return open_store(None if request.param == "memory" else tmp_path / "league")


@pytest.fixture
def writer(store: Store) -> Iterator[Writer]:
    put_weights(store, *(snapshot(n) for n in range(1, 9)))
    with store.create(INFO) as writer:
        writer.add_members([MAIN, RANDOM, snapshot(1), snapshot(2)])
        yield writer


@pytest.fixture
def reader(writer: Writer, store: Store) -> Iterator[Reader]:
    """Another view of the same league."""
    with store.reader() as reader:
        yield reader


def test_info_and_members_come_back_as_they_were(reader: Reader) -> None:
    assert reader.info() == INFO
    assert reader.members() == [MAIN, RANDOM, snapshot(1), snapshot(2)]
    assert reader.member("main@2") == snapshot(2)


def test_an_unknown_member_is_refused_with_near_names(reader: Reader) -> None:
    with pytest.raises(StoreError, match=r"no member 'main@3'; did you mean .*main@2"):
        reader.member("main@3")


def test_a_match_comes_back_with_a_short_digest(writer: Writer, reader: Reader) -> None:
    hashes = (snapshot(1).weights, None)
    first = match(("main@1", "main"), (0.5, -0.25), weights=hashes, kind="evaluation", event=2**31 - 1, block=2**31 - 1)
    second = match(("random", "random"), (0, 0), ending="crash", fault=1, history=(), plies=0)
    third = match(("main@1", "main"), (-200, 1e300), history=((-1, 5), (1, 2**31), (1, 0)), ending="truncated")
    assert writer.record(matches=[first, second]) == [1, 2]
    assert writer.record(matches=[third]) == [3]
    stored = [replace(m, id=i, digest=m.digest[:16]) for i, m in enumerate([first, second, third], start=1)]
    assert [reader.match(i) for i in (1, 2, 3)] == stored
    assert list(reader.iter_matches()) == stored
    assert reader.matches() == [replace(m, history=()) for m in reversed(stored)]


def test_matches_can_be_narrowed_and_paged(writer: Writer, reader: Reader) -> None:
    writer.record(matches=[match(("main", "random"), kind="training")] * 3)
    writer.record(matches=[match(("main@1", "random"), kind="evaluation")] * 2)
    writer.record(matches=[match(("main@1", "main"), kind="training")])

    def ids(**narrow: object) -> list[int]:
        return [m.id for m in reader.matches(**narrow)]  # type: ignore[arg-type]

    assert ids() == [6, 5, 4, 3, 2, 1]
    assert ids(limit=2) == [6, 5]
    assert ids(limit=2, before=5) == [4, 3]
    assert ids(limit=None, before=3) == [2, 1]
    assert ids(kind="evaluation") == [5, 4]
    assert ids(member="main@1") == [6, 5, 4]
    assert ids(member="random", kind="training") == [3, 2, 1]
    assert ids(member="main@2") == []
    assert (reader.count_matches(), reader.count_matches("training"), reader.count_matches("evaluation")) == (6, 4, 2)
    with pytest.raises(StoreError, match="no member 'nobody'"):
        reader.matches(member="nobody")
    with pytest.raises(StoreError, match=r"no match 7; its matches are 1\.\.6"):
        reader.match(7)


def test_an_empty_league_reads_as_empty(reader: Reader) -> None:
    assert reader.matches() == list(reader.iter_matches()) == reader.history() == []
    assert reader.tallies() == reader.block_scores() == []
    assert reader.progress() is None
    assert reader.count_matches() == 0
    with pytest.raises(StoreError, match="no matches yet"):
        reader.match(1)


def test_tallies_add_up(writer: Writer, reader: Reader) -> None:
    writer.record(tallies=[Tally("main", "random", 3, 2, 1), Tally("random", "main", 1, 2, 3)])
    writer.record(tallies=[Tally("main", "random", 10, 0, 0), Tally("main", "main@1", 0, 1, 0)])
    assert set(reader.tallies()) == {
        Tally("main", "random", 13, 2, 1),
        Tally("random", "main", 1, 2, 3),
        Tally("main", "main@1", 0, 1, 0),
    }


def test_block_scores_sum_evaluation_matches_over_transactions(writer: Writer, reader: Reader) -> None:
    block = [
        match(("random", "main@1"), (1, -1), kind="evaluation", block=8),
        match(("main@1", "random"), (0, 0), kind="evaluation", block=8),
    ]
    crash = match(("main@1", "main@2"), (0, 0), kind="evaluation", block=9, ending="crash", fault=0)
    writer.record(matches=[*block, match(("random", "main@1"), kind="training", block=8)])
    writer.record(matches=[block[0], crash])
    assert reader.block_scores() == [
        BlockScore(2, 8, "main@1", "random", 0, 1, 2, -2, 2),
        BlockScore(2, 9, "main@1", "main@2", 0, 0, 1),
    ]
    assert set(scoring.block_scores(reader.iter_matches())) == set(reader.block_scores())


def test_progress_keeps_the_newest_whole_and_the_rest_for_curves(writer: Writer, reader: Reader) -> None:
    first = progress(1, state="aa", league={"x": [0.1]})
    second = progress(2, state=None, league={"x": [0.2]}, remaining=None)
    writer.record(progress=first)
    writer.record(progress=second)
    assert reader.progress() == second
    assert reader.history() == [progress(1), replace(second, league={})]
    again = progress(2, state="bb", rate=1.0)
    writer.record(progress=again)
    assert reader.progress() == again
    assert [p.rate for p in reader.history()] == [24.5, 1.0]


def test_version_changes_with_every_record(writer: Writer, reader: Reader) -> None:
    seen = [reader.version()]
    for iteration in range(1, 4):
        writer.record(progress=progress(iteration))
        seen.append(reader.version())
    assert len(set(seen)) == 4
    assert reader.version() == seen[-1]


def test_members_join_with_the_matches_that_need_them(writer: Writer, reader: Reader) -> None:
    third = snapshot(3)
    writer.record(members=[third], matches=[match(("main@3", "main"), weights=(third.weights, None))])
    assert reader.members()[-1] == third
    assert reader.match(1).seats == ("main@3", "main")


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"matches": [match(), match(("main", "nobody"))]}, "no member 'nobody'"),
        ({"matches": [match(("main",), (1,))]}, "2 seats"),
        ({"matches": [match(seed=2**63)]}, r"0 <= seed < 2\*\*63"),
        ({"matches": [match(seed=-1)]}, r"0 <= seed < 2\*\*63"),
        ({"matches": [match(event=2**31)]}, "event, block"),
        ({"matches": [match(block=-1)]}, "event, block"),
        ({"matches": [match(fault=1)]}, "at fault"),
        ({"matches": [match(ending="crash", fault=2)]}, "at fault"),
        ({"matches": [match(ending="stall")]}, "has a seat at fault"),
        ({"matches": [match(opening=4)]}, "opening <= plies"),
        ({"matches": [match(returns=(float("nan"), 0))]}, "finite"),
        ({"matches": [match(weights=("ab", None))]}, "has the weights"),
        ({"matches": [match(history=((2, 0),))]}, "player in -1..1"),
        ({"matches": [match(digest="xyz")]}, "hex SHA-256"),
        ({"tallies": [Tally("main", "nobody", 1, 0, 0)]}, "no member 'nobody'"),
        ({"members": [snapshot(3), snapshot(3)]}, "'main@3' is taken"),
        ({"members": [MAIN]}, "'main' is taken"),
        ({"members": [replace(snapshot(3), weights=None)]}, "frozen weights"),
        ({"members": [replace(RANDOM, id="r2", weights="ab")]}, "frozen weights"),
        ({"members": [replace(RANDOM, id="r2", kind="guest", agent=None)]}, "either frozen weights or the spec"),
        ({"members": [replace(RANDOM, id="r2", origin="other:main@1")]}, "only a guest with weights has one"),
        ({"members": [replace(snapshot(3), learner="nobody")]}, "not in the league"),
    ],
)
def test_what_does_not_fit_is_refused_whole(writer: Writer, bad: dict[str, list[object]], message: str) -> None:
    good = {"matches": [match()], "tallies": [Tally("main", "random", 1, 0, 0)], "members": [snapshot(4)]}
    before = (writer.members(), writer.version())
    with pytest.raises(StoreError, match=message):
        writer.record(**{kind: good[kind] + bad.get(kind, []) for kind in good}, progress=progress(1))  # type: ignore[arg-type]
    assert (writer.members(), writer.version()) == before
    assert writer.count_matches() == 0
    assert writer.tallies() == []
    assert writer.progress() is None
    assert writer.record(**good) == [1]  # type: ignore[arg-type]
    assert writer.members()[-1] == snapshot(4)


def test_times_keep_milliseconds(writer: Writer) -> None:
    writer.record(matches=[match(started_at=NOW, duration=1.2345)])
    stored = writer.match(1)
    assert NOW - stored.started_at == timedelta(microseconds=456)
    assert stored.duration == pytest.approx(1.2345, abs=5e-4)


def test_many_lineups_fit_one_transaction(writer: Writer) -> None:
    writer.add_members([replace(RANDOM, id=f"r{n}") for n in range(40)])
    pairs = [(f"r{a}", f"r{b}") for a in range(40) for b in range(40)]
    writer.record(matches=[match(pair) for pair in pairs])
    writer.record(matches=[match(pair) for pair in reversed(pairs)])
    assert [m.seats for m in writer.iter_matches()] == pairs + pairs[::-1]
    assert len(writer.matches(member="r7", limit=None)) == 2 * (2 * 40 - 1)


def test_every_back_end_passes_the_suite_that_users_can_run(tmp_path: Path) -> None:
    check_store(lambda: open_store(None))
    check_store(lambda: open_store(tmp_path / "checked"))


@pytest.mark.parametrize(
    ("part", "method", "broken", "message"),
    [
        (MemoryReader, "tallies", lambda self: [], "tallies: expected"),
        (MemoryReader, "next_event", lambda self: 1, "the next event: expected"),
        (MemoryReader, "matches", lambda self, **narrow: [], "matches, newest first"),
        (MemoryStore, "identity", lambda self: object() if self.exists() else None, "identity"),
        (MemoryStore, "check", lambda self: [], "a check where no league is"),
        (MemoryBlobs, "prune", lambda self, keep: None, "after pruning"),
        (MemoryBlobs, "get", lambda self, digest: b"", "a blob: expected"),
    ],
)
def test_the_suite_finds_a_store_that_breaks_its_contract(
    monkeypatch: pytest.MonkeyPatch, part: type, method: str, broken: Callable[..., object], message: str
) -> None:
    monkeypatch.setattr(part, method, broken)
    with pytest.raises(StoreError, match=message):
        check_store(lambda: open_store(None))


def test_readers_and_writers_of_one_store_see_the_same_league(store: Store, writer: Writer) -> None:
    with store.reader() as early:
        writer.record(matches=[match(event=7)])
        with store.reader() as late:
            assert early.matches() == late.matches() == writer.matches()
            assert early.next_event() == late.next_event() == 8


def test_what_a_caller_changes_afterwards_is_not_stored(writer: Writer, reader: Reader) -> None:
    league, metrics, modules = {"x": [1]}, {"main": {"loss": 1.0}}, {"player_0": "main"}
    writer.record(
        members=[replace(RANDOM, id="r2", modules=modules)], progress=progress(1, league=league, metrics=metrics)
    )
    league["x"].append(2)
    metrics["main"]["loss"] = 2.0
    modules.clear()
    found = reader.progress()
    assert found is not None
    assert (found.league, found.metrics) == ({"x": [1]}, {"main": {"loss": 1.0}})
    assert reader.member("r2").modules == {"player_0": "main"}
