"""``arena episodes``, and training from what it writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Cli
from recorded_league import recorded_league

from arena.training.offline.parquet import read_episodes
from games import make_game


@pytest.fixture
def league(tmp_path: Path) -> Path:
    return recorded_league(tmp_path / "league", "tic_tac_toe", "random", "first", games=10)


def test_matches_are_written_and_counted(cli: Cli, tmp_path: Path, league: Path) -> None:
    code, out, err = cli("episodes", league, "-o", tmp_path / "all")
    assert (code, err) == (0, "")
    steps = read_episodes([tmp_path / "all"], make_game("tic_tac_toe"))
    told = f"{len(steps)} steps of 10 matches are in {tmp_path / 'all'}, in 1 file"
    assert out.splitlines() == ["10 matches read", told]
    code, out, err = cli("episodes", league, "first", "won", "-o", tmp_path / "won", "--of", "first", "--json")
    assert (code, err) == (0, "")
    row = json.loads(out)
    assert row["folder"] == str(tmp_path / "won")
    assert row["episodes"] == row["matches"] < 10


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nobody"], "nobody"),
        (["--of", "nobody"], "nobody"),
        (["human"], "no recorded match gives a step to learn from"),
    ],
)
def test_a_wrong_call_is_one_line(cli: Cli, tmp_path: Path, league: Path, arguments: list[str], reason: str) -> None:
    code, out, err = cli("episodes", league, *arguments, "-o", tmp_path / "files")
    assert (code, out) == (2, "")
    assert reason in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--algorithm", "bc"], "learns from recorded games, but got none; name them with --data"),
        (["--data", "files"], "the algorithm ppo learns from the games that it plays, but got input_="),
        (["--algorithm", "bc", "--data", "files", "--roles", "main=1,main_exploiter=1"], "trains main learners only"),
        (["--algorithm", "bc", "--data", "files", "--trace", "out"], "`trace` has nothing to write"),
    ],
)
def test_a_wrong_training_is_refused_at_once(cli: Cli, tmp_path: Path, arguments: list[str], reason: str) -> None:
    code, out, err = cli("train", "tic_tac_toe", "--league", tmp_path / "new", *arguments)
    assert (code, out) == (2, "")
    assert reason in err
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
def test_a_league_is_trained_from_files_and_another_starts_there(cli: Cli, tmp_path: Path, league: Path) -> None:
    settings = tmp_path / "short.toml"
    settings.write_text("[evaluation]\nanchors = []\ngames_at_end = 0\nseconds_at_end = 0\n[training]\ntables = 16\n")
    of_all = ("train", "tic_tac_toe", "--config", settings, "--seed", 1)
    code, _, err = cli(*of_all, "--algorithm", "bc", "--data", league, "--league", tmp_path / "bc", "--steps", 500)
    assert (code, err) == (0, "")
    start = ("--from", f"{tmp_path / 'bc'}:main@1", "--trace", tmp_path / "trace")
    code, _, err = cli(*of_all, *start, "--league", tmp_path / "ppo", "--steps", 500)
    assert (code, err) == (0, "")
    assert list((tmp_path / "trace").iterdir())
    code, out, _ = cli("journal", tmp_path / "ppo", "--json")
    assert f"{tmp_path / 'bc'}:main@1" in out
    cli("episodes", league, "-o", tmp_path / "files")
    for steps, data in ((1000, ()), (1500, ("--data", tmp_path / "files"))):
        of_both = ("train", "tic_tac_toe", "--league", tmp_path / "bc", "--resume", "--steps", steps)
        code, _, err = cli(*of_both, *data)
        assert (code, err) == (0, "")
