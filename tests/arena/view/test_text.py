"""Untrusted text is harmless on a terminal."""

from __future__ import annotations

import pytest

from arena.view.text import duration, interval_bar, plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("main@12", "main@12"),
        ("[red]x[/red]", "[red]x[/red]"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\x9b31m", r"\x9b31m"),
        ("left\u202eright", r"left\u202eright"),
        ("\ud800", r"\ud800"),
        ("größe 棋", "größe 棋"),
    ],
)
def test_control_characters_are_escaped(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_drawing_keeps_only_its_line_breaks() -> None:
    assert plain("x.o\n\x1b[2J...", lines=True) == "x.o\n\\x1b[2J..."


@pytest.mark.parametrize(
    ("seconds", "shown"), [(-1, "0s"), (8.4, "8s"), (59.7, "1m 00s"), (125, "2m 05s"), (12_000, "3h 20m")]
)
def test_durations_read_well(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_an_interval_bar_marks_the_point_within_the_interval() -> None:
    assert interval_bar(-50, 0, 50, left=-100, right=100, width=9) == "  ──●──  "
    assert interval_bar(0, 0, 0, left=0, right=0, width=3) == "●  "
