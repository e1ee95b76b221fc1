"""How commands print: escaped in pipes and on screens, in whole lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Cli, rows
from small_league import HOSTILE, new_league, play

from leagues.records import Member


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
