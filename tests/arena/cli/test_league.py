"""``arena leaderboard``, ``payoffs`` and ``show``, as a person and as a pipe see them."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import pytest
from command_line import Cli, rows
from inflated_league import inflated_league
from small_league import new_league, play, progress

from leagues.records import Measure
from leagues.store import open_store


def test_the_leaderboard_has_the_promised_keys_and_orders_by_rating(cli: Cli, league: Path) -> None:
    board = rows(cli, "leaderboard", league)
    assert {row["agent"] for row in board} == {"random", "first", "main@1"}
    for row in board:
        promised = ["agent", "role", "generation", "rating", "low", "high", "games", "wins", "draws", "losses"]
        assert list(row)[:10] == promised
        assert row["unit"] == "Elo"
        assert row["low"] <= row["rating"] <= row["high"]
        assert row["wins"] + row["draws"] + row["losses"] == row["games"] == 8
    assert [row["rating"] for row in board] == sorted((row["rating"] for row in board), reverse=True)
    assert {row["agent"]: row["generation"] for row in board} == {"random": None, "first": None, "main@1": 1}

    code, out, _ = cli("leaderboard", league)
    assert code == 0
    lines = out.splitlines()
    assert len(lines) == 4
    assert " Elo " in lines[0]
    assert [line.split()[1] for line in lines[1:]] == [row["agent"] for row in board]


def test_the_leaderboard_has_a_measure_from_outside(cli: Cli, tmp_path: Path) -> None:
    anchored = inflated_league(tmp_path / "league")
    board = {row["agent"]: row["outside"] for row in json.loads(cli("leaderboard", anchored, "--json")[1])}
    assert board["mcts:25"] is None
    outside = board["main@1"]
    assert set(outside) == {"name", "value", "against", "games", "low", "high"}
    assert outside["low"] <= outside["value"] <= outside["high"]
    out = cli("leaderboard", anchored)[1]
    assert "outside" in out.splitlines()[0]
    assert f"{outside['value']:.2f} against {outside['against']}" in out
    assert f"{outside['value']:.2f} against {outside['against']} (" in cli("show", anchored, "main@1")[1]


def test_members_without_evaluation_matches_have_no_rating(cli: Cli, tmp_path: Path) -> None:
    with new_league(tmp_path / "league") as store:
        play(store, [("random", "first")])
    board = {row["agent"]: row for row in rows(cli, "leaderboard", tmp_path / "league")}
    assert (board["main@1"]["rating"], board["main@1"]["low"], board["main@1"]["high"]) == (None, None, None)
    assert (board["main@1"]["games"], board["random"]["rating"]) == (0, 0)
    line = cli("leaderboard", tmp_path / "league")[1].splitlines()[-1]
    assert line.split() == ["-", "main@1", "main", "1", "-", "-", "0", "0/0/0"]
    assert rows(cli, "show", tmp_path / "league", "main@1")["rating"] is None
    assert "none yet" in cli("show", tmp_path / "league", "main@1")[1]


def test_payoffs_are_seen_from_both_sides_and_by_kind(cli: Cli, league: Path) -> None:
    found = rows(cli, "payoffs", league)
    score = {(row["member"], row["opponent"], row["kind"]): (row["score"], row["games"]) for row in found}
    assert score["main", "random", "training"] == (pytest.approx(35 / 60), 60)
    assert score["random", "main", "training"] == (pytest.approx(25 / 60), 60)
    ours, theirs = score["random", "first", "evaluation"], score["first", "random", "evaluation"]
    assert ours[0] + theirs[0] == pytest.approx(1)
    assert ours[1] == theirs[1] == 4

    code, out, _ = cli("payoffs", league)
    assert code == 0
    assert "(4)" in out
    code, out, _ = cli("payoffs", league, "--kind", "training")
    assert "58 (60)" in out
    assert "42 (60)" in out


def test_show_tells_what_a_member_is_and_whom_it_beats(cli: Cli, league: Path) -> None:
    found = rows(cli, "show", league, "main@1")
    assert (found["id"], found["kind"], found["generation"], found["step"]) == ("main@1", "snapshot", 1, 8000)
    assert found["rating"]["agent"] == "main@1"
    assert {row["opponent"] for row in found["opponents"]} == {"random", "first"}

    code, out, _ = cli("show", league, "main@1")
    assert code == 0
    assert "1 of main, after 8,000 agent steps" in out

    code, out, _ = cli("show", league, "main")
    assert code == 0
    assert "a learner still changes" in out
    assert "58%" in out


def test_a_learner_in_self_play_has_games_though_no_opponents(cli: Cli, tmp_path: Path) -> None:
    with new_league(tmp_path / "league") as store:
        assert cli("show", tmp_path / "league", "main")[1].splitlines()[-1] == "no training game yet"
        store.record(progress=progress())
    assert cli("show", tmp_path / "league", "main")[1].splitlines()[-1] == "900 training games, all self-play"
    assert cli("show", tmp_path / "league", "main@1")[1].splitlines()[-1] == "no evaluation match yet"


def test_different_games_are_counted_among_those_that_there_are(
    cli: Cli, league: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def distinct() -> str:
        (line,) = [each for each in cli("show", league, "main@1")[1].splitlines() if each.startswith("distinct")]
        return line.split(maxsplit=1)[1]

    whole = distinct()
    assert whole.startswith("about ")
    assert whole.endswith(" of its 8 games")
    monkeypatch.setattr("leagues.ratings.notes.NOTED_MATCHES", 4)
    monkeypatch.setattr("arena.cli.league_output.NOTED_MATCHES", 4)
    assert distinct().endswith(" of its newest 4 games")


def test_show_settings_prints_toml_and_json_of_any_league(cli: Cli, tmp_path: Path) -> None:
    old = shutil.copytree(Path(__file__).parents[2] / "data" / "league_0003", tmp_path / "old")
    open_store(old).writer().close()  # brings it up to date
    _, text, _ = cli("show", old, "--settings")
    _, as_json, _ = cli("show", old, "--settings", "--json")
    assert tomllib.loads(text)["league"] == json.loads(as_json)["league"]
    assert tomllib.loads(text)["league"]["roles"] == {"main": 1, "main_exploiter": 1}
    for wrong in (["show", old], ["show", old, "best", "--settings"]):
        code, _, error = cli(*wrong)
        assert code == 2
        assert "a member or --settings" in error


def test_the_leaderboard_shows_the_anchors_and_warns_of_inflation(cli: Cli, tmp_path: Path) -> None:
    league = inflated_league(tmp_path / "league")
    code, out, err = cli("leaderboard", league)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert any(line.split()[1:3] == ["mcts:25", "anchor"] for line in lines[1:])
    (warning,) = (line for line in lines if line.startswith("warning: main's ratings rose by"))
    assert "mcts:25" in warning
    code, out, err = cli("leaderboard", league, "--json")
    assert code == 0
    assert json.loads(out)[0]["rating"] > 0
    assert warning in err.splitlines()
    better = inflated_league(tmp_path / "better", better=True)
    assert "ratings rose" not in cli("leaderboard", better)[1]


def test_a_member_is_shown_with_what_was_measured_of_it(cli: Cli, tmp_path: Path) -> None:
    with new_league(tmp_path / "league") as store:
        store.record(
            measures=[
                Measure("nash_conv", "main", 1, 100, 1.9),
                Measure("nash_conv", "main", 11, 900, 0.25),
                Measure("nash_conv", "main@1", 9, 800, 0.5),
            ]
        )
    lines = cli("show", tmp_path / "league", "main")[1].splitlines()
    assert ["NashConv", "0.25 after iteration 11, 1.9 at first"] in [line.split(maxsplit=1) for line in lines]
    lines = cli("show", tmp_path / "league", "main@1")[1].splitlines()
    assert any(line.split() == ["NashConv", "0.5"] for line in lines)
    measures = rows(cli, "show", tmp_path / "league", "main")["measures"]
    assert [(each["name"], each["iteration"], each["value"]) for each in measures] == [
        ("nash_conv", 1, 1.9),
        ("nash_conv", 11, 0.25),
    ]


def test_the_anchor_of_the_ratings_has_no_interval_to_read(cli: Cli, league: Path) -> None:
    (anchor,) = [row for row in rows(cli, "leaderboard", league) if row["agent"] == "random"]
    assert (anchor["rating"], anchor["low"], anchor["high"]) == (0, 0, 0)
    for command in (["leaderboard", league], ["show", league, "random"], ["rank", league, "--by", "elo"]):
        code, out, _ = cli(*command)
        assert code == 0
        assert "0 to 0" not in out
    assert "0 Elo, rank 1" in cli("show", league, "random")[1]
