"""Check that a store keeps the contract of :mod:`leagues.store.contract`. Run it on your own back end."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from leagues.records import Event, JournalEntry, LiveResult, Match, MatchFilter, Measure, Member, Tally
from leagues.results import scoring
from leagues.results.blocks import BlockScores
from leagues.store.contract import BlobStore, LeagueInfo, Progress, Reader, RunningGame, Store, StoreError, Writer
from leagues.store.owner import this_process

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)
INFO = LeagueInfo("kuhn_poker", ("player_0", "player_1"), 2**63 - 1, {"lr": 0.1}, {"numpy": "2"}, NOW, graded=True)
MAIN = Member("main", "learner", "main", modules={"player_0": "main", "player_1": "main"})
FIRST = Member("first", "baseline", "baseline", agent="first")
RANDOM = Member("random", "baseline", "baseline", agent="random")


def check_store(make: Callable[[], Store]) -> None:
    """Write a small league and compare everything that comes back.

    The checks are: a league is made once and has one writer; blobs come back, and pruning keeps the right ones; every
    record comes back as it was (a match with the first digits of its digest, and with its times in milliseconds);
    matches can be narrowed and paged; tallies and block scores add up; events, live results, measures and the journal
    come back; a running game is shown, and changes nothing; the version goes on; and a record that breaks a rule leaves
    nothing behind. Crashes, locks between processes and migrations are not checked, because they differ from back end
    to back end.

    Args:
        make: gives a store at a new place, where there is no league yet.

    Raises:
        StoreError: the store breaks the contract; the message names the check, what was expected and what came.
    """
    store = make()
    store.show(None)
    _check_blobs(store.weights)
    _check_blobs(store.states)
    _check_beginning(store)
    with store.writer() as writer, store.reader() as reader:
        _check_members(store, writer, reader)
        _check_matches(writer, reader)
        _check_sums(writer, reader)
        _check_events(writer, reader)
        _check_measures(writer, reader)
        _check_journal(writer, reader)
        _check_progress(writer, reader)
        _check_running(store, reader)
        _check_refusals(writer, reader)
        everything = _everything(reader)
    _same("problems of a sound store", [], store.check())
    with store.reader() as reader:
        _same("what is there when a new reader opens it", everything, _everything(reader))


def _check_blobs(blobs: BlobStore) -> None:
    digests = [blobs.put(data) for data in (b"", b"one", b"two")]
    _same("names of blobs", [hashlib.sha256(data).hexdigest() for data in (b"", b"one", b"two")], digests)
    _same("the name of a blob that is there already", digests[1], blobs.put(b"one"))
    _same("a blob", b"one", blobs.get(digests[1]))
    blobs.prune(digests[:2])
    _same("which blobs are there after pruning", [True, True, False], [blobs.has(digest) for digest in digests])
    _refuses("a blob that is not there", lambda: blobs.get(digests[2]))
    for name in ("", "..", "A" * 64, "0" * 63):
        _refuses(f"a blob named {name!r}", partial(blobs.get, name))
        _refuses(f"a blob named {name!r}", partial(blobs.has, name))


def _check_beginning(store: Store) -> None:
    _same("whether a league exists, and which, in a new place", (False, None), (store.exists(), store.identity()))
    for what, ask in {"reader": store.reader, "writer": store.writer, "check": store.check}.items():
        _refuses(f"a {what} where no league is", ask)
    store.create(INFO).close()
    _same("whether a league exists where one was made", True, store.exists())
    if store.identity() is None or store.identity() != store.identity():
        raise StoreError("the identity of a league must stay the same, but the store gave None or two different ones")
    _refuses("a second league in one place", lambda: store.create(INFO))
    with store.writer() as writer:
        _refuses("a second writer", store.writer)
        heartbeat = writer.heartbeat()
        _same("who writes", this_process(), None if heartbeat is None else heartbeat.writer)
    with store.reader() as reader:
        later = reader.heartbeat()
        if heartbeat is None or later is None or later.at < heartbeat.at:
            raise StoreError(f"a closed writer leaves its last heartbeat, but the store gave {later} after {heartbeat}")
        _same("info", INFO, reader.info())
        _same("an empty league", ([], [], [], [], None, 0, 1, [], [], [], []), _everything(reader))


def _check_members(store: Store, writer: Writer, reader: Reader) -> None:
    writer.add_members([MAIN, FIRST])
    writer.record(members=[RANDOM])
    missing = replace(MAIN, id="main@1", kind="snapshot", weights="0" * 64, learner="main", generation=1)
    _refuses("a snapshot whose weights are not there", lambda: writer.add_members([missing]))
    there = replace(missing, weights=store.weights.put(b"weights"))
    _refuses("a snapshot of an unknown parent", lambda: writer.add_members([replace(there, parent="main@0")]))
    writer.add_members([there])
    child = replace(there, id="main@2", generation=2, parent="main@1")
    writer.add_members([child])
    program = Member("exec:./program", "guest", "guest", agent="exec:./program")
    network = Member("other:main@3", "guest", "guest", weights=there.weights, origin="other:main@3")
    writer.add_members([program, network])
    for what, wrong in {
        "a guest with neither weights nor an agent": replace(program, id="guest", agent=None),
        "a guest with both weights and an agent": replace(network, id="guest", agent="random"),
        "an origin of something without weights": replace(program, id="guest", origin="elsewhere"),
        "a guest with a parent": replace(network, id="guest", parent="main@1"),
    }.items():
        _refuses(what, partial(writer.add_members, [wrong]))
    _same("members in the order they joined", [MAIN, FIRST, RANDOM, there, child, program, network], reader.members())
    _same("a member", RANDOM, reader.member("random"))
    _refuses("an unknown member", lambda: reader.member("nobody"))


def _check_running(store: Store, reader: Reader) -> None:
    moves = ((-1, 7), (0, (2.0**-149, -1.5)), (1, (0.0, 1024.0)), (0, 2**31))
    game = RunningGame(("main", "a guest who comes"), 2**63 - 1, "human", moves, 3, NOW)
    version = reader.version()
    _same("a running game that nobody shows", None, reader.running())
    for shown in (game, replace(game, history=(), plies=0), None, None):
        store.show(shown)
        _same("the running game", shown, reader.running())
    _same("the version after a game was shown", version, reader.version())


def _check_matches(writer: Writer, reader: Reader) -> None:
    made: list[Match] = [
        _match(("main", "random"), (1.0, -1.0), history=((0, (2.0**-149, -1.5)), (-1, 7), (1, (0.0, 1024.0)))),
        _match(("random", "main"), (0.1, -1e300), history=((-1, 7), (1, 2**31), (1, 0)), kind="evaluation"),
        _match(("first", "first"), (0.0, 0.0), history=(), plies=0, ending="crash", fault=1),
        _match(("first", "random"), (0.0, 0.0), kind="human", event=4, ending="adjudicated", opening=2),
        _match(("first", "random"), (0.0, 0.0), kind="human", event=4, ending="timeout", fault=0),
    ]
    ids = [*writer.record(matches=made[:2]), *writer.record(matches=made[2:])]
    if sorted(set(ids)) != ids:
        raise StoreError(f"match IDs must ascend, but the store gave {ids}")
    stored = [
        replace(match, id=match_id, digest=match.digest[: len(reader.match(match_id).digest)])
        for match_id, match in zip(ids, made, strict=True)
    ]
    _same("each match by its ID", stored, [reader.match(match_id) for match_id in ids])
    _same("all matches, oldest first", stored, list(reader.iter_matches()))
    bare = [replace(match, history=()) for match in stored]
    _same("matches, newest first, without moves", bare[::-1], reader.matches())
    _same("the newest match", bare[4:], reader.matches(limit=1))
    _same("the matches before one", bare[1::-1], reader.matches(before=ids[2], limit=None))
    _same("the matches of a member", bare[1::-1], reader.matches(member="main"))
    _same("the matches of a kind", bare[1:2], reader.matches(kind="evaluation"))
    _same("the matches of an event", bare[:2:-1], reader.matches(event=4))
    _same("the matches of an event that no match has", [], reader.matches(event=2**70))
    for where, places in {
        MatchFilter(): [4, 3, 2, 1, 0],
        MatchFilter(("first", "random")): [4, 3],
        MatchFilter(("first",), kind="training"): [2],
        MatchFilter(event=4, ending="timeout"): [4],
        MatchFilter(ending="crash"): [2],
        MatchFilter(ending="terminated"): [1, 0],
        MatchFilter(result=("main", "won")): [0],
        MatchFilter(result=("main", "lost")): [1],
        MatchFilter(("random",), result=("first", "drew")): [3],
        MatchFilter(result=("first", "lost")): [4, 2],  # a seat at fault has lost
        MatchFilter(result=("random", "won"), kind="human"): [4],
        MatchFilter(max_plies=2): [2],
        MatchFilter(min_plies=1, max_plies=3): [4, 3, 1, 0],
        MatchFilter(min_plies=2**70): [],
        MatchFilter(max_plies=-(2**70)): [],
    }.items():
        _same(f"the matches of {where}", [bare[place] for place in places], reader.matches(where))
    _same("a page of a filter", [bare[0]], reader.matches(MatchFilter(min_plies=1), before=ids[1], limit=1))
    _refuses("matches of an unknown member", lambda: reader.matches(MatchFilter(("nobody",))))
    _refuses("results of an unknown member", lambda: reader.matches(MatchFilter(result=("nobody", "won"))))
    _same("seeds of evaluation matches between members", {2**63 - 1}, reader.seeds_met({"random", "main", "first"}))
    _same("seeds of evaluation matches between others", set(), reader.seeds_met(["random", "first"]))
    _same("seeds of evaluation matches of one member", set(), reader.seeds_met(["main"]))
    counts = (reader.count_matches(), reader.count_matches("training"), reader.count_matches("evaluation"))
    _same("numbers of matches", (5, 2, 1), counts)
    _same("all matches, asked for with huge numbers", bare[::-1], reader.matches(before=2**70, limit=2**70))
    for number in (ids[-1] + 1, 0, -1, 2**63, 2**70):
        _refuses(f"match {number}, which is unknown", partial(reader.match, number))
    _same("the next event", 6, reader.next_event())


def _check_sums(writer: Writer, reader: Reader) -> None:
    writer.record(tallies=[Tally("main", "random", 3, 2, 1, 2.5, -2.5, 4.25), Tally("random", "main", 1, 2, 3)])
    writer.record(tallies=[Tally("main", "random", 10, 0, 0, 0.25, 1.0, 8.0)])
    expected = {Tally("main", "random", 13, 2, 1, 2.75, -1.5, 12.25), Tally("random", "main", 1, 2, 3)}
    _same("tallies", expected, set(reader.tallies()))
    pair = [
        _match(seats, (1.5, -2.0), kind="evaluation", block=8) for seats in (("random", "first"), ("first", "random"))
    ]
    crash = _match(("random", "first"), (0.0, 0.0), kind="evaluation", block=8, ending="crash", fault=0)
    writer.record(matches=pair)
    void = _match(("first", "random"), (1.0, 0.0), kind="evaluation", block=8, ending="crash")
    _, number = writer.record(matches=[crash, void])
    _same(
        "a match that the game itself crashed",
        ("crash", None),
        (reader.match(number).ending, reader.match(number).fault),
    )
    _check_block_scores(reader)
    _same("the next event after a training match of event 11", 12, _next_event_after(writer, reader, 11))
    later = [
        _match(("random", "first"), (1.0, -2.0), kind="evaluation", event=event, block=block)
        for event, block in ((6, 1), (5, 9), (5, 7), (7, 8), (5, 8))
    ]
    for match in later:  # new blocks, and more in one that has been asked for
        writer.record(matches=[match])
        _check_block_scores(reader)
    _same("the next event after matches of earlier events", 12, reader.next_event())


def _next_event_after(writer: Writer, reader: Reader, event: int) -> int:
    writer.record(matches=[_match(("main", "random"), (1.0, -1.0), event=event, block=0)])
    return reader.next_event()


def _check_block_scores(reader: Reader) -> None:
    found = reader.block_scores()
    _same("block scores", set(scoring.block_scores(reader.iter_matches(), reader.info().teams)), set(found))
    _same("the kind of block scores", BlockScores, type(found))
    _same("the order of block scores", sorted(score[:2] for score in found), [score[:2] for score in found])
    _same("the numbering of members in block scores", tuple(member.id for member in reader.members()), found.names)
    writeable = found.rows.flags.writeable, found.returns.flags.writeable
    _same("whether block scores can be written to", (False, False), tuple(map(bool, writeable)))


def _check_events(writer: Writer, reader: Reader) -> None:
    begun = Event(writer.next_event() + 3, "tournament", {"agents": ["first", "random"], "games": 10})
    writer.record(event=begun)
    _same("an event", [begun], reader.events())
    _same("the next event after one without matches", begun.number + 1, reader.next_event())
    _refuses("other arguments of an event", lambda: writer.record(event=replace(begun, arguments={})))
    writer.record(event=replace(begun, finished=True), matches=[_match(("first", "random"), (1.0, -1.0), event=1)])
    _same("an event that has ended", [replace(begun, finished=True)], reader.events())
    _refuses("an event that has ended already", lambda: writer.record(event=begun))


def _check_measures(writer: Writer, reader: Reader) -> None:
    live = [LiveResult(n, "main", "random", 2, 1, 3, 0.5, -0.25) for n in (1, 2)]
    measures = [Measure(name, "main", n, 10 * n, n / 3) for n in (1, 2) for name in ("nash_conv", "other")]
    writer.record(live=live, measures=measures)
    again = replace(live[1], wins=7)
    writer.record(live=[again])
    _same("live results", [live[0], again], reader.live_results())
    _same("live results after an iteration", [again], reader.live_results(since=1))
    both = LiveResult(2, "main", "random", 9, 2, 6, 1.0, -0.5)
    _same("live results of several iterations", [both], reader.live_results(every=2))
    _same("live results of fewer iterations than asked for", [again], reader.live_results(since=1, every=7))
    _same("measures", set(measures), set(reader.measures()))
    _same("measures of a name", [each for each in measures if each.name == "other"], reader.measures("other"))
    _refuses("a live result of a frozen member", lambda: writer.record(live=[replace(again, learner="first")]))
    _refuses("a measure that is no number", lambda: writer.record(measures=[replace(measures[0], value=math.inf)]))


def _check_journal(writer: Writer, reader: Reader) -> None:
    made = [
        JournalEntry("start", NOW, 0, 0, None, {"limit": {"minutes": 1.5}}, "somebody@host:1"),
        JournalEntry("snapshot", NOW, 1, 10, "main@1", {"reason": "max_steps"}, "somebody@host:1"),
        JournalEntry("crash", NOW, 1, 10, None, {"message": "\x1b[31m\u2028", "traceback": "a\nb"}, ""),
        JournalEntry("snapshot", NOW, 2, 20, "main@2", {}, "somebody@host:2"),
    ]
    writer.record(journal=made[:1])
    writer.record(journal=[replace(entry, id=7) for entry in made[1:]])
    found = reader.journal()
    _same("the journal, newest first", made[::-1], [replace(entry, id=0) for entry in found])
    if sorted({entry.id for entry in found}, reverse=True) != [entry.id for entry in found]:
        raise StoreError(f"IDs of journal entries must ascend, but the store gave {[entry.id for entry in found]}")
    _same("the newest entry", found[:1], reader.journal(limit=1))
    _same("the entries before one", found[2:], reader.journal(before=found[1].id, limit=2**70))
    _same("the entries of a kind", [found[0], found[2]], reader.journal(kind="snapshot"))
    _same("the entries about a member", [found[2]], reader.journal(subject="main@1", kind="snapshot", limit=None))
    _refuses("the entries about an unknown member", lambda: reader.journal(subject="nobody"))


def _check_progress(writer: Writer, reader: Reader) -> None:
    versions = [reader.version()]
    made = [
        Progress(
            n, 10 * n, 9 * n, n, 0.5, 2.0, NOW, None, "ab", {"n": [n]}, {"main": {"loss": n / 3}}, {"storing_s": n / 7}
        )
        for n in (1, 2)
    ]
    for progress in made:
        writer.record(progress=progress)
        versions.append(reader.version())
        _same("the newest progress", progress, reader.progress())
    curves = [replace(progress, state=None, league={}) for progress in made]
    _same("progress, oldest first, without what is only for resuming", curves, reader.history())
    _same("progress after an iteration", curves[1:], reader.history(since=1))
    _same("progress of every second iteration", curves[1:], reader.history(every=2))
    if len(set(versions)) != 3 or reader.version() != versions[-1]:
        raise StoreError(f"the version must change with every record and only then, but the store gave {versions}")


def _check_refusals(writer: Writer, reader: Reader) -> None:
    before = _everything(reader)
    good: dict[str, Any] = {
        "matches": [_match(("main", "random"), (1.0, -1.0))],
        "tallies": [Tally("main", "random", 1, 0, 0)],
        "members": [replace(RANDOM, id="random again")],
        "live": [LiveResult(9, "main", "random", 1, 0, 0)],
        "measures": [Measure("nash_conv", "main", 9, 0, 1.0)],
        "journal": [JournalEntry("stop", NOW, 9, 0)],
    }
    bad: dict[str, dict[str, Any]] = {
        "a match of an unknown member": {"matches": [_match(("main", "nobody"), (1.0, -1.0))]},
        "a tally of an unknown member": {"tallies": [Tally("main", "nobody", 1, 0, 0)]},
        "a member that is there": {"members": [MAIN]},
        "a baseline without an agent": {"members": [replace(RANDOM, id="unnamed", agent=None)]},
        "an event out of range": {"matches": [_match(("main", "random"), (1.0, -1.0), event=2**31)]},
        "a move of a seat that does not exist": {
            "matches": [_match(("main", "random"), (1.0, -1.0), history=((2, 0),))]
        },
        "a match with a seat too few": {"matches": [_match(("main",), (1.0,))]},
        "a seat at fault where nobody is": {"matches": [_match(("main", "random"), (1.0, -1.0), fault=0)]},
        "a time-out of no seat": {"matches": [_match(("main", "random"), (1.0, -1.0), ending="timeout")]},
        "an opening longer than its match": {"matches": [_match(("main", "random"), (1.0, -1.0), opening=4)]},
        "a live result of an unknown member": {"live": [LiveResult(9, "nobody", "random", 1, 0, 0)]},
        "a measure of an unknown member": {"measures": [Measure("nash_conv", "nobody", 9, 0, 1.0)]},
        "an entry about an unknown member": {"journal": [JournalEntry("snapshot", NOW, 9, 0, "nobody")]},
        "an entry with a detail that is no JSON": {"journal": [JournalEntry("stop", NOW, 9, 0, None, {"x": {1}})]},
        "an entry with a huge detail": {"journal": [JournalEntry("crash", NOW, 9, 0, None, {"x": "x" * 70_000})]},
    }
    for what, wrong in bad.items():
        arguments: dict[str, Any] = {kind: [*rows, *wrong.get(kind, [])] for kind, rows in good.items()}
        _refuses(what, partial(writer.record, **arguments, progress=Progress(3, 0, 0, 0, 0, 0, NOW)))
        _same(f"what is there after the refusal of {what}", before, _everything(reader))


def _everything(reader: Reader) -> tuple[object, ...]:
    return (
        reader.members(),
        list(reader.iter_matches()),
        reader.tallies(),
        reader.block_scores(),
        reader.progress(),
        reader.count_matches(),
        reader.next_event(),
        reader.events(),
        reader.live_results(),
        reader.measures(),
        reader.journal(),
    )


def _match(seats: tuple[str, ...], returns: tuple[float, ...], **changes: Any) -> Match:
    fields: dict[str, Any] = {
        "weights": (None,) * len(seats),
        "seed": 2**63 - 1,
        "event": 5,
        "block": 7,
        "kind": "training",
        "history": ((0, 3), (1, 2), (0, 3)),
        "ending": "terminated",
        "plies": 3,
        "digest": "0123456789abcdef" * 4,
        "started_at": NOW.replace(microsecond=678000),
        "duration": 0.25,
        "iteration": 4,
    }
    return Match(seats=seats, returns=returns, **fields | changes)


def _same(what: str, expected: object, found: object) -> None:
    if expected != found:
        raise StoreError(f"{what}: expected {expected}, but the store gave {found}")


def _refuses(what: str, act: Callable[[], object]) -> None:
    try:
        act()
    except StoreError:
        return
    raise StoreError(f"a store must refuse {what} with a StoreError, but this one accepted it")
