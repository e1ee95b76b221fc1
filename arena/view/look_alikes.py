"""ASCII characters for those that not every terminal has.

The streams of the command line replace by them what their encoding lacks, so that commands and the terminal UI need
not know which terminal they write to. All are one column wide, so that tables, boards and charts keep their shape.
"""

from __future__ import annotations

from collections.abc import Mapping

LOOK_ALIKES: Mapping[str, str] = {
    "●": "X",
    "✕": "X",
    "○": "O",
    "◆": "#",
    "◇": "@",
    "·": ".",
    "•": "+",
    "…": "~",
    **dict.fromkeys("─╌┄▔", "-"),
    "━": "=",
    **dict.fromkeys("│┃┊▌▐▎▏▍", "|"),
    **dict.fromkeys("╭╮╰╯┏┓┗┛┻┴┼", "+"),
    "┈": ".",  # the grid of a chart
    "≤": "<",
    **dict(zip("▁▂▃▄▅▆▇█", "__-=+*##", strict=True)),
    "▀": "=",
    **dict.fromkeys("▉▊▋", "#"),
    **dict(zip("←→↑↓▲▼▸▶⋮", "<>^v^v>>:", strict=True)),
    **dict(zip("♠♥♦♣", "shdc", strict=True)),
    **dict(zip("♔♕♖♗♘♙♚♛♜♝♞♟", "KQRBNPkqrbnp", strict=True)),
    **{chr(code): "*" for code in range(0x2801, 0x2900)},  # the dots of curves
    "\u2800": " ",
}


def look_alikes(error: UnicodeError) -> tuple[str, int]:
    """An error handler of codecs: what a stream cannot encode becomes its look-alike, or ``?`` in each of its columns.

    Raises:
        UnicodeError: the error is about decoding.
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    from rich.cells import cell_len

    lacking = error.object[error.start : error.end]
    return "".join(LOOK_ALIKES.get(each, "?" * cell_len(each)) for each in lacking), error.end
