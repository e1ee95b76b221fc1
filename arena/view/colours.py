"""Arithmetic on colours, which are written ``#rrggbb``."""

from __future__ import annotations


def shade(start: str, end: str, part: float) -> str:
    """The colour that is ``part``, 0..1, of the way from ``start`` to ``end``."""
    both = zip(bytes.fromhex(start[1:]), bytes.fromhex(end[1:]), strict=True)
    return "#" + bytes(round(a + (b - a) * part) for a, b in both).hex()


def luminance(colour: str) -> float:
    """How light a colour is, 0..1: the relative luminance of WCAG 2.1."""
    parts = (byte / 255 for byte in bytes.fromhex(colour[1:]))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours, 1..21, by WCAG 2.1. Text should have 4.5 on its background, or better 7."""
    darker, lighter = sorted(map(luminance, (first, second)))
    return (lighter + 0.05) / (darker + 0.05)
