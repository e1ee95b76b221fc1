"""Byte strings of the store: a match's moves, its returns, and a lineup. All integers are LEB128 varints.

Moves. The *expected* player of a move is the seat after the one that moved before it (seat 0 at first; chance moves
do not count). A move is ``2 * action`` when its player is the expected one, else ``2 * action + 1`` followed by
``player + 1``. So a move of a turn-based game, or of a simultaneous one with every seat acting, costs one byte up to
action 63, and chance (player -1) one byte more.

Returns. One signed byte per seat when all of them are integers in -128..127, else one little-endian float64 each.

Lineups. ``2 * member`` per seat, plus 1 when the match was played with the member's frozen weights.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence


def _varint(value: int, out: bytearray) -> None:
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)


def _varints(data: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in data:
        value |= (byte & 127) << shift
        if byte & 128:
            shift += 7
        else:
            yield value
            value = shift = 0


def pack_moves(history: Sequence[tuple[int, int]], num_seats: int) -> bytes:
    """The moves of a match.

    Raises:
        ValueError: a player is not -1 or a seat, or an action is negative.
    """
    out = bytearray()
    expected = 0
    for player, action in history:
        if not -1 <= player < num_seats or action < 0:
            raise ValueError(
                f"a move needs a player in -1..{num_seats - 1} and an action >= 0, but got {player, action}"
            )
        if player == expected:
            _varint(2 * action, out)
        else:
            _varint(2 * action + 1, out)
            _varint(player + 1, out)
        if player >= 0:
            expected = (player + 1) % num_seats
    return bytes(out)


def unpack_moves(data: bytes, num_seats: int) -> tuple[tuple[int, int], ...]:
    """The inverse of :func:`pack_moves`."""
    moves = []
    expected = 0
    values = _varints(data)
    for value in values:
        player = next(values) - 1 if value & 1 else expected
        moves.append((player, value >> 1))
        if player >= 0:
            expected = (player + 1) % num_seats
    return tuple(moves)


def pack_returns(returns: Sequence[float]) -> bytes:
    """The returns of a match, 1 or 8 bytes per seat."""
    if all(-128 <= value <= 127 and value == int(value) for value in returns):
        return struct.pack(f"<{len(returns)}b", *map(int, returns))
    return struct.pack(f"<{len(returns)}d", *returns)


def unpack_returns(data: bytes, num_seats: int) -> tuple[float, ...]:
    """The inverse of :func:`pack_returns`."""
    code = "b" if len(data) == num_seats else "d"
    return tuple(map(float, struct.unpack(f"<{num_seats}{code}", data)))


def pack_lineup(seats: Sequence[tuple[int, bool]]) -> bytes:
    """``(member's row, with its frozen weights)`` for each seat."""
    out = bytearray()
    for member, weights in seats:
        _varint(2 * member + weights, out)
    return bytes(out)


def unpack_lineup(data: bytes) -> list[tuple[int, bool]]:
    """The inverse of :func:`pack_lineup`."""
    return [(value >> 1, bool(value & 1)) for value in _varints(data)]
