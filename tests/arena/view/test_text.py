"""Untrusted text is harmless on a terminal."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from arena.view.text import (
    duration,
    interval_bar,
    interval_text,
    moment,
    newest_measured,
    outside_news,
    outside_sentence,
    outside_text,
    plain,
    rated_text,
    short_name,
)
from leagues.ratings.leaderboard import Outside, Standing


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


@pytest.mark.parametrize(
    ("outside", "text", "sentence"),
    [
        (Outside("nash_conv", 0.1234), "NashConv 0.123", "main@3 has NashConv 0.123, where 0 is an equilibrium"),
        (
            Outside("self_play_return", 7.5),
            "return in self-play 7.5",
            "main@3 has a mean return of 7.5 when it plays every seat",
        ),
        (
            Outside("score", 0.5, "\x1b[2Jfoe", 1),
            "0.50 against \\x1b[2Jfoe",
            "main@3 scores 0.50 against \\x1b[2Jfoe in 1 game",
        ),
    ],
)
def test_an_outside_measure_in_words(outside: Outside, text: str, sentence: str) -> None:
    assert outside_text(outside) == text
    assert outside_sentence("main@3", outside, "Elo") == sentence
    assert outside_text(None) == ""


def test_the_newest_snapshot_with_a_measure_is_that_of_a_main_learner() -> None:
    def standing(role: str, generation: int, outside: Outside | None) -> Standing:
        return Standing(f"{role}@{generation}", role, generation, 0, 0, 0, 1, 1, 0, 0, outside=outside)

    known = Outside("nash_conv", 1)
    board = [standing("main", 1, known), standing("main", 2, None), standing("main_exploiter", 9, known)]
    found = newest_measured(board)
    assert found is not None
    assert found.agent == "main@1"
    assert newest_measured(board[1:2]) is None


def test_a_return_with_others_is_no_score_against_them() -> None:
    outside = Outside("score", -25.3, "random", 40, -26, -24.5)
    assert outside_sentence("main@1", outside, "returns per game") == (
        "main@1 has a mean return of -25.30 (-26.00 to -24.50) in 40 games with random"
    )


def test_a_newer_snapshot_that_is_not_measured_yet_is_named() -> None:
    def standing(generation: int, outside: Outside | None) -> Standing:
        return Standing(f"main@{generation}", "main", generation, 0, 0, 0, 1, 1, 0, 0, outside=outside)

    known = Outside("score", 0.72, "random", 40)
    text = "main@1 scores 0.72 against random in 40 games"
    assert outside_news([standing(2, None), standing(1, known)]) == f"{text}; main@2 is not measured from outside yet"
    assert outside_news([standing(1, known), standing(2, known)]) == text.replace("main@1", "main@2")
    assert outside_news([standing(1, None)]) == ""


def test_times_are_in_utc_wherever_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        for zone in (at, at.astimezone(), at.astimezone(timezone(timedelta(hours=-5)))):
            assert moment(zone) == "2026-01-02 03:04:05 UTC"
            assert moment(zone, brief=True) == "01-02 03:04:05"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_the_anchor_of_a_scale_has_no_interval() -> None:
    assert interval_text(700.1, 930.9, "Elo") == "700 to 931"
    assert rated_text(812.4, 700.1, 930.9, "Elo") == "812 (700 to 931)"
    assert interval_text(0.0, 0.0, "Elo") == "-"
    assert rated_text(0.0, 0.0, 0.0, "Elo") == "0"


@pytest.mark.parametrize(
    ("name", "width", "shown"),
    [
        ("main_exploiter@12", 17, "main_exploiter@12"),
        ("main_exploiter@12", 9, "main_…@12"),
        ("main_exploiter-2@12", 11, "main_…-2@12"),
        ("main_exploiter-2@12", 6, "ma…@12"),
        ("main@1234", 5, "main…"),
        ("a_long_baseline", 8, "a_long_…"),
        ("mcts:200", 6, "m…:200"),
        ("棋棋棋棋@3", 7, "棋棋…@3"),
        ("\x1b@12", 8, "\\x1b@12"),
    ],
)
def test_a_short_name_keeps_what_tells_snapshots_apart(name: str, width: int, shown: str) -> None:
    assert short_name(name, width) == shown
