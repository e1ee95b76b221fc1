"""Pictures of positions: drawn in half blocks on a terminal, or written as PNG files (ISO/IEC 15948)."""

from __future__ import annotations

import logging
import struct
import zlib
from itertools import groupby

import numpy as np
import numpy.typing as npt

from arena.view.theme import RESET
from games.contract import PictureArray, State
from games.errors import GameError
from games.foreign import foreign_game

log = logging.getLogger(__name__)


def picture_of(state: State) -> PictureArray | None:
    """The position as a picture. None where the game draws none or fails to: show the text drawing then."""
    try:
        with foreign_game(type(state).__name__, "in its picture"):
            return state.picture()
    except GameError as error:
        log.warning("no picture could be drawn, so the text drawing is shown: %s", error)
        return None


def shrunk(picture: PictureArray, width: int, height: int) -> PictureArray:
    """The picture in at most ``width`` x ``height`` pixels, with its proportions kept. Each new pixel is the mean of
    those it covers.

    Args:
        picture: ``(H, W, 3)`` uint8. One that already fits is returned unchanged.
        width: columns of pixels, at least 1.
        height: rows of pixels, at least 1.
    """
    scale = min(width / picture.shape[1], height / picture.shape[0])
    if scale >= 1:
        return picture
    small: npt.NDArray[np.floating] = picture.astype(np.float32)
    for axis in (0, 1):
        length = small.shape[axis]
        starts = np.linspace(0, length, max(1, round(length * scale)), endpoint=False).astype(int)
        sums = np.add.reduceat(small, starts, axis=axis)
        counts = np.diff(np.append(starts, length))
        small = sums / (counts[:, None, None] if axis == 0 else counts[:, None])
    return small.round().astype(np.uint8)


def half_blocks(picture: PictureArray, columns: int, rows: int) -> str:
    """The picture in at most ``columns`` x ``rows`` cells of a terminal, with 24-bit ANSI colours. Each cell shows two
    pixels, one above the other."""
    small = shrunk(picture, columns, 2 * rows)
    if len(small) % 2:
        small = np.concatenate([small, np.zeros_like(small[:1])])
    pairs = np.concatenate([small[::2], small[1::2]], axis=2).tolist()  # upper and lower pixel: (rows, columns, 6)
    return "\n".join("".join(_run(pair, len(list(cells))) for pair, cells in groupby(row)) + RESET for row in pairs)


def _run(pair: list[int], length: int) -> str:
    upper, lower = (";".join(map(str, pair[at : at + 3])) for at in (0, 3))
    return f"\x1b[38;2;{upper};48;2;{lower}m" + "▀" * length


def png(picture: PictureArray) -> bytes:
    """The picture as a PNG file."""
    height, width, _ = picture.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), picture.reshape(height, -1)], axis=1)  # filter 0: none
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits of each of red, green, blue
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes())), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
