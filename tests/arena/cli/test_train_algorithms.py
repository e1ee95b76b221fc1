"""``arena train --algorithm``: other algorithms than PPO, with the preset of the game but for its optimization."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from arena.cli.app import run
from leagues.store import open_store


def arena(*arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "arena", *map(str, arguments)], capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(("algorithm", "runners"), [("appo", 2), ("impala", 0)])
def test_a_league_is_trained_and_resumed(tmp_path: Path, algorithm: str, runners: int) -> None:
    folder = tmp_path / "league"
    of_all = ("train", "tic_tac_toe", "--league", folder, "--env-runners", runners)
    said = arena(*of_all, "--algorithm", algorithm, "--tables", 16, "--steps", 6000)
    assert "tic_tac_toe with the preset tic_tac_toe but for its optimization, which is for ppo: starting" in said
    settings = tomllib.loads(arena("show", folder, "--settings"))
    assert settings["algorithm"] == algorithm
    assert settings["positions"]["random_plies"] == 4, "as the preset says"
    assert settings["optimization"]["num_epochs"] == {"appo": 2, "impala": 1}[algorithm]
    arena(*of_all, "--resume", "--steps", 12_000)
    with open_store(folder).reader() as reader:
        progress = reader.progress()
        assert progress is not None
        assert progress.env_steps >= 12_000
    assert arena("verify", folder)


def test_overlap_means_nothing_where_nobody_waits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    league = str(tmp_path / "league")
    wrong = ["train", "tic_tac_toe", "--league", league, "--algorithm", "appo", "--env-runners", "1", "--overlap"]
    assert run(wrong) == 2
    assert "`overlap` has no effect with appo" in capsys.readouterr().err
    assert not Path(league).exists()
