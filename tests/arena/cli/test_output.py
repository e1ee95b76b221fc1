"""How commands print: escaped in pipes and on screens, in whole lines."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Cli, rows
from small_league import HOSTILE, new_league, play
from terminal import terminal

from arena.cli.app import run
from leagues.records import Member

READS = (
    "leaderboard {league}",
    "payoffs {league}",
    "show {league} main@1",
    "rank {league} --by elo",
    "journal {league}",
    "matches {league}",
    "replay {league} 1 --text",
    "replay {league} 1 --export json",
    "verify {league}",
    "games",
    "--help",
    "train --help",
    "tournament tic_tac_toe random first minimax:1 --games 2",
    "play tic_tac_toe --against first",
)
"""Commands that print what a league or a game holds."""


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


def test_an_empty_league_prints_a_sentence(cli: Cli, tmp_path: Path) -> None:
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


def test_a_screen_too_narrow_for_a_table_cuts_no_column(
    cli: Cli, league: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arena.cli.output.is_screen", lambda: True)
    monkeypatch.setenv("COLUMNS", "20")
    code, out, _ = cli("leaderboard", league)
    assert code == 0
    for column in ("rank", "agent", "95% interval", "games"):
        assert column in out


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("call", READS)
def test_a_terminal_without_unicode_gets_look_alikes(
    league: Path, monkeypatch: pytest.MonkeyPatch, call: str, encoding: str
) -> None:
    written, errors = io.BytesIO(), io.BytesIO()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("größe\n4\n".encode()), encoding=encoding))
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding=encoding))
    monkeypatch.setattr("sys.stderr", io.TextIOWrapper(errors, encoding=encoding))
    assert run(call.format(league=league).split()) == 0
    sys.stderr.flush()
    assert errors.getvalue() == b""
    text = written.getvalue().decode(encoding)
    assert text
    if "--text" in call:
        for part in (" X |", " O |", "---+---+---"):
            assert part in text


@pytest.mark.parametrize("setting", [("LC_ALL", "C"), ("PYTHONIOENCODING", "ascii")])
@pytest.mark.parametrize("command", ["leaderboard", "watch"])
def test_a_terminal_that_has_ascii_only_gets_nothing_else(
    league: Path, monkeypatch: pytest.MonkeyPatch, command: str, setting: tuple[str, str]
) -> None:
    for name in ("PYTHONUTF8", "PYTHONIOENCODING"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(*setting)
    with terminal(f"from arena.cli.app import main; main([{command!r}, {str(league)!r}])") as screen:
        if command == "watch":
            screen.see(lambda shown: "best main@1" in shown and "random" in shown)
            screen.type("q")
        shown = screen.end()
    assert "---" in shown
    assert shown.isascii()


def test_a_live_line_and_names_from_elsewhere_degrade(tmp_path: Path) -> None:
    code = (
        "from arena.cli import progress, output; from arena.cli.app import run; run(['--version'])\n"
        "progress.is_screen = output.is_screen = lambda: True\n"
        "with progress.live_line('tic_tac_toe') as show: show('3 games \\xb7 gr\\xf6\\xdfe', 3, 9)\n"
    )
    bare = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}  # a terminal that has ASCII only
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | bare, capture_output=True, check=True)
    assert done.stderr == b""
    assert b"3 games . gr??e" in done.stdout
    call = [sys.executable, "-m", "arena", "leaderboard", str(tmp_path / "größe")]
    done = subprocess.run(call, env=os.environ | bare, capture_output=True)
    assert done.returncode == 2
    assert done.stderr.startswith(b"error: ")
