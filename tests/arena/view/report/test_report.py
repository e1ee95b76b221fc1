"""A league as one web page."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from league_pages import HOSTILE_TEXT, hostile_league
from leaguekit import unguarded
from small_league import GAME, NOW, new_league, play, played_league, progress

import arena
from agents.basic import RandomAgent
from arena.cli.app import run
from arena.play.matches import play_pairings
from arena.view.report import replays as made
from arena.view.report.page import report_page
from arena.view.report.replays import replays
from arena.view.report.tables import state_text
from games import make_game
from leagues.records import JournalEntry, Measure, Member, Pairing
from leagues.store import LeagueInfo, open_store


def page_of(folder: Path) -> str:
    with open_store(folder).reader() as reader:
        return report_page(reader)


def data_of(page: str) -> dict[str, Any]:
    """What the script of the page is given."""
    found = re.search('<script type="application/json" id="data">(.*?)</script>', page)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_a_league_is_written_with_all_that_it_has(tmp_path: Path) -> None:
    folder = played_league(tmp_path / "league")
    with open_store(folder).writer() as writer:
        writer.record(
            progress=replace(progress(4), metrics={"main": {"entropy": 1.5}}),
            measures=[Measure("nash_conv", "main", 4, 24_000, 0.5)],
            journal=[JournalEntry("snapshot", NOW, 3, 24_000, "main@1", {"reason": "win_rate"})],
        )
    with arena.open_league(folder) as league:
        league.report(tmp_path / "report.html")
        rating = next(each.rating for each in league.leaderboard() if each.agent == "main@1")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert re.findall('<section id="([a-z]+)"', page) == [
        "ratings",
        "replays",
        "payoffs",
        "training",
        "events",
        "settings",
    ]
    assert (
        f'<th scope="row" class="name">main@1</th><td class="extra">main</td><td class="number strong">{rating:.0f}'
        in page
    )
    for title in ("Ratings of snapshots", "NashConv of learners", "Entropy", "Speed"):
        assert f"<h3>{title}" in page
    assert "by its scores" in page
    assert "main@1 against random" in page
    assert len(data_of(page)["charts"]) == page.count("<figure")
    assert {path.name for path in tmp_path.iterdir()} == {"league", "report.html"}


def test_the_page_forbids_all_loading_and_all_scripts_but_its_own(tmp_path: Path) -> None:
    page = page_of(played_league(tmp_path / "league"))
    policy = re.search('http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    rules = dict(rule.split(" ", 1) for rule in policy[1].split("; "))
    assert rules["default-src"] == "'none'"
    for name, pattern in (("style-src", "<style>(.*?)</style>"), ("script-src", "<script>(.*?)</script>")):
        (text,) = re.findall(pattern, page, re.DOTALL)
        assert rules[name] == f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
    assert not re.search(r"https?://|\bsrc=|\bhref=\"[^#]| style=| on[a-z]+=|url\(|@import", page)


def test_hostile_text_is_text_everywhere(tmp_path: Path) -> None:
    page = page_of(hostile_league(tmp_path / "league"))
    assert "<script>alert" not in page
    assert page.count("<script") == 2
    assert page.count("alert(1)") > 5
    assert not re.search("[\\x00-\\x09\\x0b-\\x1f\\x7f\\u2028\\u2029\\u202a-\\u202e]", page)
    assert HOSTILE_TEXT not in page


def test_equal_leagues_give_equal_pages_and_an_old_file_is_replaced(tmp_path: Path) -> None:
    folder = played_league(tmp_path / "league")
    files = [tmp_path / name for name in ("one.html", "two.html")]
    files[1].write_text("old")
    with arena.open_league(folder) as league:
        for file in files:
            league.report(file)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_an_empty_league_has_a_page(tmp_path: Path) -> None:
    game = arena.make_game(GAME)
    with open_store(tmp_path / "league").create(LeagueInfo(game.spec, game.agent_ids, 7, {}, {}, NOW)) as writer:
        page = report_page(writer)
    assert "No ratings yet" in page
    assert "No training yet" in page
    assert re.findall('<section id="([a-z]+)"', page) == ["ratings", "settings"]


def test_what_cannot_be_written_is_refused_and_leaves_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = played_league(tmp_path / "league")
    assert run(["report", str(folder), "-o", str(tmp_path / "missing" / "report.html")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert str(tmp_path / "missing" / "report.html") in error
    assert run(["report", str(tmp_path / "nothing"), "-o", str(tmp_path / "report.html")]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["league"]


def test_the_command_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, file = played_league(tmp_path / "league"), tmp_path / "report.html"
    assert run(["report", str(folder), "-o", str(file)]) == 0
    assert str(file) in capsys.readouterr().out
    assert file.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_the_command_writes_to_standard_output_what_it_writes_to_a_file(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder, file = played_league(tmp_path / "league"), tmp_path / "report.html"
    assert run(["report", str(folder), "-o", str(file)]) == 0
    capfdbinary.readouterr()
    assert run(["report", str(folder), "-o", "-"]) == 0
    written, errors = capfdbinary.readouterr()
    assert errors == b""
    assert written == file.read_bytes()


@pytest.mark.parametrize(
    ("game", "marks"),
    [
        ("tic_tac_toe", [("✕", "first"), ("○", "second")]),
        ("connect_four", [("●", "first"), ("○", "second")]),
        ("leduc_poker", [("p0", "seat0"), ("p1", "seat1")]),
        ("kuhn_poker(players=3)", [("p0", "seat0"), ("p1", "seat1"), ("p2", "seat2")]),
    ],
)
def test_a_seat_is_marked_by_its_piece_or_its_number(tmp_path: Path, game: str, marks: list[tuple[str, str]]) -> None:
    played = make_game(game)
    players = ("random",) * played.num_seats
    matches = play_pairings(played, [Pairing(players, 1, 1, 1, "evaluation")], {"random": RandomAgent()})
    info = LeagueInfo(played.spec, played.agent_ids, 7, {}, {}, NOW)
    with open_store(tmp_path / "league").create(info) as writer:
        writer.add_members([Member("random", "baseline", "baseline", agent="random")])
        writer.record(matches=list(matches))
        (replay,) = replays(writer)
    assert [(seat["mark"], seat["part"]) for seat in replay["seats"]] == marks


def test_a_replay_has_every_position_of_its_match(tmp_path: Path) -> None:
    with open_store(played_league(tmp_path / "league")).reader() as reader:
        found = replays(reader)
        first = found[0]
        match = reader.match(first["id"])
        with arena.open_league(tmp_path / "league") as league:
            drawings = [state.draw() for state in league.replay(match.id)]
    shown = [
        "\n".join("".join(text for _, text in first["lines"][line]) for line in frame["lines"])
        for frame in first["frames"]
    ]
    assert shown == drawings
    assert first["title"].startswith("Best match: ")
    assert first["frames"][0]["moves"] == "The start"
    assert first["frames"][1]["moves"] == f"{match.seats[0]} (seat 0) plays square {match.history[0][1]}"
    assert first["frames"][0]["acting"] == [0]
    assert first["frames"][-1]["acting"] == []
    (changed,) = first["frames"][1]["changed"]
    runs = first["lines"][first["frames"][1]["lines"][changed[0]]]
    assert "".join(text for _, text in runs)[changed[1]] == "✕"
    assert ("first", "✕") in [tuple(run) for run in runs]
    assert len({frozenset(seat["name"] for seat in each["seats"]) for each in found}) == len(found) == 3


def test_replays_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(played_league(tmp_path / "league")).reader() as reader:
        monkeypatch.setattr(made, "_MOST_FRAMES", 3)
        cut = replays(reader)[0]
        assert len(cut["frames"]) == 3
        assert "the first 3 of" in cut["about"]
        monkeypatch.setattr(made, "_MOST_BYTES", 1)
        assert len(replays(reader)) == 1


def test_a_match_that_cannot_be_replayed_says_why(tmp_path: Path) -> None:
    folder = played_league(tmp_path / "league")
    with unguarded(folder) as connection:
        connection.execute("UPDATE league SET game = 'no_such_game'")
    with open_store(folder).reader() as reader:
        found = replays(reader)
    assert [each["frames"] for each in found] == [[]] * len(found)
    assert "no_such_game" in found[0]["problem"]


def test_a_league_without_evaluation_shows_its_newest_training_matches(tmp_path: Path) -> None:
    with new_league(tmp_path / "league") as writer:
        (number,) = play(writer, [("main", "random")], kind="training")
        assert [each["id"] for each in replays(writer)] == [number]


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([], "Stopped"),
        (["start"], "Killed"),
        (["start", "limit"], "Finished"),
        (["start", "asked"], "Stopped"),
        (["start", "error"], "Crashed"),
        (["start", "limit", "resume"], "Killed"),
    ],
)
def test_the_state_is_that_of_the_newest_run(entries: list[str], words: str, tmp_path: Path) -> None:
    with new_league(tmp_path / "league") as writer:
        writer.record(progress=progress())
        for each in entries:
            kind: Any = each if each in ("start", "resume") else "stop"
            detail = {"reason": each} if kind == "stop" else {}
            writer.record(journal=[JournalEntry(kind, NOW, 3, 24_000, None, detail)])
        assert state_text(writer.info(), writer) == f"{words} · 2026-01-02 03:04:05 UTC"
