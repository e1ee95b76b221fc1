"""Tables of card games, drawn larger: every line takes three, and every card is a box."""

from __future__ import annotations

import re

_CARD = re.compile(r"(?:10|[2-9TJQKA])[♠♥♦♣]+|[TJQKA](?!\S)|\?")
_ROW = re.compile(r"(\S+(?: \d+)?)  +(.*)")

ROOM = (3, 24)
"""Lines that each line takes, and columns that the boxes add at most."""


def fits(columns: int, rows: int, width: int, height: int) -> bool:
    """Whether a table of ``columns`` and ``rows`` has room in ``width`` and ``height`` when it is drawn larger."""
    return columns + ROOM[1] <= width and ROOM[0] * rows <= height


def large_cards(drawing: str) -> str | None:
    """The table of :func:`games.drawing.cards.table` with its cards as boxes; None for a drawing without cards."""
    lines: list[str] = []
    boxes = 0
    for line in drawing.split("\n"):
        row = _ROW.fullmatch(line)
        cards = row[2].split("  ")[0].split() if row else []
        if row is None or not cards or not all(map(_CARD.fullmatch, cards)):
            lines += ["", line, ""]
            continue
        boxes += len(cards)
        rest = row[2][len(row[2].split("  ")[0]) :].rstrip()
        start = " " * row.start(2)
        edge = ["─" * (len(card) + 2) for card in cards]
        lines.append(start + " ".join(f"╭{each}╮" for each in edge))
        lines.append(line[: row.start(2)] + " ".join(f"│ {card} │" for card in cards) + rest)
        lines.append(start + " ".join(f"╰{each}╯" for each in edge))
    return "\n".join(lines) if boxes else None
