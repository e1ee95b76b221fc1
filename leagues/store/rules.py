"""What every back end checks before it stores a record, and says in the same words."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC
from typing import TypeVar

from games.specs import suggest
from leagues.records import FAULTS, JOURNAL_KINDS, Event, JournalEntry, LiveResult, Match, Measure, Member, Tally
from leagues.results.blocks import MOST_NUMBERS
from leagues.store import codec
from leagues.store.contract import BlobStore, StoreError

T = TypeVar("T")

DIGEST_BYTES = 8
"""Bytes of a match's digest that are stored. A collision has probability 2**-64. That is enough to find a replay that
went another way by mistake, not enough against forgery. All 32 bytes would be a third of a match."""


MOST_DETAIL = 65_536
"""Most characters of a journal entry's detail as JSON."""

MOST_WRITER = 256
"""Most characters of a journal entry's writer."""


def find(member_id: str, known: Mapping[str, T]) -> T:
    """What ``known`` has for this member.

    Raises:
        StoreError: the league has no such member; the message suggests near ones.
    """
    if member_id in known:
        return known[member_id]
    others = f"; its first members are {', '.join(list(known)[:5])}" if known else "; it has no members yet"
    raise StoreError(f"the league has no member {member_id!r}{suggest(member_id, known) or others}")


def missing_match(match_id: int, newest: int) -> StoreError:
    """The error for a match that was not recorded; ``newest`` is the highest ID, 0 without matches."""
    has = f"its matches are 1..{newest}" if newest else "it has no matches yet"
    return StoreError(f"the league has no match {match_id}; {has}")


def check_members(members: Iterable[Member], known: Collection[str], weights: BlobStore) -> None:
    """Check that members can join, in this order, a league that has the members ``known``.

    Raises:
        StoreError: an ID is taken, a learner is missing, or weights or an agent are missing, or weights are where none
            belong.
    """
    taken = set(known)
    for member in members:
        if member.id in taken:
            raise StoreError(f"member ID {member.id!r} is taken; choose another")
        if member.learner is not None and member.learner not in taken:
            raise StoreError(
                f"{member.id!r} is a snapshot of {member.learner!r}, which is not in the league; add it first"
            )
        if member.kind == "baseline" and member.agent is None:
            raise StoreError(f"{member.id!r} is a baseline without an agent; say the spec of the agent that plays it")
        if member.kind == "guest" and (member.weights is None) == (member.agent is None):
            raise StoreError(
                f"{member.id!r} is a guest with weights={member.weights!r} and agent={member.agent!r}; a guest has "
                "either frozen weights or the spec of an agent"
            )
        if member.kind != "guest" and (member.kind == "snapshot") != (member.weights is not None):
            raise StoreError(
                f"{member.id!r} is a {member.kind} with weights={member.weights!r}; a snapshot has frozen weights, a "
                "guest may have them, and no other member has"
            )
        if member.origin is not None and (member.kind != "guest" or member.weights is None):
            raise StoreError(
                f"{member.id!r} is a {member.kind} with origin={member.origin!r}; only a guest with weights has one"
            )
        if member.weights is not None and not weights.has(member.weights):
            raise StoreError(
                f"the weights of {member.id!r}, {member.weights}, are not in the store; put them there before it joins"
            )
        if member.parent is not None and (member.kind != "snapshot" or member.parent not in taken):
            raise StoreError(
                f"{member.id!r} is a {member.kind} with parent={member.parent!r}; only a snapshot has one, which is in "
                "the league before it"
            )
        taken.add(member.id)


def check_match(match: Match, num_seats: int, weights_of: Mapping[str, str | None]) -> None:
    """Check that a match fits its league.

    Args:
        match: the match; its moves and digest are checked by :func:`pack_history` and :func:`pack_digest`.
        num_seats: seats of the league's game.
        weights_of: member ID -> its frozen weights, for every member.

    Raises:
        StoreError: the number of seats, the seed, event, block, fault, a member or its weights do not fit.
    """
    n = num_seats
    if not len(match.seats) == len(match.weights) == len(match.returns) == n:
        raise StoreError(f"a match of this league has {n} seats, weights and returns, but got {match.seats}")
    if not 0 <= match.seed < 2**63:
        raise StoreError(f"`0 <= seed < 2**63` must hold, but got a match with seed={match.seed}")
    if not (0 <= match.event < MOST_NUMBERS and 0 <= match.block < MOST_NUMBERS):
        raise StoreError(
            f"`0 <= event, block < 2**31` must hold, but got a match with event={match.event}, block={match.block}"
        )
    if match.fault is not None and (match.ending not in FAULTS or match.fault not in range(n)):
        raise StoreError(
            f"only a match that ends with {', '.join(FAULTS)} has a seat in 0..{n - 1} at fault, but got "
            f"ending={match.ending!r}, fault={match.fault}"
        )
    if match.fault is None and match.ending in FAULTS and not match.void:
        raise StoreError(f"a match that ends with {match.ending} has a seat at fault, but got fault=None")
    if not 0 <= match.opening <= match.plies:
        raise StoreError(f"`0 <= opening <= plies` must hold, but got opening={match.opening}, plies={match.plies}")
    if not all(map(math.isfinite, match.returns)):
        raise StoreError(f"the returns of a match are finite, but got {match.returns}")
    for name, weights in zip(match.seats, match.weights, strict=True):
        own = find(name, weights_of)
        if weights is not None and weights != own:
            raise StoreError(f"{name!r} has the weights {own}, but got a match in which it played with {weights!r}")


def check_tallies(tallies: Iterable[Tally], known: Collection[str]) -> None:
    """Check that tallies are of members that are ``known``.

    Raises:
        StoreError: a member is unknown, or a sum is no number.
    """
    for tally in tallies:
        _check_known((tally.member, tally.opponent), known)
        _check_sums(tally.returns, tally.opponent_returns, tally.squares)


def checked_event(event: Event, known: Event | None) -> Event:
    """The event with its arguments as JSON keeps them.

    Args:
        event: the event.
        known: what is stored with its number.

    Raises:
        StoreError: its number or its arguments do not fit, or another or a finished event has its number.
    """
    if not 0 < event.number < MOST_NUMBERS:
        raise StoreError(f"`0 < number < 2**31` must hold, but got an event with number={event.number}")
    try:
        plain = replace(event, arguments=json.loads(json.dumps(dict(event.arguments), allow_nan=False)))
    except (TypeError, ValueError) as error:
        raise StoreError(f"the arguments of event {event.number} are not plain JSON: {error}") from error
    if known is not None and known.finished:
        raise StoreError(f"event {event.number} is finished; number a new one with `next_event`")
    if known is not None and (known.command, known.arguments) != (plain.command, plain.arguments):
        raise StoreError(
            f"event {event.number} is {known.command!r} with other arguments; number a new one with `next_event`"
        )
    return plain


def check_live(live: Iterable[LiveResult], members: Mapping[str, Member]) -> None:
    """Check results of learners against frozen members.

    Raises:
        StoreError: a member is unknown or of the wrong kind, or a number does not fit.
    """
    for result in live:
        if find(result.learner, members).frozen or not find(result.opponent, members).frozen:
            raise StoreError(
                f"a live result is of a learner against a frozen member, but got {result.learner!r} against "
                f"{result.opponent!r}"
            )
        if min(result.iteration, result.wins, result.draws, result.losses) < 0:
            raise StoreError(f"the numbers of a live result are not negative, but got {result}")
        _check_sums(result.returns, result.opponent_returns)


def check_measures(measures: Iterable[Measure], known: Collection[str]) -> None:
    """Check what was measured of members that are ``known``.

    Raises:
        StoreError: a member is unknown, the name is empty, or a number does not fit.
    """
    for measure in measures:
        _check_known((measure.member,), known)
        if not measure.name or min(measure.iteration, measure.agent_steps) < 0:
            raise StoreError(f"a measure has a name, and its counts are not negative, but got {measure}")
        _check_sums(measure.value)


def checked_journal(entries: Iterable[JournalEntry], known: Collection[str]) -> list[JournalEntry]:
    """The entries with their details as JSON keeps them.

    Args:
        entries: new entries of the journal.
        known: IDs of the members.

    Raises:
        StoreError: a kind is unknown, a subject is no member, a number is negative, or a detail is no plain JSON or
            larger than :data:`MOST_DETAIL`.
    """
    plain = []
    for entry in entries:
        if entry.kind not in JOURNAL_KINDS:
            raise StoreError(f"a journal entry is one of {', '.join(JOURNAL_KINDS)}, but got {entry.kind!r}")
        if entry.subject is not None:
            _check_known((entry.subject,), known)
        if min(entry.iteration, entry.agent_steps) < 0:
            raise StoreError(f"the numbers of a journal entry are not negative, but got {entry}")
        try:
            text = json.dumps(dict(entry.detail), allow_nan=False)
        except (TypeError, ValueError) as error:
            raise StoreError(f"the detail of a {entry.kind!r} is not plain JSON: {error}") from error
        if len(text) > MOST_DETAIL or len(entry.writer) > MOST_WRITER:
            raise StoreError(
                f"a journal entry has at most {MOST_DETAIL:,} characters of detail and {MOST_WRITER} of its writer, "
                f"but got {len(text):,} and {len(entry.writer)} in a {entry.kind!r}"
            )
        plain.append(replace(entry, detail=json.loads(text), at=entry.at.astimezone(UTC)))
    return plain


def _check_known(names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            find(name, dict.fromkeys(known))


def _check_sums(*sums: float) -> None:
    if not all(map(math.isfinite, sums)):
        raise StoreError(f"sums and measures are finite numbers, but got {sums}")


def pack_history(match: Match) -> bytes:
    """The moves of a match as bytes of :mod:`leagues.store.codec`.

    Raises:
        StoreError: they are not moves of a game with these seats.
    """
    try:
        return codec.pack_moves(match.history, len(match.seats))
    except ValueError as error:
        raise StoreError(f"the history of the match of {match.seats} cannot be stored: {error}") from error


def pack_digest(match: Match) -> bytes:
    """The first :data:`DIGEST_BYTES` of a match's digest.

    Raises:
        StoreError: it is not hex.
    """
    try:
        return bytes.fromhex(match.digest)[:DIGEST_BYTES]
    except ValueError as error:
        raise StoreError(f"a match's digest is a hex SHA-256, but got {match.digest!r}") from error
