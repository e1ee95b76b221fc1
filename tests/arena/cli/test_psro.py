"""``arena psro``."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Cli


def test_it_shows_every_step_and_its_league_plays_the_mixture(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "league"
    code, out, err = cli("psro", "kuhn_poker", "--league", folder, "--policies", 4)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split() == ["policies", "NashConv", "seconds"]
    assert [line.split()[0] for line in lines[1:5]] == ["1", "2", "3", "4"]
    assert lines[1].split()[1] == "0.916667"
    assert lines[5:] == [f"the mixture is {folder}:nash"]
    shown = float(lines[4].split()[1])
    code, out, _ = cli("exploitability", "kuhn_poker", f"{folder}:nash", "--json")
    assert code == 0
    assert json.loads(out)["nash_conv"] == pytest.approx(shown, abs=1e-6)
    code, out, err = cli("psro", "kuhn_poker", "--league", folder, "--resume")
    assert (code, err) == (0, "")
    assert "no seat has a best response that is new to it" in out
    code, out, _ = cli("show", folder, "oracle@2")
    assert code == 0
    assert "NashConv of the mixture" in out
    for command in ("leaderboard", "payoffs", "verify", "matches"):
        assert cli(command, folder)[0] == 0


def test_as_json(cli: Cli) -> None:
    code, out, err = cli("psro", "kuhn_poker", "--anytime", "--json")
    assert (code, err) == (0, "")
    row = json.loads(out)
    assert (row["game"], row["solver"], row["kind"], row["complete"]) == ("kuhn_poker", "anytime", "exact", True)
    assert row["nash_conv"] == pytest.approx(0, abs=1e-9)
    assert [step["policies"] for step in row["steps"]] == list(range(1, row["policies"] + 1))
    assert [len(weights) for weights in row["weights"]] == [len(row["members"])] * 2


def test_wrong_calls(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "league"
    cli("psro", "kuhn_poker", "--league", folder, "--policies", 2)
    (tmp_path / "file").touch()
    wrong = [
        (["kuhn_poker", "--solver", "nas"], "did you mean"),
        (["kuhn_poker", "--solver", "prd", "--anytime"], "drop one of the two"),
        (["kuhn_poker", "--policies", "0"], "--policies"),
        (["connect_four"], "too many to enumerate; train the best responses instead"),
        (["kuhn_poker(players=3)", "--anytime"], "zero-sum games of two seats"),
        (["kuhn_poker", "--resume"], "name its league"),
        (["kuhn_poker", "--league", folder], "add --resume"),
        (["kuhn_poker", "--league", tmp_path / "none", "--resume"], "drop --resume"),
        (["kuhn_poker", "--league", tmp_path / "file"], "is a file"),
        (["leduc_poker", "--league", folder, "--resume"], "plays 'kuhn_poker'"),
        (["kuhn_poker", "--league", folder, "--resume", "--solver", "uniform"], "has the solver 'nash'"),
        (["kuhn_poker", "--teams", "2"], "No such option"),
    ]
    for arguments, message in wrong:
        code, _out, err = cli("psro", *arguments)
        assert code == 2, arguments
        assert message in err, (arguments, err)
        assert len(err.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "league"]


@pytest.mark.slow
def test_after_a_kill_it_goes_on_to_the_same_mixture(cli: Cli, tmp_path: Path) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    command = [sys.executable, "-m", "arena", "psro", "leduc_poker", "--anytime", "--policies", "12"]
    with subprocess.Popen([*command, "--league", killed], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.split()[0] == "4":
                process.kill()
    assert process.returncode == -signal.SIGKILL
    code, out, err = cli("psro", "leduc_poker", "--league", killed, "--resume", "--policies", 12, "--json")
    assert (code, err) == (0, "")
    resumed = json.loads(out)
    code, out, _ = cli("psro", "leduc_poker", "--league", whole, "--anytime", "--policies", 12, "--json")
    assert code == 0
    uninterrupted = json.loads(out)
    for name in ("solver", "nash_conv", "members", "weights"):
        assert resumed[name] == uninterrupted[name]
    assert cli("verify", killed)[0] == 0
