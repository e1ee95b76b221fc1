"""Compact byte strings: the moves of a match, its returns, and a lineup.

Moves. The *expected* player of a move is the seat after the one that moved last, ignoring chance; seat 0 at first. If
the expected player moves, the move is the number ``2 * action``; if another one does, it is the two numbers
``2 * action + 1`` and ``player + 1``. So a move in turn costs one bit for its player, and a move of chance (player -1)
costs one number more. All numbers have the same width: first comes a byte with that width in bits, then one big-endian
integer that consists of a 1 bit and the numbers.

If all moves are in turn, as in board games, the numbers are the actions alone, and the first byte is 128 larger. A move
of connect four takes 3 bits. Leagues up to schema 0002 have no moves in this form.

Continuous moves. First a zero byte, with which discrete moves never begin; then, as little-endian uint32, the number of
components of an action and the length of the next part; then the moves as above, with 0 for every continuous action;
then the continuous actions, a little-endian float32 for each component. Chance keeps its numbers.

Returns. A signed byte for each seat if all returns are integers in -128..127; otherwise a little-endian float64 each.

Lineups. A LEB128 varint for each seat: ``2 * member``, plus 1 if the match was played with the member's frozen weights.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from games.contract import CHANCE, Move

_IN_TURN = 128
"""Added to the first byte if the numbers are the actions alone."""

_CONTINUOUS = struct.Struct("<BII")
"""The zero byte, the number of components, and the length of the numbers."""


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


def pack_moves(history: Sequence[Move], num_seats: int) -> bytes:
    """The moves of a match as bytes.

    Raises:
        ValueError: a player is neither -1 nor a seat; an action is negative; or continuous actions are mixed with
            discrete ones, differ in length, or are not float32 numbers.
    """
    points = [action for _, action in history if isinstance(action, tuple)]
    numbers = _pack_numbers(
        [(player, 0 if isinstance(action, tuple) else action) for player, action in history], num_seats
    )
    if not points:
        return numbers
    if any(isinstance(action, tuple) == (player == CHANCE) for player, action in history):
        raise ValueError("the actions of seats are all continuous or all discrete, and those of chance are discrete")
    components = len(points[0])
    header = _CONTINUOUS.pack(0, components, len(numbers))
    return header + numbers + b"".join([_pack_point(point, components) for point in points])


def _pack_point(point: tuple[float, ...], components: int) -> bytes:
    code = f"<{components}f"
    try:
        packed = struct.pack(code, *point)
    except (struct.error, OverflowError):
        packed = b""
    if not packed or struct.unpack(code, packed) != point:
        raise ValueError(f"a continuous action has {components} finite float32 numbers, but got {point}")
    return packed


def unpack_moves(data: bytes, num_seats: int) -> tuple[Move, ...]:
    """The inverse of :func:`pack_moves`."""
    if not data.startswith(b"\0"):
        return _unpack_numbers(data, num_seats)
    _, components, length = _CONTINUOUS.unpack_from(data)
    numbers, packed = data[_CONTINUOUS.size :][:length], data[_CONTINUOUS.size + length :]
    points = struct.iter_unpack(f"<{components}f", packed)
    return tuple(
        (player, action if player == CHANCE else next(points)) for player, action in _unpack_numbers(numbers, num_seats)
    )


def _pack_numbers(history: Sequence[tuple[int, int]], num_seats: int) -> bytes:
    numbers = []
    expected, in_turn = 0, True
    for player, action in history:
        if not -1 <= player < num_seats or action < 0:
            raise ValueError(f"a move has a player in -1..{num_seats - 1} and an action >= 0, but got {player, action}")
        if player == expected:
            numbers.append(2 * action)
        else:
            in_turn = False
            numbers += (2 * action + 1, player + 1)
        if player >= 0:
            expected = (player + 1) % num_seats
    if not numbers:
        return b""
    if in_turn:
        numbers = [number >> 1 for number in numbers]
    width = max(max(numbers).bit_length(), 1)
    form = f"0{width}b"
    bits = "1" + "".join([format(number, form) for number in numbers])
    return bytes([width + _IN_TURN * in_turn]) + int(bits, 2).to_bytes(-(-len(bits) // 8))


def _unpack_numbers(data: bytes, num_seats: int) -> tuple[tuple[int, int], ...]:
    if not data:
        return ()
    width, bits = data[0] % _IN_TURN, f"{int.from_bytes(data[1:]):b}"
    numbers = (int(bits[at : at + width], 2) << (data[0] >= _IN_TURN) for at in range(1, len(bits), width))
    moves = []
    expected = 0
    for number in numbers:
        player = next(numbers) - 1 if number & 1 else expected
        moves.append((player, number >> 1))
        if player >= 0:
            expected = (player + 1) % num_seats
    return tuple(moves)


def pack_returns(returns: Sequence[float]) -> bytes:
    """The returns of a match as bytes, 1 or 8 for each seat."""
    if all(-128 <= value <= 127 and value == int(value) for value in returns):
        return struct.pack(f"<{len(returns)}b", *map(int, returns))
    return struct.pack(f"<{len(returns)}d", *returns)


def unpack_returns(data: bytes, num_seats: int) -> tuple[float, ...]:
    """The inverse of :func:`pack_returns`."""
    code = "b" if len(data) == num_seats else "d"
    return tuple(map(float, struct.unpack(f"<{num_seats}{code}", data)))


def pack_lineup(seats: Sequence[tuple[int, bool]]) -> bytes:
    """A lineup as bytes: for each seat, the member's row and whether it played with its frozen weights."""
    out = bytearray()
    for member, weights in seats:
        _varint(2 * member + weights, out)
    return bytes(out)


def unpack_lineup(data: bytes) -> list[tuple[int, bool]]:
    """The inverse of :func:`pack_lineup`."""
    return [(value >> 1, bool(value & 1)) for value in _varints(data)]
