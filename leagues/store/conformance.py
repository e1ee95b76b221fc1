"""Checks that a store keeps the contract of :mod:`leagues.store.contract`. Run it on your own back end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from leagues.records import Match, Member, Tally
from leagues.results import scoring
from leagues.results.blocks import BlockScores
from leagues.store.contract import LeagueInfo, Progress, Reader, StoreError, Writer

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)
INFO = LeagueInfo("connect_four", ("player_0", "player_1"), 2**63 - 1, {"lr": 0.1}, {"numpy": "2"}, NOW)
MAIN = Member("main", "learner", "main", modules={"player_0": "main", "player_1": "main"})
FIRST = Member("first", "baseline", "baseline", agent="first")
RANDOM = Member("random", "baseline", "baseline", agent="random")


def check_store(create: Callable[[LeagueInfo], Writer], *, open_reader: Callable[[], Reader] | None = None) -> None:
    """Write a small league and compare all that comes back.

    Checked: every record comes back as it was (a match with the first digits of its digest and its times to the
    millisecond), narrowing and paging of matches, sums of tallies and of block scores, the version, and that a record
    which breaks a rule leaves nothing behind. Not checked: crashes, locks and migrations, which have no common form.

    Args:
        create: makes a new, empty league; closed at the end.
        open_reader: opens the league made last for reading, as another process would; None to read through the writer.

    Raises:
        StoreError: the store broke the contract; the message names the check, what was expected and what came.
    """
    with ExitStack() as stack:
        writer = stack.enter_context(create(INFO))
        reader = writer if open_reader is None else stack.enter_context(open_reader())
        _check_members(writer, reader)
        _check_matches(writer, reader)
        _check_sums(writer, reader)
        _check_progress(writer, reader)
        _check_refusals(writer, reader)


def _check_members(writer: Writer, reader: Reader) -> None:
    _same("info", INFO, reader.info())
    _same("an empty league", ([], [], [], [], None, 0), _everything(reader))
    writer.add_members([MAIN, FIRST])
    writer.record(members=[RANDOM])
    _same("members in the order they joined", [MAIN, FIRST, RANDOM], reader.members())
    _same("a member", RANDOM, reader.member("random"))
    _refuses("an unknown member", lambda: reader.member("nobody"))


def _check_matches(writer: Writer, reader: Reader) -> None:
    made = [
        _match(("main", "random"), (1.0, -1.0), history=((0, (2.0**-149, -1.5)), (-1, 7), (1, (0.0, 1024.0)))),
        _match(("random", "main"), (0.1, -1e300), history=((-1, 7), (1, 2**31), (1, 0)), kind="evaluation"),
        _match(("first", "first"), (0.0, 0.0), history=(), plies=0, ending="crash", fault=1),
    ]
    ids = [*writer.record(matches=made[:2]), *writer.record(matches=made[2:])]
    if sorted(set(ids)) != ids:
        raise StoreError(f"match IDs must ascend, but this store gave {ids}")
    stored = [
        replace(match, id=match_id, digest=match.digest[: len(reader.match(match_id).digest)])
        for match_id, match in zip(ids, made, strict=True)
    ]
    _same("each match by its ID", stored, [reader.match(match_id) for match_id in ids])
    _same("all matches, oldest first", stored, list(reader.iter_matches()))
    bare = [replace(match, history=()) for match in stored]
    _same("matches, newest first, without moves", bare[::-1], reader.matches())
    _same("the newest match", bare[2:], reader.matches(limit=1))
    _same("the matches before one", bare[1::-1], reader.matches(before=ids[2], limit=None))
    _same("the matches of a member", bare[1::-1], reader.matches(member="random"))
    _same("the matches of a kind", bare[1:2], reader.matches(kind="evaluation"))
    counts = (reader.count_matches(), reader.count_matches("training"), reader.count_matches("evaluation"))
    _same("numbers of matches", (3, 2, 1), counts)
    _refuses("an unknown match", lambda: reader.match(ids[-1] + 1))


def _check_sums(writer: Writer, reader: Reader) -> None:
    writer.record(tallies=[Tally("main", "random", 3, 2, 1), Tally("random", "main", 1, 2, 3)])
    writer.record(tallies=[Tally("main", "random", 10, 0, 0)])
    expected = {Tally("main", "random", 13, 2, 1), Tally("random", "main", 1, 2, 3)}
    _same("tallies", expected, set(reader.tallies()))
    pair = [
        _match(seats, (1.0, -1.0), kind="evaluation", block=8) for seats in (("random", "first"), ("first", "random"))
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
    later = [
        _match(("random", "first"), (1.0, -1.0), kind="evaluation", event=event, block=block)
        for event, block in ((6, 1), (5, 9), (5, 7), (7, 8), (5, 8))
    ]
    for match in later:  # new blocks, and more in one that has been asked for
        writer.record(matches=[match])
        _check_block_scores(reader)


def _check_block_scores(reader: Reader) -> None:
    found = reader.block_scores()
    _same("block scores", set(scoring.block_scores(reader.iter_matches(), reader.info().teams)), set(found))
    _same("the kind of block scores", BlockScores, type(found))
    _same("the order of block scores", sorted(score[:2] for score in found), [score[:2] for score in found])
    _same("the numbering of members in block scores", tuple(member.id for member in reader.members()), found.names)
    _same("whether block scores can be written to", False, bool(found.rows.flags.writeable))


def _check_progress(writer: Writer, reader: Reader) -> None:
    versions = [reader.version()]
    made = [
        Progress(n, 10 * n, 9 * n, n, 0.5, 2.0, NOW, None, "ab", {"n": [n]}, {"main": {"loss": n / 3}}) for n in (1, 2)
    ]
    for progress in made:
        writer.record(progress=progress)
        versions.append(reader.version())
        _same("the newest progress", progress, reader.progress())
    curves = [replace(progress, state=None, league={}) for progress in made]
    _same("progress, oldest first, without what is only for resuming", curves, reader.history())
    if len(set(versions)) != 3 or reader.version() != versions[-1]:
        raise StoreError(f"the version must change with every record and only then, but went through {versions}")


def _check_refusals(writer: Writer, reader: Reader) -> None:
    before = _everything(reader)
    good: dict[str, Any] = {
        "matches": [_match(("main", "random"), (1.0, -1.0))],
        "tallies": [Tally("main", "random", 1, 0, 0)],
        "members": [replace(RANDOM, id="random again")],
    }
    bad: dict[str, dict[str, Any]] = {
        "a match of a stranger": {"matches": [_match(("main", "nobody"), (1.0, -1.0))]},
        "a tally of a stranger": {"tallies": [Tally("main", "nobody", 1, 0, 0)]},
        "a member that is there": {"members": [MAIN]},
        "a match with a seat too few": {"matches": [_match(("main",), (1.0,))]},
    }
    for what, wrong in bad.items():
        arguments = {kind: [*rows, *wrong.get(kind, [])] for kind, rows in good.items()}
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
        raise StoreError(f"a store must give back what it was given, but for {what} expected {expected}, got {found}")


def _refuses(what: str, act: Callable[[], object]) -> None:
    try:
        act()
    except StoreError:
        return
    raise StoreError(f"a store must refuse {what} with a StoreError, but this one took it")
