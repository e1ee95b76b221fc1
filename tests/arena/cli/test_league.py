"""The commands that read a league, as a person and as a pipe see them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_league import GAME, HOSTILE, new_league, play, played_league

from arena.cli.app import run
from leagues.records import Member
from leagues.store import open_store

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs ``arena`` and gives exit code, stdout and stderr."""

    def call(*args: object) -> tuple[int, str, str]:
        code = run([str(arg) for arg in args])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture(scope="module")
def league(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played_league(tmp_path_factory.mktemp("leagues") / "ttt")


def rows(cli: Cli, *args: object) -> Any:
    code, out, err = cli(*args, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def test_the_leaderboard_has_the_promised_keys_and_orders_by_rating(cli: Cli, league: Path) -> None:
    board = rows(cli, "leaderboard", league)
    assert {row["agent"] for row in board} == {"random", "first", "main@1"}
    for row in board:
        assert list(row) == ["agent", "role", "generation", "rating", "low", "high", "games", "wins", "draws", "losses"]
        assert row["low"] <= row["rating"] <= row["high"]
        assert row["wins"] + row["draws"] + row["losses"] == row["games"] == 8
    assert [row["rating"] for row in board] == sorted((row["rating"] for row in board), reverse=True)
    assert {row["agent"]: row["generation"] for row in board} == {"random": None, "first": None, "main@1": 1}

    code, out, _ = cli("leaderboard", league)
    assert code == 0
    lines = out.splitlines()
    assert len(lines) == 4
    assert [line.split()[1] for line in lines[1:]] == [row["agent"] for row in board]


def test_members_without_rated_games_have_no_rating(cli: Cli, tmp_path: Path) -> None:
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


def test_matches_are_newest_first_and_can_be_narrowed(cli: Cli, league: Path) -> None:
    found = rows(cli, "matches", league)
    assert [row["match"] for row in found] == list(range(13, 0, -1))
    newest = found[0]
    assert {"match", "game", "agents", "returns", "ending", "plies", "kind", "seed", "started_at", "duration_s"} <= set(
        newest
    )
    assert (newest["agents"], newest["kind"], newest["seed"]) == (["main", "random"], "training", 9)
    assert newest["game"].startswith(GAME)

    assert len(rows(cli, "matches", league, "--kind", "training")) == 1
    assert len(rows(cli, "matches", league, "--limit", 2)) == 2
    assert all("first" in row["agents"] for row in rows(cli, "matches", league, "--member", "first"))

    code, out, _ = cli("matches", league, "--limit", 1)
    assert code == 0
    assert "main · random" in out


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


def test_a_replay_in_a_pipe_is_text_with_every_move(cli: Cli, league: Path) -> None:
    plies = rows(cli, "matches", league, "--limit", 1)[0]["plies"]
    code, out, _ = cli("replay", league, 13)
    assert code == 0
    assert out.count(" plays ") == plies
    assert "\x1b" not in out
    assert cli("replay", league, 13, "--text")[1] == out


def test_an_exported_replay_repeats_the_game(cli: Cli, league: Path) -> None:
    from games import make_game

    code, out, err = cli("replay", league, "best", "--export", "json")
    assert (code, err) == (0, "")
    record = json.loads(out)
    assert {"match", "game", "seed", "agents", "actions", "returns", "ending", "versions"} <= set(record)
    *_, last = make_game(record["game"]).replay(record["seed"], [tuple(move) for move in record["actions"]])
    assert list(last.returns()) == record["returns"]


def test_verify_is_silent_about_a_sound_league_and_fails_on_a_damaged_one(cli: Cli, tmp_path: Path) -> None:
    league = played_league(tmp_path / "league")
    found = rows(cli, "verify", league)
    assert (found["matches"], found["findings"]) == (13, [])
    assert cli("verify", league)[0] == 0

    (weights,) = (league / "weights").glob("*.safetensors")
    weights.write_bytes(weights.read_bytes() + b"x")
    code, out, _ = cli("verify", league, "--json")
    assert code == 1
    assert [finding["subject"] for finding in json.loads(out)["findings"]] == ["main@1"]
    code, out, _ = cli("verify", league)
    assert code == 1
    assert "main@1" in out
    assert out.splitlines()[-1] == "1 finding"


def test_hostile_names_reach_no_terminal(cli: Cli, tmp_path: Path) -> None:
    with new_league(tmp_path / "league") as store:
        store.add_members([Member(HOSTILE, "baseline", "baseline", agent="random")])
        play(store, [(HOSTILE, "first"), ("first", HOSTILE)])
    for args in (["leaderboard"], ["payoffs"], ["matches"], ["replay", 1]):
        code, out, _ = cli(args[0], tmp_path / "league", *args[1:])
        assert code == 0
        assert "\x1b" not in out
        assert "\x07" not in out
        assert "[red]evil[/red]" in out
    code, out, _ = cli("show", tmp_path / "league", HOSTILE)
    assert code == 0
    assert "\x1b" not in out
    code, _, err = cli("show", tmp_path / "league", "nobody\x1b]0;")
    assert code == 2
    assert "\x1b" not in err


def test_an_empty_league_is_told_plainly(cli: Cli, tmp_path: Path) -> None:
    new_league(tmp_path / "league").close()
    assert rows(cli, "matches", tmp_path / "league") == []
    assert rows(cli, "payoffs", tmp_path / "league") == []
    for command in ("leaderboard", "payoffs", "matches"):
        assert cli(command, tmp_path / "league")[0] == 0
    code, _, err = cli("replay", tmp_path / "league", "best")
    assert code == 2
    assert err.startswith("error: ")


@pytest.mark.parametrize("command", ["leaderboard", "payoffs", "matches", "show"])
def test_a_narrow_screen_gets_whole_lines(
    cli: Cli, league: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr("arena.cli.output.is_screen", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = cli(command, league, *["main@1"] * (command == "show"))
    assert code == 0
    assert all(len(line) <= 80 for line in out.splitlines())
    assert "main@1" in out
    assert "…" not in out


@pytest.mark.parametrize(
    "args",
    [
        ["leaderboard", "{none}"],
        ["payoffs", "{none}"],
        ["matches", "{none}"],
        ["verify", "{none}"],
        ["watch", "{none}"],
        ["replay", "{none}", "1"],
        ["show", "{league}", "nobody"],
        ["matches", "{league}", "--member", "nobody"],
        ["matches", "{league}", "--kind", "friendly"],
        ["payoffs", "{league}", "--kind", "friendly"],
        ["matches", "{league}", "--limit", "0"],
        ["replay", "{league}", "999"],
        ["replay", "{league}", "first"],
        ["replay", "{league}", "9223372036854775808"],
        ["replay", "{league}", "9" * 5000],
        ["matches", "{league}", "--limit", "9" * 24],
        ["leaderboard", "x" * 300],
        ["watch", "x" * 300],
        ["replay", "x" * 300, "1"],
        ["replay", "{league}", "1", "--pictures", "x" * 300],
        ["verify", "/dev/null"],
        ["show", "", "main"],
        ["replay", "{league}", "1", "--export", "pgn"],
        ["replay", "{league}", "1", "--export", "xml"],
        ["replay", "{league}", "1", "--export", "json", "--text"],
        ["watch", "{league}"],
        ["leaderboard"],
        ["leaderbord", "{league}"],
        ["leaderboard", "{league}", "--nonsense"],
    ],
)
def test_a_wrong_call_is_one_line_and_code_2(cli: Cli, league: Path, tmp_path: Path, args: list[str]) -> None:
    code, out, err = cli(*[arg.format(league=league, none=tmp_path / "none") for arg in args])
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert "unexpected" not in err
    assert "Traceback" not in err


def test_an_unexpected_error_names_its_type_and_debug_shows_the_traceback(
    cli: Cli, league: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError("a\nb")

    monkeypatch.setattr("leagues.store.open_store", broken)
    code, out, err = cli("leaderboard", league)
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert "ZeroDivisionError: a b" in err
    assert "arena --debug" in err
    code, _, err = cli("--debug", "leaderboard", league)
    assert code == 1
    assert "Traceback" in err


def test_help_is_quick_to_load() -> None:
    heavy = {"torch", "ray", "textual", "sqlalchemy", "pyspiel", "numpy", "rich"}
    code = (
        "import sys; from arena.cli.app import run; assert run(['--help']) == 0;"
        f"print({heavy!r} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "set()"
    for command in ("games", "train", "watch", "leaderboard", "payoffs", "show", "matches", "replay", "verify", "play"):
        assert f"\n  {command} " in done.stdout


def test_without_a_command_there_is_help_and_with_version_a_version(cli: Cli) -> None:
    code, out, _ = cli()
    assert code == 0
    assert "Usage: arena" in out
    code, out, _ = cli("--version")
    assert code == 0
    assert out.startswith("arena ")


def test_a_reader_that_leaves_is_no_error(league: Path) -> None:
    code = f"from arena.cli import main; main(['matches', {str(league)!r}, '--json'])"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait()
