"""The ``arena`` command as a whole: help, wrong calls, unexpected errors, pipes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Cli

from agents.registry import KINDS
from arena.cli.app import COMMANDS


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
    heavy = {"torch", "ray", "textual", "sqlalchemy", "pyspiel", "numpy", "rich", "aiohttp"}
    code = (
        "import sys; from arena.cli.app import run; assert run(['--help']) == 0;"
        f"print({heavy!r} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "set()"
    for command in COMMANDS:
        assert f"\n  {command.__name__} " in done.stdout
    for kind in KINDS.values():
        assert kind.usage in done.stdout


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
