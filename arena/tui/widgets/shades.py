"""Colours between two colours."""

from __future__ import annotations


def shade(start: str, end: str, part: float) -> str:
    """The colour that is ``part``, 0..1, of the way from ``start`` to ``end``, all as ``#rrggbb``."""
    both = zip(bytes.fromhex(start[1:]), bytes.fromhex(end[1:]), strict=True)
    return "#" + bytes(round(a + (b - a) * part) for a, b in both).hex()
