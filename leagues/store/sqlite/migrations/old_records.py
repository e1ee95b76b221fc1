"""How matches were packed and scored up to schema 0007.

Migrations use these copies instead of the code of today, so that what they do to an old league never changes. A later
migration that needs something else brings its own.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from statistics import fmean


def unpack_returns(packed: bytes, seats: int) -> tuple[float, ...]:
    """The return of each seat: a signed byte for each, or else a little-endian float64."""
    code = "b" if len(packed) == seats else "d"
    return tuple(map(float, struct.unpack(f"<{seats}{code}", packed)))


def unpack_lineup(packed: bytes) -> list[int]:
    """The row of the member at each seat: LEB128 varints, of which the lowest bit is about weights."""
    rows = []
    value = shift = 0
    for byte in packed:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            rows.append(value >> 1)
            value = shift = 0
    return rows


def pair_returns(
    seats: Sequence[str], returns: Sequence[float], fault: int | None, teams: Sequence[int]
) -> Iterator[tuple[str, str, float, float]]:
    """``(a, b, ours, theirs)`` for each pair of members of different teams that counts; after a fault only pairs with
    the seat at fault do."""
    of, sides = _sides(returns, teams)
    members = [tuple(dict.fromkeys(seats[seat] for seat in side)) for side, _ in sides]
    faulty = None if fault is None else of[fault]
    if fault is not None and faulty is not None:
        members[faulty] = (seats[fault],)  # its partners are not at fault
    for i, (_, ours) in enumerate(sides):
        for j, (_, theirs) in enumerate(sides[i + 1 :], i + 1):
            if faulty is None or faulty in (i, j):
                yield from ((a, b, ours, theirs) for a in members[i] for b in members[j] if a != b)


def result_letters(returns: Sequence[float], fault: int | None, void: bool, teams: Sequence[int]) -> str:
    """A letter for each seat: won, drew, lost, or ``-`` for no result."""
    of, sides = _sides(returns, teams)
    if void or (fault is None and len(of) == 1):
        return "-" * len(of)
    if fault is not None:
        return "".join("l" if seat == fault else "-" if team == of[fault] else "w" for seat, team in enumerate(of))
    best = max(result for _, result in sides)
    if all(result == best for _, result in sides):
        return "d" * len(of)
    return "".join("w" if sides[team][1] == best else "l" for team in of)


def _sides(returns: Sequence[float], teams: Sequence[int]) -> tuple[Sequence[int], list[tuple[tuple[int, ...], float]]]:
    """The team of each seat; and of each team its seats and its return, the mean of theirs."""
    of = teams or range(len(returns))
    sides = []
    for team in range(max(of) + 1):
        seats = tuple(seat for seat, its in enumerate(of) if its == team)
        first = returns[seats[0]]
        same = all(returns[seat] == first for seat in seats)  # a mean may be rounded
        sides.append((seats, first if same else fmean(returns[seat] for seat in seats)))
    return of, sides
