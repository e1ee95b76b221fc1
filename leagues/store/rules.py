"""What every back end checks before it stores a record, and says in the same words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

from games.specs import suggest
from leagues.records import Match, Member
from leagues.results.blocks import MOST_NUMBERS
from leagues.store import codec
from leagues.store.contract import BlobStore, StoreError

T = TypeVar("T")

DIGEST_BYTES = 8
"""Bytes of a match's digest that are stored. A collision has probability 2**-64. That is enough to find a replay that
went another way by mistake, not enough against forgery. All 32 bytes would be a third of a match."""


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
        StoreError: an ID is taken, a learner is missing, or weights are missing, or are where none belong.
    """
    taken = set(known)
    for member in members:
        if member.id in taken:
            raise StoreError(f"member ID {member.id!r} is taken; choose another")
        if member.learner is not None and member.learner not in taken:
            raise StoreError(
                f"{member.id!r} is a snapshot of {member.learner!r}, which is not in the league; add it first"
            )
        if (member.kind == "snapshot") != (member.weights is not None):
            raise StoreError(
                f"{member.id!r} is a {member.kind} with weights={member.weights!r}; a snapshot has frozen weights, and "
                "no other member has"
            )
        if member.weights is not None and not weights.has(member.weights):
            raise StoreError(
                f"the weights of {member.id!r}, {member.weights}, are not in the store; put them there before it joins"
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
    if match.fault is not None and (match.ending != "crash" or match.fault not in range(n)):
        raise StoreError(
            f"only a crash has a seat in 0..{n - 1} at fault, but got ending={match.ending!r}, fault={match.fault}"
        )
    for name, weights in zip(match.seats, match.weights, strict=True):
        own = find(name, weights_of)
        if weights is not None and weights != own:
            raise StoreError(f"{name!r} has the weights {own}, but got a match in which it played with {weights!r}")


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
